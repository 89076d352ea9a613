package dissect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines is a mode that makes a message of each line, or of each datagram. A line of "!" is
// wrong, "note" is noted, and "fail" is an error.
type lines struct {
	end  string
	rest [core.Server + 1]string
	at   [core.Server + 1]int64
}

func (l *lines) Handle(ev core.Event, out *core.Out) error {
	side := ev.Kind.Side()
	switch {
	case ev.Kind == core.ClientUnseen || ev.Kind == core.ServerUnseen:
		l.at[side] += int64(len(l.rest[side]))
		l.rest[side] = ""
		var n int64
		fmt.Sscan(string(ev.Data), &n)
		l.at[side] += n
		return nil
	case !ev.Kind.IsBytes():
		return nil
	}
	l.rest[side] += string(ev.Data)
	for {
		line, rest, ok := strings.Cut(l.rest[side], l.end)
		if !ok {
			return nil
		}
		flow := core.FromServer
		if side == core.Client {
			flow = core.FromClient
		}
		from := l.at[side]
		l.rest[side], l.at[side] = rest, from+int64(len(line))+1
		m := core.Message{Flow: flow, From: from, To: l.at[side], Summary: line}
		switch line {
		case "!":
			m.Fields = []core.Field{{Name: "a", From: from, To: from, Fields: []core.Field{{Name: "b", From: from, To: from, Wrong: "it is wrong"}}}}
		case "note":
			out.Note("a note")
		case "fail":
			return errors.New("it failed")
		}
		out.Message(m)
	}
}

// mode returns the manifest of the mode lines, under a name and for a port.
func mode(name string, port int) core.Manifest {
	return core.Manifest{Name: name, Title: "T", Input: core.InputLine, Messages: true, Clients: []string{"messages", "stream", "datagrams"},
		Events: []string{"client bytes", "client unseen", "server unseen"}, Ports: []core.UsualPort{{Port: port, Name: "P"}}}
}

// log is told everything, in words.
type log struct {
	all   []string
	times []Time // of the messages
	fail  string // what makes it fail
}

func (l *log) say(format string, args ...any) error {
	words := fmt.Sprintf(format, args...)
	l.all = append(l.all, words)
	if l.fail != "" && strings.Contains(words, l.fail) {
		return errors.New("told no more")
	}
	return nil
}

func (l *log) Begin(c *Connection) error {
	return l.say("%d to %d by %s", c.Number, c.Server.Port(), c.Mode)
}
func (l *log) Message(_ *Connection, m Message) error {
	l.times = append(l.times, m.At)
	return l.say("%v %s%s", m.Side, m.Summary, m.Wrong)
}
func (l *log) Remark(_ *Connection, _ Time, words string) error { return l.say("-- %s", words) }
func (l *log) End(c *Connection) error {
	return l.say("%d messages, %d wrong, %d bytes, %d in none, %d lost", c.Messages, c.Wrong, c.Bytes, c.Undecoded, c.Lost)
}

// captured returns a capture of what both sides say: "C: …" and "S: …", each in a packet,
// without the packets that drop names.
func captured(t *testing.T, target string, said []string, drop func(n int, packet []byte) bool) []byte {
	t.Helper()
	tr := &transcript.Transcript{Mode: "raw", Target: target}
	if strings.HasPrefix(target, "udp:") {
		tr.Client, tr.Server = core.Datagrams, core.ServerDatagrams
	}
	for _, side := range []core.Side{core.Client, core.Server} {
		tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.PassThrough, Side: side}})
	}
	for _, line := range said {
		kind := core.ServerBytes
		data, fromClient := strings.CutPrefix(line, "C: ")
		if fromClient {
			kind = core.ClientBinary
			if tr.Client == core.Datagrams {
				kind = core.ClientBytes
			}
		}
		tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: []byte(strings.TrimPrefix(data, "S: "))}})
	}
	var all, left bytes.Buffer
	if err := pcap.Write(&all, tr); err != nil {
		t.Fatal(err)
	}
	if drop == nil {
		return all.Bytes()
	}
	r, err := pcapgo.NewNgReader(&all, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapgo.NewWriter(&left)
	w.WriteFileHeader(65536, layers.LinkTypeEthernet)
	for n := 0; ; n++ {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return left.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		if !drop(n, data) {
			info.InterfaceIndex = 0
			if err := w.WritePacket(info, data); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// decode decodes a capture with modes, all of which are lines.
func decode(t *testing.T, o Options, to *log, capture []byte) (Summary, error) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	o.To = to
	o.Open = func(context.Context, string) (*wire.Conn, error) {
		return wire.Pipe(core.Discipline{Manifest: o.Modes[0], Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			end := "\n"
			if o.Options["end"] != "" {
				end = o.Options["end"]
			}
			return &lines{end: end}, nil
		}}, slog.New(slog.DiscardHandler)), nil
	}
	sum, err := o.Decode(t.Context(), bytes.NewReader(capture))
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	return sum, err
}

func TestDecode(t *testing.T) {
	deaf := mode("deaf", 7)
	deaf.Events = deaf.Events[:1]
	silent := mode("silent", 7)
	silent.Messages = false
	semicolons := mode("s", 7)
	semicolons.Options = []core.Option{{Name: "end", Type: core.OptionText, Default: "\n"}}
	semicolons.Ports[0].Options = map[string]string{"end": ";"}
	greets := func(name, begins string) core.Manifest {
		m := mode(name, 8)
		m.Greetings = []core.Greeting{{Begins: begins, Name: "P"}}
		return m
	}
	other := greets("n", "220")
	other.Greetings[0].Name = "Q"
	talk := []string{"C: hello\n", "S: hi", "S:  there\nnote\n", "C: a\nb\n!\nc"}
	for _, c := range []struct {
		name   string
		o      Options
		target string
		said   []string
		drop   func(int, []byte) bool
		want   []string
		sum    Summary
	}{
		{name: "both sides by port", target: "192.0.2.1:7", said: talk, o: Options{Modes: []core.Manifest{silent, mode("m", 8), mode("n", 7)}}, want: []string{
			"1 to 7 by n", "client hello", "server hi there", "-- a note", "server note",
			"client a", "client b", "client !it is wrong", "6 messages, 1 wrong, 27 bytes, 1 in none, 0 lost",
		}, sum: Summary{Connections: 1, Messages: 6, Wrong: 1, Bytes: 27, Undecoded: 1}},
		{name: "options of the port", target: "192.0.2.1:7", said: []string{"C: a;b;\n"}, o: Options{Modes: []core.Manifest{semicolons}},
			want: []string{"1 to 7 by s", "client a", "client b", "2 messages, 0 wrong, 5 bytes, 1 in none, 0 lost"}, sum: Summary{Connections: 1, Messages: 2, Bytes: 5, Undecoded: 1}},
		{name: "skipped by port", target: "192.0.2.1:9", said: talk, o: Options{Modes: []core.Manifest{mode("m", 8)}},
			sum: Summary{Skipped: []Skipped{{Port: 9, Connections: 1}}}},
		{name: "TLS", target: "192.0.2.1:7", said: []string{"C: \x16", "C: \x03\x01\x00\xc8\x01\n", "S: \x16\x03\x03\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			sum: Summary{Skipped: []Skipped{{Port: 7, TLS: true, Connections: 1}}}},
		{name: "an old hello of TLS", target: "192.0.2.1:7", said: []string{"C: \x80\x2e\x01\x03\x01\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			sum: Summary{Skipped: []Skipped{{Port: 7, TLS: true, Connections: 1}}}},
		{name: "TLS without its start", target: "192.0.2.1:7", said: []string{"S: \x17\x03\x03\x00\xc8\x01\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			drop: func(n int, _ []byte) bool { return n < 3 }, sum: Summary{Skipped: []Skipped{{Port: 7, TLS: true, Connections: 1}}}},
		{name: "TLS and a mode by name", target: "192.0.2.1:7", said: []string{"C: \x16\x03\x01\x00\xc8\x01\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}, Mode: "m"},
			want: []string{"1 to 7 by m", "client \x16\x03\x01\x00\xc8\x01", "1 messages, 0 wrong, 7 bytes, 0 in none, 0 lost"}, sum: Summary{Connections: 1, Messages: 1, Bytes: 7}},
		{name: "no TLS", target: "192.0.2.1:7", said: []string{"C: \x16\x03\n", "S: \x16\x03\x01\x00\xc8\n", "C: \x00\x00\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}}, want: []string{
			"1 to 7 by m", "client \x16\x03", "server \x16\x03\x01\x00\xc8", "client \x00\x00", "3 messages, 0 wrong, 12 bytes, 0 in none, 0 lost",
		}, sum: Summary{Connections: 1, Messages: 3, Bytes: 12}},
		{name: "a transaction of Modbus that looks like it", target: "192.0.2.1:7", said: []string{"C: \x16\x03\x00\x00\x00\x06\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			want: []string{"1 to 7 by m", "client \x16\x03\x00\x00\x00\x06", "1 messages, 0 wrong, 7 bytes, 0 in none, 0 lost"}, sum: Summary{Connections: 1, Messages: 1, Bytes: 7}},
		{name: "by how the server begins", target: "192.0.2.1:9", said: []string{"C: hello\n", "S: 2", "S: 20 hi\n"}, o: Options{Modes: []core.Manifest{greets("m", "220 "), greets("n", "220")}},
			want: []string{"1 to 9 by m", "client hello", "server 220 hi", "2 messages, 0 wrong, 13 bytes, 0 in none, 0 lost"}, sum: Summary{Connections: 1, Messages: 2, Bytes: 13}},
		{name: "by how the server begins, in doubt", target: "192.0.2.1:9", said: []string{"C: hello\n", "S: 220 hi\n"}, o: Options{Modes: []core.Manifest{greets("m", "220 "), other}},
			sum: Summary{Skipped: []Skipped{{Port: 9, Connections: 1}}}},
		{name: "much by how the server begins", target: "192.0.2.1:9", said: []string{"S: 220 hi\n", "C: " + strings.Repeat("x", 2*undecided), "S: bye\n"}, o: Options{Modes: []core.Manifest{greets("m", "220 ")}},
			want: []string{"1 to 9 by m", "server 220 hi", "server bye", "2 messages, 0 wrong, 131083 bytes, 131072 in none, 0 lost"}, sum: Summary{Connections: 1, Messages: 2, Bytes: 131083, Undecoded: 131072}},
		{name: "much before the server says a word", target: "192.0.2.1:9", said: []string{"C: " + strings.Repeat("x", 4*undecided) + "\n", "S: 220 hi\n"}, o: Options{Modes: []core.Manifest{greets("m", "220 ")}},
			sum: Summary{Skipped: []Skipped{{Port: 9, Connections: 1}}}},
		{name: "another port", target: "192.0.2.1:9", said: talk, o: Options{Modes: []core.Manifest{mode("m", 9)}, Port: 8}},
		{name: "a mode by name", target: "192.0.2.1:9", said: talk[:1], o: Options{Modes: []core.Manifest{mode("m", 8)}, Mode: "m"},
			want: []string{"1 to 9 by m", "client hello", "1 messages, 0 wrong, 6 bytes, 0 in none, 0 lost"}, sum: Summary{Connections: 1, Messages: 1, Bytes: 6}},
		{name: "a gap", target: "192.0.2.1:7", said: []string{"C: one\n", "C: two\n", "C: three\n", "S: ok\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			drop: func(_ int, packet []byte) bool { return bytes.Contains(packet, []byte("two")) }, want: []string{
				"1 to 7 by m", "client one", "-- the capture lacks 4 bytes of the client's", "client three", "server ok", "3 messages, 0 wrong, 13 bytes, 0 in none, 4 lost",
			}, sum: Summary{Connections: 1, Messages: 3, Bytes: 13, Lost: 4}},
		{name: "a gap and a mode that is not told", target: "192.0.2.1:7", said: []string{"C: one\n", "C: two\n", "C: three\n", "S: ok\n"}, o: Options{Modes: []core.Manifest{deaf}},
			drop: func(_ int, packet []byte) bool { return bytes.Contains(packet, []byte("two")) }, want: []string{
				"1 to 7 by deaf", "client one", "-- the capture lacks 4 bytes of the client's", "-- nothing is decoded from here on: the line mode cannot be told what is missing",
				"1 messages, 0 wrong, 13 bytes, 9 in none, 4 lost",
			}, sum: Summary{Connections: 1, Messages: 1, Bytes: 13, Undecoded: 9, Lost: 4}},
		{name: "without its start", target: "192.0.2.1:7", said: []string{"C: one\n", "S: ok\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			drop: func(n int, _ []byte) bool { return n < 3 }, want: []string{
				"1 to 7 by m", "-- the capture begins within this connection; the side with the lower port is taken for the server",
				"client one", "server ok", "2 messages, 0 wrong, 7 bytes, 0 in none, 0 lost",
			}, sum: Summary{Connections: 1, Messages: 2, Bytes: 7}},
		{name: "a mode that fails", target: "192.0.2.1:7", said: []string{"C: one\nfail\n", "S: ok\n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			want: []string{"1 to 7 by m", "-- nothing is decoded from here on: the line mode has ended: it failed", "0 messages, 0 wrong, 12 bytes, 12 in none, 0 lost"},
			sum:  Summary{Connections: 1, Bytes: 12, Undecoded: 12}},
		{name: "datagrams", target: "udp://192.0.2.1:7", said: []string{"C: ask\n", "S: an\nswer\n", "S: \n"}, o: Options{Modes: []core.Manifest{mode("m", 7)}},
			want: []string{"1 to 7 by m", "client ask", "server an", "server swer", "server ", "4 messages, 0 wrong, 13 bytes, 0 in none, 0 lost"},
			sum:  Summary{Connections: 1, Messages: 4, Bytes: 13}},
		{name: "datagrams that no mode takes", target: "udp://192.0.2.1:7", said: []string{"C: ask\n"},
			o:   Options{Modes: []core.Manifest{{Name: "m", Messages: true, Clients: []string{"messages", "stream"}, Ports: []core.UsualPort{{Port: 7}}}}},
			sum: Summary{Skipped: []Skipped{{Port: 7, Datagrams: true, Connections: 1}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var to log
			sum, err := decode(t, c.o, &to, captured(t, c.target, c.said, c.drop))
			if err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(to.all, func(s string) bool {
				return strings.Contains(s, "no end of this one") || strings.Contains(s, "capture ends before")
			})
			if diff := cmp.Diff(c.sum, sum); diff != "" {
				t.Errorf("the summary (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A message has the time of the packet with its last byte.
func TestTimes(t *testing.T) {
	var to log
	if _, err := decode(t, Options{Modes: []core.Manifest{mode("m", 7)}}, &to, captured(t, "192.0.2.1:7", []string{"C: a\nb", "S: x\n", "C: \n"}, nil)); err != nil {
		t.Fatal(err)
	}
	if len(to.times) != 3 || !to.times[0].Known || to.times[0].Since >= to.times[1].Since || to.times[1].Since >= to.times[2].Since {
		t.Errorf("%+v", to.times)
	}
}

// An error of who is told, of the mode's options or of the capture ends the decoding.
func TestErrors(t *testing.T) {
	capture := captured(t, "192.0.2.1:7", []string{"C: one\nnote\n"}, nil)
	for _, fail := range []string{"1 to 7", "one", "-- a note", "2 messages"} {
		to := log{fail: fail}
		if _, err := decode(t, Options{Modes: []core.Manifest{mode("m", 7)}}, &to, capture); err == nil || err.Error() != "told no more" || !strings.Contains(to.all[len(to.all)-1], fail) {
			t.Errorf("%s: %v, and was told %q", fail, err, to.all)
		}
	}
	var to log
	o := Options{Modes: []core.Manifest{mode("m", 7)}, Mode: "m", Values: map[string]string{"x": "y"}}
	if _, err := decode(t, o, &to, capture); err == nil || !strings.Contains(err.Error(), `no option "x"`) {
		t.Error(err)
	}
	o.Values = nil
	if sum, err := decode(t, o, &to, capture[:len(capture)-3]); err != nil || len(sum.Warnings) != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	if _, err := decode(t, o, &to, []byte("no capture")); err == nil {
		t.Error("what is not a capture was decoded")
	}
}

func TestCheck(t *testing.T) {
	mute, typed := mode("m", 7), mode("m", 7)
	mute.Messages, typed.Clients = false, nil
	for _, c := range []struct {
		m    core.Manifest
		want string
	}{{mute, "recognises no messages"}, {typed, "for typing alone"}} {
		if err := Check(c.m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %s", err, c.want)
		}
	}
	if err := Check(mode("m", 7)); err != nil {
		t.Error(err)
	}
}
