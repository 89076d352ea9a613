package toys

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// Bounds of the toys that read lines.
const (
	maxLine  = 512                  // bytes of a line with its end; a longer one ends the connection
	maxHeld  = core.MaxEventPayload // bytes that are held while the world has not answered: one event fits
	maxWrong = 20                   // lines that end wrong; then the connection ends
)

// lineToy is what is particular to a toy that reads lines.
type lineToy interface {
	// line answers a line, without its end.
	line(t *talk, line string, out *core.Out)
	// said takes the world's answer to t.ask.
	said(t *talk, answer string, out *core.Out)
}

// talk is the machine of a toy that reads lines: it takes them from the stream, one
// at a time, and holds them back while the world is asked.
type talk struct {
	toy    lineToy
	name   string // of the protocol, in words about its lines
	strict bool

	lines linewise.Lines
	wrong int // lines that ended in LF alone
	asked bool
	eof   bool
	over  bool
}

func newTalk(o core.Opening, name string, toy lineToy) *talk {
	return &talk{toy: toy, name: name, strict: o.Options["lines"] == "strict"}
}

// ask asks the world; lines wait until it answers.
func (t *talk) ask(question string, out *core.Out) {
	t.asked = true
	out.World([]byte(question))
}

// end closes the connection; the words are for those who watch.
func (t *talk) end(why string, out *core.Out) {
	t.over = true
	out.Close(why)
}

func (t *talk) Handle(ev core.Event, out *core.Out) error {
	if t.over {
		return nil
	}
	switch ev.Kind {
	case core.ClientBytes:
		t.lines.Add(ev.Data)
	case core.ClientEOF:
		t.eof = true
	case core.WorldSaid:
		if !t.asked {
			return nil
		}
		t.asked = false
		t.toy.said(t, string(ev.Data), out)
	}
	for !t.asked && !t.over && t.next(out) {
	}
	if !t.over && t.lines.Held() > maxHeld {
		say(out, "Too many lines at once: read the answers before you send more.")
		t.end("the client sent too much at once", out)
	}
	return nil
}

// next answers the next line, or the end of the stream, and reports whether there
// was one.
func (t *talk) next(out *core.Out) bool {
	switch line, ok := t.lines.Next(maxLine); {
	case ok && line.Long:
		say(out, fmt.Sprintf("Line %d has %d bytes; at most %d fit.", line.Number, line.Size, maxLine))
		t.end("the client sent a line that is too long", out)
	case ok && (line.CRLF || !t.strict):
		t.toy.line(t, string(line.Text), out)
	case ok:
		say(out, fmt.Sprintf("Line %d ended in LF alone at byte %d; %s wants CR LF.", line.Number, line.Size, t.name))
		if t.wrong++; t.wrong == maxWrong {
			t.end("too many lines of the client ended in LF alone", out)
		}
	case t.eof && t.lines.Inside():
		say(out, fmt.Sprintf("Line %d has no line end: the stream ended within it.", t.lines.Number()))
		t.end("the client ended its stream within a line", out)
	case t.eof:
		t.end("the client ended its stream", out)
	default:
		return false
	}
	return true
}
