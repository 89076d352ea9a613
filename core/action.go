package core

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Bounds of what a machine is given and may answer.
const (
	MaxEventPayload  = 1 << 20          // bytes of one event
	MaxActionPayload = 1<<20 + 64<<10   // bytes of one action
	MaxAnswer        = 16 << 20         // bytes of all actions that answer one event
	ActionOverhead   = 16               // bytes counted for each action in addition to its payload
	MaxWords         = 4 << 10          // bytes of the words of a note, close or failure
	MaxName          = 64               // bytes of the name of a timer, an option or a mode
	MaxSecret        = 64 << 10         // bytes of a secret's value
	MaxServerName    = 255              // bytes of the name that a server's certificate is for
	LastingSecret    = 4                // bytes that a secret's value needs to stay secret for the rest of the session
	MaxTimer         = 24 * time.Hour   // longest timer
	MinTimer         = time.Millisecond // shortest timer
)

// ActionKind says what to do.
type ActionKind uint8

// The kinds of action. Their numbers are fixed: core/wire sends them.
const (
	SendServer   ActionKind = iota + 1 // send Data to the server, in one write
	SendText                           // show Data to the client as one text message
	SendBinary                         // show Data to the client as one binary message
	FinishServer                       // half-close: send FIN to the server after all data
	Close                              // end the session; Data says why, in words
	Note                               // tell those who watch, in words; plain clients never see it
	SetTimer                           // fire the timer named Data once, After from now; replaces one of that name
	StopTimer                          // stop the timer named Data
	PassThrough                        // copy Side's bytes to the other side from now on
	Failed                             // the machine cannot go on; Data says why. The plugin's server makes it, machines do not
	Secret                             // keep a span of the event's or the last action's payload out of recordings; Data is the [Span] in its text form
	ShowPart                           // show Data to the client as a text message that is not complete yet; the next text message or part replaces it
	SecretBytes                        // keep the value Data, 1 to MaxSecret bytes, out of recordings wherever it occurs
	AskWorld                           // ask the world that a practice server's sessions share; Data says what, and one WorldSaid answers it
	StartTLS                           // upgrade the connection at Side to TLS, for the server name Data; ServerTLS or ServerFailed answers it, ClientTLS or ClientTLSFailed
	Decoded                            // a message was recognised on a flow; Data is the [Message] in its text form
)

// Action is one order from a machine.
type Action struct {
	Kind  ActionKind
	Side  Side          // of PassThrough: whose bytes pass; of StartTLS: whose connection
	Rest  int           // of StartTLS: how many last bytes of the event the machine has left unread
	After time.Duration // of SetTimer
	Link  string        // the name of the link, of kinds that are about one
	Level Level         // of Note: how much it matters
	Data  []byte        // payload, words or timer name
}

// Clone returns the action with Data in memory of its own.
func (a Action) Clone() Action {
	a.Data = bytes.Clone(a.Data)
	return a
}

// CloneActions returns the actions in memory of their own.
func CloneActions(actions []Action) []Action {
	all := slices.Clone(actions)
	for i := range all {
		all[i] = all[i].Clone()
	}
	return all
}

// Equal reports whether a and b order the same.
func (a Action) Equal(b Action) bool {
	return a.Kind == b.Kind && a.Side == b.Side && a.Rest == b.Rest && a.After == b.After && a.Level == b.Level && a.Link == b.Link && bytes.Equal(a.Data, b.Data)
}

// Valid reports whether k is one of the kinds above.
func (k ActionKind) Valid() bool { return k >= SendServer && k <= Decoded || k.IsLink() }

// IsMark reports whether an action of this kind marks a secret, and does
// nothing else.
func (k ActionKind) IsMark() bool { return k == Secret || k == SecretBytes }

// Counting returns the actions of an answer that count: all of them, unless the
// last one is Failed; then Failed and the marks of secrets before it.
func Counting(actions []Action) []Action {
	last := len(actions) - 1
	if last < 0 || actions[last].Kind != Failed {
		return actions
	}
	var counting []Action
	for _, a := range actions[:last] {
		if a.OutlivesFailure() {
			counting = append(counting, a)
		}
	}
	return append(counting, actions[last])
}

// OutlivesFailure reports whether the action counts although its machine failed
// in the same answer. Marks count as far as what they mark does: the event, and
// values.
func (a *Action) OutlivesFailure() bool {
	if a.Kind != Secret {
		return a.Kind == SecretBytes
	}
	s, err := ParseSpan(string(a.Data))
	return err == nil && !s.OfAction
}

// Errors that end a session because its machine broke a bound.
var (
	ErrActionTooBig = errors.New("action larger than 1 MiB + 64 KiB")
	ErrAnswerTooBig = errors.New("answer to one event larger than 16 MiB")
	ErrTimerName    = errors.New("a timer's name must be 1 to 64 letters, digits, '-' or '_', beginning with a letter")
	ErrTimerBounds  = errors.New("a timer must be between 1 ms and 24 h")
	ErrSide         = errors.New("only the client or the server can be passed through")
	ErrSpan         = errors.New("a secret's span must start at 0 or later and end after its start, at most 1 MiB + 64 KiB on")
	ErrUpgradeSide  = errors.New("only the connection to the client or to the server can be upgraded to TLS")
	ErrServerName   = errors.New("a server's name must be at most 255 printable ASCII characters without blanks, quotes and backslashes")
	ErrRest         = errors.New("what an event has left unread must be 0 to 1 MiB")
	ErrLevel        = errors.New("a note's level must be info, warning or error")
	ErrSecretTooBig = errors.New("secret's value larger than 64 KiB")
)

// Out collects the actions that answer one event. Its methods copy their
// arguments and allocate nothing once warm. After a bound was broken they do
// nothing, and Err returns the bound; the caller of Handle then ends the session.
//
// The zero value is ready to use.
type Out struct {
	actions []outAction
	data    []byte
	err     error
}

type outAction struct {
	kind     ActionKind
	side     Side
	level    Level
	rest     int
	after    time.Duration
	link     string
	from, to int // of data
}

// Server sends parts, joined, to the server in one write.
func (o *Out) Server(parts ...[]byte) { o.add(outAction{kind: SendServer}, parts) }

// Text shows parts, joined, to the client as one text message. It must be
// UTF-8: the workbench replaces invalid bytes and adds a remark.
func (o *Out) Text(parts ...[]byte) { o.add(outAction{kind: SendText}, parts) }

// Part shows parts, joined, to the client as a text message that is not complete
// yet, such as a prompt without a line end. The next Text or Part replaces it.
// Clients that do not know such messages do not get it.
func (o *Out) Part(parts ...[]byte) { o.add(outAction{kind: ShowPart}, parts) }

// Binary shows parts, joined, to the client as one binary message.
func (o *Out) Binary(parts ...[]byte) { o.add(outAction{kind: SendBinary}, parts) }

// FinishServer half-closes the connection to the server, which may still
// answer.
func (o *Out) FinishServer() { o.add(outAction{kind: FinishServer}, nil) }

// Close ends the session once everything sent has left. The client is told the
// words.
func (o *Out) Close(words string) { o.words(Close, words) }

// Note tells those who watch the session something about it. Write notes for
// changes, not for every read: a note per event floods the log. [Out.Warn] and
// [Out.Error] say what is wrong.
func (o *Out) Note(words string) { o.NoteAt(LevelInfo, words) }

// NoteAt makes a note of a level that is not known beforehand.
func (o *Out) NoteAt(level Level, words string) {
	if int(level) >= len(levelNames) {
		o.fail(ErrLevel)
		return
	}
	o.named(outAction{kind: Note, level: level}, Words(words))
}

// Timer arms the named timer to fire once, after the given time (1 ms to 24 h).
// Arming it again replaces it.
func (o *Out) Timer(name string, after time.Duration) {
	switch {
	case !ValidName(name):
		o.fail(ErrTimerName)
	case after < MinTimer || after > MaxTimer:
		o.fail(ErrTimerBounds)
	default:
		o.named(outAction{kind: SetTimer, after: after}, name)
	}
}

// StopTimer stops the named timer. It is no error if the timer is not armed.
func (o *Out) StopTimer(name string) {
	if !ValidName(name) {
		o.fail(ErrTimerName)
		return
	}
	o.named(outAction{kind: StopTimer}, name)
}

// PassThrough promises that from the next event on the machine answers this
// side's bytes with exactly those bytes to the other side (to the client as
// binary messages), and that its state ignores them. The workbench may then copy
// them itself. The ends of the streams still reach the machine.
func (o *Out) PassThrough(side Side) {
	if side != Client && side != Server {
		o.fail(ErrSide)
		return
	}
	o.add(outAction{kind: PassThrough, side: side}, nil)
}

// Secret keeps bytes from to to of a payload out of recordings, which have '*'
// in their place. The payload is that of the event being answered or, if
// ofAction, of the last action before this one. Those who watch the session
// still see the bytes.
func (o *Out) Secret(ofAction bool, from, to int) {
	s := Span{OfAction: ofAction, From: from, To: to}
	if !s.valid() {
		o.fail(ErrSpan)
		return
	}
	o.named(outAction{kind: Secret}, s.String())
}

// SecretBytes keeps a value out of recordings, which have '*' in place of its
// bytes: wherever it occurs in the event being answered and in this answer, and,
// if it has LastingSecret bytes or more, in the rest of the session, however its
// streams are cut into events and actions. It has at most MaxSecret bytes; an
// empty one marks nothing. The client of the session still sees it.
//
// Earlier answers are not searched again: of a secret that arrives in pieces,
// mark each piece.
func (o *Out) SecretBytes(value []byte) {
	switch {
	case len(value) > MaxSecret:
		o.fail(fmt.Errorf("%w: %d bytes", ErrSecretTooBig, len(value)))
	case len(value) > 0:
		o.add(outAction{kind: SecretBytes}, [][]byte{value})
	}
}

// World asks the world that the sessions of a practice server share, by parts, joined:
// its mailboxes, its keys. The answer is an event WorldSaid. A machine asks for one thing
// at a time: until the answer comes it holds back what peers send, and answers it after.
// Machines of line modes have no world.
func (o *Out) World(parts ...[]byte) { o.add(outAction{kind: AskWorld}, parts) }

// StartTLS upgrades the connection at an end to TLS in mid-stream, as after STARTTLS. name
// is the server's, for SNI and its certificate, if the person has chosen no other; "": the
// target's host. What was ordered before for that end leaves first, in clear. What is
// ordered for it from here on waits for the outcome, and is never sent in clear. An end is
// upgraded once.
//
// The outcome at [Server] is an event ServerTLS or ServerFailed, and the manifest has to
// name ServerTLS. At [Client], which is a program in a tap, the tap is the server; the
// outcome is ClientTLS or ClientTLSFailed, which ends the session, and the manifest has to
// name ClientTLS.
//
// rest says how many last bytes of the event being answered, if it is of that end, the
// machine has left unread. They came in clear before TLS, and so did whatever else of that
// end waits then: all of it is dropped. A machine must not use it, or anybody on the way
// could say something in the name of who is there. It also drops what it keeps of that end
// from events before.
func (o *Out) StartTLS(end Side, name string, rest int) {
	switch {
	case end != Client && end != Server:
		o.fail(ErrUpgradeSide)
	case !ValidServerName(name):
		o.fail(ErrServerName)
	case rest < 0 || rest > MaxEventPayload:
		o.fail(ErrRest)
	default:
		o.named(outAction{kind: StartTLS, side: end, rest: rest}, name)
	}
}

// Reset drops all actions and the error, and keeps the memory.
func (o *Out) Reset() { o.actions, o.data, o.err = o.actions[:0], o.data[:0], nil }

// Err returns the bound that was broken, or nil.
func (o *Out) Err() error { return o.err }

// Len returns the number of actions.
func (o *Out) Len() int { return len(o.actions) }

// Size returns the memory that Out holds, in bytes, so that its owner can drop
// it after a large answer.
func (o *Out) Size() int { return cap(o.data) + cap(o.actions)*56 }

// Action returns action i. Its Data is valid until another method is called.
func (o *Out) Action(i int) Action {
	a := &o.actions[i]
	return Action{Kind: a.kind, Side: a.side, Rest: a.rest, After: a.after, Level: a.level, Link: a.link, Data: o.data[a.from:a.to:a.to]}
}

func (o *Out) add(a outAction, parts [][]byte) {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if !o.room(size) {
		return
	}
	a.from = len(o.data)
	for _, p := range parts {
		o.data = append(o.data, p...)
	}
	a.to = len(o.data)
	o.actions = append(o.actions, a)
}

func (o *Out) named(a outAction, name string) {
	if !o.room(len(name)) {
		return
	}
	a.from = len(o.data)
	o.data = append(o.data, name...)
	a.to = len(o.data)
	o.actions = append(o.actions, a)
}

func (o *Out) words(kind ActionKind, words string) {
	o.named(outAction{kind: kind}, Words(words))
}

// room reports whether an action of this size still fits, and records the
// broken bound if not.
func (o *Out) room(size int) bool {
	switch {
	case o.err != nil:
	case size > MaxActionPayload:
		o.fail(fmt.Errorf("%w: %d bytes", ErrActionTooBig, size))
	case len(o.data)+size+(len(o.actions)+1)*ActionOverhead > MaxAnswer:
		o.fail(ErrAnswerTooBig)
	}
	return o.err == nil
}

func (o *Out) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// Words returns s as the words of an action or a remark: valid UTF-8, cut
// between runes to at most MaxWords bytes.
func Words(s string) string { return CutWords(s, MaxWords) }

// CutWords returns s as valid UTF-8, cut between runes to at most max bytes.
func CutWords(s string, max int) string {
	if !utf8.ValidString(s) {
		s = string([]rune(s)) // one U+FFFD for each invalid byte
	}
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}

// ValidServerName reports whether s can be given to StartTLS; "" can.
func ValidServerName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return len(s) <= MaxServerName
}

// ValidName reports whether s can name a timer, an option or a mode: 1 to
// MaxName ASCII letters, digits, '-' or '_', beginning with a letter.
func ValidName(s string) bool {
	if len(s) == 0 || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9' || c == '-' || c == '_'
		if !letter && (i == 0 || !digit) {
			return false
		}
	}
	return true
}
