package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/wire"
)

// unit is the peers of a session that nothing runs.
func unit(entries bool) *peers {
	p := newPeers(Config{Entries: entries})
	p.phase = running
	p.toClient().writing, p.toServer().writing = true, true // nobody writes
	return p
}

func (p *peers) queued() (all []string) {
	if m := p.toClient().waiting; m != nil {
		for i := range m.Len() {
			data, _ := m.At(i)
			all = append(all, string(data))
		}
	}
	return all
}

// The transcript leaves out the machine's own copies of a side that it passes
// through, and nothing else: a broken promise shows.
func TestCopiesAreNotRecorded(t *testing.T) {
	e := wire.Event{N: 1, Event: core.Event{Kind: core.ServerBytes, Data: []byte("abc")}}
	binary := func(s string) core.Action { return core.Action{Kind: core.SendBinary, Data: []byte(s)} }
	for name, c := range map[string]struct {
		actions  []core.Action
		promised bool
		want     int // entries
	}{
		"a copy":                      {[]core.Action{binary("abc")}, true, 1},
		"a copy in two":               {[]core.Action{binary("a"), binary("bc")}, true, 1},
		"a copy, not promised":        {[]core.Action{binary("abc")}, false, 2},
		"half a copy":                 {[]core.Action{binary("ab")}, true, 2},
		"other bytes":                 {[]core.Action{binary("abd")}, true, 2},
		"too many bytes":              {[]core.Action{binary("abcd")}, true, 2},
		"the wrong kind":              {[]core.Action{{Kind: core.SendText, Data: []byte("abc")}}, true, 2},
		"a copy and a note":           {[]core.Action{binary("abc"), {Kind: core.Note}}, true, 3},
		"nothing where a copy is due": {nil, true, 1},
	} {
		s := unit(true)
		if c.promised {
			s.feeder.Answer(core.Event{}, []core.Action{{Kind: core.PassThrough, Side: core.Server}})
		}
		s.observe(0, e, c.actions)
		if got := s.queued(); len(got) != c.want {
			t.Errorf("%s: %d entries, want %d: %v", name, len(got), c.want, got)
		}
	}
}

// What a failed answer holds before the failure is not carried out.
func TestFailureVoidsActions(t *testing.T) {
	s := unit(false)
	_, end := s.carryOut(wire.Event{N: 1, Event: core.Event{Kind: core.ClientText}}, []core.Action{
		{Kind: core.SendText, Data: []byte("void")}, {Kind: core.Failed, Data: []byte("why")},
	}, false)
	if end.Cause != MachineFailed || end.Words != "why" || len(s.queued()) != 0 {
		t.Errorf("ended %v, sent %q", end, s.queued())
	}
}

// Once the client has left, the server's bytes are dropped, not fed.
func TestServerIsNotFedAfterTheClientLeft(t *testing.T) {
	s := unit(false)
	s.sides[core.Client].in = ended
	s.takeIn(core.Event{Kind: core.ServerBytes, Data: []byte("late")})
	if !isEmpty(&s.inbox) {
		t.Error("they wait to be fed")
	}
	s.takeIn(core.Event{Kind: core.ClientText, Data: []byte("early")})
	if isEmpty(&s.inbox) {
		t.Error("what the client had said is lost")
	}
}

func isEmpty(b *inbox) bool { return b.events == nil }

// The server's bytes gather, up to the bound of a batch, and not across an
// event of the client's.
func TestInboxGathers(t *testing.T) {
	var b inbox
	chunk := make([]byte, 100<<10)
	for range 5 {
		b.add(core.ServerBytes, chunk)
	}
	b.add(core.ClientText, []byte("m"))
	b.add(core.ServerBytes, chunk)
	total := 0
	for _, want := range []int{200 << 10, 200 << 10, 100<<10 + 1 + 100<<10} {
		list := b.take(core.Event{}, noLater)
		size := 0
		for _, e := range list.batch {
			size += len(e.Data)
		}
		if size != want {
			t.Errorf("a batch of %d bytes, want %d", size, want)
		}
		total += size
		list.release()
	}
	if b.take(core.Event{}, noLater) != nil || b.held != [3]int{} || total != 600<<10+1 {
		t.Errorf("%d bytes were taken, %v is held", total, b.held)
	}
}

// What keeps boundaries does not gather, and leaves one by one: empty ones too.
func TestDatagramsStayApart(t *testing.T) {
	p := newPeers(Config{Opening: core.Opening{Server: core.ServerDatagrams}})
	want := []string{"ab", "", "c"}
	for _, data := range want {
		p.inbox.add(core.ServerBytes, []byte(data))
		p.toServer().add([]byte(data), false)
	}
	var came []string
	list := p.inbox.take(core.Event{}, noLater)
	for _, e := range list.batch {
		came = append(came, string(e.Data))
	}
	list.release()
	server := new(written)
	p.server = server
	err := p.writeTo(core.Server, p.toServer().take(), false)
	if err != nil || !slices.Equal(came, want) || !slices.Equal(server.all, want) || p.inbox.held != [3]int{} {
		t.Errorf("%q came, %q were written, %v; %v is held", came, server.all, err, p.inbox.held)
	}
	w := crossed{opened: core.Opening{Client: core.Datagrams}}
	for range 3 {
		w.add(0, core.ClientBytes, nil)
	}
	if len(w.waiting) != 3 {
		t.Errorf("%d of 3 wait for a machine that watches", len(w.waiting))
	}
}

// What is only a mishap of a datagram is remarked on, and what follows it goes on.
func TestMishapsEndNothing(t *testing.T) {
	var told toldLines
	p := newPeers(Config{Client: newClient(), Opening: core.Opening{Server: core.ServerDatagrams}, Observers: []Observer{&told}})
	p.phase = running
	server := &unlucky{says: []string{"", "pong"}}
	p.server = server
	for _, data := range []string{"large", "small"} {
		p.toServer().add([]byte(data), false)
	}
	p.toServer().writing = true
	p.writeAll(core.Server)
	if err := p.writeStraight(core.Event{Kind: core.ClientBytes, Data: []byte("large")}); err != nil {
		t.Error(err)
	}
	p.readServer()
	list := p.inbox.take(core.Event{}, noLater)
	if !slices.Equal(server.all, []string{"small"}) || len(list.batch) != 2 || string(list.batch[0].Data) != "pong" || list.batch[1].Kind != core.ServerEOF {
		t.Errorf("wrote %q, %+v came", server.all, list.batch)
	}
	if got := strings.Count(told.String(), "-- undelivered"); got != 3 {
		t.Errorf("%d remarks of 3:\n%s", got, told.String())
	}
}

// unlucky is a server to which nothing large can be written, and of whose datagrams the
// empty ones are lost.
type unlucky struct {
	written
	says []string
}

func (u *unlucky) Write(data []byte) (int, error) {
	if string(data) == "large" {
		return 0, fmt.Errorf("wrapped: %w", mishap{})
	}
	return u.written.Write(data)
}

func (u *unlucky) Receive() ([]byte, error) {
	if len(u.says) == 0 {
		return nil, io.EOF
	}
	said := u.says[0]
	u.says = u.says[1:]
	if said == "" {
		return nil, mishap{}
	}
	return []byte(said), nil
}

func (u *unlucky) CloseWrite() error { return nil }

type mishap struct{}

func (mishap) Error() string { return "too bad" }
func (mishap) Mishap()       {}

// written is a server that keeps what each write has.
type written struct {
	Server
	all []string
}

func (w *written) Write(data []byte) (int, error) {
	w.all = append(w.all, string(data))
	return len(data), nil
}

// A checkpoint replaces the log, and makes the next one due later again.
func TestCheckpointReplacesTheLog(t *testing.T) {
	l := ledger{bound: LedgerBound}
	e := wire.Event{Event: core.Event{Kind: core.ClientText, Data: make([]byte, CheckpointBytes/2)}}
	l.opening = 7
	for range 2 {
		if l.due(false) {
			t.Error("a checkpoint is due too early")
		}
		l.done(e, 1)
	}
	if !l.due(false) {
		t.Error("no checkpoint is due")
	}
	l.refused()
	if l.due(false) {
		t.Error("refused, it is due at once again")
	}
	l.checkpointed([]byte("state"))
	l.batches(func([]wire.Event, []uint64) bool { t.Error("the log is still there"); return false })
	if l.due(false) || string(l.state) != "state" || l.opening != 7 {
		t.Errorf("the ledger is %+v", l)
	}
	for range CheckpointEvents {
		l.done(wire.Event{}, 1)
	}
	if !l.due(false) {
		t.Error("a thousand events make no checkpoint due")
	}
}

// While nothing waits, a checkpoint is due as soon as the log outweighs it.
func TestCheckpointWhileIdle(t *testing.T) {
	l := ledger{bound: LedgerBound}
	events := func(n int) bool {
		for range n {
			l.done(wire.Event{}, 1)
		}
		return l.due(true)
	}
	const due = CheckpointIdle / eventWeight
	if events(due-1) || !events(1) || l.due(false) {
		t.Error("it is not due when it should be")
	}
	l.refused()
	if events(due-1) || !events(1) {
		t.Error("refused, it is not due at twice the size")
	}
	l.checkpointed(make([]byte, 4*CheckpointIdle))
	if events(4*due-1) || !events(1) {
		t.Error("the log may be as large as a large state")
	}
	l.whole = true
	if l.due(true) {
		t.Error("a log that is kept whole is to be replaced")
	}
}

// Among the events of one batch the right one is blamed, and those before it
// happened once.
func TestPoisonWithinABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &processes{cause: errors.New("the x plugin died: exit status 2")}
		p.discipline = poison(p)
		dialled := make(chan struct{})
		b := begin(t, func(c *Config) {
			c.Plugin = &Fixed{p.open}
			dial := c.Dial
			c.Dial = func(ctx context.Context) (Server, error) { <-dialled; return dial(ctx) }
		})
		var heard strings.Builder
		go io.Copy(&heard, b.server)
		b.client.says("a", "b", "poison", "never") // they wait, and are one batch
		synctest.Wait()
		close(dialled)
		<-b.ours.fin
		synctest.Wait()
		if heard.String() != "ab" || p.started != 4 {
			t.Errorf("the server heard %q from %d processes", heard.String(), p.started)
		}
		b.server.Close()
		b.ends(t, MachineLost, "event 3 ends its process")
	})
}

var noLater = (&feed.Feeder{}).Feeds
