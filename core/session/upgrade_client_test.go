package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// upgradingClient is a client that is a program, whose TLS is that of upgradable, begun by
// the client.
type upgradingClient struct {
	*upgradable
	cannot string
	rested bool
	cut    sync.Once
}

func (c *upgradingClient) Receive() (core.Event, error) {
	data, err := c.upgradable.Receive()
	return core.Event{Kind: core.ClientBytes, Data: data}, err
}

func (c *upgradingClient) Accept(string) error { return nil }
func (c *upgradingClient) Refuse(error)        { c.Cut() }
func (c *upgradingClient) Close(End)           { c.Cut() }
func (c *upgradingClient) Cut()                { c.cut.Do(func() { c.Conn.Close() }) }
func (c *upgradingClient) Cannot() string      { return c.cannot }
func (c *upgradingClient) Send(m *Messages) error {
	_, err := c.Write(m.Joined())
	return err
}

func (c *upgradingClient) DropEarly() (early int) {
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	for buf := make([]byte, 16); ; {
		n, err := c.Conn.Read(buf)
		if early += n; err != nil {
			break
		}
	}
	c.SetReadDeadline(time.Time{})
	c.rested = true
	return early
}

func (c *upgradingClient) StartTLS(ctx context.Context, name string) (int, error) {
	defer context.AfterFunc(ctx, func() { c.Conn.Close() })()
	c.named = name
	c.upgrades++
	hello := make([]byte, len("<hello>"))
	if _, err := io.ReadFull(c.Conn, hello); err != nil || string(hello) != "<hello>" {
		c.Conn.Close()
		return 0, errors.New("the client does not speak TLS")
	}
	if _, err := io.WriteString(c.Conn, "<ok>"); err != nil {
		return 0, err
	}
	c.secure.Store(true)
	return 0, nil
}

// both upgrades both ends when the server says "220" in a line after the client has said
// "STARTTLS"; or the client's alone, when that says "ALONE". All else it passes on.
type both struct{ line, said []byte }

func (m *both) Handle(e core.Event, out *core.Out) error {
	switch e.Kind {
	case core.ClientBytes:
		for i, c := range e.Data {
			if m.said = append(m.said, c); c == '\n' {
				line := string(m.said)
				m.said = nil
				if line == "ALONE\n" {
					out.Text([]byte("go ahead\n"))
					out.StartTLS(core.Client, "mx.example", len(e.Data)-i-1)
					out.Text([]byte("meanwhile\n"))
					return nil
				}
				out.Server([]byte(line))
			}
		}
	case core.ServerBytes:
		for i, c := range e.Data {
			if m.line = append(m.line, c); c == '\n' {
				line := string(m.line)
				m.line = nil
				out.Text([]byte(line))
				if strings.HasPrefix(line, "220") {
					out.StartTLS(core.Client, "", 0)
					out.StartTLS(core.Server, "", len(e.Data)-i-1)
					return nil
				}
			}
		}
	case core.ClientTLS:
		out.Text([]byte("secure\n"))
	}
	return nil
}

// clientBench is a session with a client that is a program, at whose other end the test is.
type clientBench struct {
	*bench
	user   net.Conn
	client *upgradingClient
	server *upgradable
	told   *chronicle
}

func upgradingBoth(t *testing.T, change func(*Config)) *clientBench {
	near, far := net.Pipe()
	client := &upgradingClient{upgradable: &upgradable{pipeServer: &pipeServer{Conn: near, fin: make(chan struct{})}}}
	t.Cleanup(func() { far.Close() })
	b, u, told := upgrading(t, func(c *Config) {
		c.Client, c.Opening.Client = client, core.Stream
		d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return new(both), nil }}
		c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		if change != nil {
			change(c)
		}
	}, core.ClientBytes, core.ClientTLS, core.ServerTLS)
	return &clientBench{b, far, client, u, told}
}

// says has the client say something.
func (b *clientBench) says(s string) { io.WriteString(b.user, s) }

// hears reads what the client is to get.
func (b *clientBench) hears(t *testing.T, want string) {
	t.Helper()
	buf := make([]byte, len(want))
	if _, err := io.ReadFull(b.user, buf); err != nil || string(buf) != want {
		t.Errorf("the client got %q, %v; want %q", buf, err, want)
	}
}

// shakes is the client's part of a handshake.
func (b *clientBench) shakes(t *testing.T) {
	t.Helper()
	b.says("<hello>")
	b.hears(t, "<ok>")
}

func secure(s string) string { return string(flipped([]byte(s), true)) }

func TestMachineUpgradesBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := upgradingBoth(t, nil)
		b.says("STARTTLS\n")
		b.read(t, "STARTTLS\n")
		io.WriteString(b.bench.server, "220 ready\n")
		b.hears(t, "220 ready\n")
		if !b.client.rested {
			t.Error("the client was told while its reader read on: it would swallow the handshake")
		}
		b.shakes(t)
		b.hears(t, secure("secure\n"))
		b.says(secure("EHLO\n")) // held, since the server's handshake goes on
		synctest.Wait()
		b.handshake(t, "", "<ok>")
		b.readSecure(t, "EHLO\n")
		b.writeSecure("250 hi\n")
		b.hears(t, secure("250 hi\n"))
		b.bench.server.Close()
		b.ends(t, ByServer, "")
		got := b.told.String()
		if b.client.upgrades != 1 || b.server.upgrades != 1 || !strings.Contains(got, `client tls "tls 1.3, of a test"`) || strings.Contains(got, "dropped") {
			t.Errorf("%d and %d upgrades, observers were told:\n%s", b.client.upgrades, b.server.upgrades, got)
		}
	})
}

// What the client sends in clear behind its order has one outcome however it is cut.
func TestClientsPlaintextIsDropped(t *testing.T) {
	const sent = "ALONE\nEVIL\nALONE\n"
	for cut := range len(sent) + 1 {
		synctest.Test(t, func(t *testing.T) {
			b := upgradingBoth(t, nil)
			go func() {
				b.says(sent[:cut])
				b.says(sent[cut:])
			}()
			b.hears(t, "go ahead\n")
			b.shakes(t)
			b.hears(t, secure("meanwhile\nsecure\n"))
			b.says(secure("NOOP\n"))
			b.readServer(t, "NOOP\n")
			b.cancel()
			<-b.end
			b.bench.server.Close()
			want := len(sent) - len("ALONE\n")
			if got := b.told.String(); !strings.Contains(got, fmt.Sprintf("-- dropped %d bytes of the client: they came in clear before TLS", want)) || b.client.named != "mx.example" {
				t.Errorf("cut after %d: observers were told:\n%s", cut, got)
			}
		})
	}
}

func (b *clientBench) readServer(t *testing.T, want string) { t.Helper(); b.bench.read(t, want) }

// An upgrade that fails ends the session, and nothing that waited leaves in clear.
func TestClientUpgradeFails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*clientBench)
		client func(*clientBench)
		words  string
	}{
		"no TLS":         {nil, func(b *clientBench) { b.says("QUIT...") }, "the client does not speak TLS"},
		"gone":           {nil, func(b *clientBench) { b.user.Close() }, "the client does not speak TLS"},
		"no certificate": {func(b *clientBench) { b.client.cannot = "no certificate here" }, nil, "no certificate here"},
		"TLS already":    {func(b *clientBench) { b.client.secure.Store(true) }, nil, "the connection to the client is TLS already"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := upgradingBoth(t, nil)
				if c.change != nil {
					c.change(b)
				}
				go io.Copy(io.Discard, b.bench.server)
				order := "ALONE\n"
				if name == "TLS already" {
					order = secure(order)
				}
				b.says(order)
				heard := make([]byte, len("go ahead\n"))
				io.ReadFull(b.user, heard)
				if c.client != nil {
					c.client(b)
				}
				rest := make(chan []byte)
				go func() { all, _ := io.ReadAll(b.user); rest <- all }()
				b.ends(t, ByClient, "the connection to the client did not become TLS: "+c.words)
				b.bench.server.Close()
				if got := <-rest; len(got) > 0 {
					t.Errorf("the client got %q", got)
				}
				if got := b.told.String(); !strings.Contains(got, "client tls-failed") || !strings.Contains(got, "dropped 10 bytes for the client") {
					t.Errorf("observers were told:\n%s", got)
				}
			})
		})
	}
}

// A person is no program.
func TestPersonsEndIsNotUpgraded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := upgradingBoth(t, func(c *Config) {
			client := newClient()
			c.Client = client
			client.does <- core.Event{Kind: core.ClientBytes, Data: []byte("ALONE\n")}
		})
		go io.Copy(io.Discard, b.bench.server)
		b.ends(t, ByClient, "the connection to the client cannot be upgraded to TLS")
	})
}

// A client that has ended its stream cannot shake hands any more.
func TestClientUpgradeAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := upgradingBoth(t, func(c *Config) { c.Client = &halfClosed{c.Client.(*upgradingClient), 0} })
		go io.Copy(io.Discard, b.user)
		go io.Copy(io.Discard, b.bench.server)
		b.ends(t, ByClient, "the client ended the connection before the TLS handshake")
	})
}

// halfClosed says "ALONE" and ends its stream.
type halfClosed struct {
	*upgradingClient
	said int
}

func (c *halfClosed) Receive() (core.Event, error) {
	switch c.said++; c.said {
	case 1:
		return core.Event{Kind: core.ClientBytes, Data: []byte("ALONE\n")}, nil
	case 2:
		return core.Event{Kind: core.ClientEOF}, nil
	}
	c.SetReadDeadline(time.Time{})
	return c.upgradingClient.Receive()
}

func (c *halfClosed) Interrupt() {} // nothing reads any more that could be interrupted

// A session may end at any moment of the client's upgrade.
func TestClientUpgradeIsAbandoned(t *testing.T) {
	for name, end := range map[string]func(*clientBench){
		"stopped":      func(b *clientBench) { b.cancel() },
		"server ended": func(b *clientBench) { b.bench.server.Close() },
		"client left":  func(b *clientBench) { b.user.Close() },
	} {
		for _, shaking := range []bool{false, true} {
			t.Run(fmt.Sprint(name, shaking), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := upgradingBoth(t, nil)
					go io.Copy(io.Discard, b.bench.server)
					b.says("ALONE\n")
					if shaking {
						b.hears(t, "go ahead\n")
					}
					synctest.Wait()
					end(b)
					rest := make(chan []byte)
					go func() { all, _ := io.ReadAll(b.user); rest <- all }()
					<-b.end
					b.bench.server.Close()
					if got := <-rest; bytes.Contains(got, []byte("meanwhile")) {
						t.Errorf("the client got %q in clear", got)
					}
					if !strings.Contains(b.told.String(), "dropped 10 bytes for the client") {
						t.Errorf("observers were told:\n%s", b.told)
					}
				})
			})
		}
	}
}

// Bytes of the server's that pass through wait for the client's TLS, too.
func TestPassedBytesWaitForTheClientsTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := upgradingBoth(t, func(c *Config) {
			d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
				out.PassThrough(core.Server)
				return passer{}, nil
			}}
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		})
		io.WriteString(b.bench.server, "in clear\n")
		b.hears(t, "in clear\n")
		b.says("go")
		synctest.Wait()
		go io.WriteString(b.bench.server, "passed on\n")
		time.Sleep(time.Second) // what the client says before its reader rests is dropped
		b.shakes(t)
		b.hears(t, secure("passed on\n"))
	})
}

type passer struct{}

func (passer) Handle(e core.Event, out *core.Out) error {
	switch e.Kind {
	case core.ClientBytes:
		out.StartTLS(core.Client, "", 0)
	case core.ServerBytes:
		out.Binary(e.Data)
	}
	return nil
}

// What waits for the client's TLS is bounded.
func TestHeldForTheClientIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := upgradingBoth(t, func(c *Config) {
			d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return clientFlooder{}, nil }}
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		})
		b.says("go")
		go func() {
			text, _ := io.ReadAll(b.user)
			if len(text) > 0 {
				t.Errorf("the client got %q in clear", text)
			}
		}()
		b.ends(t, MachineFailed, "more than 8 MiB for the client waited for TLS")
	})
}

type clientFlooder struct{}

func (clientFlooder) Handle(e core.Event, out *core.Out) error {
	if e.Kind == core.ClientBytes {
		out.StartTLS(core.Client, "", 0)
	}
	if e.Kind == core.TimerFired || e.Kind == core.ClientBytes {
		out.Binary(make([]byte, 1<<20))
		out.Timer("more", time.Millisecond)
	}
	return nil
}

// A process that dies at any moment is recovered, and each end is upgraded once.
func TestUpgradesOnceWhateverDies(t *testing.T) {
	for at := range 7 {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{cause: errors.New("killed"), discipline: core.Discipline{
				Open: func(core.Opening, *core.Out) (core.Machine, error) { return new(both), nil },
			}}
			b := upgradingBoth(t, func(c *Config) { c.Plugin = &Fixed{p.open} })
			moment := 0
			dies := func() {
				synctest.Wait()
				if moment++; moment-1 == at {
					p.kill()
				}
			}
			dies()
			b.says("STARTTLS\n")
			dies()
			b.read(t, "STARTTLS\n")
			io.WriteString(b.bench.server, "220 ready\n")
			dies()
			b.hears(t, "220 ready\n")
			dies()
			b.shakes(t)
			dies()
			b.handshake(t, "", "<ok>")
			dies()
			b.hears(t, secure("secure\n"))
			b.says(secure("EHLO\n"))
			dies()
			b.readSecure(t, "EHLO\n")
			synctest.Wait()
			if b.client.upgrades != 1 || b.server.upgrades != 1 || p.started != 2 {
				t.Errorf("killed at %d: %d and %d upgrades by %d processes", at, b.client.upgrades, b.server.upgrades, p.started)
			}
		})
	}
}
