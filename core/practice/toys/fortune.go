package toys

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// Fortune returns a practice server that answers each line, whatever it says, by a
// fortune of one line.
func Fortune() core.Discipline {
	return core.Discipline{
		Manifest: asking(manifest("fortune", "Fortunes", "Answers each line that you type by a fortune.", "one line for each of yours",
			linewise.Options("the server")[0])), // lines alone: no seed decides
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return newTalk(o, "this server", fortune{}), nil
		},
	}
}

type fortune struct{}

func (fortune) line(t *talk, _ string, out *core.Out) {
	t.ask(fmt.Sprintf("random %d", len(fortunes)), out)
}

func (fortune) said(_ *talk, answer string, out *core.Out) {
	if k, ok := drawn(answer, len(fortunes)); ok {
		say(out, fortunes[k])
	} else {
		say(out, noWorld)
	}
}

var fortunes = [...]string{
	"You will soon meet a line end that you did not expect.",
	"An answer is on its way. It takes the long road.",
	"Your next typo will teach you something.",
	"Somebody reads your packets with interest. It is the exercise.",
	"A port that is closed today opens tomorrow.",
	"You will be asked for your name twice. Say the same.",
	"Good news comes in pieces. Put them together.",
	"Beware of a silence of thirty seconds.",
	"Your patience will be rewarded by 200 OK.",
	"You will find what you seek after the empty line.",
	"A stranger will say hello to you with a three-digit number.",
	"Today is a good day to read a specification.",
	"Something that you sent in one piece arrives in two.",
	"You will quit, and it will be the right command.",
	"The bug is in the part that you did not suspect. Suspect it now.",
	"A friend of a friend has the wrong checksum.",
	"You are about to be redirected.",
	"Whatever you do next, count the bytes.",
	"An old server remembers you fondly.",
	"You will explain this to somebody, and then understand it.",
	"The key that you look for has expired.",
	"Fortune favours those who flush their buffers.",
	"Your lucky number is 443. Your modest number is 80.",
	"Close one connection before you mourn another.",
	"Type less, read more, and win.",
}
