package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// fakeClient is a client in memory: what it does comes from a channel, what it
// is told is kept.
type fakeClient struct {
	does   chan core.Event
	failed error // Receive's, once does is closed
	block  chan struct{}

	mu       sync.Mutex
	accepted string
	refused  string
	got      []string
	end      End
	cut      chan struct{}
	cutOnce  sync.Once
}

func newClient() *fakeClient {
	return &fakeClient{does: make(chan core.Event, 100), cut: make(chan struct{})}
}

func (c *fakeClient) Receive() (core.Event, error) {
	select {
	case e, ok := <-c.does:
		if ok {
			return e, nil
		}
		if c.failed != nil {
			return core.Event{}, c.failed
		}
	case <-c.cut:
	}
	return core.Event{}, io.EOF
}

func (c *fakeClient) Accept(address string) error { c.accepted = address; return nil }
func (c *fakeClient) Refuse(reason error)         { c.refused = reason.Error(); c.Cut() }
func (c *fakeClient) Ready() bool                 { return c.block == nil }
func (c *fakeClient) Cut()                        { c.cutOnce.Do(func() { close(c.cut) }) }

func (c *fakeClient) Send(m *Messages) error {
	if c.block != nil {
		select {
		case <-c.block:
		case <-c.cut:
			return net.ErrClosed
		case <-time.After(30 * time.Second):
			return os.ErrDeadlineExceeded
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range m.Len() {
		data, text := m.At(i)
		c.got = append(c.got, fmt.Sprintf("%s%s", map[bool]string{true: "t:", false: "b:"}[text], data))
	}
	return nil
}

func (c *fakeClient) Close(end End) {
	c.mu.Lock()
	c.end = end
	c.mu.Unlock()
	c.Cut()
}

func (c *fakeClient) told() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.got, "|")
}

func (c *fakeClient) says(messages ...string) {
	for _, m := range messages {
		c.does <- core.Event{Kind: core.ClientText, Data: []byte(m)}
	}
}

// pipeServer is a server over net.Pipe with a FIN each way.
type pipeServer struct {
	net.Conn
	fin     chan struct{}
	one     sync.Once
	secured string
	through string
}

func (p *pipeServer) CloseWrite() error { p.one.Do(func() { close(p.fin) }); return nil }
func (p *pipeServer) Receive() ([]byte, error) {
	b := make([]byte, 32<<10)
	n, err := p.Read(b)
	return b[:n], err
}

func (p *pipeServer) Ready() bool      { return false }
func (p *pipeServer) Resolved() string { return "192.0.2.1:7" }
func (p *pipeServer) Secured() string  { return p.secured }
func (p *pipeServer) Through() string  { return p.through }

// scripted answers by the words that it is told.
type scripted struct{ log *strings.Builder }

func (m scripted) Handle(e core.Event, out *core.Out) error {
	fmt.Fprintf(m.log, "%d:%s ", e.Kind, e.Data)
	words := strings.Fields(string(e.Data))
	if e.Kind == core.TimerFired {
		out.Text([]byte("fired "), e.Data)
	}
	if e.Kind == core.ServerBytes {
		out.Text(e.Data)
	}
	if !e.Kind.IsBytes() || e.Kind.Side() != core.Client || len(words) == 0 {
		return nil
	}
	switch words[0] {
	case "close":
		out.Text([]byte("closing"))
		out.Close("the machine is done")
	case "fail":
		return errors.New("I give up")
	case "finish":
		out.FinishServer()
	case "timer":
		d, _ := time.ParseDuration(words[2])
		out.Timer(words[1], d)
	case "stop":
		out.StopTimer(words[1])
	case "pass":
		out.PassThrough(core.Server)
	case "bad":
		out.Text([]byte("a\xffb"))
		out.Text([]byte("\xfe"))
	case "timers":
		for i := range 65 {
			out.Timer(fmt.Sprintf("t%d", i), time.Hour)
		}
	default:
		out.Server(e.Data, []byte("\n"))
	}
	return nil
}

// bench is a session with both ends in hand.
type bench struct {
	client *fakeClient
	server net.Conn // the server's own end
	ours   *pipeServer
	log    strings.Builder
	end    chan End
	cancel context.CancelFunc
}

// begin starts a session and returns once it is at rest: what the client does
// from then on comes after the target was reached, unless Dial blocks.
func begin(t *testing.T, change func(*Config)) *bench { return beginBy(t, Run, change) }

func beginBy(t *testing.T, run func(context.Context, Config) End, change func(*Config)) *bench {
	b := &bench{client: newClient(), end: make(chan End, 1)}
	near, far := net.Pipe()
	b.server, b.ours = far, &pipeServer{Conn: near, fin: make(chan struct{})}
	d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
		return scripted{&b.log}, nil
	}}
	config := Config{
		Client: b.client,
		Plugin: &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }},
		Dial:   func(context.Context) (Server, error) { return b.ours, nil },
	}
	if change != nil {
		change(&config)
	}
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(context.Background())
	go func() { b.end <- run(ctx, config) }()
	t.Cleanup(func() { b.cancel(); b.server.Close() })
	synctest.Wait()
	return b
}

func (b *bench) read(t *testing.T, want string) {
	t.Helper()
	buf := make([]byte, len(want))
	if _, err := io.ReadFull(b.server, buf); err != nil || string(buf) != want {
		t.Errorf("the server got %q, %v; want %q", buf, err, want)
	}
}

func (b *bench) ends(t *testing.T, cause Cause, words string) {
	t.Helper()
	end := <-b.end
	if end.Cause != cause || !strings.Contains(end.Words, words) {
		t.Errorf("the session ended %d %q, want %d %q", end.Cause, end.Words, cause, words)
	}
}

func TestTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.says("hello")
		b.read(t, "hello\n")
		b.server.Write([]byte("hi"))
		b.server.Close()
		b.ends(t, ByServer, "the server closed")
		if b.client.told() != "t:hi" || b.client.accepted != "192.0.2.1:7" || b.client.end.Cause != ByServer {
			t.Errorf("the client got %q, %q, %v", b.client.told(), b.client.accepted, b.client.end)
		}
	})
}

// What the client says before the target is reached is kept, in order.
func TestEarlyMessagesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := make(chan struct{})
		b := begin(t, func(c *Config) {
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) { <-dialled; return dial(ctx) }
		})
		b.client.says("1", "2", "3")
		synctest.Wait()
		close(dialled)
		b.read(t, "1\n2\n3\n")
		close(b.client.does)
		<-b.ours.fin
		b.server.Close()
		b.ends(t, ByClient, "")
	})
}

func TestClientLeavesWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, func(c *Config) {
			c.Dial = func(ctx context.Context) (Server, error) { <-ctx.Done(); return nil, ctx.Err() }
		})
		synctest.Wait()
		close(b.client.does)
		b.ends(t, ByClient, "")
	})
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := false
		b := begin(t, func(c *Config) {
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return nil, errors.New("the plugin is dead") }}
			c.Dial = func(context.Context) (Server, error) { dialled = true; return nil, nil }
		})
		b.ends(t, NoMachine, "the plugin is dead")
		if dialled || b.client.refused != "the plugin is dead" {
			t.Errorf("dialled: %v; refused: %q", dialled, b.client.refused)
		}
		b = begin(t, func(c *Config) {
			c.Dial = func(context.Context) (Server, error) { return nil, errors.New("nothing listens there") }
		})
		b.ends(t, Refused, "nothing listens")
	})
}

// The client's end reaches the machine, then FIN the server, which is heard
// out but no longer fed.
func TestClientClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.says("last words")
		close(b.client.does)
		b.read(t, "last words\n")
		<-b.ours.fin
		b.server.Write([]byte("too late"))
		b.server.Close()
		b.ends(t, ByClient, "the client closed")
		if got := b.log.String(); got != "1:last words 4: " {
			t.Errorf("the machine got %q", got)
		}
	})
}

// A server that does not close after FIN is left after DrainLimit.
func TestDeafServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		start := time.Now()
		close(b.client.does)
		b.ends(t, ByClient, "")
		if got := time.Since(start); got != DrainLimit {
			t.Errorf("it took %v", got)
		}
	})
}

func TestMachineCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.says("one", "close", "never")
		b.read(t, "one\n")
		<-b.ours.fin
		b.server.Close()
		b.ends(t, ByMachine, "the machine is done")
		if b.client.told() != "t:closing" {
			t.Errorf("the client got %q", b.client.told())
		}
	})
}

func TestMachineFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.says("fail")
		<-b.ours.fin
		b.server.Close()
		b.ends(t, MachineFailed, "I give up")
	})
}

func TestHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.says("request")
		b.client.does <- core.Event{Kind: core.ClientEOF}
		b.read(t, "request\n")
		<-b.ours.fin
		b.server.Write([]byte("answer"))
		b.server.Close()
		b.ends(t, ByServer, "")
		if b.client.told() != "t:answer" {
			t.Errorf("the client got %q", b.client.told())
		}
	})
}

// Bytes for a server that was finished are dropped; the session goes on.
func TestBehindFIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, func(c *Config) { c.Entries = true })
		b.client.says("finish", "a", "b")
		<-b.ours.fin
		b.server.Write([]byte("answer"))
		synctest.Wait()
		b.server.Close()
		b.ends(t, ByServer, "")
		if n := strings.Count(b.client.told(), "already finished"); n != 1 {
			t.Errorf("remarked on %d times: %s", n, b.client.told())
		}
	})
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		start := time.Now()
		b.client.says("timer a 2s", "timer b 1s", "timer c 3s", "timer c 500ms", "timer d 1s", "stop d")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := b.client.told(); got != "t:fired c|t:fired b|t:fired a" {
			t.Errorf("got %q after %v", got, time.Since(start))
		}
		b.client.says("timers")
		go io.Copy(io.Discard, b.server)
		b.ends(t, MachineFailed, "64 timers")
	})
}

// A batch holds at most one timer event, as its first.
func TestTimerIsFirstInItsBatch(t *testing.T) {
	s := newPeers(Config{})
	synctest.Test(t, func(t *testing.T) {
		s.timers.set(s, "x", time.Second)
		s.timers.set(s, "y", 2*time.Second)
		s.timers.set(s, "z", 3*time.Second)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		s.timers.stop("y")
		s.inbox.add(core.ClientText, []byte("m"))
		for i, want := range []string{"x m", "z", ""} {
			list, _ := s.next()
			var got []string
			if list != nil {
				for _, e := range list.batch {
					got = append(got, string(e.Data))
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("batch %d is %q, want %q", i, got, want)
			}
		}
	})
}

func TestInvalidTextIsRepairedAndRemarkedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.says("bad", "close")
		<-b.ours.fin
		b.server.Close()
		<-b.end
		if b.client.told() != "t:a\ufffdb|t:\ufffd|t:closing" {
			t.Errorf("got %q", b.client.told())
		}
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		synctest.Wait()
		start := time.Now()
		b.cancel()
		b.ends(t, Stopped, "stopping")
		if time.Since(start) > DrainLimit {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

// A client that takes nothing is slowed, then given up, and memory is bounded
// all the while.
func TestStuckClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.client.block = make(chan struct{})
		var sent atomic.Int64
		go func() {
			chunk := bytes.Repeat([]byte("x"), 1<<10)
			for range 64 << 10 {
				n, err := b.server.Write(chunk)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
			b.server.Close()
		}()
		time.Sleep(15 * time.Second)
		if n := sent.Load(); n > 2*GateAt+2*InboxAt {
			t.Errorf("%d bytes were taken in meanwhile", n)
		}
		b.ends(t, ClientStuck, "the client took nothing")
	})
}

func TestPassThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, nil)
		b.server.Write([]byte("fed;"))
		synctest.Wait()
		b.client.says("pass")
		synctest.Wait()
		for range 3 {
			b.server.Write([]byte("copied;"))
		}
		b.server.Close()
		b.ends(t, ByServer, "")
		if got := b.client.told(); got != "t:fed;|b:copied;|b:copied;|b:copied;" {
			t.Errorf("the client got %q", got)
		}
		if got := b.log.String(); got != "5:fed; 1:pass 6: " {
			t.Errorf("the machine got %q", got)
		}
	})
}

// What waits of a side when the machine promises to pass it through is fed, and
// what comes after it is copied, in order.
func TestPassThroughComesAfterWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fed strings.Builder
		answer := make(chan bool)
		d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
			return handler(func(e core.Event, out *core.Out) error {
				switch e.Kind {
				case core.ClientText:
					<-answer
					out.PassThrough(core.Server)
				case core.ServerBytes:
					fed.Write(e.Data)
					out.Binary(e.Data)
				}
				return nil
			}), nil
		}}
		b := begin(t, func(c *Config) {
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }}
		})
		b.client.says("pass")
		synctest.Wait()
		b.server.Write([]byte("waits;"))
		synctest.Wait()
		close(answer)
		synctest.Wait()
		for range 2 {
			b.server.Write([]byte("copied;"))
		}
		b.server.Close()
		b.ends(t, ByServer, "")
		if got := b.client.told(); got != "b:waits;|b:copied;|b:copied;" || fed.String() != "waits;" {
			t.Errorf("the client got %q, the machine %q", got, fed.String())
		}
	})
}

func TestEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, func(c *Config) {
			c.Entries = true
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) {
				server, err := dial(ctx)
				server.(*pipeServer).secured = "tls 1.3"
				server.(*pipeServer).through = "through a proxy"
				return server, err
			}
		})
		b.client.says("hello")
		b.read(t, "hello\n")
		b.client.says("pass")
		synctest.Wait()
		b.server.Write([]byte("x"))
		synctest.Wait()
		b.server.Close()
		b.ends(t, ByServer, "")
		want := []string{
			`"dir":"--","kind":"remark","text":"dialled 192.0.2.1:7"`,
			`"dir":"--","kind":"remark","text":"through a proxy"`,
			`"dir":"--","kind":"remark","text":"tls 1.3"`,
			`"n":1,"t":0,"dir":">>","side":"client","kind":"text","text":"hello"`,
			`"n":1,"t":0,"dir":"<<","side":"server","kind":"bytes","text":"hello\n"`,
			`"n":2,"t":0,"dir":">>","side":"client","kind":"text","text":"pass"`,
			`"n":2,"t":0,"dir":"<<","side":"server","kind":"pass-through"`,
			`"n":3,"t":0,"dir":">>","side":"server","kind":"bytes","text":"x"`,
			`"n":4,"t":0,"dir":">>","side":"server","kind":"eof"`,
		}
		got := strings.Split(b.client.told(), "|")
		if len(got) != len(want) {
			t.Fatalf("got %d entries: %s", len(got), b.client.told())
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("entry %d is %s, want %s", i, got[i], want[i])
			}
		}
	})
}

// A dial that tells the target nothing does not wait for the machine, and what it
// has reached is closed if there will be no session. Any other dial does wait.
func TestDialBesideTheOpening(t *testing.T) {
	opens := func(t *testing.T, tellsNothing bool, open error) (dialledMeanwhile bool, b *bench) {
		dialled, done := make(chan struct{}), make(chan struct{})
		b = begin(t, func(c *Config) {
			d := core.Discipline{Open: func(_ core.Opening, out *core.Out) (core.Machine, error) { return scripted{new(strings.Builder)}, open }}
			inner := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) {
				close(dialled)
				return inner(ctx)
			}
			c.DialTellsNothing = tellsNothing
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) {
				select {
				case <-dialled:
					dialledMeanwhile = true
				case <-time.After(time.Second):
				}
				close(done)
				return wire.Pipe(d, quiet), nil
			}}
		})
		<-done
		synctest.Wait()
		return dialledMeanwhile, b
	}
	synctest.Test(t, func(t *testing.T) {
		if meanwhile, b := opens(t, true, nil); !meanwhile || b.client.accepted == "" {
			t.Error("the dial waited for the machine")
		}
		if meanwhile, b := opens(t, false, nil); meanwhile || b.client.accepted == "" {
			t.Error("the target was told something before the machine was open")
		}
		_, b := opens(t, true, errors.New("no"))
		if _, err := b.server.Read(make([]byte, 1)); err == nil || b.client.accepted != "" {
			t.Errorf("a machine refused, and the connection to the server stays: %v", err)
		}
	})
}
