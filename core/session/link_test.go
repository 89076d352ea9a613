package session

import (
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

// openers open links in memory, and count them. The far ends come by far.
type openers struct {
	mu       sync.Mutex
	opened   []string
	far      chan net.Conn
	listened chan struct{} // Accept goes on once it is closed
}

func newOpeners() *openers {
	return &openers{far: make(chan net.Conn, 16), listened: make(chan struct{})}
}

func (o *openers) Connect(_ context.Context, s Server, target string) (Server, error) {
	o.mu.Lock()
	o.opened = append(o.opened, "connect "+target+" of "+s.Resolved())
	o.mu.Unlock()
	if target == "no" {
		return nil, errors.New("this may not be")
	}
	near, far := net.Pipe()
	o.far <- far
	return &linkEnd{&pipeServer{Conn: near, fin: make(chan struct{})}}, nil
}

func (o *openers) Accept(ctx context.Context, s Server, address string, listening func(string)) (Server, error) {
	listening("192.0.2.9:4000")
	select {
	case <-o.listened:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return o.Connect(ctx, s, "accepted")
}

// linkEnd is a link whose FIN is a closed pipe: nothing more can be read, either.
type linkEnd struct{ *pipeServer }

// teller says all that it is fed, and does what the client says of links.
type teller struct{}

func (teller) Handle(e core.Event, out *core.Out) error {
	if e.Kind.IsLink() {
		out.Text(fmt.Appendf(nil, "%s %s %q", e.Link, e.Kind, e.Data))
		if e.Kind == core.LinkEOF {
			out.FinishLink(e.Link)
		}
		return nil
	}
	if e.Kind == core.TimerFired {
		out.Text(fmt.Appendf(nil, "timer %q", e.Data))
		return nil
	}
	words := strings.Fields(string(e.Data))
	if len(words) < 2 {
		return nil
	}
	switch words[0] {
	case "connect":
		out.Connect(words[1], words[2])
	case "accept":
		out.Accept(words[1], "")
	case "send":
		out.SendLink(words[1], []byte(words[2]))
	case "eof":
		out.FinishLink(words[1])
	case "close":
		out.CloseLink(words[1])
	case "timer":
		out.Timer(words[1], time.Minute)
	}
	return nil
}

func tellers() core.Discipline {
	return core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return teller{}, nil }}
}

// linking begins a session with a teller.
func linking(t *testing.T, p Plugin) (*bench, *openers) {
	t.Helper()
	o := newOpeners()
	b := begin(t, func(c *Config) {
		m := core.Manifest{}
		for _, k := range core.LinkEvents() {
			m.Events = append(m.Events, k.String())
		}
		if p == nil {
			p = &Fixed{func(context.Context, bool) (*wire.Conn, error) { return wire.Pipe(tellers(), quiet), nil }}
		}
		c.Knows, c.Links, c.Plugin = m.Knows, o, p
	})
	return b, o
}

func (b *bench) said(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := b.client.told(); got != "t:"+strings.Join(want, "|t:") {
		t.Errorf("the client got\n%s\nwant\n%s", got, "t:"+strings.Join(want, "|t:"))
	}
}

// A link opens, carries bytes each way, and ends; then its name is free.
func TestLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, o := linking(t, nil)
		b.client.says("connect data h:1", "send data early")
		far := <-o.far
		got := make([]byte, 5)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "early" {
			t.Errorf("the link got %q, %v", got, err)
		}
		far.Write([]byte("hello"))
		synctest.Wait()
		far.Close()
		b.said(t, `data link connected "192.0.2.1:7"`, `data link bytes "hello"`, `data link eof ""`, `data link closed ""`)
		b.client.says("connect data h:2")
		<-o.far
		synctest.Wait()
		if len(o.opened) != 2 || o.opened[1] != "connect h:2 of 192.0.2.1:7" {
			t.Errorf("opened %q", o.opened)
		}
		b.cancel()
		b.ends(t, Stopped, "")
	})
}

// What may not be is said to the machine, and ends nothing.
func TestLinkRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := linking(t, nil)
		b.client.says("connect data no")
		b.said(t, `data link failed "this may not be"`)
		b.cancel()
		b.ends(t, Stopped, "")
	})
}

// A link that the machine closes while it is waited for is given up; after the order nothing
// of it is fed but its end.
func TestLinkClosedByTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, o := linking(t, nil)
		b.client.says("accept data")
		b.said(t, `data link listening "192.0.2.9:4000"`)
		b.client.says("close data")
		b.said(t, `data link listening "192.0.2.9:4000"`, `data link closed ""`)
		b.client.says("connect data h:1")
		far := <-o.far
		synctest.Wait()
		b.client.says("close data")
		synctest.Wait()
		far.Write([]byte("too late"))
		far.Close()
		b.said(t, `data link listening "192.0.2.9:4000"`, `data link closed ""`, `data link connected "192.0.2.1:7"`, `data link closed ""`)
		b.cancel()
		b.ends(t, Stopped, "")
	})
}

// Orders that cannot be are the machine's failure.
func TestLinkMisused(t *testing.T) {
	for orders, words := range map[string]string{
		"send data x":                 "which is not there",
		"connect a h:1,connect a h:2": "has not ended",
		"connect a h:1,connect b h:1,connect c h:1,connect d h:1,connect e h:1,connect f h:1,connect g h:1,connect h h:1,connect i h:1": "more than 8 links",
		"connect server h:1": "a link's name",
	} {
		synctest.Test(t, func(t *testing.T) {
			b, _ := linking(t, nil)
			b.client.says(strings.Split(orders, ",")...)
			synctest.Wait()
			b.server.Close()
			end := <-b.end
			if end.Cause != MachineFailed || !strings.Contains(end.Words, words) {
				t.Errorf("%s: %v", orders, end)
			}
		})
	}
}

// The plugin's process dies after each event in turn, with a connection, a listener, what
// they carry, and timers under way: the session is the same, no link is opened twice, and no
// timer fires twice.
func TestLinksOutliveTheProcess(t *testing.T) {
	const steps = 12
	for kill := range steps + 1 {
		synctest.Test(t, func(t *testing.T) {
			p := &processes{discipline: tellers(), cause: fmt.Errorf("it was %w", wire.ErrKilled)}
			b, o := linking(t, &Fixed{p.open})
			var far, second net.Conn
			for step, do := range []func(){
				func() { b.client.says("accept active") },
				func() { b.client.says("timer soon") },
				func() { b.client.says("connect data h:1"); far = <-o.far },
				func() { b.client.says("send data up"); io.ReadFull(far, make([]byte, 2)) },
				func() { time.Sleep(time.Minute) },
				func() { b.client.says("timer later") },
				func() { far.Write([]byte("down")) },
				func() { close(o.listened); second = <-o.far },
				func() { second.Write([]byte("more")) },
				func() { far.Close() },
				func() { time.Sleep(time.Minute) },
				func() { second.Close() },
			} {
				if step == kill {
					p.kill()
				}
				do()
				synctest.Wait()
			}
			b.said(t, `active link listening "192.0.2.9:4000"`, `data link connected "192.0.2.1:7"`, `timer "soon"`, `data link bytes "down"`,
				`active link connected "192.0.2.1:7"`, `active link bytes "more"`,
				`data link eof ""`, `data link closed ""`, `timer "later"`, `active link eof ""`, `active link closed ""`)
			if len(o.opened) != 2 || p.started != 1+min(1, steps-kill) {
				t.Errorf("killed before step %d: opened %q, %d processes", kill, o.opened, p.started)
			}
			b.cancel()
			b.ends(t, Stopped, "")
		})
	}
}

// A link whose other end reads nothing holds up whoever fills it, and the bound holds.
func TestLinkHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, o := linking(t, nil)
		b.client.says("connect data h:1")
		far := <-o.far
		synctest.Wait()
		much := strings.Repeat("x", 100<<10)
		for range 20 {
			b.client.says("send data " + much)
		}
		synctest.Wait()
		if left := len(b.client.does); left < 10 {
			t.Errorf("%d of 20 messages of 100 KiB wait outside", left)
		}
		n, err := io.Copy(io.Discard, io.LimitReader(far, 20*100<<10))
		if n != 20*100<<10 || err != nil {
			t.Errorf("%d bytes came: %v", n, err)
		}
		b.cancel()
		b.ends(t, Stopped, "")
	})
}

// What waits for a link is written when the session ends.
func TestLinkIsFlushedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, o := linking(t, nil)
		b.client.says("connect data h:1")
		far := <-o.far
		synctest.Wait()
		b.client.says("send data last")
		synctest.Wait()
		b.server.Close()
		got := make([]byte, 4)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "last" {
			t.Errorf("the link got %q, %v", got, err)
		}
		far.Close()
		b.ends(t, ByServer, "")
	})
}
