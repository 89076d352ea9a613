package pcap

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Each datagram is a packet of UDP between the addresses, however large and also if it is
// empty, and there is no other packet.
func TestDatagramsAreUDP(t *testing.T) {
	for _, target := range []string{"udp://192.0.2.9:53", "udp://[2001:db8::9]:53", "udp://resolver.example:53"} {
		large := strings.Repeat("x", 65_507)
		tr := &transcript.Transcript{Mode: "raw", Target: target, Client: core.Datagrams, Server: core.ServerDatagrams}
		for _, a := range []core.Side{core.Client, core.Server} {
			tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.PassThrough, Side: a}})
		}
		want := []string{"50000 to 53: ask", "50000 to 53: ask", "53 to 50000: ", "53 to 50000: " + large}
		for _, w := range want {
			way, data, _ := strings.Cut(w, ": ")
			kind := core.ServerBytes
			if strings.HasPrefix(way, "50000") {
				kind = core.ClientBytes
			}
			tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: []byte(data)}})
		}
		var b bytes.Buffer
		if err := Write(&b, tr); err != nil {
			t.Fatal(err)
		}
		r, err := pcapgo.NewNgReader(&b, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			data, _, err := r.ReadPacketData()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			p := gopacket.NewPacket(data, layers.LinkTypeEthernet, gopacket.Default)
			udp, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
			if !ok {
				t.Fatalf("%s: no UDP: %v", target, p)
			}
			got = append(got, udp.SrcPort.String()[:strings.IndexAny(udp.SrcPort.String()+"(", "(")]+" to "+udp.DstPort.String()[:strings.IndexAny(udp.DstPort.String()+"(", "(")]+": "+string(udp.Payload))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %.300q", target, got)
		}
	}
}

// What crosses between two ports is a transcript of datagrams, if it is asked for: each
// whole, empty ones too, and one that the capture cut off counted.
func TestDatagramsAreImported(t *testing.T) {
	tr := &transcript.Transcript{Mode: "raw", Target: "udp://192.0.2.9:53", Client: core.Datagrams, Server: core.ServerDatagrams}
	for _, data := range []string{"ask", "", "again"} {
		tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(data)}})
	}
	for _, side := range []core.Side{core.Client, core.Server} {
		tr.Entries = slices.Insert(tr.Entries, 0, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.PassThrough, Side: side}})
	}
	tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ClientBytes, Data: []byte("thanks")}})
	var capture, cut bytes.Buffer
	if err := Write(&capture, tr); err != nil {
		t.Fatal(err)
	}
	packets, infos := packetsOf(t, capture.Bytes())
	w := pcapgo.NewWriter(&cut)
	w.WriteFileHeader(65536, layers.LinkTypeEthernet)
	for i, p := range packets {
		infos[i].InterfaceIndex = 0
		if i == 2 { // "again"
			p = p[:14+20+8+4] // the headers, and all but a byte
			infos[i].CaptureLength = len(p)
		}
		if err := w.WritePacket(infos[i], p); err != nil {
			t.Fatal(err)
		}
	}
	for watch, want := range map[bool]string{
		false: ">> server \"ask\"\n>> server \"\"\n-- lost: 5 of the server's bytes, which are not in the capture\n>> client bytes \"thanks\"\n",
		true:  ">> server \"ask\"\n>> server \"\"\n>> server unseen 5\n>> client bytes \"thanks\"\n",
	} {
		var text nowhere
		made := 0
		o := Options{Name: "test", Mode: "raw", Watch: watch, Datagrams: true, Create: func(c Connection) (io.WriteCloser, error) {
			made++
			if !c.Datagrams || c.Guessed || c.Server.Port() != 53 {
				t.Errorf("%+v", c)
			}
			return &text, nil
		}}
		if _, err := Import(t.Context(), bytes.NewReader(cut.Bytes()), o); err != nil || made != 1 {
			t.Fatal(made, err)
		}
		if got := parsed(t, text.Bytes()); got.Client != core.Datagrams || got.Server != core.ServerDatagrams || got.Watch != watch || got.Target != "udp://192.0.2.9:53" {
			t.Errorf("%+v", got)
		}
		got := entriesOf(t, text.String())
		if got = got[max(0, strings.Index(got, ">>")):]; got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		o.Datagrams, made = false, 0
		if _, err := Import(t.Context(), bytes.NewReader(cut.Bytes()), o); err != nil || made != 0 {
			t.Errorf("%d transcripts, %v", made, err)
		}
	}
}
