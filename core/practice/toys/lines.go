package toys

import (
	"bytes"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of the toys that read lines.
const (
	maxLine  = 512                  // bytes of a line without its end; a longer one ends the connection
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

	held    []byte
	at      int // held[:at] was answered
	scanned int // held[at:scanned] has no LF
	lines   int // that were answered
	wrong   int // of these, those that ended in LF alone
	asked   bool
	eof     bool
	over    bool
}

func newTalk(o core.Opening, name string, toy lineToy) *talk {
	return &talk{toy: toy, name: name, strict: o.Options[optionLines] == strict}
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
		t.held = append(t.held, ev.Data...)
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
	if !t.over && len(t.held)-t.at > maxHeld {
		say(out, "Too many lines at once: read the answers before you send more.")
		t.end("the client sent too much at once", out)
	}
	t.compact()
	return nil
}

// compact lets go of what was answered, once it is half of what is held.
func (t *talk) compact() {
	switch {
	case t.at == len(t.held):
		t.held = nil
	case t.at < len(t.held)/2:
		return
	default:
		t.held = append(t.held[:0], t.held[t.at:]...)
	}
	t.scanned -= t.at
	t.at = 0
}

// next answers the next line, or the end of the stream, and reports whether there
// was one.
func (t *talk) next(out *core.Out) bool {
	rest := t.held[t.at:]
	from := max(0, t.scanned-t.at)
	i := bytes.IndexByte(rest[from:], '\n')
	if i >= 0 {
		i += from
	}
	switch {
	case i >= maxLine+2, i < 0 && len(rest) >= maxLine+2:
		say(out, fmt.Sprintf("Line %d is longer than %d bytes.", t.lines+1, maxLine))
		t.end("the client sent a line that is too long", out)
		return true
	case i < 0 && t.eof && len(rest) > 0:
		say(out, fmt.Sprintf("Line %d has no line end: the stream ended after %d bytes of it.", t.lines+1, len(rest)))
		t.end("the client ended its stream within a line", out)
		return true
	case i < 0 && t.eof:
		t.end("the client ended its stream", out)
		return true
	case i < 0:
		t.scanned = len(t.held)
		return false
	}
	t.lines++
	t.at += i + 1
	line, crlf := bytes.CutSuffix(rest[:i], []byte("\r"))
	if crlf || !t.strict {
		t.toy.line(t, string(line), out)
		return true
	}
	say(out, fmt.Sprintf("Line %d ended in LF alone at byte %d; %s wants CR LF.", t.lines, i+1, t.name))
	if t.wrong++; t.wrong == maxWrong {
		t.end("too many lines of the client ended in LF alone", out)
	}
	return true
}
