package mail

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of a Store.
const (
	MaxBoxes    = 4096            // mailboxes, the cast's included
	MaxMessages = 2000            // of one mailbox
	MaxMessage  = 256 << 10       // bytes of a message
	MaxBytes    = 64 << 20        // bytes of all messages, and overhead for each; one in three mailboxes counts three times
	LockIdle    = 2 * time.Minute // after which a lock that nobody used may be taken over
)

const overhead = 128 // bytes counted for a message in addition to its data and sender

// What a Store refuses.
var (
	ErrNoBox     = errors.New("no such mailbox")
	ErrLogin     = errors.New("wrong name or password")
	ErrFull      = errors.New("no room for more")
	ErrSize      = errors.New("message larger than 256 KiB")
	ErrNoMessage = errors.New("no such message")
	ErrLocked    = errors.New("another session has the mailbox")
	ErrNoLock    = errors.New("this session no longer has the mailbox")
)

// Flags are what IMAP keeps with a message; POP3 does not know them.
type Flags uint8

// The flags of RFC 3501, section 2.3.2.
const (
	Seen Flags = 1 << iota
	Answered
	Flagged
	Deleted
	Draft
)

// Message is one message of a mailbox.
type Message struct {
	UID     uint32    // from 1; grows by each message, and is never used again
	From    string    // the sender of the envelope, "" for a bounce
	Arrived time.Time // when it was delivered
	Flags   Flags
	Data    []byte // header and body; each line ends in CR LF. Shared: must not be changed
}

// Store is all mailboxes of the domain.
type Store struct {
	now     func() time.Time
	mu      sync.Mutex // guards all below, and what is in the boxes
	boxes   map[string]*Box
	bytes   int
	session uint64 // of the lock given last
}

// Box is one mailbox. Its methods are safe for concurrent use.
type Box struct {
	store   *Store
	name    string
	next    uint32 // UID of the message that comes next
	all     []Message
	session uint64    // the one that has it to itself, or 0
	used    time.Time // when that session last asked for something
}

// New returns a store with the cast's mailboxes. now is its clock; nil is time.Now.
func New(now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	s := &Store{now: now, boxes: map[string]*Box{}}
	for _, p := range Cast() {
		s.open(p.Name)
	}
	return s
}

// Name returns the mailbox that an address or a name means: the part before
// @example.test in lower case. Its error is ErrNoBox for a name that no mailbox can
// have, and for another domain.
func Name(address string) (string, error) {
	name, domain, found := strings.Cut(strings.ToLower(address), "@")
	if found && domain != Domain || Password(name) == "" {
		return "", ErrNoBox
	}
	return name, nil
}

// Find returns a mailbox by its name or address, a student's being made when it is
// first needed. Its errors are ErrNoBox and ErrFull.
func (s *Store) Find(address string) (*Box, error) {
	name, err := Name(address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(name)
}

// Login returns the mailbox whose name or address and password these are. Its errors
// are ErrLogin and ErrFull.
func (s *Store) Login(address, password string) (*Box, error) {
	name, err := Name(address)
	if err != nil || Password(name) != password {
		return nil, ErrLogin
	}
	return s.Find(name)
}

// Deliver puts a message into the mailboxes of all recipients, once each, or into none. Its
// errors are ErrNoBox, ErrFull and ErrSize.
func (s *Store) Deliver(from string, to []string, data []byte) error {
	data = lines(data)
	if len(data) > MaxMessage {
		return ErrSize
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var boxes []*Box
	for _, address := range to {
		name, err := Name(address)
		if err != nil {
			return err
		}
		b, err := s.open(name)
		if err != nil {
			return err
		}
		if len(b.all) == MaxMessages {
			return ErrFull
		}
		if !slices.Contains(boxes, b) {
			boxes = append(boxes, b)
		}
	}
	m := Message{From: from, Arrived: s.now(), Data: data}
	if s.bytes+len(boxes)*m.weight() > MaxBytes {
		return ErrFull
	}
	for _, b := range boxes {
		b.add(m)
	}
	return nil
}

// open returns the box of a name that Name allows. The caller has the lock.
func (s *Store) open(name string) (*Box, error) {
	b := s.boxes[name]
	if b != nil {
		return b, nil
	}
	if len(s.boxes) == MaxBoxes {
		return nil, ErrFull
	}
	b = &Box{store: s, name: name, next: 1}
	for _, m := range firstMail(name) {
		if s.bytes+m.weight() <= MaxBytes {
			m.Arrived = s.now()
			b.add(m)
		}
	}
	s.boxes[name] = b
	return b, nil
}

// add appends a message that has room. The caller has the lock.
func (b *Box) add(m Message) uint32 {
	m.UID = b.next
	b.next++
	b.all = append(b.all, m)
	b.store.bytes += m.weight()
	return m.UID
}

// weight is how many bytes of a store a message takes.
func (m *Message) weight() int { return len(m.Data) + len(m.From) + overhead }

// Name returns the part of its address before @.
func (b *Box) Name() string { return b.name }

// Next returns the UID that the next message gets.
func (b *Box) Next() uint32 {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return b.next
}

// Messages returns all messages, in order of UID.
func (b *Box) Messages() []Message {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return append([]Message(nil), b.all...)
}

// Message returns one message, or ErrNoMessage.
func (b *Box) Message(uid uint32) (Message, error) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return b.message(uid)
}

func (b *Box) message(uid uint32) (Message, error) {
	for _, m := range b.all {
		if m.UID == uid {
			return m, nil
		}
	}
	return Message{}, ErrNoMessage
}

// Append puts a message into the box, as IMAP's APPEND does, and returns its UID. A
// time of zero is now. Its errors are ErrFull and ErrSize.
func (b *Box) Append(data []byte, flags Flags, arrived time.Time) (uint32, error) {
	m := Message{Arrived: arrived, Flags: flags, Data: lines(data)}
	if arrived.IsZero() {
		m.Arrived = b.store.now()
	}
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	switch {
	case len(m.Data) > MaxMessage:
		return 0, ErrSize
	case len(b.all) == MaxMessages, b.store.bytes+m.weight() > MaxBytes:
		return 0, ErrFull
	}
	return b.add(m), nil
}

// SetFlags replaces the flags of a message. Its error is ErrNoMessage.
func (b *Box) SetFlags(uid uint32, flags Flags) error {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	for i := range b.all {
		if b.all[i].UID == uid {
			b.all[i].Flags = flags
			return nil
		}
	}
	return ErrNoMessage
}

// Delete removes messages for good, and returns how many there were.
func (b *Box) Delete(uids ...uint32) int {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return b.remove(uids)
}

func (b *Box) remove(uids []uint32) int {
	gone := make(map[uint32]bool, len(uids))
	for _, uid := range uids {
		gone[uid] = true
	}
	var stay []Message
	for _, m := range b.all {
		if gone[m.UID] {
			b.store.bytes -= m.weight()
		} else {
			stay = append(stay, m)
		}
	}
	n := len(b.all) - len(stay)
	b.all = stay
	return n
}

// lines returns data in memory of its own, each LF that stands alone made CR LF, and
// with a line end at its end.
func lines(data []byte) []byte {
	own := make([]byte, 0, len(data)+bytes.Count(data, []byte("\n"))+2)
	for i, c := range data {
		if c == '\n' && (i == 0 || data[i-1] != '\r') {
			own = append(own, '\r')
		}
		own = append(own, c)
	}
	if !bytes.HasSuffix(own, []byte("\r\n")) {
		own = append(own, "\r\n"...)
	}
	return own
}
