package pop3

import (
	"bytes"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

// FuzzSession holds sessions to what every machine promises, whatever the client sends
// and the world answers.
func FuzzSession(f *testing.F) {
	f.Add("USER bob\r\nPASS builder\r\nLIST\r\n", "ok \"bob\" 1\n1 10\n2 20", "RETR 1\r\nDELE 2\r\nQUIT\r\n", "ok\nhello", true)
	f.Add("USER bob\r\nPASS \r\n", "no login", "TOP 1 1\r\n", "no lock", false)
	f.Fuzz(func(t *testing.T, first, box, second, answer string, lenient bool) {
		options := map[string]string{}
		if lenient {
			options["lines"] = "lenient"
		}
		plugintest.Events(t, Discipline(), options,
			core.Event{Kind: core.ClientBytes, Data: []byte(first)},
			core.Event{Kind: core.WorldSaid, Data: []byte(box)},
			core.Event{Kind: core.ClientBytes, Data: []byte(second)},
			core.Event{Kind: core.WorldSaid, Data: []byte(answer)},
			core.Event{Kind: core.ClientEOF},
			core.Event{Kind: core.WorldSaid, Data: []byte(answer)})
	})
}

// FuzzStuffed reads what is stuffed as a client does, and finds the message and nothing
// after it.
func FuzzStuffed(f *testing.F) {
	f.Add(".\r\n..\r\na\r\n\r\n.", 1)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, text string, lines int) {
		answer := stuffed(text) + "\r\n"
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\r\n"
		}
		var read strings.Builder
		for line := range strings.Lines(answer) {
			if line == ".\r\n" {
				break
			}
			read.WriteString(strings.TrimPrefix(line, "."))
		}
		if read.String() != text {
			t.Errorf("%q is read as %q", text, read.String())
		}
		if first := top(text, max(lines, 0)); !strings.HasPrefix(text, first) {
			t.Errorf("the top of %q is %q", text, first)
		}
	})
}

// session is a machine that is fed by hand.
type session struct {
	t *testing.T
	m core.Machine
}

func start(t *testing.T) *session {
	t.Helper()
	d := Discipline()
	options, _ := d.Manifest.ParseOptions(nil)
	var out core.Out
	m, err := d.Open(core.Opening{Options: options}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return &session{t, m}
}

// feed returns the actions' payloads, a line each.
func (s *session) feed(kind core.EventKind, data string) string {
	s.t.Helper()
	var out core.Out
	if err := s.m.Handle(core.Event{Kind: kind, Data: []byte(data)}, &out); err != nil {
		s.t.Fatal(err)
	}
	var all bytes.Buffer
	for i := range out.Len() {
		all.Write(out.Action(i).Data)
		all.WriteByte('\n')
	}
	return all.String()
}

// However a session ends that has the mailbox, it gives it back, and closes after that.
func TestReleased(t *testing.T) {
	const release = "quit \"bob\" 7\n"
	for name, end := range map[string]func(s *session) string{
		"too many errors": func(s *session) string {
			for range MaxErrors - 1 {
				s.feed(core.ClientBytes, "what\r\n")
			}
			return s.feed(core.ClientBytes, "what\r\n")
		},
		"too many commands": func(s *session) string {
			for range MaxCommands - 2 {
				s.feed(core.ClientBytes, "STAT\r\n")
			}
			return s.feed(core.ClientBytes, "STAT\r\n")
		},
		"too much was sent ahead": func(s *session) string {
			s.feed(core.ClientBytes, "RETR 1\r\n")
			for range 3 {
				if got := s.feed(core.ClientBytes, strings.Repeat("a", MaxHeld)); got != "" {
					s.t.Errorf("%q", got)
				}
			}
			return s.feed(core.WorldSaid, "ok\nhello")
		},
		"end of stream without QUIT": func(s *session) string { return s.feed(core.ClientEOF, "") },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.feed(core.ClientBytes, "USER bob\r\nPASS builder\r\n")
			s.feed(core.WorldSaid, "ok \"bob\" 7\n1 10")
			if got := end(s); !strings.HasSuffix(got, release) {
				t.Fatalf("the last question is not %q: %q", release, got)
			}
			if got := s.feed(core.ClientBytes, "STAT\r\n"); got != "" {
				t.Errorf("it is answered still: %q", got)
			}
			if got := s.feed(core.WorldSaid, "ok 0"); got != name+"\n" {
				t.Errorf("it is not closed: %q", got)
			}
		})
	}
}
