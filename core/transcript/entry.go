package transcript

import (
	"bytes"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Dir says which way an entry points.
type Dir uint8

// The directions.
const (
	Event  Dir = iota + 1 // ">>": something happened
	Action                // "<<": the machine's order
	Remark                // "--": what the workbench did
)

// String returns the mark in the text: ">>", "<<" or "--".
func (d Dir) String() string {
	if d < Event || d > Remark {
		return "dir?"
	}
	return [...]string{Event: ">>", Action: "<<", Remark: "--"}[d]
}

// Entry is one entry of a transcript.
type Entry struct {
	Dir    Dir
	Timed  bool          // the entry states its time
	N      uint64        // number of the event; an action carries its event's, 0 is the opening. Not in the text
	Time   time.Duration // since the session's start; printed to the microsecond
	Event  core.Event    // when Dir is Event
	Action core.Action   // when Dir is Action; a parsed SecretBytes has '*' for each byte of its data
	Remark string        // when Dir is Remark: words on one line
	// Rules are above the entry and its comments.
	Rules []Rule
	// Comments are the lines right above the entry: "" is a blank line, all
	// others are comments. Parse keeps their '#'; the printer adds one where it
	// is missing.
	Comments []string
	Line     int // where the entry began in the file, from 1
}

// OptionValue is an option, or a choice of TLS, as the header states it.
type OptionValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Transcript is a whole log.
type Transcript struct {
	Mode    string
	Options []OptionValue // in the file's order
	Target  string        // "" when the file names none
	// TLS are the choices of TLS that the target was dialled with, in the file's
	// order, without those that are the default. A replay ignores them.
	TLS []OptionValue
	// Quiet is the silence of the server that the machine asked to be told of; 0
	// for none.
	Quiet time.Duration
	// ServerEOFStays says that the client could go on after the end of the
	// server's stream.
	ServerEOFStays bool
	// Client is what stood at the client's end, Server at the server's, and Watch whether
	// the machine only watched, as in core.Opening.
	Client core.ClientEnd
	Server core.ServerEnd
	Watch  bool
	// Seed and Start are what the machine was opened with, as in core.Opening; zero if the
	// file names none.
	Seed  core.Seed
	Start time.Time
	// SkipIf are conditions, any of which says that a replay has nothing to test here.
	SkipIf []Skip
	// State is the checkpoint that the entries continue from, nil if they begin
	// with the opening. Timers that it knows of are armed already.
	State   []byte
	Entries []Entry
	// Above is how many lines stand above the first one in a file of several connections.
	Above int
	// HeaderComments[i] are the comments above the i-th line of the header
	// below the first: mode, each option, target, each tls, quiet, server-eof,
	// client, server, watch, seed, start, each skip-if, state. It may be shorter.
	HeaderComments [][]string
	// Trailing are the comments below the last entry.
	Trailing []string
	// CutOff says that the file had no final newline, so its end is missing. A
	// torn last line, and a last action that might have gone on, are left out,
	// and the last event may have had more actions.
	CutOff bool
	// ByteOrderMark and CRLF say that the file began with U+FEFF, and that its
	// first line ended in CRLF. Append then writes the whole file in that way.
	ByteOrderMark, CRLF bool
}

// Equal reports whether a and b say the same. It does not compare times, rules,
// comments, lines and numbers.
func Equal(a, b *Entry) bool {
	if a.Dir != b.Dir {
		return false
	}
	if a.Dir == Remark {
		return a.Remark == b.Remark
	}
	fa, fb := formOf(a), formOf(b)
	if *fa != *fb || a.link() != b.link() {
		return false
	}
	if fa.arg == timerSet && a.Action.After != b.Action.After {
		return false
	}
	switch fa.arg {
	case nothing:
		return true
	case length:
		return len(a.data()) == len(b.data())
	case levelled:
		return a.Action.Level == b.Action.Level && bytes.Equal(a.data(), b.data())
	case passed:
		return a.Action.Side == b.Action.Side
	case upgraded:
		return a.Action.Side == b.Action.Side && a.Action.Rest == b.Action.Rest && bytes.Equal(a.data(), b.data())
	}
	return bytes.Equal(a.data(), b.data())
}

// AppendAnswered appends event n, unless it is of no kind, as the opening is,
// and the actions that answered it.
func AppendAnswered(entries []Entry, n uint64, ev core.Event, actions []core.Action) []Entry {
	if ev.Kind != 0 {
		entries = append(entries, Entry{Dir: Event, N: n, Event: ev})
	}
	for _, a := range actions {
		entries = append(entries, Entry{Dir: Action, N: n, Action: a})
	}
	return entries
}

// Name returns the words after the mark of an event or action: "client text",
// "server eof", "data bytes" of the link data.
func Name(e Entry) string {
	if f := formOf(&e); !f.link {
		return f.words
	}
	return e.link() + " " + formOf(&e).words
}

// link returns the link that an event or action is about, or "".
func (e *Entry) link() string {
	if e.Dir == Event {
		return e.Event.Link
	}
	return e.Action.Link
}

// data returns the payload, words or timer name of an event or action.
func (e *Entry) data() []byte {
	if e.Dir == Event {
		return e.Event.Data
	}
	return e.Action.Data
}
