package mail

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that a test sets.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newStore() (*Store, *clock) {
	c := &clock{time.Date(2026, 11, 29, 5, 0, 0, 0, time.UTC)}
	return New(c.now), c
}

func box(t *testing.T, s *Store, name string) *Box {
	t.Helper()
	b, err := s.Find(name)
	if err != nil {
		t.Fatal(name, err)
	}
	return b
}

func TestNames(t *testing.T) {
	for address, want := range map[string]string{
		"alice":                              "alice",
		"Alice@Example.TEST":                 "alice",
		"postmaster":                         "postmaster",
		"student-otter-4711":                 "student-otter-4711",
		"student-a@example.test":             "student-a",
		"mallory":                            "",
		"student-":                           "",
		"student--a":                         "",
		"student-a b":                        "",
		"student-\n":                         "",
		"student-" + strings.Repeat("a", 40): "",
		"alice@example.com":                  "",
		"alice@":                             "",
		"":                                   "",
		"@example.test":                      "",
	} {
		name, err := Name(address)
		if name != want || (err == nil) != (want != "") {
			t.Errorf("%q means %q, %v; want %q", address, name, err, want)
		}
	}
}

func TestStudents(t *testing.T) {
	seen := map[Person]bool{}
	for _, seed := range []string{"a", "b", "c", "a long seed, and one with \x00 in it"} {
		p := Student(seed)
		if p != Student(seed) || seen[p] {
			t.Errorf("%q: %v", seed, p)
		}
		seen[p] = true
		s, _ := newStore()
		b, err := s.Login(p.Name+"@"+Domain, p.Password)
		if err != nil {
			t.Fatal(seed, p, err)
		}
		if m, err := b.Message(2); err != nil || !bytes.Contains(m.Data, []byte("is "+p.Code+".\r\n")) {
			t.Errorf("%q: code %s is not in %q, %v", seed, p.Code, m.Data, err)
		}
	}
	if (Student("") != Person{}) {
		t.Error("no seed gives somebody")
	}
}

func TestLogin(t *testing.T) {
	s, _ := newStore()
	for _, p := range Cast() {
		if b, err := s.Login(p.Name, p.Password); err != nil || b.Name() != p.Name {
			t.Error(p, err)
		}
	}
	for _, wrong := range [][2]string{{"alice", "builder"}, {"alice", ""}, {"", ""}, {"mallory", ""}, {"student-x", ""}} {
		if _, err := s.Login(wrong[0], wrong[1]); err != ErrLogin {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestDeliver(t *testing.T) {
	s, c := newStore()
	bob := box(t, s, "bob")
	next := bob.Next()
	c.t = c.t.Add(time.Hour)
	err := s.Deliver("king@elsewhere.example", []string{"bob", "student-new", "Bob@example.test"}, []byte("Subject: hi\n\n.\r\nno end"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := bob.Message(next)
	if err != nil || string(m.Data) != "Subject: hi\r\n\r\n.\r\nno end\r\n" || m.From != "king@elsewhere.example" || !m.Arrived.Equal(c.t) {
		t.Errorf("%+v, %v", m, err)
	}
	if bob.Next() != next+1 {
		t.Error("who is named twice got it twice")
	}
	if all := box(t, s, "student-new").Messages(); len(all) != 4 {
		t.Errorf("the new mailbox has %d messages; want the first three and this one", len(all))
	}
	err = s.Deliver("", []string{"bob", "mallory"}, []byte("x"))
	if err != ErrNoBox || bob.Next() != next+1 {
		t.Errorf("%v, and bob's next message is %d", err, bob.Next())
	}
}

func TestDelete(t *testing.T) {
	s, _ := newStore()
	b := box(t, s, "bob")
	before := s.bytes
	if n := b.Delete(2, 3, 77); n != 2 || len(b.Messages()) != 1 || s.bytes >= before {
		t.Errorf("%d deleted, %d left, %d of %d bytes", n, len(b.Messages()), s.bytes, before)
	}
	uid, err := b.Append([]byte("x"), Seen, time.Time{})
	if err != nil || uid != 4 {
		t.Errorf("the next UID is %d, %v: one was used again", uid, err)
	}
	if err := b.SetFlags(uid, Seen|Deleted); err != nil {
		t.Error(err)
	}
	if m, err := b.Message(uid); err != nil || m.Flags != Seen|Deleted {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := b.Message(2); err != ErrNoMessage {
		t.Error(err)
	}
	if err := b.SetFlags(2, 0); err != ErrNoMessage {
		t.Error(err)
	}
}

func TestBounds(t *testing.T) {
	s, _ := newStore()
	big := bytes.Repeat([]byte("a"), MaxMessage)
	if err := s.Deliver("", []string{"bob"}, big); err != ErrSize {
		t.Error("a message too large:", err)
	}
	bob := box(t, s, "bob")
	for len(bob.Messages()) < MaxMessages {
		if err := s.Deliver("", []string{"bob"}, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Deliver("", []string{"alice", "bob"}, []byte("x")); err != ErrFull || box(t, s, "alice").Next() != 4 {
		t.Error("a full mailbox:", err)
	}
	if _, err := bob.Append([]byte("x"), 0, time.Time{}); err != ErrFull {
		t.Error("a full mailbox:", err)
	}
	var err error
	for range MaxBytes/MaxMessage + 1 {
		err = s.Deliver("", []string{"carol"}, big[2:])
	}
	if err != ErrFull || s.bytes > MaxBytes {
		t.Errorf("%v with %d bytes", err, s.bytes)
	}
	for i := range MaxBoxes {
		_, err = s.Find("student-" + digits(uint64(i), 6))
	}
	if !errors.Is(err, ErrFull) || len(s.boxes) != MaxBoxes {
		t.Errorf("%v with %d mailboxes", err, len(s.boxes))
	}
}

func TestAtOnce(t *testing.T) {
	s, _ := newStore()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				s.Deliver("", []string{"bob", "alice"}, []byte("x"))
				b, _ := s.Find("bob")
				b.Messages()
				b.SetFlags(1, Seen)
			}
		})
	}
	all.Wait()
	if n := box(t, s, "bob").Next(); n != 4+400 {
		t.Errorf("the next UID is %d", n)
	}
}
