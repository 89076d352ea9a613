package pcap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of an import.
const (
	// MaxTranscripts is how many transcripts one import writes at most.
	MaxTranscripts = 10_000
	// MaxOpen is how many connections Import follows at once. Beyond that, it sets
	// aside the one that was silent for longest, and says so in its transcript.
	MaxOpen = 64 << 10

	maxHeld = 64 << 20 // bytes of all pieces that wait for others
	maxText = 64 << 20 // bytes of all transcripts that wait to be written
	maxName = 200      // bytes of a capture's name in a comment

	// maxReset is how many transcripts of reset connections stay open for a remark
	// on late data.
	maxReset = 256
)

// Options configure Import.
type Options struct {
	Name string // of the capture, for a comment on top of each transcript
	Mode string // the transcripts' line mode; the caller has checked the name
	// Opening are the mode's opening actions. An import has events but no answers,
	// so a replay differs.
	Opening []core.Action
	// Watch makes transcripts as of a tap in which the mode watches: the client is a
	// program, and bytes that are not in the capture are an event, unseen.
	Watch bool
	// Datagrams makes a transcript also of what crosses between two ports by UDP.
	Datagrams bool
	Most      int // transcripts; 0: MaxTranscripts
	// Create is called once for each transcript when there is something to write.
	// The transcript is written in pieces and closed at the end of the connection;
	// up to MaxOpen may be open at a time.
	Create func(Connection) (io.WriteCloser, error)
}

// Report says what was in a capture.
type Report struct {
	Packets   int64        // all of them
	Written   []Connection // those with a transcript, in the order in which these were completed
	LeftOut   int          // connections past MaxTranscripts
	Fragments int64        // IP fragments of packets that are not whole, which are left out
	Tunnelled int64        // packets that hold others, in PPPoE, MPLS or GRE; left out
	Damaged   int64        // TCP packets with a header damaged or cut off
	Unread    int64        // packets of an unsupported link type
	LinkType  string       // the last of those
	Late      int64        // bytes that arrived after their connection's end, too late for a remark
	Truncated bool         // the capture ends within a packet
}

// Import reads a capture, pcap or pcapng, gzipped or not, and writes a transcript
// of each TCP connection in it: the events in the order of the capture, with times
// from the connection's first packet. Both sides' bytes are in order, each once; a
// remark reports bytes that are not in the capture. Import reads Ethernet, with
// VLAN tags, Linux cooked captures, loopback and plain IP, versions 4 and 6.
//
// The client is the sender of the SYN. Without a handshake, the side with the
// lower port is assumed to be the server.
//
// Whatever the capture, Import holds at most some 200 MiB. A capture that ends
// within a packet is read up to there. At any other error, everything read before
// it is written, and the report is valid.
func Import(ctx context.Context, r io.Reader, o Options) (Report, error) {
	i := importer{Options: o, table: map[pair]*connection{}}
	source, err := open(r)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("capture ends within its header")
		}
		return i.report, err
	}
	err = i.packets(ctx, source)
	return i.report, errors.Join(err, i.finish())
}

// pair is a connection's two ends, the lower first.
type pair struct {
	a, b netip.AddrPort
	udp  bool
}

func pairOf(s *segment) pair {
	if s.src.Compare(s.dst) < 0 {
		return pair{s.src, s.dst, s.udp}
	}
	return pair{s.dst, s.src, s.udp}
}

type importer struct {
	Options
	report  Report
	parts   fragments
	table   map[pair]*connection
	order   connection    // ring: order.newer is the one silent for longest
	seen    int           // connections so far
	created int           // transcripts so far
	held    int           // bytes of all halves' pieces
	text    int           // bytes of all connections' text
	reset   []*connection // whose transcripts stay open for late data, the oldest first
}

func (i *importer) packets(ctx context.Context, source source) error {
	i.order.older, i.order.newer = &i.order, &i.order
	for {
		if i.report.Packets%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p, err := source.next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			i.report.Truncated = true
			return nil
		case err != nil:
			return err
		}
		i.report.Packets++
		switch s, kind := i.decode(&p); kind {
		case isTCP, isUDP:
			if kind == isUDP && !i.Datagrams {
				break
			}
			if err := i.segment(&s); err != nil {
				return err
			}
		case isDamaged:
			i.report.Damaged++
		case isTunnel:
			i.report.Tunnelled++
		case isUnread:
			i.report.Unread++
			i.report.LinkType = p.link.String()
		}
	}
}

// decode finds the segment or datagram in a packet, or in the one that is whole with it.
func (i *importer) decode(p *packet) (segment, kind) {
	d := decoder{rest: p.data}
	s, kind := d.packet(p)
	if kind != isFragment {
		return s, kind
	}
	i.report.Fragments++
	whole, next, count := i.parts.add(d.part, p.at)
	if whole == nil {
		return s, kind
	}
	i.report.Fragments -= int64(count)
	d.rest = whole
	if s, kind = d.network(next, p); kind == isFragment { // of a fragment
		i.report.Fragments++
	}
	return s, kind
}

// segment passes one segment to its connection.
func (i *importer) segment(s *segment) error {
	key := pairOf(s)
	c := i.table[key]
	if c != nil && c.replacedBy(s) {
		if err := i.end(c, "the capture has a new connection between the same ports, and no end of this one"); err != nil {
			return err
		}
		c = nil
	}
	if c == nil {
		var err error
		if c, err = i.begin(key, s); err != nil {
			return err
		}
	}
	c.touch(&i.order)
	if c.closed {
		i.report.Late += int64(c.sides[c.from(s)].outside(s))
		return nil
	}
	held, text, wasOver := c.held(), len(c.text), c.over
	if s.udp {
		c.datagram(s)
	} else {
		c.take(s)
	}
	if i.held+c.held()-held > maxHeld {
		c.giveUp()
	}
	i.held += c.held() - held
	i.text += len(c.text) - text
	switch {
	case c.over && !wasOver && c.reset:
		return i.linger(c)
	case c.over && !wasOver:
		return i.close(c)
	case len(c.text) >= flushAt:
		return i.flush(c)
	case i.text > maxText:
		for c := i.order.newer; c != &i.order; c = c.newer {
			if err := i.flush(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// replacedBy reports whether the segment belongs to another connection between
// the same ports.
func (c *connection) replacedBy(s *segment) bool {
	if s.udp {
		return false
	}
	from := c.from(s)
	h := &c.sides[from]
	switch {
	case s.syn && !s.acks && h.started:
		return s.begin() != h.first
	case s.syn && !s.acks:
		return c.over || c.Guessed // else both sides opened at once, or the packets are out of order
	case s.syn && h.started && s.begin() == h.first:
		return false
	case s.syn && c.over:
		return true
	case s.syn && h.settled: // its SYN is not in the capture, or it is forged: the answer shows
		again := *s
		again.payload = nil
		c.again = &again
	case c.over:
		return len(s.payload) > 0 && !h.belongs(s)
	case c.again != nil && c.again.src == s.dst:
		return s.acks && s.ack == c.again.begin() && s.seq == c.again.ack
	}
	return false
}

// begin makes a connection from its first segment.
func (i *importer) begin(key pair, s *segment) (*connection, error) {
	if len(i.table) >= MaxOpen {
		oldest := i.order.newer
		if err := i.end(oldest, fmt.Sprintf("set aside here: more than %d connections were open at once", MaxOpen)); err != nil {
			return nil, err
		}
	}
	i.seen++
	c := &connection{Connection: Connection{Number: i.seen, Client: s.src, Server: s.dst, Datagrams: s.udp, Begin: s.at}, now: s.at, key: key, watch: i.Watch}
	switch {
	case s.udp && (s.src.Port() >= 1024 || s.dst.Port() < 1024): // who speaks first asks
	case s.syn && s.acks, !s.syn && s.src.Port() < s.dst.Port():
		c.Client, c.Server = s.dst, s.src
	}
	c.Guessed = !s.syn && !s.udp
	i.table[key] = c
	t := transcript.Transcript{Mode: i.Mode, Target: c.Server.String()}
	switch {
	case s.udp:
		t.Target = "udp://" + t.Target
		t.Client, t.Server, t.Watch = core.Datagrams, core.ServerDatagrams, i.Watch
	case i.Watch:
		t.Client, t.Watch = core.Stream, true
	}
	begun := "# the capture does not tell when it began"
	if !c.Begin.IsZero() {
		begun = "# begun " + c.Begin.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	t.HeaderComments = [][]string{{
		fmt.Sprintf("# imported from %s: connection %d, from %v", core.CutWords(i.Name, maxName), c.Number, c.Client), begun,
	}}
	c.text = transcript.AppendHeader(c.text, &t)
	for _, a := range i.Opening {
		c.text = transcript.AppendEntry(c.text, &transcript.Entry{Dir: transcript.Action, Action: a})
	}
	if c.Guessed {
		c.remark("the capture begins within this connection; the side with the lower port is taken for the server")
	}
	i.text += len(c.text)
	return c, nil
}

// end ends a connection that did not end itself, and drops it.
func (i *importer) end(c *connection, words string) error {
	delete(i.table, c.key)
	c.unlink()
	held, text := c.held(), len(c.text)
	c.finish(words)
	i.held += c.held() - held
	i.text += len(c.text) - text
	return i.close(c)
}

// linger keeps a reset connection's transcript open for a while.
func (i *importer) linger(c *connection) error {
	i.reset = append(i.reset, c)
	if len(i.reset) <= maxReset {
		return nil
	}
	oldest := i.reset[0]
	i.reset = i.reset[1:]
	return i.close(oldest)
}

// flush writes the buffered text of a transcript.
func (i *importer) flush(c *connection) (err error) {
	i.text -= len(c.text)
	text := c.text
	c.text = nil
	if !c.joined || c.leftOut {
		if !c.leftOut {
			c.text, i.text = text, i.text+len(text) // nothing came yet, and may never come
		}
		return nil
	}
	if c.out == nil {
		if i.created == cmp.Or(i.Most, MaxTranscripts) {
			c.leftOut = true
			return nil
		}
		if c.out, err = i.Create(c.Connection); err != nil {
			return err
		}
		i.created++
	}
	_, err = c.out.Write(text)
	return err
}

// close writes the end of a transcript. The connection stays, to absorb late
// packets.
func (i *importer) close(c *connection) error {
	if c.closed {
		return nil
	}
	c.closed = true
	held, text := c.held(), len(c.text)
	c.tellStray()
	i.held += c.held() - held
	i.text += len(c.text) - text
	err := i.flush(c)
	i.text -= len(c.text)
	c.text = nil
	switch {
	case c.leftOut:
		i.report.LeftOut++
	case c.out != nil:
		err = errors.Join(err, c.out.Close())
		i.report.Written = append(i.report.Written, c.Connection)
		c.out = nil
	}
	return err
}

// finish ends the connections that are open at the capture's end.
func (i *importer) finish() (err error) {
	for c := i.order.newer; c != nil && c != &i.order; {
		next := c.newer
		if failed := i.end(c, "the capture ends before the connection does"); err == nil {
			err = failed
		}
		c = next
	}
	return err
}
