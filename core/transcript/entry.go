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

// String returns the mark that stands in the text: ">>", "<<" or "--".
func (d Dir) String() string {
	switch d {
	case Event:
		return ">>"
	case Action:
		return "<<"
	case Remark:
		return "--"
	}
	return "dir?"
}

// Entry is one entry of a transcript.
type Entry struct {
	Dir    Dir
	Timed  bool          // the entry states its time
	N      uint64        // number of the event; an action carries its event's, 0 is the opening. Not in the text
	Time   time.Duration // since the session's start; printed to the microsecond
	Event  core.Event    // when Dir is Event
	Action core.Action   // when Dir is Action; the data of a SecretBytes that was parsed are as many '*'
	Remark string        // when Dir is Remark: words on one line
	// Rules stand above the entry, and above its comments.
	Rules []Rule
	// Comments are the lines right above the entry: "" is a blank line, all
	// others are comments. Parse keeps their '#'; a line without one is given
	// one when printed.
	Comments []string
	Line     int // where the entry began in the file, from 1
}

// OptionValue is an option, or a choice of TLS, as the header states it.
type OptionValue struct{ Name, Value string }

// Transcript is a whole log.
type Transcript struct {
	Mode    string
	Options []OptionValue // in the file's order
	Target  string        // "" when the file names none
	// TLS are the choices of TLS that the target was dialled with, in the file's
	// order: those that are not the default. A replay takes no notice.
	TLS []OptionValue
	// Quiet is the silence of the server's that the machine was told of; 0: none.
	Quiet time.Duration
	// ServerEOFStays says that the client could go on after the server's end.
	ServerEOFStays bool
	// State is a checkpoint that the entries go on from, nil when they begin
	// with the opening. Timers that it knows of are set already.
	State   []byte
	Entries []Entry
	// HeaderComments[i] are the comments above the i-th line of the header
	// below the first: mode, each option, target, each tls, quiet, server-eof,
	// state. It may be shorter.
	HeaderComments [][]string
	// Trailing are the comments below the last entry.
	Trailing []string
	// CutOff says that the file had no final newline, so its end is missing:
	// a torn last line and an action that might have gone on are left out, and
	// the actions of the last event are only the first of them.
	CutOff bool
	// ByteOrderMark and CRLF say that the file began with U+FEFF, and that its
	// first line ended in CRLF. Append then writes the whole file so.
	ByteOrderMark, CRLF bool
}

// Equal reports whether a and b say the same. Times, rules, comments, lines
// and numbers are not compared.
func Equal(a, b *Entry) bool {
	if a.Dir != b.Dir {
		return false
	}
	if a.Dir == Remark {
		return a.Remark == b.Remark
	}
	fa, fb := formOf(a), formOf(b)
	if *fa != *fb {
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
	case passed:
		return a.Action.Side == b.Action.Side
	}
	return bytes.Equal(a.data(), b.data())
}

// Name returns the words that stand behind the mark of an event or action:
// "client text", "server eof".
func Name(e Entry) string { return formOf(&e).words }

// data returns the payload, words or timer name of an event or action.
func (e *Entry) data() []byte {
	if e.Dir == Event {
		return e.Event.Data
	}
	return e.Action.Data
}
