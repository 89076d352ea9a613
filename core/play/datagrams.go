package play

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// Of a script whose server's end keeps boundaries, each step of bytes is a datagram: it is
// sent as one, and one that comes has to be one step, no more and no less. An empty one is
// sent, and not waited for. A datagram that differs is not gone on after.

// Datagrams reports whether the script is of a server that is reached by datagrams, as by
// UDP.
func (s *Script) Datagrams() bool { return s.end == core.ServerDatagrams }

// takeDatagram takes one of the peer's.
func (p *Player) takeDatagram(data []byte) *Mismatch {
	p.spoke = true
	if p.skipping.all {
		return nil
	}
	p.chooseDatagram(data)
	at := p.at
	m := p.compareDatagram(at, data)
	if m != nil && m == p.differs { // it is shown whole
		p.differsAt, p.before, p.strange, p.strangeFull = at, nil, bytes.Clone(data), true
	}
	return m
}

func (p *Player) compareDatagram(at int, data []byte) (m *Mismatch) {
	for rest := data; len(rest) > 0; {
		if p.at > at && p.awaitsBytes() {
			m := p.mismatch(rest[:1])
			m.Want = "the end of the datagram"
			return m
		}
		if rest, m = p.takePiece(rest); m != nil {
			return m
		}
	}
	if m := p.endMatches(); m != nil {
		return m
	}
	if p.piece > 0 || p.off > 0 || len(p.held) > 0 {
		m := p.mismatch(nil)
		m.Got = "the end of the datagram"
		return m
	}
	return nil
}
