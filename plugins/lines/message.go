package lines

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
	maxWords   = 32  // of a line, which become fields
	maxItems   = 100 // of a menu, which become fields
)

func clipped(b []byte) string { return core.CutWords(string(b[:min(len(b), 2*maxValue)]), maxValue) }

// scanner takes a line apart into fields.
type scanner struct {
	line []byte
	at   int
	all  []core.Field
}

// scan begins with the first line of a message.
func scan(raw []byte) *scanner {
	return &scanner{line: trimmed(first(raw)), all: make([]core.Field, 0, 8)}
}

// first returns the first line of a message, with its end.
func first(raw []byte) []byte {
	if i := bytes.IndexByte(raw, '\n'); i >= 0 {
		return raw[:i+1]
	}
	return raw
}

func trimmed(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

func (s *scanner) field(name string, from, to int) *core.Field {
	s.all = append(s.all, core.Field{Name: name, From: int64(from), To: int64(to), Value: clipped(s.line[from:to])})
	return &s.all[len(s.all)-1]
}

// word makes a field of the next word, if there is one, and returns it.
func (s *scanner) word(name string) []byte {
	from, to := wordAt(s.line, s.at)
	if s.at = to; from == to {
		return nil
	}
	s.field(name, from, to)
	return s.line[from:to]
}

// words makes a field of each word that is left.
func (s *scanner) words(name string) {
	for len(s.all) < maxWords && s.word(name) != nil {
	}
	s.rest(name)
}

// rest makes a field of what is left.
func (s *scanner) rest(name string) {
	if from, _ := wordAt(s.line, s.at); from < len(s.line) {
		s.field(name, from, len(s.line))
	}
	s.at = len(s.line)
}

// wordAt returns where the next word of a line begins and ends.
func wordAt(line []byte, at int) (from, to int) {
	for at < len(line) && line[at] == ' ' {
		at++
	}
	if n := bytes.IndexByte(line[at:], ' '); n >= 0 {
		return at, at + n
	}
	return at, len(line)
}

// upper returns the words of the beginning of a line, in capitals.
func upper(line []byte) []string {
	var all []string
	for _, w := range bytes.Fields(line[:min(len(line), 512)]) {
		all = append(all, string(bytes.ToUpper(w)))
	}
	return all
}

// afterWords returns where the word after the first n begins; -1 if there is none.
func afterWords(line []byte, n int) int {
	at := 0
	for range n {
		_, at = wordAt(line, at)
	}
	if from, _ := wordAt(line, at); from < len(line) {
		return from
	}
	return -1
}

// head returns the first line of a message, or all of it if lines may hold line ends.
func (t *talk) head(u *unit) []byte {
	if t.cut != nil || t.end != "\n" {
		return trimmed(u.Raw)
	}
	return trimmed(first(u.Raw))
}

// message returns the message of a unit, which the stream's end may have cut.
func (t *talk) message(u *unit, asks, cut bool, answers core.MessageRef) core.Message {
	m := core.Message{Flow: core.FromServer, From: u.From, To: u.To, Answers: answers}
	if asks {
		m.Flow = t.flow
	}
	line := t.head(u)
	var wrong string
	if u.Article {
		m.Fields = []core.Field{{Name: "nntp.article", To: u.To - u.From, Value: clipped(line)}}
	} else {
		m.Fields, wrong = t.fields(u.Raw, asks)
		if wrong == "" && t.wrong != nil {
			wrong = t.wrong(line, asks)
		}
		if head := first(u.Raw); wrong == "" && t.crlf != "" && bytes.HasSuffix(head, []byte("\n")) && !bytes.HasSuffix(head, []byte("\r\n")) {
			wrong = t.crlf + ": a line ends in CR LF; this one ends in LF alone"
		}
	}
	if cut && !(t.closes && !asks) {
		wrong = "the stream ended before this was whole"
	}
	summary := string(line[:min(len(line), 2*maxSummary)])
	if u.Hidden >= 0 {
		summary = string(line[:min(u.Hidden-u.From, int64(len(line)))]) + "***"
	}
	if u.Dot && t.lines != "" {
		n, from := u.Lines-1, u.From+int64(len(first(u.Raw)))
		if u.Article {
			n, from = n+1, u.From
		}
		if !cut { // the lone dot
			n--
		}
		m.Fields = append(m.Fields, core.Field{Name: t.lines, From: from - u.From, To: u.To - u.From, Value: strconv.FormatInt(n, 10)})
		summary = core.CutWords(summary, maxSummary-30) + " (" + core.Plural(int(n), "line") + ")"
	}
	m.Summary = core.CutWords(core.Printable(summary), maxSummary)
	t.place(m.Fields, u)
	m.Fields[0].Wrong = wrong
	return m
}

// place moves fields to where their message is, and hides a secret.
func (t *talk) place(all []core.Field, u *unit) {
	for i := range all {
		f := &all[i]
		f.From, f.To = f.From+u.From, f.To+u.From
		if u.Hidden >= 0 && f.To > u.Hidden {
			f.Value = string(u.Raw[f.From-u.From:max(u.Hidden, f.From)-u.From]) + "***"
		}
		t.place(f.Fields, u)
	}
}

// shown returns what a person is shown of a unit.
func (t *talk) shown(u *unit, wrong string) []byte {
	raw := u.Raw
	if u.Dot {
		raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n.\r\n")), []byte("\n.\n"))
		raw = bytes.ReplaceAll(raw, []byte("\n.."), []byte("\n."))
	}
	if t.end == "\n" {
		raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	}
	text := bytes.Clone(bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte(t.end)), []byte("\r")))
	if left := u.To - u.From - int64(len(u.Raw)); left > 0 {
		text = fmt.Appendf(text, "\n… (%d more bytes)", left)
	}
	if wrong != "" {
		text = append(text, "\n(wrong: "+wrong+")"...)
	}
	return text
}
