package telnet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
	mode "github.com/protocol-workbench/workbench/plugins/telnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T)     { plugintest.Goldens(t, Discipline(), "testdata") }
func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "testdata") }

// client is a machine with a client that reads.
type client struct {
	t      testing.TB
	m      core.Machine
	read   bytes.Buffer
	closed string // why
}

func connect(t testing.TB) *client {
	t.Helper()
	c := &client{t: t}
	var out core.Out
	var err error
	if c.m, err = Discipline().Open(core.Opening{}, &out); err != nil {
		t.Fatal(err)
	}
	c.take(&out)
	return c
}

// says has the client send bytes. The world says that it is noon.
func (c *client) says(data string) {
	c.t.Helper()
	for ev := (core.Event{Kind: core.ClientBytes, Data: []byte(data)}); ; ev = (core.Event{Kind: core.WorldSaid, Data: []byte("ok noon")}) {
		var out core.Out
		if err := c.m.Handle(ev, &out); err != nil || out.Err() != nil {
			c.t.Fatal(err, out.Err())
		}
		if !c.take(&out) {
			return
		}
	}
}

func (c *client) take(out *core.Out) (asks bool) {
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendBinary:
			c.read.Write(a.Data)
		case core.AskWorld:
			asks = true
		case core.Close:
			c.closed = string(a.Data)
		}
	}
	return asks
}

const signIn = "alice\r\nwonderland\r\n"

// Whatever a client says for long, the server says only so much, however much of it comes at
// once.
func TestBounds(t *testing.T) {
	for name, piece := range map[string]string{
		"empty lines": "\n", "AYT": "\xff\xf6", "wishes": "\xff\xfb\xc8", "questions": "time\n", "options": "options\n",
		"a letter typed and erased": "x\b", "interrupts": "\x03", "echo": "echo off\necho on\n\xff\xfd\x01",
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t)
			c.says("\xff\xfd\x01" + signIn)
			for n := 0; c.closed == ""; n++ {
				if n == 10 {
					t.Fatal("it goes on")
				}
				c.says(strings.Repeat(piece, core.MaxEventPayload/len(piece)))
			}
			if c.read.Len() > MaxSent+64<<10 || c.closed != "the server has said enough" {
				t.Errorf("closed by %q after %d bytes", c.closed, c.read.Len())
			}
		})
	}
}

// While the world has not answered, what is held is bounded.
func TestHeld(t *testing.T) {
	c := connect(t)
	event := func(size int) {
		t.Helper()
		var out core.Out
		if err := c.m.Handle(core.Event{Kind: core.ClientBytes, Data: bytes.Repeat([]byte("x"), size)}, &out); err != nil {
			t.Fatal(err)
		}
		c.take(&out)
	}
	c.says(signIn)
	var out core.Out
	c.m.Handle(core.Event{Kind: core.ClientBytes, Data: []byte("time\n")}, &out)
	if event(MaxHeld); c.closed != "" {
		t.Errorf("up to the bound: %q", c.closed)
	}
	if event(1); c.closed != "the client sent too much at once" {
		t.Errorf("over the bound: %q", c.closed)
	}
}

// The line mode logs in, hides the password, and tells its window and its terminal.
func TestLineMode(t *testing.T) {
	for _, size := range []int{1, 7, 4096} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			d := mode.Discipline()
			options, err := d.Manifest.ParseOptions(map[string]string{"terminal": "xterm", "width": "132"})
			if err != nil {
				t.Fatal(err)
			}
			var out core.Out
			m, err := d.Open(core.Opening{Options: options, Client: core.Messages}, &out)
			if err != nil {
				t.Fatal(err)
			}
			server, shown, masked := connect(t), "", 0
			handle := func(ev core.Event) {
				out.Reset()
				if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
					t.Fatal(err, out.Err())
				}
				for i := range out.Len() {
					switch a := out.Action(i); a.Kind {
					case core.SendServer:
						server.says(string(a.Data))
					case core.SendText, core.ShowPart:
						shown += string(a.Data) + "\n"
					case core.Secret:
						masked++
					}
				}
			}
			hears := func() {
				for server.read.Len() > 0 {
					handle(core.Event{Kind: core.ServerBytes, Data: bytes.Clone(server.read.Next(size))})
				}
				handle(core.Event{Kind: core.ServerQuiet})
			}
			hears()
			for _, l := range []struct{ typed, want string }{
				{"alice", "Password: "}, {"wonderland", "Welcome, alice."}, {"size", "132 columns and 24 rows"},
				{"term", "Your terminal is xterm"}, {"options", "  ECHO           on"}, {"echo off", "I said WONT ECHO"}, {"bye", "Bye!"},
			} {
				if shown = ""; l.typed == "wonderland" {
					masked = 0
				}
				handle(core.Event{Kind: core.ClientText, Data: []byte(l.typed)})
				if l.typed == "wonderland" && masked == 0 {
					t.Error("the password is in recordings")
				}
				if hears(); !strings.Contains(shown, l.want) || strings.Contains(shown, "wonderland") {
					t.Errorf("%q shows\n%s\nwant %q", l.typed, shown, l.want)
				}
			}
			if server.closed == "" {
				t.Error("it is not closed")
			}
		})
	}
}

// FuzzMachine holds whatever a client sends to what every machine promises.
func FuzzMachine(f *testing.F) {
	f.Add([]byte(signIn+"time\r\x00"), []byte("ok 2026"))
	f.Add([]byte("\xff\xfd\x01\xff\xfa\x1f\x00P\x00\x18\xff\xf0a\bb\xff\xf7\xff\xf6\x15\x03"), []byte("no"))
	f.Fuzz(func(t *testing.T, stream, said []byte) {
		plugintest.Events(t, Discipline(), nil,
			core.Event{Kind: core.ClientBytes, Data: []byte(signIn)},
			core.Event{Kind: core.ClientBytes, Data: stream},
			core.Event{Kind: core.WorldSaid, Data: said},
			core.Event{Kind: core.ClientBytes, Data: stream},
			core.Event{Kind: core.ClientEOF},
			core.Event{Kind: core.WorldSaid, Data: said})
	})
}

// FuzzCuts holds that where the stream is cut changes nothing.
func FuzzCuts(f *testing.F) {
	f.Add(signIn + "size\r\x00time\nwho\xff\xf8\r\nbye\n")
	f.Add("\xff\xfd\x01al\xff\xffx\b\r\n\xff\xfa\x18\x00A\xff\xf6")
	f.Fuzz(func(t *testing.T, stream string) {
		whole, pieces := connect(t), connect(t)
		whole.says(stream)
		for _, b := range []byte(stream) {
			pieces.says(string([]byte{b}))
		}
		if !bytes.Equal(whole.read.Bytes(), pieces.read.Bytes()) || whole.closed != pieces.closed {
			t.Errorf("whole: %q, %q; byte by byte: %q, %q", whole.read.Bytes(), whole.closed, pieces.read.Bytes(), pieces.closed)
		}
	})
}
