package session

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// listening is a machine that is told of silences.
type listening struct{ scripted }

func (listening) Quiet() time.Duration { return 200 * time.Millisecond }

// hears has the session's machine be one that asks for silences, and know these
// kinds.
func hears(log *bench, kinds ...core.EventKind) func(*Config) {
	return func(c *Config) {
		d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
			return listening{scripted{&log.log}}, nil
		}}
		c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		m := core.Manifest{}
		for _, k := range kinds {
			m.Events = append(m.Events, k.String())
		}
		c.Knows = m.Knows
	}
}

// A silence is told once, after at least one byte, counted from the last one.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(bench)
		b := begin(t, hears(log, core.ServerQuiet))
		time.Sleep(time.Minute) // nothing came: no silence
		b.server.Write([]byte("log"))
		time.Sleep(150 * time.Millisecond)
		b.server.Write([]byte("in"))
		time.Sleep(199 * time.Millisecond)
		b.server.Write([]byte(":"))
		time.Sleep(time.Minute) // once is enough
		b.client.says("me")
		b.read(t, "me\n")
		time.Sleep(time.Minute) // what the client does is no end of it
		b.server.Write([]byte("hi"))
		b.server.Close()
		b.ends(t, ByServer, "")
		if got := log.log.String(); got != "5:log 5:in 5:: 11: 1:me 5:hi 6: " {
			t.Errorf("the machine got %q", got)
		}
	})
}

// A machine that does not know silences is not told, though it asked.
func TestSilenceIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(bench)
		b := begin(t, hears(log))
		b.server.Write([]byte("login:"))
		time.Sleep(time.Minute)
		b.server.Close()
		b.ends(t, ByServer, "")
		if got := log.log.String(); got != "5:login: 6: " {
			t.Errorf("the machine got %q", got)
		}
	})
}

// Raw bytes go to the server as they are, in their place, whether the machine
// is told of them or not.
func TestRawBytes(t *testing.T) {
	for name, kinds := range map[string][]core.EventKind{"unknown": nil, "known": {core.ClientRaw}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := new(bench)
				dialled := make(chan struct{})
				b := begin(t, func(c *Config) {
					hears(log, kinds...)(c)
					dial := c.Dial
					c.Dial = func(ctx context.Context) (Server, error) { <-dialled; return dial(ctx) }
				})
				b.client.says("one") // all of them wait, and are one batch where they can be
				b.client.does <- core.Event{Kind: core.ClientRaw, Data: []byte("\x00\xff")}
				b.client.says("two")
				close(dialled)
				want := "one\n\x00\xfftwo\n"
				heard := "1:one 1:two "
				if kinds != nil {
					want = "one\n\x00\xff\x00\xff\ntwo\n" // the machine answers it like a message
					heard = "1:one 10:\x00\xff 1:two "
				}
				b.read(t, want)
				b.server.Close()
				b.ends(t, ByServer, "")
				if got := log.log.String(); got != heard+"6: " {
					t.Errorf("the machine got %q", got)
				}
			})
		})
	}
}

// halves is a server whose two directions end by themselves.
type halves struct {
	net.Conn           // that it is written to
	from      net.Conn // that it is read from
	finishing chan struct{}
}

func (h *halves) Read(b []byte) (int, error) { return h.from.Read(b) }
func (h *halves) CloseWrite() error          { close(h.finishing); return h.Conn.Close() }
func (h *halves) Receive() ([]byte, error) {
	b := make([]byte, 32<<10)
	n, err := h.Read(b)
	return b[:n], err
}

func (h *halves) Ready() bool      { return false }
func (h *halves) Close() error     { h.from.Close(); return h.Conn.Close() }
func (h *halves) Resolved() string { return "192.0.2.1:7" }
func (h *halves) Secured() string  { return "" }
func (h *halves) Through() string  { return "" }

// After the server's end the client goes on, where that is asked for, until it
// has ended too or the connection breaks.
func TestServerEOFStays(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(b *bench, in net.Conn)
		cause Cause
		words string
		log   string
	}{
		"the client ends": {
			func(b *bench, _ net.Conn) { b.client.does <- core.Event{Kind: core.ClientEOF} },
			ByServer, "both sides", "5:bye 6: 1:still here 3: "},
		"the client leaves": {
			func(b *bench, _ net.Conn) { close(b.client.does) },
			ByClient, "", "5:bye 6: 1:still here 4: "},
		"the machine finishes": {
			func(b *bench, _ net.Conn) { b.client.says("finish") },
			ByServer, "both sides", "5:bye 6: 1:still here 1:finish "},
		"the connection breaks": {
			func(b *bench, in net.Conn) { in.Close(); b.client.says("lost") },
			ServerFailed, "the connection to the server failed", "5:bye 6: 1:still here 1:lost "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, in := net.Pipe()
				from, sends := net.Pipe()
				h := &halves{out, from, make(chan struct{})}
				b := begin(t, func(c *Config) {
					c.Opening.ServerEOFStays = true
					c.Dial = func(context.Context) (Server, error) { return h, nil }
				})
				sends.Write([]byte("bye"))
				sends.Close()
				synctest.Wait()
				b.client.says("still here")
				buf := make([]byte, len("still here\n"))
				if _, err := io.ReadFull(in, buf); err != nil || string(buf) != "still here\n" {
					t.Errorf("the server heard %q, %v", buf, err)
				}
				c.end(b, in)
				b.ends(t, c.cause, c.words)
				in.Close()
				if got := b.log.String(); got != c.log {
					t.Errorf("the machine got %q", got)
				}
			})
		})
	}
}
