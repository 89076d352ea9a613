package play

import (
	"bytes"
	"errors"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// hello is what a TLS handshake begins with: the type of its record (RFC 8446, 5.1).
const hello = 0x16

// An upgrade to TLS in mid-stream is a step that both sides take together. It comes at its
// outcome: what the recorded client ordered after it had asked for TLS went through TLS, or
// nowhere, and what the server said meanwhile in clear was dropped.

func (s *step) isUpgrade() bool { return s.kind == tlsStep || s.kind == noTLSStep }

// Upgrades reports whether the connection was upgraded to TLS, or was to be.
func (s *Script) Upgrades() bool {
	for i := range s.steps {
		if s.steps[i].isUpgrade() {
			return true
		}
	}
	return false
}

// atUpgrade reports whether all that the peer said before an upgrade has come.
func (p *Player) atUpgrade() bool { return p.at < len(p.steps) && p.steps[p.at].isUpgrade() }

// upgrades reports whether nothing may be read from the peer now: the client shakes hands
// as soon as it has said what it said before, the server once the client begins to.
func (p *Player) upgrades() bool { return p.atUpgrade() && (p.as == core.Client || p.hello) }

func (p *Player) upgradeIsDue() bool { return p.upgrades() && !p.shaking && p.own() >= p.at }

// upgrade orders the upgrade.
func (p *Player) upgrade() Order {
	s := &p.steps[p.at]
	p.shaking = true
	if p.as == core.Client {
		p.said = p.at + 1
	}
	return Order{Kind: StartTLS, Name: s.name, Fails: s.kind == noTLSStep}
}

// beforeUpgrade takes what comes when an upgrade is next. As the client that is what the
// server said in clear too early. As the server it is the beginning of the handshake, or
// differs.
func (p *Player) beforeUpgrade(data []byte) (rest []byte, m *Mismatch) {
	if p.as == core.Server && !p.hello {
		if data[0] != hello {
			return data, p.mismatch(data[:min(len(data), maxShown)])
		}
		p.hello = true
	}
	return data, nil
}

// Upgraded takes the outcome of an upgrade that was ordered: how the connection is secured,
// in words, or why it is not.
func (p *Player) Upgraded(secured string, err error) *Mismatch {
	came := step{from: core.Client, kind: tlsStep, data: []byte(secured)}
	if err != nil {
		came = step{from: core.Client, kind: noTLSStep, data: []byte(core.Words(err.Error()))}
	}
	if came.kind == p.steps[p.at].kind {
		p.shaking, p.hello = false, false
		p.goTo(p.at+1, 0)
		return nil
	}
	m := p.describe()
	m.Got, m.Cause = came.outcome(), err
	p.note(m)
	p.came = &came
	return m
}

// outcome writes how an upgrade went as a transcript does, without its arrows.
func (s *step) outcome() string {
	e := entryOf(s)
	return string(bytes.TrimSuffix(bytes.TrimPrefix(transcript.AppendEntry(nil, &e), []byte(">> ")), []byte("\n")))
}

// Of the builder: an upgrade that was ordered and has no outcome so far.
type pendingUpgrade struct {
	on       bool
	name     string
	held     []step // of the client: what waits for the outcome
	finished bool   // the client had sent FIN before
}

// obeys reports whether the core obeyed the person's order in entry i, as it does for a
// line mode that does not know it. A recording has none of the server's bytes while an
// upgrade is under way.
func obeys(entries []transcript.Entry, i int) bool {
	came := false // bytes of the server
	for _, e := range entries[i+1:] {
		switch {
		case e.Dir == transcript.Action && e.Action.Kind == core.StartTLS && e.Action.Side == core.Server:
			return false // the line mode knows it
		case e.Dir != transcript.Event:
		case e.Event.Kind == core.ServerTLS:
			return true
		case e.Event.Kind == core.ServerFailed:
			return !came
		case e.Event.Kind == core.ServerBytes:
			came = true
		}
	}
	return !came // what was typed after it must not be said in clear
}

// ordered begins an upgrade.
func (b *builder) ordered(name string) {
	if !b.pending.on {
		b.pending = pendingUpgrade{on: true, name: name, finished: b.finished}
	}
}

// upgraded ends an upgrade with its outcome, and has what waited for it follow.
func (b *builder) upgraded(e *transcript.Entry, kind stepKind) error {
	pending := b.pending
	if kind == noTLSStep {
		b.abandon()
	}
	b.pending = pendingUpgrade{}
	if b.secured { // a second one changes nothing on the wire
		return nil
	}
	b.secured = kind == tlsStep
	if err := b.add(e, core.Client, kind, e.Event.Data); err != nil || kind == noTLSStep {
		return err
	}
	b.steps[len(b.steps)-1].name = pending.name
	b.steps = append(b.steps, pending.held...)
	return nil
}

// abandon ends an upgrade that came to nothing: what waited for it is never said.
func (b *builder) abandon() {
	if b.pending.on {
		b.finished, b.pending = b.pending.finished, pendingUpgrade{}
	}
}

// unread returns how many last bytes of the server's the machine left unread when it
// ordered an upgrade in answer to event i. They came in clear before TLS, and were dropped.
func unread(entries []transcript.Entry, i int) int {
	for _, e := range entries[i+1:] {
		if e.Dir == transcript.Event {
			break
		}
		if e.Dir == transcript.Action && e.Action.Kind == core.StartTLS && e.Action.Side == core.Server {
			return min(e.Action.Rest, len(entries[i].Event.Data))
		}
	}
	return 0
}

var (
	errNotUpgradable = errors.New("this connection cannot be upgraded to TLS")
	errEnded         = errors.New("the server ended the connection")
)

// upgrade has the connection become TLS, and reports whether to go on. The reader rests.
func (k *talk) upgrade(o Order) bool {
	k.mu.Lock()
	k.shaking = true
	k.mu.Unlock()
	conn, words, early, err := k.secure(o)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.shaking = false
	if k.ctx.Err() != nil {
		return false
	}
	if m := k.p.Upgraded(words, err); m != nil {
		k.tell(m)
		return false
	}
	k.tellDone(k.p.side() == core.Client)
	k.speaks()
	if err != nil {
		return false
	}
	k.conn, k.in, k.rest = conn, limit.NewReader(conn), nil
	if k.Secured != nil {
		k.Secured(words, early)
	}
	k.upgraded.Broadcast()
	return true
}

// secure returns the connection over TLS, how it is secured in words, and how many bytes of
// the server's came too early.
func (k *talk) secure(o Order) (conn Conn, words string, early int, err error) {
	if k.p.side() == core.Client {
		up, ok := k.conn.(Upgrader)
		if !ok {
			return nil, "", 0, errNotUpgradable
		}
		early, err = up.StartTLS(k.ctx, o.Name)
		return up, up.Secured(), early + len(k.rest), err
	}
	below, ok := k.conn.(*stall.Conn)
	switch {
	case o.Fails:
		return nil, "", 0, errEnded
	case !ok || k.startTLS == nil:
		return nil, "", 0, errNotUpgradable
	}
	over, _, err := secure(k.ctx, below.Conn, k.rest, k.startTLS)
	if err != nil {
		return nil, "", 0, errors.New(inWords(err))
	}
	return stall.New(over), "", 0, nil
}
