package dns

import (
	"slices"

	"github.com/miekg/dns"

	"github.com/protocol-workbench/workbench/core"
)

// maxPending is how many queries that are not answered are kept.
const maxPending = 4096

// pending is a query that is not answered, or whose answer is not complete.
type pending struct {
	ID       uint16
	Type     uint16
	From     int64  // where it begins
	Question uint32 // see message.question
	Transfer transfer
}

// transfer is what has come of a zone transfer (RFC 5936, RFC 1995).
type transfer struct {
	Messages, Records int
	Bytes             int64
	Serial            uint32 // of the zone's new version
	Seen              int    // how many SOA records have had it, up to 3
	Changes           bool   // it has differences, and not the whole zone
}

// talk is what both sides have said, and which response is for which query.
type talk struct {
	flow    core.Flow // of the queries
	queries decoder
	replies decoder
	pending map[uint16]pending
}

// asked notes a query.
func (t *talk) asked(m *message) {
	if m.isResponse() || len(m.data) < headerSize {
		return
	}
	if len(t.pending) == maxPending {
		for _, p := range t.inOrder()[:maxPending/2] {
			delete(t.pending, p.ID)
		}
	}
	if t.pending == nil {
		t.pending = map[uint16]pending{}
	}
	t.pending[m.id] = pending{ID: m.id, Type: m.asks(), From: m.from, Question: m.question()}
}

// inOrder returns the queries that are not answered, the oldest first.
func (t *talk) inOrder() []pending {
	all := make([]pending, 0, len(t.pending))
	for _, p := range t.pending {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b pending) int {
		if a.From != b.From {
			return int(max(-1, min(1, a.From-b.From)))
		}
		return int(a.ID) - int(b.ID)
	})
	return all
}

// answered returns the query that a response is for, if there is one, and what has come of
// the zone transfer that it is a part of, nil if it is none.
func (t *talk) answered(m *message) (ref core.MessageRef, tr *transfer, done bool) {
	p, ok := t.pending[m.id]
	if !ok || !m.isResponse() || len(m.data) < headerSize {
		return ref, nil, false
	}
	ref = core.MessageRef{Flow: t.flow, From: p.From}
	if asked := m.question(); asked != 0 && p.Question != 0 && asked != p.Question {
		m.records[0].wrong, m.records[0].wrongName = wrongOther, true
	}
	if p.Type == dns.TypeAXFR || p.Type == dns.TypeIXFR {
		if done = p.Transfer.take(m, p.Type == dns.TypeIXFR); p.Transfer.Records > 0 {
			tr = &p.Transfer
		}
		if !done {
			t.pending[m.id] = p
			return ref, tr, false
		}
	}
	delete(t.pending, m.id)
	return ref, tr, true
}

// take takes a response of a transfer, and reports whether it is the last one: the SOA
// record that the transfer began with comes again.
func (x *transfer) take(m *message, changes bool) (done bool) {
	first := x.Messages == 0
	if m.bits&15 != 0 || m.wrongRest != 0 && m.wrongRest != wrongTrailing ||
		first && (len(m.soas) == 0 || m.soas[0].index != 0) {
		return true
	}
	for _, s := range m.soas {
		switch at := x.Records + s.index; {
		case at == 0:
			x.Serial, x.Seen = s.serial, 1
		case at == 1 && changes && s.serial != x.Serial:
			x.Changes = true
		case !x.Changes:
			done = true
		case s.serial == x.Serial:
			x.Seen++
			done = done || x.Seen == 3
		}
	}
	x.Messages++
	x.Records += int(m.counts[inAnswer])
	x.Bytes += int64(len(m.data))
	return done || first && changes && m.counts[inAnswer] == 1 // there is nothing newer
}

// missed says that bytes of a decoder's side were missed.
func (t *talk) missed(d *decoder, n int64) {
	if d.missed(n); d == &t.queries { // one of them may have had an ID of those
		clear(t.pending)
	}
}
