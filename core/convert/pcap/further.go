package pcap

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// crossed is something that crossed one of the connections, or the beginning of a further one.
type crossed struct {
	convert.Crossing
	on    *segments
	opens bool
	by    core.Side
}

// interleaved returns what crossed all connections, in its order; main is the one to the
// server.
func interleaved(main *segments, t *transcript.Transcript) []crossed {
	var all []crossed
	for _, c := range convert.Crossings(t) {
		all = append(all, crossed{Crossing: c, on: main})
	}
	for n, l := range convert.FurtherOf(t) {
		s := main.further(l, uint16(n+1))
		all = append(all, crossed{Crossing: convert.Crossing{Time: l.Opened, Entry: l.Entry}, on: s, opens: true, by: l.By})
		for _, c := range l.Crossings {
			c.Entry = max(c.Entry, l.Entry) // what was sent earlier waited
			all = append(all, crossed{Crossing: c, on: s})
		}
	}
	slices.SortStableFunc(all, func(a, b crossed) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Entry, b.Entry)) })
	return all
}

// further begins the n-th further connection, between its recorded addresses where there are
// such.
func (s *segments) further(l *convert.Further, n uint16) *segments {
	client, server := netip.AddrPortFrom(s.client.addr.Addr(), clientPort+n), netip.AddrPortFrom(s.server.addr.Addr(), 1)
	if at, err := netip.ParseAddrPort(l.Server); err == nil && at.Port() > 0 {
		server = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
	}
	if at, err := netip.ParseAddrPort(l.Listening); err == nil && at.Port() > 0 {
		client = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
	}
	if client.Addr().Is4() != server.Addr().Is4() { // as in no network: one of them is not known
		client = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), client.Port())
		if server.Addr().Is6() {
			client = netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), client.Port())
		}
	}
	return newSegments(s.ng, client, server)
}

// opened opens a further connection.
func (s *segments) opened(by core.Side, at time.Duration) {
	s.at = Start.Add(at)
	if by == core.Server {
		s.handshake(&s.server, &s.client)
		return
	}
	s.handshake(&s.client, &s.server)
}
