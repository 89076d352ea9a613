package smtp

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
	f.Add("EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.test>\r\n", "ok \"bob\"", "DATA\r\n.\r\n", true)
	f.Add("EHLO a\r\nAUTH LOGIN\r\nYm9i\r\nYnVpbGRlcg==\r\n", "no login", "AUTH PLAIN\r\n*\r\n", false)
	f.Fuzz(func(t *testing.T, first, answer, second string, lenient bool) {
		options := map[string]string{}
		if lenient {
			options["lines"] = "lenient"
		}
		plugintest.Events(t, Discipline(), options,
			core.Event{Kind: core.ClientBytes, Data: []byte(first)},
			core.Event{Kind: core.WorldSaid, Data: []byte(answer)},
			core.Event{Kind: core.ClientBytes, Data: []byte(second)},
			core.Event{Kind: core.WorldSaid, Data: []byte(answer)},
			core.Event{Kind: core.ClientEOF})
	})
}

// sent is what a machine asked the world to deliver, and the replies, after it was fed a
// message as it comes after DATA.
func sent(t *testing.T, lines, message string) (delivered []string, replies string) {
	t.Helper()
	d := Discipline()
	options, err := d.Manifest.ParseOptions(map[string]string{"lines": lines})
	if err != nil {
		t.Fatal(err)
	}
	var out core.Out
	m, err := d.Open(core.Opening{Options: options}, &out)
	if err != nil {
		t.Fatal(err)
	}
	waiting := [][]byte{[]byte("EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n"), []byte(message)}
	ev := core.Event{Kind: core.ClientBytes}
	for {
		if ev.Kind == core.ClientBytes {
			if len(waiting) == 0 {
				return delivered, replies
			}
			ev.Data, waiting = waiting[0], waiting[1:]
		}
		out.Reset()
		if err := m.Handle(ev, &out); err != nil {
			t.Fatal(err)
		}
		ev = core.Event{Kind: core.ClientBytes}
		for i := range out.Len() {
			switch a := out.Action(i); a.Kind {
			case core.SendBinary:
				replies += string(a.Data)
			case core.Close:
				return delivered, replies
			case core.AskWorld:
				question := string(a.Data)
				if _, body, ok := strings.Cut(question, "000\r\n"); ok && strings.HasPrefix(question, "deliver") {
					delivered = append(delivered, body)
				}
				ev = core.Event{Kind: core.WorldSaid, Data: []byte("ok 2026-11-29T05:00:00Z")}
			}
		}
	}
}

// FuzzData holds the parser of messages to RFC 5321, section 4.1.1.4, by another way: what
// is delivered is what was sent up to the first <CRLF>.<CRLF>, with the dots taken away.
func FuzzData(f *testing.F) {
	for _, seed := range []string{".\r\n", "a\r\n.\r\n", "..\r\n...\r\n.a\r\n.\r\n", "a\n.\r\nb\r\n.\n.\r\n", "a\r.\r\n.\r\n", "\r\n.\r\nQUIT\r\n", strings.Repeat("a", 998) + "\r\n.\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		delivered, replies := sent(t, "strict", message)
		text, _, whole := strings.Cut("\r\n"+message, "\r\n.\r\n")
		bare := strings.ReplaceAll(text, "\r\n", "")
		switch {
		case !whole || strings.ContainsAny(bare, "\r\n"):
			if len(delivered) > 0 {
				t.Fatalf("%q was delivered as %q", message, delivered)
			}
			if strings.ContainsAny(bare, "\n") && !strings.Contains(replies, "\r\n521 ") {
				t.Fatalf("%q has LF alone, and was answered %q", message, replies)
			}
			return
		}
		if text != "" {
			text = text[2:] + "\r\n"
		}
		var want strings.Builder
		for line := range strings.Lines(text) {
			rest := strings.TrimPrefix(line, ".")
			if len(rest) > MaxText || len(message) > MaxData {
				return // refused
			}
			want.WriteString(rest)
		}
		if len(delivered) == 0 || delivered[0] != want.String() {
			t.Fatalf("%q was delivered as %q, want %q", message, delivered, want.String())
		}
	})
}

// A message and its lines have bounds, which it is told at its end.
func TestMessageBounds(t *testing.T) {
	line := strings.Repeat("a", MaxText-2) + "\r\n"
	fits := strings.Repeat(line, MaxData/MaxText)
	if delivered, replies := sent(t, "strict", fits+".\r\n"); len(delivered) != 1 || delivered[0] != fits {
		t.Errorf("a message of %d bytes: %q", len(fits), replies)
	}
	for what, message := range map[string]string{
		"552": fits + line + ".\r\n",
		"500": "a" + line + ".\r\n",
	} {
		delivered, replies := sent(t, "strict", message)
		if len(delivered) > 0 || !strings.Contains(replies, "\r\n"+what+" ") {
			t.Errorf("want %s: %d delivered, %q", what, len(delivered), replies)
		}
	}
}

// closes feeds pieces until the machine closes, and says how many it took and what the
// last words were.
func closes(t *testing.T, pieces func(n int) string) (n int, words string) {
	t.Helper()
	d := Discipline()
	options, _ := d.Manifest.ParseOptions(nil)
	var out core.Out
	m, err := d.Open(core.Opening{Options: options}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 2*MaxCommands; n++ {
		out.Reset()
		if err := m.Handle(core.Event{Kind: core.ClientBytes, Data: []byte(pieces(n))}, &out); err != nil {
			t.Fatal(err)
		}
		if last := out.Len() - 1; last >= 0 && out.Action(last).Kind == core.Close {
			return n, string(out.Action(last).Data)
		}
	}
	return 0, "not closed"
}

func TestConnectionBounds(t *testing.T) {
	for why, c := range map[string]struct {
		piece string
		after int
	}{
		"too many errors":   {"what\r\n", MaxErrors},
		"too many commands": {"NOOP\r\n", MaxCommands + 1},
	} {
		if n, words := closes(t, func(int) string { return c.piece }); n != c.after || words != why {
			t.Errorf("%s: closed after %d: %s", why, n, words)
		}
	}
}

// What comes while the world is asked is held up to a bound, and the connection is closed
// once the world has answered.
func TestAhead(t *testing.T) {
	d := Discipline()
	options, _ := d.Manifest.ParseOptions(nil)
	var out core.Out
	m, err := d.Open(core.Opening{Options: options}, &out)
	if err != nil {
		t.Fatal(err)
	}
	feed := func(kind core.EventKind, data []byte) string {
		t.Helper()
		out.Reset()
		if err := m.Handle(core.Event{Kind: kind, Data: data}, &out); err != nil {
			t.Fatal(err)
		}
		var kinds strings.Builder
		for i := range out.Len() {
			kinds.Write(out.Action(i).Data)
		}
		return kinds.String()
	}
	feed(core.ClientBytes, []byte("EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.test>\r\n"))
	for range 3 * MaxHeld / 1000 {
		if got := feed(core.ClientBytes, bytes.Repeat([]byte("a"), 1000)); got != "" {
			t.Fatalf("%q", got)
		}
	}
	if held := m.(*machine).in.Held(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
	got := feed(core.WorldSaid, []byte("ok \"bob\""))
	if !strings.HasPrefix(got, "250 ") || !strings.Contains(got, "\r\n421 ") {
		t.Errorf("%q", got)
	}
}
