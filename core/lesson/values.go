package lesson

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// MaxSeed bounds a seed, in bytes.
const MaxSeed = 64

// ValidSeed reports whether a text is a student's seed: 1 to MaxSeed letters, digits,
// dots, hyphens and underscores. It then needs no quotes wherever it is expanded.
func ValidSeed(seed string) bool {
	if seed == "" || len(seed) > MaxSeed {
		return false
	}
	for i := range len(seed) {
		c := seed[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(".-_", c) >= 0) {
			return false
		}
	}
	return true
}

// student derives values from one student's seed.
type student struct {
	seed string
	more Values
}

// adjectives and nouns make the 4,096 words of students. A change gives them others.
var (
	adjectives = strings.Fields(`amber blue brave brisk bronze calm clear clever copper coral crisp curious
		daring dusty eager early fair fancy fleet gentle gilded glad golden grand green happy hardy hazel
		honest humble indigo ivory jade jolly keen kind lively loyal lucky lunar mellow merry mighty misty
		modest neat nimble noble olive polar proud quick quiet ruby rustic sandy silver snowy solar steady
		sunny swift tidy violet`)
	nouns = strings.Fields(`acorn anchor badger beacon beaver birch breeze brook canyon cedar cliff comet
		condor crane delta dolphin dune eagle ember falcon fern finch fjord fox garden gecko glacier grove
		harbor hawk heron island jaguar kestrel lagoon lark lemur lynx maple marten meadow meteor moose
		orchid osprey otter panda pebble pine puffin quail raven reef robin salmon spruce stork swan
		tiger tulip turtle walnut willow wren`)
)

func (s student) digest(kind, key string) uint64 {
	sum := sha256.Sum256([]byte("workbench lesson\x00" + kind + "\x00" + key + "\x00" + s.seed))
	return binary.BigEndian.Uint64(sum[:])
}

// value returns what ${name} stands for.
func (s student) value(name string) (string, error) {
	words := strings.Fields(name)
	if len(words) == 0 {
		words = []string{""}
	}
	switch words[0] {
	case "student.seed":
		if len(words) == 1 {
			return s.seed, nil
		}
	case "student.word", "student.length":
		if len(words) <= 2 {
			n := s.digest("word", strings.Join(words[1:], ""))
			word := adjectives[n%uint64(len(adjectives))] + "-" + nouns[n>>32%uint64(len(nouns))]
			if words[0] == "student.length" {
				return strconv.Itoa(len(word)), nil
			}
			return word, nil
		}
	case "student.number":
		if len(words) == 3 || len(words) == 4 {
			from, err1 := strconv.ParseUint(words[1], 10, 31)
			to, err2 := strconv.ParseUint(words[2], 10, 31)
			if err1 == nil && err2 == nil && from <= to {
				n := s.digest("number", strings.Join(words[3:], ""))
				return strconv.FormatUint(from+n%(to-from+1), 10), nil
			}
		}
	default:
		if s.more != nil {
			if v, ok := s.more(s.seed, name); ok {
				return v, nil
			}
		}
	}
	return "", fmt.Errorf("expected ${student.seed}, ${student.word}, ${student.word NAME}, ${student.length NAME}, ${student.number FROM TO}, ${student.number FROM TO NAME} or a practice server's value; found ${%s}. A $ before it, as in $${%s}, leaves it as it is", core.CutWords(name, 40), core.CutWords(name, 40))
}

// expand replaces each ${…} in a text by its value, which quote makes fit for the
// text, and $${ by ${.
func (s student) expand(text string, quote func(string) string) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			b.WriteString(before)
			return b.String(), nil
		}
		if strings.HasSuffix(before, "$") {
			b.WriteString(strings.TrimSuffix(before, "$") + "${")
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || strings.Contains(name, "\n") {
			return "", fmt.Errorf("expected a } after ${%s", core.CutWords(name, 20))
		}
		value, err := s.value(name)
		if err != nil {
			return "", err
		}
		b.WriteString(before + quote(value))
		text = rest
	}
}

func plain(value string) string { return value }

// quoted makes a value fit between the quotes of a transcript.
func quoted(value string) string {
	q := strconv.Quote(value)
	return q[1 : len(q)-1]
}

// expandLines expands a whole file, and says which line is to blame.
func (s student) expandLines(file, text string, quote func(string) string) (string, error) {
	var b strings.Builder
	number := 0
	for line := range strings.Lines(text) {
		number++
		expanded, err := s.expand(line, quote)
		if err != nil {
			return "", &Error{file, number, err.Error()}
		}
		if b.WriteString(expanded); b.Len() > MaxFile {
			return "", &Error{file, number, fmt.Sprintf("expected at most %d bytes with the values expanded", MaxFile)}
		}
	}
	return b.String(), nil
}
