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
