package session

import (
	"testing"
	"testing/synctest"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// A side that the machine promised to pass through is copied only once all that
// waits of it was fed, in however many batches.
func TestPassingBeginsAfterTheInbox(t *testing.T) {
	p := unit(false)
	p.feeder.Answer(core.Event{}, []core.Action{{Kind: core.PassThrough, Side: core.Server}})
	for range 2 { // each a batch of its own
		p.inbox.add(core.ServerBytes, make([]byte, wire.MaxBatchBytes))
	}
	for i, passing := range []bool{false, false, true} {
		if list, _ := p.next(); (list == nil) != passing || p.sides[core.Server].passing != passing {
			t.Errorf("batch %d: fed %v, passing %v; want passing %v", i, list != nil, p.sides[core.Server].passing, passing)
		}
	}
}

// What is passed through comes after all that was ordered for its side.
func TestPassingWaitsForTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient()
		p := newPeers(Config{Client: c})
		p.phase = running
		p.feeder.Answer(core.Event{}, []core.Action{{Kind: core.PassThrough, Side: core.Server}})
		p.next()
		p.toClient().writing = true // and has not written it yet
		p.toClient().add([]byte("ordered"), true)
		go p.takeIn(core.Event{Kind: core.ServerBytes, Data: []byte("passed")})
		synctest.Wait()
		if got := c.told(); got != "" {
			t.Errorf("the client got %q before what was ordered", got)
		}
		p.writeAll(core.Client)
		synctest.Wait()
		if got := c.told(); got != "t:ordered|b:passed" {
			t.Errorf("the client got %q", got)
		}
	})
}

// Bytes are counted where they come from and where they go to, copies of
// passed-through sides included.
func TestCounters(t *testing.T) {
	var c Counters
	o := c.Observer()
	done := func(kind core.EventKind, data string, actions ...core.Action) {
		o.Done(0, wire.Event{N: 1, Event: core.Event{Kind: kind, Data: []byte(data)}}, actions)
	}
	o.Began(Beginning{})
	if c.Open.Load() != 1 || c.Sessions.Load() != 1 {
		t.Error("a session that began is not counted")
	}
	done(core.ClientText, "ab", core.Action{Kind: core.SendServer, Data: []byte("ab\r\n")})
	done(core.ClientRaw, "xyz")
	done(core.ServerBytes, "12345", core.Action{Kind: core.SendText, Data: []byte("12")}, core.Action{Kind: core.PassThrough, Side: core.Server})
	done(core.ServerBytes, "1234567")
	for _, code := range []RemarkCode{Recovered, Poisoned, Unrecoverable, Busy} {
		o.Remarked(0, Remark{Code: code})
	}
	o.Ended(0, End{})
	got := [...]uint64{c.Events.Load(), c.FromClient.Load(), c.ToServer.Load(), c.FromServer.Load(), c.ToClient.Load(),
		c.Recoveries.Load(), c.Poisoned.Load(), c.Unrecoverable.Load(), uint64(c.Open.Load())}
	if want := [...]uint64{4, 5, 7, 12, 9, 1, 1, 1, 0}; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	c.Observer().Ended(0, End{}) // of a session that never began
	if c.Open.Load() != 0 {
		t.Error("a session that never began is open no more")
	}
}

// A machine that makes messages gets a stream in events whose messages fit into an answer;
// of ends that keep boundaries nothing is cut.
func TestMachinesOfMessagesGetSmallEvents(t *testing.T) {
	const all = 3*core.MaxDecodedEvent + 5
	for _, c := range []struct {
		messages bool
		server   core.ServerEnd
		want     int // the largest event
	}{
		{true, core.ServerStream, core.MaxDecodedEvent},
		{false, core.ServerStream, all},
		{true, core.ServerDatagrams, all},
	} {
		p := newPeers(Config{Messages: c.messages, Opening: core.Opening{Server: c.server}})
		p.takeIn(core.Event{Kind: core.ServerBytes, Data: make([]byte, all)})
		sum, largest := 0, 0
		for {
			list := p.inbox.take(core.Event{}, func(core.EventKind) bool { return true })
			if list == nil {
				break
			}
			for _, e := range list.batch {
				sum, largest = sum+len(e.Data), max(largest, len(e.Data))
			}
			list.release()
		}
		if sum != all || largest != c.want {
			t.Errorf("%+v: %d bytes, at most %d at a time", c, sum, largest)
		}
	}
}
