package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// upgradable is a server whose TLS is a greeting each way, after which each byte has its
// highest bit set.
type upgradable struct {
	*pipeServer
	secure   atomic.Bool
	named    string
	upgrades int
	early    int // what StartTLS says that it has dropped
}

func (u *upgradable) Interrupt() { u.SetReadDeadline(time.Unix(1, 0)) }

func (u *upgradable) StartTLS(ctx context.Context, name string) (int, error) {
	defer context.AfterFunc(ctx, func() { u.Conn.Close() })()
	u.named = name
	u.upgrades++
	u.SetReadDeadline(time.Time{})
	fmt.Fprintf(u.Conn, "<hello %s>", name)
	answer := make([]byte, len("<ok>"))
	if _, err := io.ReadFull(u.Conn, answer); err != nil || string(answer) != "<ok>" {
		u.Conn.Close()
		return u.early, errors.New("the server does not speak TLS")
	}
	u.secure.Store(true)
	return u.early, nil
}

func (u *upgradable) Secured() string {
	if u.secure.Load() {
		return "tls 1.3, of a test"
	}
	return ""
}

func flipped(data []byte, flip bool) []byte {
	data = bytes.Clone(data)
	for i := range data {
		if flip {
			data[i] ^= 0x80
		}
	}
	return data
}

func (u *upgradable) Write(data []byte) (int, error) {
	return u.pipeServer.Write(flipped(data, u.secure.Load()))
}

func (u *upgradable) Receive() ([]byte, error) {
	data, err := u.pipeServer.Receive()
	return flipped(data, u.secure.Load()), err
}

// starter upgrades when the server says "220" in a line, or the client "upgrade"; and
// sends what the client says.
type starter struct {
	log  *strings.Builder
	line []byte
}

func (m *starter) Handle(e core.Event, out *core.Out) error {
	fmt.Fprintf(m.log, "%s %q; ", e.Kind, e.Data)
	switch {
	case e.Kind == core.ServerBytes:
		for i, c := range e.Data {
			if m.line = append(m.line, c); c == '\n' {
				line := string(m.line)
				m.line = nil
				out.Text([]byte(strings.TrimSpace(line)))
				if strings.HasPrefix(line, "220") {
					out.StartTLS(core.Server, "mx.example", len(e.Data)-i-1)
					return nil
				}
			}
		}
	case e.Kind == core.ServerTLS:
		out.Text([]byte("secure"))
		out.Server([]byte("EHLO again\n"))
	case e.Kind == core.ClientText && string(e.Data) == "upgrade":
		out.Server([]byte("before\n"))
		out.StartTLS(core.Server, "", 0)
		out.Server([]byte("meanwhile\n"))
	case e.Kind == core.ClientText && string(e.Data) == "much":
		out.Server(make([]byte, 1<<20))
	case e.Kind.IsBytes() && e.Kind.Side() == core.Client:
		out.Server(e.Data, []byte("\n"))
	}
	return nil
}

// upgrading begins a session with a server that can be upgraded, and a machine that
// knows these later kinds.
func upgrading(t *testing.T, change func(*Config), kinds ...core.EventKind) (*bench, *upgradable, *chronicle) {
	u, told := new(upgradable), new(chronicle)
	b := begin(t, func(c *Config) {
		dial := c.Dial
		c.Dial = func(ctx context.Context) (Server, error) {
			s, err := dial(ctx)
			u.pipeServer = s.(*pipeServer)
			return u, err
		}
		log := new(strings.Builder)
		d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return &starter{log: log}, nil }}
		c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		m := core.Manifest{}
		for _, k := range kinds {
			m.Events = append(m.Events, k.String())
		}
		c.Knows, c.Observers = m.Knows, []Observer{told}
		if change != nil {
			change(c)
		}
	})
	return b, u, told
}

// chronicle is an observer that keeps remarks and events.
type chronicle struct {
	Ignore
	mu  sync.Mutex
	all []string
}

func (r *chronicle) Remarked(_ time.Duration, m Remark) { r.add("-- " + m.Words) }
func (r *chronicle) Done(_ time.Duration, e wire.Event, _ []core.Action) {
	if e.Kind != 0 {
		r.add(fmt.Sprintf("%s %q", e.Kind, e.Data))
	}
}

func (r *chronicle) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, s)
}

func (r *chronicle) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.all, "\n")
}

// handshake is the server's part of one.
func (b *bench) handshake(t *testing.T, name, answer string) {
	t.Helper()
	b.read(t, "<hello "+name+">")
	io.WriteString(b.server, answer)
}

// readSecure is read after an upgrade.
func (b *bench) readSecure(t *testing.T, want string) {
	t.Helper()
	b.read(t, string(flipped([]byte(want), true)))
}

func (b *bench) writeSecure(s string) { b.server.Write(flipped([]byte(s), true)) }

func TestMachineUpgrades(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, u, told := upgrading(t, nil, core.ServerTLS)
		b.client.says("STARTTLS")
		b.read(t, "STARTTLS\n")
		io.WriteString(b.server, "220 ready\r\n")
		synctest.Wait()
		b.client.says("typed meanwhile") // held
		synctest.Wait()
		b.handshake(t, "mx.example", "<ok>")
		b.readSecure(t, "typed meanwhile\nEHLO again\n")
		b.writeSecure("250 hello\n")
		synctest.Wait()
		b.server.Close()
		b.ends(t, ByServer, "")
		if got := b.client.told(); got != "t:220 ready|t:secure|t:250 hello" || u.upgrades != 1 {
			t.Errorf("the client was told %q; %d upgrades", got, u.upgrades)
		}
		if !strings.Contains(told.String(), `server tls "tls 1.3, of a test"`) || strings.Contains(told.String(), "dropped") {
			t.Errorf("observers were told:\n%s", told)
		}
	})
}

// What was ordered before leaves in clear, what is ordered after does not.
func TestUpgradeKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, _ := upgrading(t, nil, core.ServerTLS)
		b.client.says("first", "upgrade", "last")
		b.read(t, "first\nbefore\n")
		b.handshake(t, "", "<ok>")
		b.readSecure(t, "meanwhile\nlast\nEHLO again\n")
	})
}

// Half-close that was ordered meanwhile follows what was held.
func TestUpgradeHoldsFIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, u, _ := upgrading(t, nil, core.ServerTLS)
		b.client.says("upgrade")
		b.client.does <- core.Event{Kind: core.ClientEOF}
		b.read(t, "before\n")
		synctest.Wait()
		select {
		case <-u.fin:
			t.Error("FIN went before the handshake")
		default:
		}
		b.handshake(t, "", "<ok>")
		b.readSecure(t, "meanwhile\n")
		<-u.fin
	})
}

// The person's order is obeyed for a machine that does not know it, also while the
// client's bytes pass through: what follows does not overtake it.
func TestPersonUpgrades(t *testing.T) {
	for name, passing := range map[string]bool{"line": false, "passing": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, u, told := upgrading(t, func(c *Config) {
					if passing {
						d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
							out.PassThrough(core.Client)
							out.PassThrough(core.Server)
							return scripted{new(strings.Builder)}, nil
						}}
						c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
					}
				})
				b.client.does <- core.Event{Kind: core.ClientBinary, Data: []byte("EHLO\n")}
				b.client.does <- core.Event{Kind: core.ClientStartTLS}
				b.client.does <- core.Event{Kind: core.ClientBinary, Data: []byte("QUIT\n")}
				b.read(t, "EHLO\n")
				if !passing {
					b.read(t, "\n")
				}
				b.handshake(t, "", "<ok>")
				b.readSecure(t, "QUIT\n")
				go io.Copy(io.Discard, b.server)
				b.writeSecure("221\n")
				synctest.Wait()
				b.server.Close()
				b.ends(t, ByServer, "")
				if u.upgrades != 1 || !strings.HasSuffix(b.client.told(), map[bool]string{true: "b:221\n", false: "t:221"}[passing]) {
					t.Errorf("%d upgrades, the client was told %q", u.upgrades, b.client.told())
				}
				if got := told.String(); !strings.Contains(got, "client start-tls") || !strings.Contains(got, "server tls \"tls 1.3") {
					t.Errorf("observers were told:\n%s", got)
				}
			})
		})
	}
}

// A machine that knows the person's order decides by itself.
func TestMachineDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, u, _ := upgrading(t, nil, core.ServerTLS, core.ClientStartTLS)
		b.client.does <- core.Event{Kind: core.ClientStartTLS}
		b.client.says("on")
		b.read(t, "on\n")
		if u.upgrades != 0 {
			t.Error("the core upgraded by itself")
		}
	})
}

// Plaintext that was injected before the handshake has one outcome wherever it is cut,
// and whenever it comes before the handshake.
func TestInjectedPlaintextIsDropped(t *testing.T) {
	const sent = "220 ready\r\nEVIL\r\n220 more\r\n"
	for cut := range len(sent) + 1 {
		synctest.Test(t, func(t *testing.T) {
			b, u, told := upgrading(t, nil, core.ServerTLS)
			io.WriteString(b.server, sent[:cut])
			if cut < len("220 ready\r\n") {
				io.WriteString(b.server, sent[cut:])
			} else { // the reader rests or will, and StartTLS drops what is there
				b.server.SetWriteDeadline(time.Now().Add(time.Millisecond))
				n, _ := io.WriteString(b.server, sent[cut:])
				b.server.SetWriteDeadline(time.Time{})
				u.early = len(sent) - cut - n
			}
			b.handshake(t, "mx.example", "<ok>")
			b.readSecure(t, "EHLO again\n")
			b.writeSecure("250 hi\n")
			synctest.Wait()
			b.server.Close()
			b.ends(t, ByServer, "")
			if got := b.client.told(); got != "t:220 ready|t:secure|t:250 hi" {
				t.Errorf("cut after %d: the client was told %q", cut, got)
			}
			if !strings.Contains(told.String(), fmt.Sprintf("-- dropped %d bytes of the server: they came in clear before TLS", len(sent)-len("220 ready\r\n"))) {
				t.Errorf("cut after %d: observers were told:\n%s", cut, told)
			}
		})
	}
}

// What fails is told, ends the session, and nothing that waited is sent in clear.
func TestUpgradeFails(t *testing.T) {
	for name, c := range map[string]struct {
		server func(*bench, *upgradable)
		words  string
	}{
		"no TLS": {func(b *bench, _ *upgradable) { b.handshake(t, "", "500!") }, "does not speak TLS"},
		"gone":   {func(b *bench, _ *upgradable) { b.server.Close() }, "does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, u, told := upgrading(t, nil, core.ServerTLS)
				b.client.says("upgrade")
				b.read(t, "before\n")
				synctest.Wait()
				c.server(b, u)
				rest := make(chan []byte)
				go func() { all, _ := io.ReadAll(b.server); rest <- all }()
				b.ends(t, ServerFailed, c.words)
				b.server.Close()
				if got := <-rest; len(got) > 0 && !bytes.HasPrefix(got, []byte("<hello")) {
					t.Errorf("the server got %q", got)
				}
				if got := told.String(); !strings.Contains(got, "dropped 10 bytes for the server: they waited for TLS") || strings.Count(got, "server failed") != 1 {
					t.Errorf("observers were told:\n%s", got)
				}
			})
		})
	}
}

// Connections that cannot be upgraded say so.
func TestUpgradeCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		words  string
	}{
		"TLS already": {func(c *Config) {
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) {
				s, err := dial(ctx)
				s.(*upgradable).secure.Store(true)
				return s, err
			}
		}, "the connection to the server is TLS already"},
		"of another kind": {func(c *Config) {
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) {
				s, err := dial(ctx)
				return s.(*upgradable).pipeServer, err
			}
		}, "the connection to the server cannot be upgraded to TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, u, _ := upgrading(t, c.change)
				go io.Copy(io.Discard, b.server)
				b.client.does <- core.Event{Kind: core.ClientStartTLS}
				synctest.Wait()
				b.server.Close()
				b.ends(t, ServerFailed, c.words)
				if u.upgrades != 0 {
					t.Error("it was tried")
				}
			})
		})
	}
}

// A server that has ended its stream before the order has one outcome.
func TestUpgradeAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := make(chan struct{})
		b, u, told := upgrading(t, func(c *Config) {
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) { <-dialled; return dial(ctx) }
		}, core.ServerTLS)
		b.client.says("upgrade") // is answered once the target is reached
		synctest.Wait()
		b.server.Close()
		close(dialled)
		b.ends(t, ServerFailed, "")
		if got := told.String(); strings.Count(got, "server failed") != 1 || strings.Contains(got, "server eof") || u.upgrades > 1 {
			t.Errorf("observers were told:\n%s", got)
		}
	})
}

// A session may end, and be stopped, at any moment of an upgrade.
func TestUpgradeIsAbandoned(t *testing.T) {
	for name, end := range map[string]func(*bench){
		"stopped":     func(b *bench) { b.cancel() },
		"client left": func(b *bench) { close(b.client.does) },
	} {
		for _, shaking := range []bool{false, true} {
			t.Run(fmt.Sprint(name, shaking), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b, _, told := upgrading(t, nil, core.ServerTLS)
					b.client.says("upgrade")
					if shaking {
						b.read(t, "before\n<hello >")
					}
					synctest.Wait()
					end(b)
					rest := make(chan []byte)
					go func() { all, _ := io.ReadAll(b.server); rest <- all }()
					<-b.end
					b.server.Close()
					if got := <-rest; bytes.Contains(got, []byte("meanwhile")) {
						t.Errorf("the server got %q in clear", got)
					}
					if !strings.Contains(told.String(), "dropped 10 bytes for the server") {
						t.Errorf("observers were told:\n%s", told)
					}
				})
			})
		}
	}
}

// What waits for TLS is bounded.
func TestHeldIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, _ := upgrading(t, func(c *Config) {
			d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return flooder{}, nil }}
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		}, core.ServerTLS)
		b.client.says("go")
		b.read(t, "<hello >")
		b.ends(t, MachineFailed, "more than 8 MiB for the server waited for TLS")
	})
}

// flooder upgrades, and then sends much each millisecond.
type flooder struct{}

func (flooder) Handle(e core.Event, out *core.Out) error {
	if e.Kind == core.ClientText {
		out.StartTLS(core.Server, "", 0)
	}
	if e.Kind == core.TimerFired || e.Kind == core.ClientText {
		out.Server(make([]byte, 1<<20))
		out.Timer("more", time.Millisecond)
	}
	return nil
}

// FuzzEarlyBytes has a server send anything around an upgrade, in any pieces: the
// session ends, nobody panics, and nothing that waited for TLS leaves in clear.
func FuzzEarlyBytes(f *testing.F) {
	f.Add([]byte("220 ready\r\nEVIL\r\n"), uint8(3), true)
	f.Add([]byte("220 ready\r\n<ok>250\n"), uint8(11), false)
	f.Add([]byte("220\n220\n\x16\x03\x01"), uint8(1), true)
	f.Fuzz(func(t *testing.T, sent []byte, piece uint8, ends bool) {
		if len(sent) > 4<<10 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			b, _, _ := upgrading(t, nil, core.ServerTLS)
			heard := make(chan []byte, 1)
			go func() { all, _ := io.ReadAll(b.server); heard <- all }()
			b.client.says("upgrade", "secret")
			for len(sent) > 0 {
				n := min(int(piece)+1, len(sent))
				b.server.SetWriteDeadline(time.Now().Add(time.Second))
				if _, err := b.server.Write(sent[:n]); err != nil {
					break
				}
				sent = sent[n:]
			}
			if !ends {
				close(b.client.does)
			}
			b.server.Close()
			<-b.end
			for _, line := range bytes.Split(<-heard, []byte("\n")) {
				if bytes.Equal(line, []byte("secret")) || bytes.Equal(line, []byte("meanwhile")) {
					t.Error("what waited for TLS was sent in clear")
				}
			}
		})
	})
}
