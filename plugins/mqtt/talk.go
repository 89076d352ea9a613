package mqtt

import (
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what is known about packets that are not acknowledged.
const (
	maxOpen  = 4096 // of a side
	maxPings = 256
)

// exchange is what has come of a packet with an identifier that is not acknowledged: the
// last packet about it.
type exchange struct {
	ID   uint16
	Kind byte
	From int64 // where that packet begins
}

// ping is a PINGREQ that is not answered.
type ping struct {
	From  int64
	Timed bool // nobody has typed it
}

// talk is what both sides have said, and which packet is for which.
type talk struct {
	flows  [2]core.Flow // of the client and the server
	sides  [2]decoder
	open   [2]map[uint16]exchange // that the client, and the server has begun
	parsed [2]parser
	state
}

// state is what a checkpoint has beside these.
type state struct {
	Version byte    // 3 for MQTT 3.1, 4 for 3.1.1, 5
	Began   [2]bool // a packet of the side was there
	Connect int64   // where the CONNECT begins that is not answered; -1: none is
	Pings   []ping
	Drawn   uint16 // the last packet identifier of the machine's own
	Alive   uint16 // seconds between its PINGREQs
}

// The sides, as indices.
const (
	ofClient = iota
	ofServer
)

// senders are the types of packets that each side sends, in MQTT 5.
var senders = [2]uint32{
	1<<connect | 1<<publish | acks | releases | 1<<subscribe | 1<<unsubscribe | 1<<pingreq | 1<<disconnect | 1<<auth,
	1<<connack | 1<<publish | acks | releases | 1<<suback | 1<<unsuback | 1<<pingresp | 1<<disconnect | 1<<auth,
}

// sends reports whether a side sends packets of a type.
func (t *talk) sends(side int, kind byte) bool {
	return senders[side]>>kind&1 == 1 && (t.Version == 5 || kind != auth && (side == ofClient || kind != disconnect))
}

// plausible is what a packet after a gap has to be: right in every respect.
func (t *talk) plausible(side int) func([]byte, bool) bool {
	return func(data []byte, _ bool) bool {
		kind, flags := data[0]>>4, data[0]&15
		if !t.sends(side, kind) || kind != publish && flags != flagsOf(kind) {
			return false
		}
		head, size, ok := header(data)
		if size == 0 {
			return ok
		}
		var p parser
		p.parse(packet{size: size, kept: data[:min(size, len(data))], header: head}, t.Version)
		return p.wrongs == 0 && !slices.ContainsFunc(p.text, func(r byte) bool { return r < ' ' })
	}
}

// feed takes bytes of a side, and calls each with every packet, taken apart.
func (t *talk) feed(side int, data []byte, each func(*parser)) {
	t.sides[side].feed(data, t.plausible(side), func(p packet) { t.take(side, p, each) })
}

// take takes a packet apart.
func (t *talk) take(side int, of packet, each func(*parser)) {
	p := &t.parsed[side]
	p.parse(of, t.Version)
	switch {
	case p.kind == 0 || p.header == 0:
	case side == ofClient && p.kind == connect && t.Began[side]:
		p.markAt(0, wrongSecond)
	case !t.sends(side, p.kind) && p.kind != auth:
		p.markAt(0, wrongDirection)
	case side == ofClient && p.kind != connect && !t.Began[side]:
		p.markAt(0, wrongFirst)
	case side == ofServer && p.kind != connack && p.kind != auth && !t.Began[side]:
		p.markAt(0, wrongFirstAnswer)
	}
	if side == ofClient && p.kind == connect {
		t.Version = p.version
	}
	if side == ofClient || p.kind != auth {
		t.Began[side] = true
	}
	each(p)
	if p.header == 0 && !p.broken { // what follows is lost, up to a packet that is right
		t.forget()
	}
}

// note notes what a packet is about, and returns the one that it is for.
func (t *talk) note(side int, p *parser) (ref core.MessageRef, timed bool) {
	if p.broken || p.header == 0 {
		return ref, false
	}
	other := 1 - side
	switch p.kind {
	case connect:
		t.Connect = p.from
	case connack:
		if t.Connect >= 0 && side == ofServer {
			ref, t.Connect = core.MessageRef{Flow: t.flows[ofClient], From: t.Connect}, -1
		}
	case pingreq:
		if side == ofClient && len(t.Pings) < maxPings {
			t.Pings = append(t.Pings, ping{From: p.from})
		}
	case pingresp:
		if len(t.Pings) > 0 && side == ofServer {
			ref, timed = core.MessageRef{Flow: t.flows[ofClient], From: t.Pings[0].From}, t.Pings[0].Timed
			t.Pings = slices.Delete(t.Pings, 0, 1)
		}
	case publish:
		if p.qos == 1 || p.qos == 2 {
			t.begin(side, p)
		}
	case subscribe, unsubscribe:
		if side == ofClient {
			t.begin(side, p)
		}
	case suback:
		ref = t.goOn(other, p, subscribe, false)
	case unsuback:
		ref = t.goOn(other, p, unsubscribe, false)
	case puback:
		ref = t.goOn(other, p, publish, false)
	case pubrec:
		ref = t.goOn(other, p, publish, !p.hasCode || p.code < 0x80)
	case pubrel:
		ref = t.goOn(side, p, pubrec, true)
	case pubcomp:
		ref = t.goOn(other, p, pubrel, false)
	}
	return ref, timed
}

// begin notes a packet that will be acknowledged.
func (t *talk) begin(side int, p *parser) {
	if p.id == 0 {
		return
	}
	open := t.open[side]
	if open == nil {
		open = map[uint16]exchange{}
		t.open[side] = open
	}
	if _, again := open[p.id]; !again && len(open) == maxOpen {
		for _, e := range t.inOrder(side)[:maxOpen/2] {
			delete(open, e.ID)
		}
	}
	open[p.id] = exchange{ID: p.id, Kind: p.kind, From: p.from}
}

// goOn notes the next packet of an exchange that a side has begun, and returns the one
// before it, which has to be of a type. more says that others follow.
func (t *talk) goOn(side int, p *parser, after byte, more bool) (ref core.MessageRef) {
	e, ok := t.open[side][p.id]
	if !ok || e.Kind != after {
		return ref
	}
	flow := t.flows[side]
	if after == pubrec {
		flow = t.flows[1-side]
	}
	if more {
		t.open[side][p.id] = exchange{ID: p.id, Kind: p.kind, From: p.from}
	} else {
		delete(t.open[side], p.id)
	}
	return core.MessageRef{Flow: flow, From: e.From}
}

// inOrder returns the exchanges that a side has begun, the oldest first.
func (t *talk) inOrder(side int) []exchange {
	all := make([]exchange, 0, len(t.open[side]))
	for _, e := range t.open[side] {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b exchange) int {
		if a.From != b.From {
			return int(max(-1, min(1, a.From-b.From)))
		}
		return int(a.ID) - int(b.ID)
	})
	return all
}

// identifier returns a packet identifier that is not in use.
func (t *talk) identifier() uint16 {
	for {
		t.Drawn++
		if _, used := t.open[ofClient][t.Drawn]; t.Drawn != 0 && !used {
			return t.Drawn
		}
	}
}

// missed says that bytes of a side were missed.
func (t *talk) missed(side int, n int64) {
	t.sides[side].missed(n)
	t.forget()
}

// forget forgets what may have been acknowledged meanwhile.
func (t *talk) forget() {
	t.open, t.Connect, t.Pings, t.Began = [2]map[uint16]exchange{}, -1, nil, [2]bool{true, true}
}
