package pcap

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// recording is a transcript and what its server and client said on the wire.
type recording struct {
	t              transcript.Transcript
	sent, received []byte
	reset          bool
	r              *rand.Rand
	timed          bool
	now            time.Duration
}

func (r *recording) event(kind core.EventKind, data []byte) {
	r.now += time.Duration(r.r.IntN(2_000_000)) * time.Microsecond / 4
	r.t.Entries = append(r.t.Entries, transcript.Entry{Dir: transcript.Event, Timed: r.timed, Time: r.now, Event: core.Event{Kind: kind, Data: data}})
	if kind == core.ServerBytes {
		r.received = append(r.received, data...)
	}
}

func (r *recording) action(a core.Action) {
	r.t.Entries = append(r.t.Entries, transcript.Entry{Dir: transcript.Action, Timed: r.timed, Time: r.now, Action: a})
	if a.Kind == core.SendServer {
		r.sent = append(r.sent, a.Data...)
	}
}

func (r *recording) remark(words string) {
	r.t.Entries = append(r.t.Entries, transcript.Entry{Dir: transcript.Remark, Timed: r.timed, Time: r.now, Remark: words})
}

// client makes the client say something, and the machine or the core send it.
func (r *recording) client(data []byte) {
	if r.t.Mode == "raw" {
		r.event(core.ClientBinary, data)
		r.sent = append(r.sent, data...)
		return
	}
	r.event(core.ClientText, data)
	r.action(core.Action{Kind: core.SendServer, Data: append(bytes.Clone(data), "\r\n"...)})
}

func (r *recording) payload(most int) []byte {
	p := make([]byte, 1+r.r.IntN(most))
	for i := range p {
		p[i] = byte(r.r.Uint32())
	}
	return p
}

var targets = []string{"", "10.1.2.3:4000", "echo.example:4001", "[2001:db8::7]:4002", "192.0.2.1:4003", "tls://example.com:443", "[::1]:4004", "nonsense", "example.com:no-such-service"}

// varied makes the n-th of many recordings, each different.
func varied(n int) *recording {
	r := &recording{r: rand.New(rand.NewPCG(uint64(n), 7)), timed: n%3 != 0}
	r.t.Mode, r.t.Target = "raw", targets[n%len(targets)]
	text := strings.HasPrefix(r.t.Target, "tls://")
	if n%2 == 0 {
		r.t.Mode = "http-line"
	} else {
		r.action(core.Action{Kind: core.PassThrough, Side: core.Client})
		r.action(core.Action{Kind: core.PassThrough, Side: core.Server})
	}
	if n%5 == 0 {
		r.remark("dialled 203.0.113.9:4010")
	}
	most := []int{30, 3000, 20_000}[n%3]
	say := func() []byte {
		if text {
			return []byte("GET / HTTP/1.0")
		}
		return r.payload(most)
	}
	scenario := n % 10
	if scenario == 0 { // nothing is said
		return r
	}
	if scenario == 1 && !text { // the server first
		r.event(core.ServerBytes, []byte("220 ready\r\n"))
	}
	for range 1 + r.r.IntN(6) {
		r.client(say())
		if text {
			break
		}
		for range r.r.IntN(4) {
			r.event(core.ServerBytes, say())
		}
		if scenario == 2 {
			r.action(core.Action{Kind: core.SetTimer, After: time.Second, Data: []byte("idle")})
			r.event(core.TimerFired, []byte("idle"))
			r.action(core.Action{Kind: core.SendServer, Data: []byte("still there?\r\n")})
			r.action(core.Action{Kind: core.Note, Data: []byte("asked again")})
		}
	}
	switch scenario {
	case 3: // the client half-closes
		r.event(core.ClientEOF, nil)
		if !text {
			r.event(core.ServerBytes, r.payload(most))
		}
		r.event(core.ServerEOF, nil)
	case 4: // the machine half-closes, and what it sends after that is dropped
		r.action(core.Action{Kind: core.FinishServer})
		r.t.Entries = append(r.t.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte("dropped")}})
		r.event(core.ServerEOF, nil)
	case 5: // the server ends, and the machine still answers
		r.event(core.ServerEOF, nil)
		r.action(core.Action{Kind: core.SendServer, Data: []byte("bye\r\n")})
	case 6:
		r.reset = true
		r.event(core.ServerFailed, []byte("connection reset by peer"))
	case 7: // megabytes, both ways
		for range 1 + n/40*2 {
			piece := r.payload(1000)
			big := bytes.Repeat(piece, 1<<20/len(piece)+1)[:1<<20]
			r.event(core.ServerBytes, big)
			r.action(core.Action{Kind: core.SendServer, Data: big[:700_000]})
		}
		r.event(core.ClientClosed, nil)
	case 8:
		r.event(core.ServerFailed, []byte("no answer for 30 s"))
	case 9:
		r.action(core.Action{Kind: core.Close, Data: []byte("done")})
	}
	return r
}

// Real tshark opens 50 varied recordings without a warning, finds nothing wrong with
// them, and follows the same bytes in both directions.
func TestTshark(t *testing.T) {
	tshark := program(t, "tshark", "tshark")
	dir := t.TempDir()
	recordings := 50
	if testing.Short() {
		recordings = 15
	}
	for n := range recordings {
		r := varied(n)
		file := filepath.Join(dir, fmt.Sprintf("%d.pcapng", n))
		if err := os.WriteFile(file, written(t, &r.t), 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(tshark, "-n", "-r", file, "-q", "-z", "expert,warn", "-z", "follow,tcp,raw,0",
			"-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Env = append(os.Environ(), "HOME="+dir)
		if err := cmd.Run(); err != nil {
			t.Fatal(err, stderr.String())
		}
		said := stderr.String()
		if os.Geteuid() == 0 { // about who runs it, not about the file
			said = strings.TrimPrefix(said, "Running as user \"root\" and group \"root\". This could be dangerous.\n")
		}
		if said != "" {
			t.Errorf("recording %d: tshark says: %s", n, said)
		}
		sent, received, expert := followed(t, stdout.String())
		if r.reset { // this the peer did; Wireshark warns of every reset
			expert = strings.Replace(expert, reset, "", 1)
		}
		if expert != "" {
			t.Errorf("recording %d, target %q: tshark finds: %s", n, r.t.Target, expert)
		}
		if !bytes.Equal(sent, r.sent) || !bytes.Equal(received, r.received) {
			t.Errorf("recording %d: tshark follows %d and %d bytes, %d and %d were said", n, len(sent), len(received), len(r.sent), len(r.received))
		}
	}
}

// reset is what expert,warn prints about a connection that was reset, and nothing
// else.
const reset = `
Warns (1)
=============
   Frequency      Group           Protocol  Summary
           1   Sequence                TCP  Connection reset (RST)
`

// followed parses the output of follow,tcp,raw: a line of digits per packet, those of
// the second node indented. It returns what is below.
func followed(t *testing.T, text string) (sent, received []byte, below string) {
	_, text, _ = strings.Cut(text, "Node 1: ")
	_, text, _ = strings.Cut(text, "\n")
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		text = text[len(line)+1:]
		if strings.HasPrefix(line, "=") {
			break
		}
		data, err := hex.DecodeString(strings.TrimLeft(line, "\t"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "\t") {
			received = append(received, data...)
		} else {
			sent = append(sent, data...)
		}
	}
	return sent, received, text
}

func written(t *testing.T, tr *transcript.Transcript) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, tr); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Every packet of a small session: flags, sequence and acknowledgement numbers
// from each side's first, bytes.
func TestPackets(t *testing.T) {
	tr, err := transcript.Parse("t", []byte("workbench transcript v1\nmode raw\ntarget \"host.example:7\"\n\n<< pass-through client\n"+
		"0.25 >> client binary \"ab\"\n0.5 >> client eof\n1 >> server \"xyz\"\n2 >> server eof\n"))
	if err != nil {
		t.Fatal(err)
	}
	packets, infos := packetsOf(t, written(t, tr))
	got := ""
	for i, p := range packets {
		s, kind := decode(&packet{linkEthernet, p, len(p), infos[i].Timestamp})
		if kind != isTCP {
			t.Fatal(kind)
		}
		flags, who, seq, ack := "", "C", s.seq-1_000_000, s.ack-2_000_000
		if s.src.Port() == 7 {
			who, seq, ack = "S", s.seq-2_000_000, s.ack-1_000_000
		}
		for flag, set := range map[string]bool{"S": s.syn, "F": s.fin, "R": s.rst} {
			if set {
				flags += flag
			}
		}
		if s.acks {
			flags += fmt.Sprint("A", ack)
		}
		got += fmt.Sprintf("%v %s %d %s %s\n", infos[i].Timestamp.Sub(Start), who, seq, flags, s.payload)
	}
	const want = "0s C 0 S \n0s S 0 SA1 \n0s C 1 A1 \n250ms C 1 A1 ab\n250ms S 1 A3 \n500ms C 3 FA1 \n500ms S 1 A4 \n" +
		"1s S 1 A4 xyz\n1s C 4 A4 \n2s S 4 FA4 \n2s C 4 A5 \n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
