package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// streamPeer is an end of a watched session in memory, as its client or its server.
type streamPeer struct {
	says  chan []byte // closed: FIN
	fails error       // then it is no FIN but this
	wrong error       // of writing to it

	mu    sync.Mutex
	heard []byte
	fin   bool
	reset bool
	gone  chan struct{}
	once  sync.Once
}

func newStreamPeer() *streamPeer {
	return &streamPeer{says: make(chan []byte), gone: make(chan struct{})}
}

func (p *streamPeer) receive() ([]byte, error) {
	select {
	case data, ok := <-p.says:
		switch {
		case ok:
			return data, nil
		case p.fails != nil:
			return nil, p.fails
		}
		return nil, io.EOF
	case <-p.gone:
		return nil, io.ErrClosedPipe
	}
}

func (p *streamPeer) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, data...)
	return len(data), p.wrong
}

func (p *streamPeer) CloseWrite() error { p.mu.Lock(); defer p.mu.Unlock(); p.fin = true; return nil }
func (p *streamPeer) Reset()            { p.mu.Lock(); p.reset = true; p.mu.Unlock(); p.Close() }
func (p *streamPeer) Close() error      { p.once.Do(func() { close(p.gone) }); return nil }
func (p *streamPeer) Ready() bool       { return true }
func (p *streamPeer) Resolved() string  { return "192.0.2.1:7" }
func (p *streamPeer) Secured() string   { return "" }

func (p *streamPeer) state() (heard string, fin, reset bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.heard), p.fin, p.reset
}

type streamServer struct{ *streamPeer }

func (s streamServer) Receive() ([]byte, error) { return s.receive() }
func (s streamServer) Through() string          { return "" }

type streamClient struct{ *streamPeer }

func (c streamClient) Receive() (core.Event, error) {
	data, err := c.receive()
	if errors.Is(err, io.EOF) {
		return core.Event{Kind: core.ClientEOF}, nil
	}
	return core.Event{Kind: core.ClientBytes, Data: data}, err
}
func (c streamClient) Accept(string) error    { return nil }
func (c streamClient) Refuse(error)           { c.Reset() }
func (c streamClient) Send(m *Messages) error { _, err := c.Write(m.Joined()); return err }
func (c streamClient) Close(End)              { c.streamPeer.Close() }
func (c streamClient) Cut()                   { c.streamPeer.Close() }

// watchBench is a watched session.
type watchBench struct {
	client, server *streamPeer
	log            *toldLines
	ended          chan End
	stop           func() // orders it to end
}

// toldLines is an observer that writes down what it is told.
type toldLines struct {
	Ignore
	mu  sync.Mutex
	all []string
}

func (l *toldLines) Done(at time.Duration, e wire.Event, actions []core.Action) {
	l.mu.Lock()
	defer l.mu.Unlock()
	data := string(e.Data)
	if len(data) > 20 {
		data = fmt.Sprintf("%d bytes", len(data))
	}
	line := strings.TrimSpace(fmt.Sprintf("%v %s %s", at.Round(time.Millisecond), e.Kind, data))
	for _, a := range actions {
		line += fmt.Sprintf(" <%s>", a.Data)
	}
	if e.Kind != 0 {
		l.all = append(l.all, line)
	}
}

func (l *toldLines) Remarked(_ time.Duration, r Remark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.HasPrefix(r.Words, "not ") {
		l.all = append(l.all, "-- "+r.Words)
	} else if r.Code != "" {
		l.all = append(l.all, "-- "+string(r.Code))
	}
}

func (l *toldLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

type watcher func(ev core.Event, out *core.Out) error

func (h watcher) Handle(ev core.Event, out *core.Out) error { return h(ev, out) }

// watch begins a session that a machine watches.
func watch(t *testing.T, m watcher, set ...func(*Config)) *watchBench {
	b := &watchBench{client: newStreamPeer(), server: newStreamPeer(), log: &toldLines{}, ended: make(chan End, 1)}
	d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return m, nil }}
	manifest := core.Manifest{Events: []string{"client bytes", "client unseen", "server unseen"}}
	c := Config{
		Client: streamClient{b.client}, Opening: core.Opening{Client: core.Stream, Watch: true, ServerEOFStays: true},
		Knows: manifest.Knows, Observers: []Observer{b.log},
		Plugin: &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }},
		Dial:   func(context.Context) (Server, error) { return streamServer{b.server}, nil },
	}
	for _, s := range set {
		s(&c)
	}
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() { b.ended <- Run(ctx, c) }()
	synctest.Wait()
	return b
}

// bothEnd has the streams end, the client's first.
func (b *watchBench) bothEnd() {
	synctest.Wait()
	close(b.client.says)
	synctest.Wait()
	close(b.server.says)
}

// notes notes what it is fed.
func notes(ev core.Event, out *core.Out) error {
	out.Note(ev.Kind.String())
	out.Server([]byte("not to be sent"))
	return nil
}

func TestWatchingCopiesAndDropsWhatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watch(t, notes)
		b.client.says <- []byte("ping")
		time.Sleep(20 * time.Millisecond)
		b.server.says <- []byte("pong")
		time.Sleep(20 * time.Millisecond)
		close(b.client.says)
		synctest.Wait()
		if heard, fin, _ := b.server.state(); heard != "ping" || !fin {
			t.Errorf("the server got %q, FIN %v", heard, fin)
		}
		close(b.server.says)
		if end := <-b.ended; end.Cause != ByServer {
			t.Errorf("it ended with %v", end)
		}
		if heard, fin, reset := b.client.state(); heard != "pong" || !fin || reset {
			t.Errorf("the client got %q, FIN %v, reset %v", heard, fin, reset)
		}
		const want = "0s client bytes ping <client bytes>\n-- dropped\n20ms server pong <server>\n40ms client eof <client eof>\n40ms server eof <server eof>"
		if got := b.log.String(); got != want {
			t.Errorf("told\n%s\nwant\n%s", got, want)
		}
	})
}

// A reset of either side arrives at the other as one.
func TestWatchingPassesResetsOn(t *testing.T) {
	for _, from := range []core.Side{core.Client, core.Server} {
		synctest.Test(t, func(t *testing.T) {
			b := watch(t, notes)
			breaks, other, cause, event := b.client, b.server, ByClient, "client closed"
			if from == core.Server {
				breaks, other, cause, event = b.server, b.client, ServerFailed, "server failed"
			}
			breaks.says <- []byte("last")
			breaks.fails = syscall.ECONNRESET
			close(breaks.says)
			if end := <-b.ended; end.Cause != cause {
				t.Errorf("it ended with %v", end)
			}
			if heard, fin, reset := other.state(); heard != "last" || fin || !reset {
				t.Errorf("the other side got %q, FIN %v, reset %v", heard, fin, reset)
			}
			if got := b.log.String(); !strings.Contains(got, event) {
				t.Errorf("told\n%s", got)
			}
		})
	}
}

// A server that has closed and is written to again has gone: the client is shown that.
func TestWritingToAServerThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watch(t, notes)
		close(b.server.says)
		synctest.Wait()
		b.server.mu.Lock()
		b.server.wrong = syscall.EPIPE
		b.server.mu.Unlock()
		b.client.says <- []byte("more")
		if end := <-b.ended; end.Cause != ServerFailed {
			t.Errorf("it ended with %v", end)
		}
		if _, _, reset := b.client.state(); !reset {
			t.Error("the client sees no reset")
		}
	})
}

// A machine that answers nothing delays nothing, and what it has not answered is recorded
// with the time of crossing.
func TestAHungMachineDelaysNothing(t *testing.T) {
	for _, withhold := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			hang := make(chan struct{})
			b := watch(t, func(ev core.Event, _ *core.Out) error { <-hang; return nil }, func(c *Config) { c.Withhold = withhold })
			for range 3 {
				b.client.says <- []byte("ping")
				synctest.Wait()
				b.server.says <- []byte("pong")
				time.Sleep(time.Second)
			}
			if heard, _, _ := b.server.state(); heard != "pingpingping" {
				t.Errorf("the server got %q", heard)
			}
			b.bothEnd()
			over := time.Now()
			if end := <-b.ended; end.Cause != ByServer || time.Since(over) > DecodeLimit {
				t.Errorf("it ended with %v, after %v", end, time.Since(over))
			}
			close(hang)
			want := "0s client bytes ping\n0s server pong\n1s client bytes ping\n1s server pong\n2s client bytes ping\n2s server pong\n3s client eof\n3s server eof\n" +
				"-- undecoded\n-- not decoded, since the line mode has not answered it: 6 events, with 12 bytes of the client's and 12 of the server's"
			if withhold {
				want = "3s client eof\n3s server eof" + want[strings.Index(want, "\n-- undecoded"):] + "\n-- not kept, since no machine has said what of it is secret: 12 bytes of the client's\n-- not kept, since no machine has said what of it is secret: 12 bytes of the server's"
			}
			if got := b.log.String(); got != want {
				t.Errorf("told\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A machine that has fallen behind comes to the end of what crossed, however long after the
// streams' ends.
func TestASlowMachineComesToTheEnd(t *testing.T) {
	for _, reset := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const many, each = 3 * int(DecodeLimit/(10*time.Second)), 5 * time.Second
			b := watch(t, func(ev core.Event, out *core.Out) error {
				time.Sleep(each)
				out.Note("seen")
				return nil
			})
			for range many {
				b.client.says <- []byte("ping")
				synctest.Wait()
				b.server.says <- []byte("pong")
				synctest.Wait()
			}
			b.client.fails = map[bool]error{true: syscall.ECONNRESET}[reset]
			over := time.Now()
			b.bothEnd()
			<-b.ended
			got := b.log.String()
			if bytes := strings.Count(got, " client bytes ping <seen>"); bytes != many || strings.Count(got, " server pong <seen>") != many || strings.Contains(got, "-- ") {
				t.Errorf("of %d the machine answered %d of the client's; told\n%s", many, bytes, got)
			}
			if took := time.Since(over); took < 2*DecodeLimit {
				t.Errorf("it took %v, which is not long enough for this test", took)
			}
		})
	}
}

// A stop that is ordered once the streams have ended waits for what the machine still has
// to answer, but not for one that hangs.
func TestAStopWaitsForWhatIsDecoded(t *testing.T) {
	for each, seen := range map[time.Duration]int{time.Second: 4, time.Hour: 0} {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan struct{})
			b := watch(t, func(ev core.Event, out *core.Out) error {
				select {
				case <-time.After(each):
				case <-ended:
				}
				out.Note("seen")
				return nil
			})
			for _, said := range []string{"one", "two", "three"} {
				b.client.says <- []byte(said)
				time.Sleep(2 * joinWithin)
			}
			b.bothEnd()
			synctest.Wait() // until the ends are noticed
			ordered := time.Now()
			b.stop()
			if end := <-b.ended; end.Cause != ByServer || time.Since(ordered) > StopLimit {
				t.Errorf("it ended with %v, after %v", end, time.Since(ordered))
			}
			close(ended)
			if got := b.log.String(); strings.Count(got, " <seen>") != seen {
				t.Errorf("a machine that takes %v was to answer %d; told\n%s", each, seen, got)
			}
		})
	}
}

// How much a machine has not answered is told: of a session that is stopped, and where the
// machine fails within a batch.
func TestWhatIsNotDecodedIsTold(t *testing.T) {
	const words = "-- not decoded, since the line mode has not answered it: "
	for want, end := range map[string]func(b *watchBench, hang chan struct{}){
		words + "6 events, with 14 bytes of the client's and 3 of the server's": func(b *watchBench, hang chan struct{}) {
			b.stop()
			<-b.ended
			close(hang)
		},
		words + "4 events, with 11 bytes of the client's and 2 of the server's": func(b *watchBench, hang chan struct{}) {
			close(hang)
			b.bothEnd()
			<-b.ended
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			hang := make(chan struct{})
			b := watch(t, func(ev core.Event, _ *core.Out) error {
				<-hang
				if string(ev.Data) == "bad" {
					return errors.New("no")
				}
				return nil
			})
			for _, said := range []string{"bad", "four", "seven!!"} {
				b.server.says <- []byte("-")
				synctest.Wait()
				b.client.says <- []byte(said)
				synctest.Wait()
			}
			end(b, hang)
			if got := b.log.String(); !strings.Contains(got, want) {
				t.Errorf("told\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What would end another session ends the decoding alone.
func TestOnlyTheDecodingEnds(t *testing.T) {
	for name, m := range map[string]watcher{
		"it closes": func(ev core.Event, out *core.Out) error { out.Close("enough"); return nil },
		"it fails":  func(core.Event, *core.Out) error { return errors.New("no") },
		"it panics": func(core.Event, *core.Out) error { panic("no") },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := watch(t, m)
			for range 2 {
				b.client.says <- []byte("ping")
				time.Sleep(time.Second)
			}
			b.bothEnd()
			if end := <-b.ended; end.Cause != ByServer {
				t.Errorf("%s: it ended with %v", name, end)
			}
			heard, _, _ := b.server.state()
			if got := b.log.String(); heard != "pingping" || !strings.Contains(got, "-- undecoded\n1s client bytes ping\n2s client eof") {
				t.Errorf("%s: the server got %q; told\n%s", name, heard, got)
			}
		})
	}
}

// A machine that cannot be opened is no reason not to copy.
func TestWithoutAMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watch(t, notes, func(c *Config) {
			c.Plugin = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return nil, errors.New("there is none") }}
		})
		b.client.says <- []byte("ping")
		b.bothEnd()
		if end := <-b.ended; end.Cause != ByServer {
			t.Errorf("it ended with %v", end)
		}
		if got := b.log.String(); !strings.HasPrefix(got, "-- undecoded\n0s client bytes ping") {
			t.Errorf("told\n%s", got)
		}
	})
}

// A side that is too far ahead of the machine is lost to it for a while, the other is not.
func TestWhatIsUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var seen [core.Server + 1]int
		var missed int
		b := watch(t, func(ev core.Event, _ *core.Out) error {
			<-hang
			if ev.Kind.IsBytes() {
				seen[ev.Kind.Side()] += len(ev.Data)
			}
			if ev.Kind == core.ClientUnseen {
				n := 0
				fmt.Sscan(string(ev.Data), &n)
				missed += n
			}
			return nil
		})
		const piece = 64 << 10
		sent := 0
		for range 2 * UnseenAt / piece {
			b.client.says <- bytes.Repeat([]byte("x"), piece)
			sent += piece
		}
		synctest.Wait()
		b.server.says <- []byte("pong")
		synctest.Wait()
		if heard, _, _ := b.server.state(); len(heard) != sent {
			t.Errorf("the server got %d bytes of %d", len(heard), sent)
		}
		close(hang)
		synctest.Wait()
		b.client.says <- []byte("again")
		sent += len("again")
		b.bothEnd()
		<-b.ended
		if seen[core.Client]+missed != sent || seen[core.Server] != 4 || missed == 0 || seen[core.Client] < UnseenAt || seen[core.Client] > UnseenAt+2*wire.MaxBatchBytes {
			t.Errorf("of %d bytes the machine saw %d and missed %d; of the server's it saw %d", sent, seen[core.Client], missed, seen[core.Server])
		}
		if got := b.log.String(); strings.Count(got, "client unseen") != 1 {
			t.Errorf("told\n%s", got)
		}
	})
}
