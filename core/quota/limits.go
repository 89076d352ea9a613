package quota

import (
	"fmt"
	"time"
)

// Account is the owner that has bounds of its own: it runs the program.
const Account = "account"

// Limits are what may be used.
type Limits struct {
	All, Account, Owner, Address Bounds
	// AccountRate and OwnerRate are how many bytes a second the sessions of the account,
	// and of any other owner, may get from their clients and servers together; 0: any
	// number.
	AccountRate, OwnerRate int
}

// of returns the bounds of an owner, and the rate.
func (l *Limits) of(owner string) (*Bounds, int) {
	if owner == Account {
		return &l.Account, l.AccountRate
	}
	return &l.Owner, l.OwnerRate
}

// Bounds are what everybody together, one owner or one address may use. 0 sets no
// bound.
type Bounds struct {
	Sessions int // open at once; connections that watch one are counted apart, up to the same bound
	Opens    int // new sessions a minute; after a pause, as many at once
	Dials    int // likewise
	Requests int // costly requests at once
}

// Kind is a kind of thing that is counted.
type Kind uint8

// The kinds. Sessions, watchers and requests are open for a while.
const (
	Session Kind = iota
	Watcher
	Request
	kinds // of things that are open

	opening // of a session
	Dial
)

func (b *Bounds) of(k Kind) int {
	switch k {
	case Session, Watcher:
		return b.Sessions
	case Request:
		return b.Requests
	case opening:
		return b.Opens
	}
	return b.Dials
}

// Scope says for whom something is counted.
type Scope uint8

// The scopes.
const (
	All Scope = iota
	Owner
	Address
)

var scopes = [...]string{All: "in all", Owner: "of this user", Address: "from this address"}

// String returns the scope in words: "of this user".
func (s Scope) String() string { return scopes[s] }

// Exceeded says that something would be too much.
type Exceeded struct {
	Kind  Kind
	Scope Scope
	Limit int
	Retry time.Duration // after which it may be possible; 0: not known
}

func (e *Exceeded) Error() string {
	switch e.Kind {
	case Session:
		return fmt.Sprintf("too many sessions %s are open: at most %d may be", e.Scope, e.Limit)
	case Watcher:
		return fmt.Sprintf("too many connections %s watch sessions: at most %d may", e.Scope, e.Limit)
	case Request:
		return fmt.Sprintf("too many such requests %s are under way: at most %d may be", e.Scope, e.Limit)
	case Dial:
		return fmt.Sprintf("too many dials %s: at most %d a minute are possible; the next in %d s", e.Scope, e.Limit, Seconds(e.Retry))
	}
	return fmt.Sprintf("too many new sessions %s: at most %d a minute are possible; the next in %d s", e.Scope, e.Limit, Seconds(e.Retry))
}

// ErrorCode returns the reason as programs know it.
func (e *Exceeded) ErrorCode() string {
	switch e.Kind {
	case Session, Watcher:
		return "too-many-sessions"
	case Request:
		return "too-many-requests"
	case Dial:
		return "too-many-dials"
	}
	return "too-many-new-sessions"
}

// Seconds returns a time to wait in whole seconds, at least one.
func Seconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}
