package mail

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// lineEnds are as scripts write them.
var lineEnds = strings.NewReplacer(`\r`, "\r", `\n`, "\n")

// ask asks one question after the other: each line is "question -> answer".
func ask(t *testing.T, s *Store, script string) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(script)) {
		question, want, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		want = lineEnds.Replace(want)
		if got := string(s.Ask([]byte(lineEnds.Replace(question)))); got != want {
			t.Errorf("%q is answered %q, want %q", question, got, want)
		}
	}
}

func TestAsk(t *testing.T) {
	s, _ := newStore()
	box(t, s, "bob").Delete(1, 2, 3)
	ask(t, s, `
		box "Bob@example.test" -> ok "bob"
		box bob -> ok "bob"
		box "mallory@example.test" -> no box
		box "bob@elsewhere.example" -> no box
		login "bob" "builder" -> ok "bob"
		login "bob" "wrong" -> no login
		deliver "a@b.example" "bob"\nHello -> ok
		deliver "" "bob" "mallory"\nHello -> no box
		lock "bob" "wrong" -> no login
		lock "bob" "builder" -> ok "bob" 1\n4 7
		lock "bob" "builder" -> no locked
		hold "bob" 1 -> ok
		hold "bob" 2 -> no lock
		hold "alice" 1 -> no lock
		read "bob" 1 4 -> ok\nHello\r\n
		read "bob" 1 5 -> no message
		read "bob" 2 4 -> no lock
		quit "bob" 1 4 -> ok 1
		quit "bob" 1 -> no lock
		lock "bob" "builder" -> ok "bob" 2
		apop "bob" "<1.2@h>" "43034e4daad415a88bcd7e419da9976f" -> no locked
		quit "bob" 2 -> ok 0
		apop "bob" "<1.3@h>" "43034e4daad415a88bcd7e419da9976f" -> no login
		apop "mallory" "<1.2@h>" "43034e4daad415a88bcd7e419da9976f" -> no login
		apop "bob" "<1.2@h>" "43034e4daad415a88bcd7e419da9976f" -> ok "bob" 3
		apop "bob" "<1.2@h>" -> no question
		hold "bob" 0 -> no question
		hold "bob" -> no question
		read "bob" 2 -4 -> no question
		quit "bob" 2 x -> no question
		box "bob -> no question
		box "bob"x -> no question
		box  bob -> no question
		nonsense -> no question
	`)
	if got := string(s.Ask(nil)); got != "no question" {
		t.Errorf("nothing is answered %q", got)
	}
	if got := string(s.Ask([]byte("deliver \"\" bob\n" + strings.Repeat("a", MaxMessage)))); got != "no size" {
		t.Errorf("a large message is answered %q", got)
	}
}

// Asking whether a mailbox could be made does not make it.
func TestAskBoxMakesNone(t *testing.T) {
	s, _ := newStore()
	for i := range MaxBoxes {
		s.Ask(fmt.Appendf(nil, "box student-%d", i))
	}
	if len(s.boxes) != len(Cast()) {
		t.Errorf("there are %d mailboxes", len(s.boxes))
	}
	for i := range MaxBoxes - len(Cast()) {
		box(t, s, fmt.Sprintf("student-%d", i))
	}
	ask(t, s, `
		box student-new -> no full
		login student-new X -> no login
		box student-0 -> ok "student-0"
	`)
}

// A lock that nobody uses is taken over; one that is used is not.
func TestLockExpires(t *testing.T) {
	s, c := newStore()
	box(t, s, "bob").Delete(1, 2, 3)
	ask(t, s, `lock bob builder -> ok "bob" 1`)
	c.t = c.t.Add(LockIdle - time.Second)
	ask(t, s, `
		lock bob builder -> no locked
		hold bob 1 -> ok
	`)
	c.t = c.t.Add(LockIdle - time.Second)
	ask(t, s, `lock bob builder -> no locked`)
	c.t = c.t.Add(time.Second)
	ask(t, s, `
		lock bob builder -> ok "bob" 2
		hold bob 1 -> no lock
		quit bob 1 -> no lock
		hold bob 2 -> ok
	`)
}

// FuzzAsk holds Ask to its answers and bounds, whatever is asked.
func FuzzAsk(f *testing.F) {
	f.Add([]byte(`lock "bob" "builder"`))
	f.Add([]byte("deliver \"\" bob alice\nSubject: x\n\n."))
	f.Add([]byte(`quit "bob" 1 1 2 3`))
	f.Fuzz(func(t *testing.T, question []byte) {
		s, _ := newStore()
		s.Ask([]byte(`lock "bob" "builder"`))
		answer := string(s.Ask(question))
		if !strings.HasPrefix(answer, "ok") && !strings.HasPrefix(answer, "no ") {
			t.Errorf("%q is answered %q", question, answer)
		}
		held := 0
		for _, b := range s.boxes {
			for _, m := range b.all {
				held += len(m.Data) + len(m.From) + overhead
			}
		}
		if held != s.bytes {
			t.Errorf("%d bytes are held and %d counted", held, s.bytes)
		}
	})
}
