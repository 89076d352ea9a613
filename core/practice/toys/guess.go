package toys

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

const (
	guessUpTo = 100 // numbers are 1 to this
	maxTries  = 100 // then the game is over; lines that are no number count too
	maxShown  = 40  // bytes of such a line that are shown again
)

// Guess returns a practice server that plays a game: the student guesses a number,
// and is told "higher" or "lower". The number comes from the seed and from chance.
func Guess() core.Discipline {
	return core.Discipline{
		Manifest: asking(manifest("guess", "Guess a number", "Thinks of a number from 1 to 100: type guesses until you have it.",
			"a line for each guess: higher, lower or right", linewise.Options("the game")...)),
		Open: func(o core.Opening, out *core.Out) (core.Machine, error) {
			t := newTalk(o, "the game", &guess{shift: int(hash(o.Options["seed"]) % guessUpTo)})
			t.ask(fmt.Sprintf("random %d", guessUpTo), out)
			return t, nil
		},
	}
}

type guess struct {
	shift  int // by the seed
	number int
	tries  int
}

func (g *guess) said(t *talk, answer string, out *core.Out) {
	k, ok := drawn(answer, guessUpTo)
	if !ok {
		say(out, noWorld)
		t.end("the world did not draw a number", out)
		return
	}
	g.number = 1 + (k+g.shift)%guessUpTo
	say(out, fmt.Sprintf("I am thinking of a number from 1 to %d. Guess it! (quit gives up)", guessUpTo))
}

func (g *guess) line(t *talk, line string, out *core.Out) {
	line = strings.TrimSpace(line)
	if strings.EqualFold(line, "quit") {
		say(out, fmt.Sprintf("It was %d. Bye!", g.number))
		t.end("the player gave up", out)
		return
	}
	g.tries++
	n, err := strconv.Atoi(line)
	switch {
	case err == nil && n == g.number:
		say(out, fmt.Sprintf("%d is right, after %s. Bye!", n, tries(g.tries)))
		t.end("the number was guessed", out)
		return
	case err != nil:
		say(out, fmt.Sprintf("%s is not a whole number. Type one from 1 to %d.", strconv.QuoteToASCII(line[:min(len(line), maxShown)]), guessUpTo))
	case n < 1 || n > guessUpTo:
		say(out, fmt.Sprintf("%d is not from 1 to %d.", n, guessUpTo))
	case n < g.number:
		say(out, fmt.Sprintf("%d is too low: guess higher.", n))
	default:
		say(out, fmt.Sprintf("%d is too high: guess lower.", n))
	}
	if g.tries == maxTries {
		say(out, fmt.Sprintf("That was try %d. It was %d. Bye!", maxTries, g.number))
		t.end("the player used up all tries", out)
	}
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
