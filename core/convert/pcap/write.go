package pcap

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Synthetic begins the comment in a written capture's section header.
const Synthetic = "synthetic: made from a transcript, headers are not from the wire"

// Start is the time of a written capture's first packet. A transcript does not
// record the day.
var Start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// What the synthetic hosts are like.
const (
	headers4   = 40 // bytes of an IPv4 and a TCP header
	headers6   = 60
	linkMTU    = 1500
	clientPort = 50000
	ackEvery   = 2 // segments, as hosts do
)

// Write writes a pcapng with one TCP connection over Ethernet: handshake, the
// bytes of [convert.Crossings] in packets of at most 1500 bytes, acknowledged at
// once, and the ends. Packets have their entry's time, counted from [Start]; one with bytes
// that no peer has sent has a comment that says so. A connection that the server reset
// ends in RST; one that broke in another way ends as if the client had closed it. Of a
// session of datagrams it writes a packet of UDP for each of them, and nothing else. Each
// further connection is one of its own, between the addresses in the transcript; where it
// was dialled from is synthetic.
//
// The server has the address that was dialled, if the transcript has it (as its
// target or in its first remark), else 192.0.2.2; the name of the target is in a
// Name Resolution block. The client's address is synthetic. All synthetic
// addresses are of those reserved for documentation.
func Write(w io.Writer, t *transcript.Transcript) error { return WriteWith(w, t, nil) }

// WriteWith is Write with the lines of a key log in a Decryption Secrets block, as of
// [SecretsOf]: programs then decrypt the TLS that crossed. Whoever has the file can.
func WriteWith(w io.Writer, t *transcript.Transcript, secrets []byte) error {
	host, server := serverOf(t)
	client := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), clientPort)
	switch {
	case server.Addr().Is6():
		client = netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), clientPort)
	case server.Addr() == client.Addr():
		client = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.3"), clientPort)
	}
	if server.Addr() == client.Addr() {
		client = netip.AddrPortFrom(netip.MustParseAddr("2001:db8::3"), clientPort)
	}
	ng := newNGWriter(w)
	err := errors.Join(ng.section(sectionComment(t)), ng.ethernet("synthetic", "made from a transcript"))
	if host != "" && strings.IndexFunc(host, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		err = errors.Join(err, ng.name(server.Addr(), host))
	}
	if secrets != nil { // before the packets that they decrypt
		err = errors.Join(err, ng.secrets(secrets))
	}
	if err != nil {
		return err
	}
	s := newSegments(ng, client, server)
	if s.udp = t.Server == core.ServerDatagrams; !s.udp {
		s.handshake(&s.client, &s.server)
	}
	s.forged = convert.ForgeriesIn(t)
	for _, c := range interleaved(s, t) {
		if c.opens {
			c.on.opened(c.by, c.Time)
		} else {
			c.on.crossing(&c.Crossing)
		}
		if c.on.err != nil {
			return c.on.err
		}
	}
	if s.err != nil { // of the handshake
		return s.err
	}
	return ng.flush()
}

// newSegments begins a connection.
func newSegments(ng *ngWriter, client, server netip.AddrPort) *segments {
	s := &segments{
		ng: ng, at: Start, mss: linkMTU - headers4,
		client: peer{addr: client, mac: [6]byte{2, 0, 0, 0, 0, 1}, seq: 1_000_000},
		server: peer{addr: server, mac: [6]byte{2, 0, 0, 0, 0, 2}, seq: 2_000_000},
	}
	if server.Addr().Is6() {
		s.mss = linkMTU - headers6
	}
	return s
}

func sectionComment(t *transcript.Transcript) string {
	c := Synthetic + "; line mode " + t.Mode
	if t.Target != "" {
		c += ", target " + t.Target
	}
	if strings.HasPrefix(t.Target, tlsPrefix) || strings.HasPrefix(t.Target, "tls+") {
		c += "; these are the bytes inside TLS, without it, and so on the port that the protocol has without it"
	}
	return c
}

const tlsPrefix = "tls://"

// plainPorts are the ports of protocols without TLS. They stand for what TLS
// carries, since Wireshark decodes by port.
var plainPorts = map[uint16]uint16{443: 80, 465: 25, 636: 389, 853: 53, 989: 20, 990: 21, 992: 23, 993: 143, 994: 194, 995: 110, 5061: 5060, 6697: 6667, 8443: 8080, 8883: 1883}

// serverOf returns the server's address, synthetic if unknown, and the name that
// was dialled, "" if it was an address.
func serverOf(t *transcript.Transcript) (host string, server netip.AddrPort) {
	target, secret := strings.CutPrefix(strings.TrimPrefix(t.Target, "udp://"), tlsPrefix)
	host, service, err := net.SplitHostPort(target)
	switch {
	case strings.Contains(target, "://"): // no host, such as a Unix socket
		host, service = "", ""
	case err != nil:
		host, service = target, ""
	}
	addr := netip.MustParseAddr("192.0.2.2")
	if dialled, ok := dialledIn(t); ok {
		addr = dialled.Addr()
	}
	if literal, err := netip.ParseAddr(host); err == nil {
		addr, host = literal, ""
	}
	port, err := net.LookupPort("tcp", service)
	if err != nil || port == 0 {
		port = 1 // there must be one
		if n, err := strconv.ParseUint(service, 10, 16); err == nil && n > 0 {
			port = int(n)
		}
	}
	if plain, ok := plainPorts[uint16(port)]; secret && ok {
		port = int(plain)
	}
	return host, netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port))
}

// dialledIn returns the address that was dialled according to a recording.
func dialledIn(t *transcript.Transcript) (netip.AddrPort, bool) {
	for i := range t.Entries {
		if e := &t.Entries[i]; e.Dir == transcript.Remark {
			words, _ := strings.CutPrefix(e.Remark, "dialled ")
			addr, err := netip.ParseAddrPort(words)
			return addr, err == nil
		}
	}
	return netip.AddrPort{}, false
}

// segments writes the packets. After an error it writes no more.
type segments struct {
	ng             *ngWriter
	frame          []byte // the packet that is written
	at             time.Time
	mss            int
	udp            bool // not TCP
	client, server peer
	err            error

	forged   convert.Forgeries
	sent     int64    // bytes to the server
	comments []string // on the next packet
}

// handshake opens a connection from one host to the other.
func (s *segments) handshake(from, to *peer) {
	s.packet(from, to, flagSYN, nil)
	s.packet(to, from, flagSYN|flagACK, nil)
	s.packet(from, to, flagACK, nil)
}

func (s *segments) crossing(c *convert.Crossing) {
	s.at = Start.Add(c.Time)
	from, to := &s.client, &s.server
	if c.From == core.Server {
		from, to = to, from
	}
	switch {
	case s.udp && c.Kind == convert.Bytes:
		s.datagram(from, to, c.Data)
		return
	case s.udp: // which has no ends
		return
	}
	switch c.Kind {
	case convert.Bytes:
		s.bytes(from, to, c)
	case convert.End:
		s.finish(from, to)
	case convert.Broken:
		if strings.Contains(string(c.Data), "reset") {
			s.packet(from, to, flagRST|flagACK, nil)
			return
		}
		s.finish(to, from)
	}
}

func (s *segments) bytes(from, to *peer, c *convert.Crossing) {
	for sent, at := 1, 0; at < len(c.Data); sent++ {
		n := min(len(c.Data)-at, s.mss)
		s.comments = s.commentsOn(c, int64(at), int64(at+n))
		flags := byte(flagACK)
		if at+n == len(c.Data) {
			flags |= flagPSH
		}
		s.packet(from, to, flags, c.Data[at:at+n])
		if at += n; at == len(c.Data) || sent%ackEvery == 0 {
			s.packet(to, from, flagACK, nil)
		}
	}
	if c.From == core.Client {
		s.sent += int64(len(c.Data))
	}
}

const maxComment = 1 << 10 // bytes of a fault's words

// commentsOn returns what is to be said of bytes of a crossing.
func (s *segments) commentsOn(c *convert.Crossing, from, to int64) (all []string) {
	for _, f := range s.forged.In[c.Entry] {
		if f.From < to && f.To > from {
			all = append(all, fmt.Sprintf("forged: no peer has sent bytes %d-%d of this packet: %s", max(f.From-from, 0), min(f.To, to)-from, core.CutWords(f.Words, maxComment)))
		}
	}
	if c.From != core.Client {
		return all
	}
	from, to = from+s.sent, to+s.sent
	for _, f := range s.forged.ToServer {
		if f.From < to && f.To > from || f.From == f.To && f.From >= from && f.From < to {
			all = append(all, "forged: other bytes went to the server here than this packet has, which the line mode ordered: "+core.CutWords(f.Words, maxComment))
		}
	}
	return all
}

func (s *segments) finish(from, to *peer) {
	s.packet(from, to, flagFIN|flagACK, nil)
	s.packet(to, from, flagACK, nil)
}

// packet writes one packet and advances the sender's sequence number.
func (s *segments) packet(from, to *peer, flags byte, data []byte) {
	s.send(from, to, ipTCP, tcpHead(from, to, flags, s.mss), tcpChecksumAt, data)
	from.seq += uint32(len(data))
	if flags&(flagSYN|flagFIN) != 0 {
		from.seq++
	}
}

// datagram writes one, in a packet however large it is: to cut it into fragments would show
// no more.
func (s *segments) datagram(from, to *peer, data []byte) {
	s.send(from, to, ipUDP, udpHead(from, to, len(data)), udpChecksumAt, data)
}

// Where checksums are in headers.
const (
	tcpChecksumAt = 16
	udpChecksumAt = 6
)

// send writes one packet.
func (s *segments) send(from, to *peer, protocol byte, above []byte, checksumAt int, data []byte) {
	if s.err != nil {
		return
	}
	s.frame = appendFrame(s.frame[:0], from, to, protocol, above, checksumAt, data)
	s.err = s.ng.packet(s.at, s.frame, s.comments)
	s.comments = nil
}
