package toys

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func toys() []core.Discipline {
	return []core.Discipline{Daytime(), Discard(), Chargen(), Quote(), Finger(), Fortune(), Frames(), Guess()}
}

func TestGoldens(t *testing.T) {
	for _, d := range toys() {
		t.Run(d.Manifest.Name, func(t *testing.T) { plugintest.Goldens(t, d, "testdata/"+d.Manifest.Name) })
	}
}

func TestConformance(t *testing.T) {
	for _, d := range toys() {
		t.Run(d.Manifest.Name, func(t *testing.T) { plugintest.Conformance(t, d, "testdata/"+d.Manifest.Name) })
	}
}

// Who has a mailbox is who finger tells of.
func TestFingerKnowsTheCast(t *testing.T) {
	var boxes, logins []string
	for _, p := range mail.Cast() {
		boxes = append(boxes, p.Name)
	}
	for _, u := range users {
		logins = append(logins, u.login)
	}
	if !slices.Equal(logins, boxes) {
		t.Errorf("finger tells of %q; the mailboxes are %q", logins, boxes)
	}
}

// client is a machine with a client that reads.
type client struct {
	t      testing.TB
	m      core.Machine
	read   bytes.Buffer
	asked  string // the world's last question
	closed string // why
}

func connect(t testing.TB, d core.Discipline, options map[string]string) *client {
	t.Helper()
	all, err := d.Manifest.ParseOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t}
	var out core.Out
	if c.m, err = d.Open(core.Opening{Options: all}, &out); err != nil {
		t.Fatal(err)
	}
	c.take(&out)
	return c
}

func (c *client) feed(kind core.EventKind, data string) *client {
	c.t.Helper()
	if c.closed != "" {
		return c
	}
	var out core.Out
	if err := c.m.Handle(core.Event{Kind: kind, Data: []byte(data)}, &out); err != nil || out.Err() != nil {
		c.t.Fatal(err, out.Err())
	}
	c.take(&out)
	return c
}

func (c *client) take(out *core.Out) {
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendBinary:
			c.read.Write(a.Data)
		case core.AskWorld:
			c.asked = string(a.Data)
		case core.Close:
			c.closed = string(a.Data)
		}
	}
}

// Every toy that reads lines ends a connection that sends too much, of whatever.
func TestBoundsOfLines(t *testing.T) {
	for _, d := range []core.Discipline{Finger(), Fortune(), Guess()} {
		open := func() *client { return connect(t, d, nil).feed(core.WorldSaid, "ok 1") }
		t.Run(d.Manifest.Name, func(t *testing.T) {
			longest := strings.Repeat("x", maxLine-2)
			if c := open().feed(core.ClientBytes, longest+"\r\n"); strings.Contains(c.closed, "too long") {
				t.Errorf("a line of %d bytes: %s", maxLine, c.closed)
			}
			if c := open().feed(core.ClientBytes, longest+"x\r\n"); !strings.Contains(c.closed, "too long") {
				t.Errorf("a line of %d bytes: %q", maxLine+1, c.closed)
			}
			if c := open().feed(core.ClientBytes, strings.Repeat("\n", maxWrong)); !strings.Contains(c.closed, "LF alone") {
				t.Errorf("%d times LF alone: %q", maxWrong, c.closed)
			}
		})
	}
}

// While the world has not answered, what is held is bounded.
func TestHeldLines(t *testing.T) {
	c := connect(t, Fortune(), nil).feed(core.ClientBytes, "a\r\n")
	if c.feed(core.ClientBytes, strings.Repeat("x", maxHeld)); c.closed != "" {
		t.Errorf("up to the bound: %q", c.closed)
	}
	if c.feed(core.ClientBytes, "x"); c.closed != "the client sent too much at once" {
		t.Errorf("over the bound: %q", c.closed)
	}
}

// The largest event of the shortest lines is answered line by line.
func TestManyLines(t *testing.T) {
	c := connect(t, Fortune(), map[string]string{"lines": "lenient"})
	lines := core.MaxEventPayload / 100
	c.feed(core.ClientBytes, strings.Repeat("\n", lines))
	for i := range lines {
		c.feed(core.WorldSaid, fmt.Sprintf("ok %d", i%len(fortunes)))
	}
	if got := strings.Count(c.read.String(), "\r\n"); got != lines {
		t.Errorf("%d lines were answered by %d", lines, got)
	}
}

func TestGuessEnds(t *testing.T) {
	c := connect(t, Guess(), nil).feed(core.WorldSaid, "ok 5")
	c.feed(core.ClientBytes, strings.Repeat("no\r\n", maxTries-1))
	if c.closed != "" {
		t.Errorf("after %d tries: %s", maxTries-1, c.closed)
	}
	c.feed(core.ClientBytes, "no\r\n")
	if !strings.Contains(c.closed, "used up") || !strings.HasSuffix(c.read.String(), "Bye!\r\n") {
		t.Errorf("%q, %q", c.closed, c.read.String())
	}
}

// Every number can be drawn with every seed.
func TestGuessNumbers(t *testing.T) {
	for _, seed := range []string{"", "ada", "ben"} {
		seen := map[string]bool{}
		for k := range guessUpTo {
			c := connect(t, Guess(), map[string]string{"seed": seed}).feed(core.WorldSaid, fmt.Sprintf("ok %d", k))
			c.feed(core.ClientBytes, "quit\r\n")
			_, end, _ := strings.Cut(c.read.String(), "It was ")
			seen[end] = true
		}
		if len(seen) != guessUpTo || !seen["1. Bye!\r\n"] || !seen["100. Bye!\r\n"] {
			t.Errorf("with seed %q there are %d numbers", seed, len(seen))
		}
	}
}

// What chargen sends is bounded: it waits for its timer, and ends.
func TestChargen(t *testing.T) {
	c := connect(t, Chargen(), nil)
	c.feed(core.ClientBytes, strings.Repeat("more\r\n", 1000))
	if got := c.read.Len(); got != stretchLines*74 {
		t.Errorf("%d bytes were sent at once", got)
	}
	for i := 1; i < stretches; i++ {
		if c.closed != "" {
			t.Fatalf("closed after %d stretches", i)
		}
		c.feed(core.TimerFired, nextStretch)
	}
	lines := strings.SplitAfter(c.read.String(), "\r\n")
	if n := len(lines) - 1; c.closed == "" || n != stretches*stretchLines {
		t.Errorf("%d lines, closed %q", n, c.closed)
	}
	if lines[0] != lines[95] || lines[0][1:72] != lines[1][:71] || lines[0][0] != ' ' {
		t.Errorf("the pattern is not that of RFC 864:\n%s%s", lines[0], lines[1])
	}
}

func TestSayings(t *testing.T) {
	for _, s := range append(quotes[:], fortunes[:]...) {
		if len(s) == 0 || len(s) > 510 || strings.ContainsAny(s, "\r\n") {
			t.Errorf("%q is no line of RFC 865", s)
		}
	}
}

func TestFrameErrorsEnd(t *testing.T) {
	c := connect(t, Frames(), nil)
	c.feed(core.ClientBytes, strings.Repeat("\x00\x01\x09", maxFrameErrors-1))
	if c.closed != "" {
		t.Errorf("after %d errors: %s", maxFrameErrors-1, c.closed)
	}
	if c.feed(core.ClientBytes, "\x00\x01\x09"); c.closed == "" {
		t.Error("it goes on")
	}
}

func TestLongestFrame(t *testing.T) {
	longest := "\x04\x00\x01" + strings.Repeat("x", maxFrame-1)
	if c := connect(t, Frames(), nil).feed(core.ClientBytes, longest); c.read.String() != longest {
		t.Errorf("%.60q", c.read.String())
	}
	if c := connect(t, Frames(), nil).feed(core.ClientBytes, "\x04\x01"); c.closed == "" || c.read.Bytes()[2] != frameError {
		t.Errorf("%.60q, %q", c.read.String(), c.closed)
	}
}

// FuzzFrames holds that what is answered is frames, at most one for each of the
// client's and one more, and the same wherever the stream is cut.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x06\x01hello\x00\x01\x04"))
	f.Add([]byte("\x00\x09\x03\x00\x00\x00\x02\x00\x00\x00\x28\x00\x03\x02ab"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, pieces := connect(t, Frames(), nil), connect(t, Frames(), nil)
		whole.feed(core.ClientBytes, string(stream)).feed(core.ClientEOF, "")
		for _, b := range stream {
			pieces.feed(core.ClientBytes, string([]byte{b}))
		}
		pieces.feed(core.ClientEOF, "")
		if !bytes.Equal(whole.read.Bytes(), pieces.read.Bytes()) || whole.closed != pieces.closed || whole.closed == "" {
			t.Errorf("whole: %q, %q; byte by byte: %q, %q", whole.read.Bytes(), whole.closed, pieces.read.Bytes(), pieces.closed)
		}
		answers := 0
		for rest := whole.read.Bytes(); len(rest) > 0; answers++ {
			n := int(binary.BigEndian.Uint16(rest))
			if n == 0 || n > maxFrame || n > len(rest)-2 {
				t.Fatalf("the answer has a frame of length %d: %q", n, whole.read.Bytes())
			}
			rest = rest[2+n:]
		}
		if answers > len(stream)/3+1 {
			t.Errorf("%d bytes were answered by %d frames", len(stream), answers)
		}
	})
}

// FuzzLines holds the toys that read lines to what every machine promises.
func FuzzLines(f *testing.F) {
	f.Add([]byte("50\r\n"), []byte("ok 7"))
	f.Add([]byte("carol\n/W bob"), []byte("no luck"))
	f.Fuzz(func(t *testing.T, stream, said []byte) {
		for _, d := range []core.Discipline{Finger(), Fortune(), Guess()} {
			plugintest.Events(t, d, nil,
				core.Event{Kind: core.WorldSaid, Data: said},
				core.Event{Kind: core.ClientBytes, Data: stream},
				core.Event{Kind: core.ClientBytes, Data: stream},
				core.Event{Kind: core.WorldSaid, Data: said},
				core.Event{Kind: core.ClientEOF})
		}
	})
}
