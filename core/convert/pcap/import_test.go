package pcap

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/protocol-workbench/workbench/core/transcript"
)

type nowhere struct{ bytes.Buffer }

func (*nowhere) Close() error { return nil }

// imported imports a capture into memory.
func imported(capture io.Reader) (texts []string, report Report, err error) {
	var all []*nowhere
	report, err = Import(context.Background(), capture, Options{Name: "test", Mode: "raw", Opening: rawOpening,
		Create: func(Connection) (io.WriteCloser, error) {
			all = append(all, &nowhere{})
			return all[len(all)-1], nil
		}})
	for _, a := range all {
		texts = append(texts, a.String())
	}
	return texts, report, err
}

// one imports a capture that has one connection, without any complaint.
func one(t *testing.T, capture []byte) (*transcript.Transcript, string) {
	t.Helper()
	texts, report, err := imported(bytes.NewReader(capture))
	if err != nil || len(texts) != 1 || report.Truncated || report.Unread+report.Tunnelled+report.Damaged+report.Fragments != 0 {
		t.Fatalf("%d transcripts, %+v, %v", len(texts), report, err)
	}
	return parsed(t, []byte(texts[0])), texts[0]
}

// entriesOf are the entries of a transcript below the opening ones, without
// times.
func entriesOf(t *testing.T, text string) string {
	t.Helper()
	tr := parsed(t, []byte(text))
	var out []byte
	for _, e := range tr.Entries {
		if e.Dir == transcript.Action {
			continue
		}
		e.Timed = false
		out = transcript.AppendEntry(out, &e)
	}
	return string(out)
}

// What was written as a capture comes back as it was said, even if packets are
// reordered and duplicated.
func TestRoundTrip(t *testing.T) {
	recordings := 50
	if testing.Short() {
		recordings = 20
	}
	for n := range recordings {
		r := varied(n)
		capture := written(t, &r.t)
		for seed := range uint64(3) {
			if n%10 == 7 && seed > uint64(n/40) { // megabytes
				break
			}
			if seed > 0 {
				capture = shuffled(t, capture, seed)
			}
			tr, text := one(t, capture)
			sent, received := said(tr)
			if !bytes.Equal(sent, r.sent) || !bytes.Equal(received, r.received) || strings.Contains(text, "lost") {
				t.Fatalf("recording %d, seed %d: %d and %d bytes came back, %d and %d were said\n%.2000s",
					n, seed, len(sent), len(received), len(r.sent), len(r.received), text)
			}
		}
	}
}

// packetsOf splits a pcapng into its packets.
func packetsOf(t *testing.T, capture []byte) (packets [][]byte, infos []gopacket.CaptureInfo) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(capture), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return packets, infos
		}
		if err != nil {
			t.Fatal(err)
		}
		packets, infos = append(packets, data), append(infos, info)
	}
}

// shuffled adds a network's faults: of the packets that one side sent in a row some
// are reordered, and some duplicated. The handshake is unchanged.
func shuffled(t *testing.T, capture []byte, seed uint64) []byte {
	packets, infos := packetsOf(t, capture)
	r := rand.New(rand.NewPCG(seed, 1))
	order := make([]int, 0, 2*len(packets))
	for i := range packets {
		order = append(order, i)
	}
	for i := 4; i+1 < len(order); i++ {
		if r.IntN(3) == 0 && bytes.Equal(packets[order[i]][6:12], packets[order[i+1]][6:12]) {
			order[i], order[i+1] = order[i+1], order[i]
		}
	}
	for i := len(order) - 1; i > 3; i-- {
		if r.IntN(5) == 0 { // again, a little later
			order = slices.Insert(order, min(len(order), i+1+r.IntN(4)), order[i])
		}
	}
	var out bytes.Buffer
	w, err := pcapgo.NewNgWriter(&out, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range order {
		infos[i].InterfaceIndex = 0
		if err := w.WritePacket(infos[i], packets[i]); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return out.Bytes()
}

// wire writes a classic pcap, packet by packet.
type wire struct {
	t      *testing.T
	out    bytes.Buffer
	w      *pcapgo.Writer
	at     time.Time
	link   layers.LinkType
	v6     bool
	scaled bool // both sides' windows are, by 7

	snap int // bytes of a packet that are captured; 0: all
}

func newWire(t *testing.T, link layers.LinkType) *wire {
	w := &wire{t: t, link: link, at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.w = pcapgo.NewWriter(&w.out)
	if err := w.w.WriteFileHeader(65536, link); err != nil {
		t.Fatal(err)
	}
	return w
}

const (
	clientAt, serverAt = 40000, 25
)

// c sends from the client, s from the server. flags are of "SAFR".
func (w *wire) c(flags string, seq, ack uint32, data string) {
	w.send(clientAt, serverAt, flags, seq, ack, data)
}
func (w *wire) s(flags string, seq, ack uint32, data string) {
	w.send(serverAt, clientAt, flags, seq, ack, data)
}

func (w *wire) send(from, to uint16, flags string, seq, ack uint32, data string) {
	w.t.Helper()
	var options []layers.TCPOption
	if w.scaled && strings.Contains(flags, "S") {
		options = []layers.TCPOption{{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}}}
	}
	tcp := &layers.TCP{Options: options, SrcPort: layers.TCPPort(from), DstPort: layers.TCPPort(to), Seq: seq, Ack: ack, Window: 1000,
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"), FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R")}
	hosts := map[uint16]byte{clientAt: 1, serverAt: 2}
	var ip gopacket.SerializableLayer
	kind, family := layers.EthernetTypeIPv4, layers.ProtocolFamilyIPv4
	if w.v6 {
		v6 := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolTCP, HopLimit: 9, SrcIP: make([]byte, 16), DstIP: make([]byte, 16)}
		v6.SrcIP[15], v6.DstIP[15] = hosts[from], hosts[to]
		tcp.SetNetworkLayerForChecksum(v6)
		ip, kind, family = v6, layers.EthernetTypeIPv6, layers.ProtocolFamilyIPv6Linux
	} else {
		v4 := &layers.IPv4{Version: 4, TTL: 9, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 0, 0, hosts[from]}, DstIP: []byte{10, 0, 0, hosts[to]}}
		tcp.SetNetworkLayerForChecksum(v4)
		ip = v4
	}
	packet := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(packet, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp, gopacket.Payload(data))
	if err != nil {
		w.t.Fatal(err)
	}
	w.packet(slices.Concat(w.linkHeader(kind, family), packet.Bytes()))
}

func (w *wire) packet(data []byte) {
	w.at = w.at.Add(time.Millisecond)
	info := gopacket.CaptureInfo{Timestamp: w.at, Length: len(data), CaptureLength: len(data)}
	if w.snap > 0 && len(data) > w.snap {
		info.CaptureLength = w.snap
	}
	if err := w.w.WritePacket(info, data[:info.CaptureLength]); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) linkHeader(kind layers.EthernetType, family layers.ProtocolFamily) []byte {
	be := binary.BigEndian
	switch w.link {
	case layers.LinkTypeEthernet: // with two VLAN tags
		h := append(make([]byte, 12), 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6)
		return be.AppendUint16(h, uint16(kind))
	case layers.LinkTypeLinuxSLL:
		return be.AppendUint16([]byte{0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0}, uint16(kind))
	case layers.LinkTypeLinuxSLL2:
		return append(be.AppendUint16(nil, uint16(kind)), 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0)
	case layers.LinkTypeNull:
		return binary.LittleEndian.AppendUint32(nil, uint32(family))
	case layers.LinkTypeLoop:
		return be.AppendUint32(nil, uint32(family))
	}
	return nil
}

// hello is a small conversation that the client ends.
func (w *wire) hello() {
	w.c("S", 99, 0, "")
	w.s("SA", 499, 100, "")
	w.c("A", 100, 500, "")
	w.s("A", 500, 100, "220 hi\r\n")
	w.c("A", 100, 508, "QUIT\r\n")
	w.c("FA", 106, 508, "")
	w.s("A", 508, 107, "221 bye\r\n")
	w.s("FA", 517, 107, "")
	w.c("A", 107, 518, "")
	w.s("FA", 517, 107, "") // late copies belong to it still
}

const helloEntries = `>> server "220 hi\r\n"
>> client binary "QUIT\r\n"
>> client eof
>> server "221 bye\r\n"
>> server eof
`

func TestLinkTypes(t *testing.T) {
	for _, link := range []layers.LinkType{layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2, layers.LinkTypeNull,
		layers.LinkTypeLoop, layers.LinkTypeRaw, layers.LinkType(linkRawBSD), layers.LinkType(linkRawOpen)} {
		for _, v6 := range []bool{false, true} {
			w := newWire(t, link)
			w.v6 = v6
			w.hello()
			_, text := one(t, w.out.Bytes())
			if got := entriesOf(t, text); got != helloEntries {
				t.Errorf("link type %v, IPv6 %v:\n%s", link, v6, text)
			}
		}
	}
}

func TestWholeText(t *testing.T) {
	w := newWire(t, layers.LinkTypeRaw)
	w.hello()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(w.out.Bytes())
	z.Close()
	const want = `workbench transcript v1
# imported from test: connection 1, from 10.0.0.1:40000
# begun 2026-01-02T03:04:05.001000Z
mode raw
target "10.0.0.2:25"

<< pass-through client
<< pass-through server
0.003 >> server "220 hi\r\n"
0.004 >> client binary "QUIT\r\n"
0.005 >> client eof
0.006 >> server "221 bye\r\n"
0.007 >> server eof
`
	for _, capture := range [][]byte{w.out.Bytes(), zipped.Bytes()} {
		if _, text := one(t, capture); text != want {
			t.Errorf("got\n%s", text)
		}
	}
}

// What networks and captures do to a connection.
func TestFaults(t *testing.T) {
	const begun = "-- the capture begins within this connection; the side with the lower port is taken for the server\n"
	const open = "-- the capture ends before the connection does\n"
	for _, c := range []struct {
		name string
		talk func(w *wire)
		want string
	}{
		{"reordered", func(w *wire) { shake(w); w.s("A", 503, 100, "def"); w.s("A", 500, 100, "abc"); w.s("FA", 506, 100, "") },
			">> server \"abc\"\n>> server \"def\"\n>> server eof\n"},
		{"overlapping", func(w *wire) {
			shake(w)
			w.s("A", 500, 100, "abc")
			w.s("A", 501, 100, "BCde")
			w.s("A", 499, 100, "?abcdef")
		},
			">> server \"abc\"\n>> server \"de\"\n>> server \"f\"\n" + open},
		{"an end before the bytes", func(w *wire) { shake(w); w.s("FA", 503, 100, ""); w.s("A", 500, 100, "abc") },
			">> server \"abc\"\n>> server eof\n"},
		{"keep-alive", func(w *wire) { shake(w); w.c("A", 100, 500, "a"); w.c("A", 100, 500, "\x00"); w.c("A", 101, 500, "b") },
			">> client binary \"a\"\n>> client binary \"b\"\n" + open},
		{"lost, and acknowledged", func(w *wire) {
			shake(w)
			w.s("A", 500, 100, "abc")
			w.s("A", 510, 100, "xyz")
			w.c("A", 100, 513, "thanks")
		}, ">> server \"abc\"\n-- lost: 7 of the server's bytes, which are not in the capture\n>> server \"xyz\"\n>> client binary \"thanks\"\n" + open},
		{"lost at the end", func(w *wire) { shake(w); w.c("A", 100, 500, "a"); w.s("A", 500, 110, "") },
			">> client binary \"a\"\n-- lost: 9 of the client's bytes, which are not in the capture\n" + open},
		{"lost before the end", func(w *wire) { shake(w); w.s("FA", 520, 100, "end"); w.c("A", 100, 524, "") },
			"-- lost: 20 of the server's bytes, which are not in the capture\n>> server \"end\"\n>> server eof\n"},
		{"reset by the server", func(w *wire) { shake(w); w.c("A", 100, 500, "a"); w.s("RA", 500, 101, "") },
			">> client binary \"a\"\n>> server failed \"connection reset by peer\"\n"},
		{"reset by the client", func(w *wire) { shake(w); w.c("RA", 100, 500, ""); w.s("A", 500, 100, "dropped") },
			">> client closed\n-- left out: 7 of the server's bytes, which came too late or have no place in the connection\n"},
		{"reset after the end", func(w *wire) { shake(w); w.s("FA", 500, 100, ""); w.c("RA", 100, 501, "") },
			">> server eof\n"},
		{"an end after a reset does not count", func(w *wire) { shake(w); w.s("RA", 500, 100, ""); w.c("FA", 100, 500, "") },
			">> server failed \"connection reset by peer\"\n"},
		{"an old reset does not count", func(w *wire) { shake(w); w.s("A", 500, 100, "abc"); w.s("R", 400, 0, ""); w.s("A", 503, 100, "d") },
			">> server \"abc\"\n>> server \"d\"\n" + open},
		{"a reset beyond the window does not count", func(w *wire) { shake(w); w.s("R", 500+1001, 0, ""); w.s("A", 500, 100, "abc") },
			">> server \"abc\"\n" + open},
		{"a reset at the window's end", func(w *wire) { shake(w); w.s("R", 500+1000, 0, "") },
			"-- lost: 1000 of the server's bytes, which are not in the capture\n>> server failed \"connection reset by peer\"\n"},
		{"a reset within a scaled window", func(w *wire) { w.scaled = true; shake(w); w.s("R", 500+100_000, 0, "") },
			"-- lost: 100000 of the server's bytes, which are not in the capture\n>> server failed \"connection reset by peer\"\n"},
		{"a reset beyond a scaled window", func(w *wire) {
			w.scaled = true
			shake(w)
			w.s("R", 500+1000<<7+1, 0, "")
			w.s("A", 500, 100, "abc")
		}, ">> server \"abc\"\n" + open},
		{"a reset where windows are not known", func(w *wire) {
			w.s("A", 500, 100, "abc")
			w.c("A", 100, 503, "d")
			w.s("R", 503+usualWindow+1, 0, "")
			w.s("A", 503, 101, "e")
			w.s("R", 504+100_000, 0, "")
		}, begun + ">> server \"abc\"\n>> client binary \"d\"\n>> server \"e\"\n" +
			"-- lost: 100000 of the server's bytes, which are not in the capture\n>> server failed \"connection reset by peer\"\n"},
		{"a reset past what the capture has of the window", func(w *wire) {
			shake(w)
			w.s("A", 500, 100, strings.Repeat("x", 1400))
			w.s("R", 500+1450, 0, "")
		}, ">> server \"" + strings.Repeat("x", 1400) + "\"\n" +
			"-- lost: 50 of the server's bytes, which are not in the capture\n>> server failed \"connection reset by peer\"\n"},
		{"the client goes on after the server's end", func(w *wire) {
			shake(w)
			w.s("FA", 500, 100, "")
			w.c("A", 100, 501, "more")
			w.c("FA", 104, 501, "")
		}, ">> client binary \"more\"\n>> server eof\n"},
		{"no handshake", func(w *wire) { w.s("A", 500, 100, "abc"); w.c("A", 100, 503, "d") },
			begun + ">> server \"abc\"\n>> client binary \"d\"\n" + open},
		{"the server's packets alone", func(w *wire) { w.s("SA", 499, 100, ""); w.s("A", 500, 108, "abc") },
			">> server \"abc\"\n-- lost: 8 of the client's bytes, which are not in the capture\n" + open},
		{"the server's half alone, begun within", func(w *wire) { w.s("A", 500, 108, "abc") },
			begun + ">> server \"abc\"\n-- no packet of the client is in the capture\n" + open},
		{"sequence numbers wrap", func(w *wire) {
			w.c("S", 99, 0, "")
			w.s("SA", 0xfffffffd, 100, "")
			w.s("A", 0, 100, "cd")
			w.s("A", 0xfffffffe, 100, "ab")
			w.s("FA", 2, 100, "")
		}, ">> server \"ab\"\n>> server \"cd\"\n>> server eof\n"},
		{"bytes with SYN", func(w *wire) { w.c("S", 99, 0, "hi"); w.s("SA", 499, 102, ""); w.c("A", 102, 500, "!") },
			">> client binary \"hi\"\n>> client binary \"!\"\n" + open},
		{"a stray number", func(w *wire) { shake(w); w.s("A", 500+maxJump+1, 100, "stray"); w.s("A", 500, 100, "abc") },
			">> server \"abc\"\n-- left out: 5 of the server's bytes, which came too late or have no place in the connection\n" + open},
		{"cut off by the capture", func(w *wire) {
			shake(w)
			w.snap = 50
			w.s("A", 500, 100, "0123456789abcdef")
			w.s("FA", 516, 100, "0123456789abcdef")
		}, ">> server \"0123456789\"\n-- lost: 6 of the server's bytes, which are not in the capture\n" +
			">> server \"0123456789\"\n-- lost: 6 of the server's bytes, which are not in the capture\n>> server eof\n"},
		{"cut off, and before its turn", func(w *wire) {
			shake(w)
			w.snap = 50
			w.s("A", 526, 100, "0123456789abcdef")
			w.s("A", 536, 100, "abcdefgh") // what of it was cut off
			w.s("A", 500, 100, "0123456789abcdef")
			w.s("A", 516, 100, "ABCDEFGHIJ")
		}, ">> server \"0123456789\"\n-- lost: 6 of the server's bytes, which are not in the capture\n" +
			">> server \"ABCDEFGHIJ\"\n>> server \"0123456789\"\n>> server \"abcdefgh\"\n" + open},
		{"copies that differ before their turn", func(w *wire) {
			shake(w)
			w.c("A", 110, 500, "ABCDEFGHIJ")
			w.c("A", 105, 500, "xxxxxXXXXX")
			w.c("A", 118, 500, "YYKL")
			w.c("A", 100, 500, "0123456789")
		}, ">> client binary \"01234\"\n>> client binary \"xxxxx\"\n>> client binary \"ABCDEFGHIJ\"\n>> client binary \"KL\"\n" + open},
		{"two SYN-ACKs, of which the client acknowledges the lower", func(w *wire) {
			w.c("S", 99, 0, "")
			w.s("SA", 900_000, 100, "")
			w.s("SA", 499, 100, "")
			w.c("A", 100, 500, "EHLO a\r\n")
			w.s("A", 500, 108, "250 ok\r\n")
		}, ">> client binary \"EHLO a\\r\\n\"\n>> server \"250 ok\\r\\n\"\n" + open},
		{"two SYN-ACKs, of which the client acknowledges the first, or the higher", func(w *wire) {
			w.c("S", 99, 0, "")
			w.s("SA", 499, 100, "")
			w.s("SA", 300, 100, "")
			w.s("SA", 900, 100, "")
			w.c("A", 100, 500, "")
			w.s("A", 500, 100, "a")
		}, ">> server \"a\"\n" + open},
		{"two SYN-ACKs, and the client's ACK is not in the capture", func(w *wire) {
			w.c("S", 99, 0, "")
			w.s("SA", 900_000, 100, "")
			w.s("SA", 499, 100, "")
			w.s("A", 503, 100, "def")
			w.s("A", 500, 100, "abc")
		}, ">> server \"abc\"\n>> server \"def\"\n" + open},
		{"a SYN-ACK within the connection", func(w *wire) {
			shake(w)
			w.s("SA", 900_000, 5000, "")
			w.s("A", 500, 100, "abc")
			w.c("A", 100, 503, "d")
		}, ">> server \"abc\"\n>> client binary \"d\"\n" + open},
		{"begun with a packet before its turn", func(w *wire) {
			w.c("A", 109, 500, "second")
			w.s("A", 500, 100, "")
			w.c("A", 100, 500, "the first")
			w.s("A", 500, 115, "ok")
		}, begun + ">> client binary \"the first\"\n>> client binary \"second\"\n>> server \"ok\"\n" + open},
		{"begun with packets before their turn, and no ACK of them", func(w *wire) {
			w.s("A", 506, 100, "c")
			w.s("A", 503, 100, "b..")
			w.s("A", 500, 100, "a..")
			w.at = w.at.Add(beginWait)
			w.s("A", 507, 100, "d")
			w.s("A", 490, 100, "before all")
		}, begun + ">> server \"a..\"\n>> server \"b..\"\n>> server \"c\"\n>> server \"d\"\n" +
			"-- left out: 10 of the server's bytes, which came too late or have no place in the connection\n-- no packet of the client is in the capture\n" + open},
		{"begun with a keep-alive", func(w *wire) {
			w.c("A", 99, 500, "")
			w.s("A", 500, 100, "")
			w.c("A", 100, 500, "a")
		}, begun + ">> client binary \"a\"\n" + open},
		{"lost, more than a sequence number is believed for, and acknowledged", func(w *wire) {
			shake(w)
			w.s("A", 500, 100, "abc")
			w.c("A", 100, 503+maxJump+1000, "")
			w.s("A", 503+maxJump+1000, 100, "xyz")
			w.c("A", 100, 506+maxJump+1000, "")
			w.s("FA", 506+maxJump+1000, 100, "")
		}, ">> server \"abc\"\n-- lost: 1073742824 of the server's bytes, which are not in the capture\n>> server \"xyz\"\n>> server eof\n"},
		{"bytes after the end", func(w *wire) {
			shake(w)
			w.s("A", 510, 100, "later")
			w.s("FA", 500, 100, "abc")
			w.s("A", 503, 100, "defg")
		},
			">> server \"abc\"\n-- left out: 9 of the server's bytes, which came too late or have no place in the connection\n>> server eof\n"},
		{"a reset that the peer did not believe, with words", func(w *wire) {
			shake(w)
			w.c("A", 100, 500, "a")
			w.c("R", 101, 0, "out of memory")
			w.s("A", 500, 101, "more from ")
			w.s("A", 500, 101, "more from the server")
		}, ">> client binary \"a\"\n>> client closed\n" +
			"-- left out: 13 of the client's bytes, which came too late or have no place in the connection\n" +
			"-- left out: 20 of the server's bytes, which came too late or have no place in the connection\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t, layers.LinkTypeRaw)
			c.talk(w)
			if c.name == "the client goes on after the server's end" {
				w.s("A", 501, 105, "")
			}
			_, text := one(t, w.out.Bytes())
			if got := entriesOf(t, text); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func shake(w *wire) {
	w.c("S", 99, 0, "")
	w.s("SA", 499, 100, "")
	w.c("A", 100, 500, "")
}

// The same ports again are another connection: after an end, and without one.
func TestPortsAgain(t *testing.T) {
	w := newWire(t, layers.LinkTypeRaw)
	shake(w)
	w.c("A", 100, 500, "first")
	w.s("RA", 500, 105, "")
	w.c("S", 7099, 0, "")
	w.s("SA", 9499, 7100, "")
	w.c("A", 7100, 9500, "second")
	w.c("S", 7099, 0, "") // an old SYN again begins nothing
	w.c("S", 3099, 0, "")
	w.s("RA", 0, 3100, "") // refused: nothing to write
	texts, report, err := imported(bytes.NewReader(w.out.Bytes()))
	if err != nil || len(texts) != 2 {
		t.Fatalf("%d transcripts, %+v, %v", len(texts), report, err)
	}
	if !strings.Contains(texts[0], `"first"`) || strings.Contains(texts[0], "second") || !strings.Contains(texts[1], "connection 2") {
		t.Error(texts)
	}
	if !strings.HasSuffix(texts[1], "-- the capture has a new connection between the same ports, and no end of this one\n") {
		t.Error(texts[1])
	}
}

// The same ports again, by a connection whose SYN is not in the capture.
func TestPortsAgainWithoutSYN(t *testing.T) {
	second := func(w *wire) {
		w.c("A", 777_001, 999_001, "EHLO second\r\n")
		w.s("A", 999_001, 777_014, "250 second\r\n")
		w.s("FA", 999_013, 777_014, "")
		w.c("FA", 777_014, 999_014, "")
	}
	for name, talk := range map[string]func(w *wire){
		"a SYN-ACK after an end": func(w *wire) { w.hello(); w.s("SA", 999_000, 777_001, ""); second(w) },
		"after an end":           func(w *wire) { w.hello(); second(w) },
		"a SYN-ACK after a reset": func(w *wire) {
			shake(w)
			w.s("A", 500, 100, "220 hi\r\n")
			w.s("R", 508, 0, "")
			w.s("SA", 999_000, 777_001, "")
			second(w)
		},
		"after a reset": func(w *wire) {
			shake(w)
			w.s("A", 500, 100, "220 hi\r\n")
			w.s("R", 508, 0, "")
			second(w)
		},
		"after no end": func(w *wire) { shake(w); w.s("A", 500, 100, "220 hi\r\n"); w.s("SA", 999_000, 777_001, ""); second(w) },
	} {
		w := newWire(t, layers.LinkTypeRaw)
		talk(w)
		texts, report, err := imported(bytes.NewReader(w.out.Bytes()))
		if err != nil || len(texts) != 2 {
			t.Fatalf("%s: %d transcripts, %+v, %v", name, len(texts), report, err)
		}
		if strings.Contains(texts[0], "second") || strings.Contains(texts[0], "lost:") || strings.Contains(texts[0], "left out") {
			t.Errorf("%s:\n%s", name, texts[0])
		}
		const want = ">> client binary \"EHLO second\\r\\n\"\n>> server \"250 second\\r\\n\"\n>> server eof\n"
		handshake := strings.Contains(name, "SYN-ACK")
		if !strings.HasSuffix(entriesOf(t, texts[1]), want) || handshake == strings.Contains(texts[1], "begins within") {
			t.Errorf("%s:\n%s", name, texts[1])
		}
	}
}

// Whatever a capture does to connections, every byte of a payload is written, or is a
// copy of one that is, or is counted as left out with a remark.
func TestNoByteIsDropped(t *testing.T) {
	seeds := uint64(3000)
	if testing.Short() {
		seeds = 500
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 2))
		w := newWire(t, layers.LinkTypeRaw)
		type place struct {
			client bool
			seq    uint32
		}
		places := map[place]bool{}
		if r.IntN(2) == 0 {
			shake(w)
		}
		acks := [2]uint32{500, 100}
		for range 5 + r.IntN(40) {
			if r.IntN(30) == 0 {
				w.snap = 41 + r.IntN(10)
			}
			client, flags, side := r.IntN(2) == 0, "A", 0
			if !client {
				side = 1
			}
			seq := []uint32{100, 500}[side] + uint32(r.IntN(60))
			switch r.IntN(40) {
			case 0:
				flags = "FA"
			case 1:
				flags = "RA"
			case 2:
				flags = "SA"
			case 3:
				seq += r.Uint32()
			case 4:
				acks[side] += r.Uint32() >> r.IntN(32)
			case 5, 6, 7:
				acks[side] += uint32(r.IntN(30))
			}
			data := strings.Repeat("x", 2*r.IntN(7)*r.IntN(2)) // a single one may be a keep-alive
			begin := seq
			if flags == "SA" {
				begin++
			}
			captured := len(data)
			if w.snap > 0 {
				captured = min(captured, w.snap-40)
			}
			for i := range captured {
				places[place{client, begin + uint32(i)}] = true
			}
			if client {
				w.c(flags, seq, acks[0], data)
			} else {
				w.s(flags, seq, acks[1], data)
			}
		}
		texts, report, err := imported(bytes.NewReader(w.out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		written, stray := 0, report.Late
		for n, text := range texts {
			sent, received := said(parsed(t, []byte(text)))
			written += len(sent) + len(received)
			stray += report.Written[n].Stray
			told := int64(0)
			for _, line := range strings.Split(text, "\n") {
				if _, words, found := strings.Cut(line, "-- left out: "); found {
					n, err := strconv.ParseInt(strings.Fields(words)[0], 10, 64)
					if err != nil {
						t.Fatal(err)
					}
					told += n
				}
			}
			if report.LeftOut == 0 && len(texts) == 1 && told != report.Written[n].Stray {
				t.Errorf("seed %d: %d bytes have a remark, %d were left out", seed, told, report.Written[n].Stray)
			}
		}
		if int64(written)+stray < int64(len(places)) {
			t.Fatalf("seed %d: of %d bytes %d were written and %d reported\n%s", seed, len(places), written, stray, strings.Join(texts, "\n"))
		}
	}
}
