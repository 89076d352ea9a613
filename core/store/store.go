package store

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"
)

// Store keeps transcripts. Its methods may be called by any goroutine, and do
// not trust IDs: one that no ID can be is [ErrNotFound].
type Store interface {
	// Create begins a transcript under an ID of [NewID]. It is running until
	// it is closed or this process dies. An ID that is taken is an error.
	Create(id string) (Writer, error)
	// Open returns the text as far as it has come.
	Open(id string) (io.ReadCloser, error)
	// Follow returns the text from its start, in blocks, each as soon as it is
	// there, and ends when the transcript has ended. A block is valid until
	// the next one and ends after a whole entry; only the last block of a
	// transcript that was cut off may not.
	Follow(ctx context.Context, id string) iter.Seq2[[]byte, error]
	// List returns the transcripts that match, the newest first. One that cannot
	// be read is left out.
	List(ctx context.Context, q Query) ([]Info, error)
	// Info returns what a list says of one.
	Info(id string) (Info, error)
	// Delete deletes a transcript with its notes. One that is running is [ErrRunning].
	Delete(id string) error
	// Notes returns what a person says of a transcript; the zero value if nothing.
	Notes(id string) (Notes, error)
	// SetNotes replaces that, as one step. Notes that are out of their bounds are
	// [ErrNotes].
	SetNotes(id string, n Notes) error
}

// Writer appends to one transcript. One that lays the text over several parts has a
// method Part() int too, which returns how many there are.
type Writer interface {
	// Write appends whole entries, and wakes who follows.
	io.Writer
	// Sync returns when what was written would survive a power cut. It may be
	// called while Write is.
	Sync() error
	// Close ends the transcript. It comes last, once.
	Close() error
}

// Errors of a store.
var (
	ErrNotFound = errors.New("no such transcript")
	// ErrUnreachable: where the transcripts are kept cannot be asked just now; later it can.
	ErrUnreachable = errors.New("the shared log of recordings cannot be reached just now; try again when it can. What this workbench records meanwhile is kept here")
	ErrRunning     = errors.New("the session is still running; its transcript can be deleted once it has ended")
)

// Query says which transcripts are wanted. The zero value matches all.
type Query struct {
	Mode   string // the line mode's name
	Target string // a part of the target; case does not matter
	// Text stands in a payload or elsewhere in the transcript, where case matters
	// and it is not found where a read cut it; or in its notes, in whatever case.
	// More than [MaxText] bytes are [ErrTextTooLong].
	Text   string
	Before string // an ID: only transcripts that a list has after that one; it need not be there any more
	Limit  int    // at most so many, the newest; 0: no limit
}

// Matches reports whether it matches in all but its text.
func (q Query) Matches(info *Info) bool {
	q.Target = strings.ToLower(q.Target)
	return q.matches(info)
}

// matches is Matches of a query whose target is in lower case.
func (q *Query) matches(info *Info) bool {
	return (q.Before == "" || info.ID < q.Before) && (q.Mode == "" || info.Mode == q.Mode) &&
		(q.Target == "" || strings.Contains(strings.ToLower(info.Target), q.Target))
}

// CutOff is how a transcript ended whose process died.
const CutOff = "cut off"

// Info is what a list says of a transcript.
type Info struct {
	ID       string    `json:"id"`
	Began    time.Time `json:"began"`
	Session  string    `json:"session"`         // its ID in the workbench that held it
	Agent    string    `json:"agent,omitempty"` // the agent that opened it; "": a person did
	Mode     string    `json:"mode"`
	Target   string    `json:"target"`   // "" when it names none
	Duration float64   `json:"duration"` // seconds from the session's start to the last entry
	Size     int64     `json:"size"`     // bytes of text
	Disk     int64     `json:"disk"`     // bytes that it takes of the disk
	Running  bool      `json:"running"`
	// Ended is how it ended, in words: "" while it runs, [CutOff] when nobody
	// was there to write its end.
	Ended string `json:"ended"`
	// What its notes say; Noted: there is more to read in them.
	Title string   `json:"title,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Noted bool     `json:"noted,omitempty"`
}
