package imap

import (
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what is kept beside the messages.
const (
	maxPending = 1024
	maxQueue   = 128 << 10
	maxMade    = 20_000 // messages of what a person sends at once
)

// talk is what both sides of a connection have said, and which response is for which command.
type talk struct {
	flow     core.Flow // of the commands
	requests decoder
	replies  decoder
	state
}

// state is what a checkpoint has beside the two directions.
type state struct {
	Greeted    bool      // the server's first line was there
	Unsure     bool      // a command may be under way that is not pending
	Challenged bool      // the client's next line answers the server's challenge
	Opaque     bool      // both sides speak TLS, or compress
	SASLIR     bool      // the server takes the first answer with AUTHENTICATE (RFC 4959)
	Pending    []pending // in the order of the commands
	Tags       int64     // that were made
	Queue      []byte    // what is to be sent once the server asks for a literal
	Answers    []string  // to its next challenges
}

// pending is a command that is not answered.
type pending struct {
	From int64 // where it begins
	Tag  string
	Kind kind
}

// kind says what belongs to a command, beside its tagged response.
type kind uint8

const (
	other    kind = iota
	auth          // challenges
	idle          // DONE
	startTLS      // TLS after it
	compress      // compression after it
	kinds
)

// kindOf says what belongs to a command.
func kindOf(command string) kind {
	switch strings.ToUpper(command) {
	case "AUTHENTICATE":
		return auth
	case "IDLE":
		return idle
	case "STARTTLS":
		return startTLS
	case "COMPRESS":
		return compress
	}
	return other
}

// hidesArgument reports whether a command has a secret after its first argument.
func hidesArgument(command []byte) bool {
	return len(command) >= 5 && (strings.EqualFold(string(command), "LOGIN") || strings.EqualFold(string(command), "AUTHENTICATE"))
}

// expect notes a command that will be answered.
func (t *talk) expect(p pending) {
	if len(t.Pending) == maxPending || len(p.Tag) > maxTag || !isTag([]byte(p.Tag)) {
		t.Unsure = true // it may be answered all the same
		return
	}
	t.Pending = append(t.Pending, p)
}

// tagged returns where the command of a tag is in Pending, or -1.
func (t *talk) tagged(tag string) int {
	return slices.IndexFunc(t.Pending, func(p pending) bool { return p.Tag == tag })
}

// underWay returns the first command of a kind that is not answered, or nil.
func (t *talk) underWay(k kind) *pending {
	if i := slices.IndexFunc(t.Pending, func(p pending) bool { return p.Kind == k }); i >= 0 {
		return &t.Pending[i]
	}
	return nil
}

// answered takes the command of a tag off, and returns it.
func (t *talk) answered(tag string) (p pending, ok bool) {
	i := t.tagged(tag)
	if i < 0 {
		return p, false
	}
	p = t.Pending[i]
	if t.Pending = slices.Delete(t.Pending, i, i+1); len(t.Pending) == 0 {
		t.Pending = nil
	}
	if p.Kind == auth {
		t.Challenged, t.Answers = false, nil
		t.requests.Plain = false
	}
	return p, true
}

// missed says that n bytes of a side were missed.
func (t *talk) missed(side core.Side, n int64) {
	if side == core.Client {
		t.requests.miss(n)
	} else {
		t.replies.miss(n)
		if t.requests.Awaits { // what was missed may have refused the literal
			t.requests.miss(0)
			t.requests.Lost = lostAll
		}
	}
	t.Greeted, t.Unsure, t.Challenged = true, true, false
	t.requests.Plain = false
}
