package streams

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
)

// Op is an event of a session to be held. A timer of no name stands for the
// first by name of those that run.
type Op struct {
	core.Event
	Echo int // if over 0: the server sends so many of the bytes back that it was sent
}

// Ops returns the events as they are.
func Ops(events []core.Event) []Op {
	ops := make([]Op, len(events))
	for i, ev := range events {
		ops[i].Event = ev
	}
	return ops
}

// Text is a message of the client's.
func Text(s string) Op { return op(core.ClientText, s) }

// Server is a read of the server's bytes.
func Server(s string) Op { return op(core.ServerBytes, s) }

func binary(s string) Op                  { return op(core.ClientBinary, s) }
func clientBytes(s string) Op             { return op(core.ClientBytes, s) }
func echo(n int) Op                       { return Op{Echo: n} }
func op(kind core.EventKind, s string) Op { return Op{Event: core.Event{Kind: kind, Data: []byte(s)}} }

// link is an event of a link. Its name is that of the first that is there, by name.
func link(kind core.EventKind, s string) Op { return op(kind, s) }

// The ends of the streams, and a timer.
var (
	ClientEOF    = op(core.ClientEOF, "")
	ClientClosed = op(core.ClientClosed, "")
	ServerEOF    = op(core.ServerEOF, "")
	ServerFailed = op(core.ServerFailed, "connection reset by peer")
	timer        = op(core.TimerFired, "")
)

// Script is a session to be held.
type Script struct {
	Options map[string]string // those that are not left to their defaults
	Ops     []Op
	Client  core.ClientEnd // as in core.Opening, and so are Server and Watch
	Server  core.ServerEnd
	Watch   bool
}

// everyByte returns each byte once.
func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

// fixed are sessions that each show one thing. The first one is the first that
// its process opens, and so has some of everything in it.
func fixed() [][]Op {
	return [][]Op{
		{Text("hello"), echo(3), echo(100), timer, Server("unasked\r\n"), Text("hello"), echo(2), Text("again"), echo(100), ServerEOF},
		{},
		{Server("hello\r\n"), ServerEOF},
		{Server("hello"), ServerEOF},
		{Server("hello"), ServerFailed},
		{Text("hello"), ClientEOF, Server("hello\r\n"), ServerEOF},
		{Text("hello"), ClientClosed},
		{Server("one\r\ntwo\nthree\r\rfour\n\nfive"), ServerEOF},
		{Server("\r"), Server("\n"), Server("\r"), ServerEOF},
		{Text(""), Text(""), binary(""), Server("\r\n"), ServerEOF},
		{Server("\xff\xfe\xe2\x82 caf\xe9 \xf0\x9f\x98\n"), Text("é€😀"), ServerEOF},
		{Server(everyByte()), binary(everyByte()), echo(300), ClientEOF, ServerEOF},
		{Server("\x00\x00\x00\x00"), Server("\xff\xff\xff\xff\xff\xff\xff\xff"), ServerEOF},
		{Server("unasked"), timer, timer, Server("again"), Text("x"), timer, ServerEOF},
		{Text("quit"), echo(100), timer, timer, ServerEOF},
		{Text("a"), Server("b"), Text("c"), Server("d\r\n"), timer, ClientEOF, Server("e"), ServerFailed},
		{Server(strings.Repeat("x", 70_000)), Server("\r\n"), Text("hello"), ServerEOF},
		{Text(strings.Repeat("x", 70_000)), echo(35_000), echo(100_000), ServerEOF},
	}
}

// Sizes of the generated part.
const (
	randomSessions  = 40 // with the defaults
	optionSessions  = 6  // with each other value of an option
	optionVariants  = 32 // at most
	sessionOfEvents = 14 // at most
)

// Generate returns the sessions that a mode of this manifest is held to.
func Generate(m *core.Manifest) []Script {
	var all []Script
	for _, ops := range fixed() {
		all = append(all, Script{Ops: ops})
	}
	d := newDrawing()
	for range randomSessions {
		all = append(all, Script{Ops: d.session()})
	}
	for i, options := range Variants(m) {
		if i == optionVariants {
			break
		}
		for range optionSessions {
			all = append(all, Script{Options: options, Ops: d.session()})
		}
	}
	return slices.Concat(all, d.withLater(m), d.asStreams(m))
}

// drawing draws random sessions. Words come back on both sides, so that they
// sometimes meet.
type drawing struct {
	*rand.Rand
	server, client, binary []string
}

func newDrawing() *drawing {
	return &drawing{
		Rand: rand.New(rand.NewPCG(1, 2)),
		server: []string{
			"hello\r\n", "hello\n", "hello", "hel", "lo", "a", "\r", "\n", "\r\n", "\n\n", "220 ready\r\n", "+OK 1 2 3\r\n",
			"é€😀\r\n", "\xe2\x82", "\xac", "\xff\xfe", "\x00", "\x00\x00\x00\x05hello", "\x00\x05hel", "\x05hello", "\xff\xff\xff\xff",
			`{"a":1}` + "\n", "1 + 2\n", "quit", "a\tb;c,d\n", strings.Repeat("long ", 200) + "\r\n", everyByte(),
		},
		client: []string{
			"hello", "", "a", "a", "hel", "GET / HTTP/1.0", "quit", "é€😀", "a\r\nb", "\n", "1 + 2", "2 * (3 + 4)", `{"a":1}`, "  x  ",
			"help", "HELLO", strings.Repeat("long ", 200),
		},
		binary: []string{"", "hello", "\x00", "\xff\xfe", "\x00\x00\x00\x05hello", "\xe2\x82", everyByte()},
	}
}

func (d *drawing) session() []Op {
	pick := func(words []string) string { return words[d.IntN(len(words))] }
	var ops []Op
	for range 3 + d.IntN(sessionOfEvents-3) {
		switch d.IntN(12) {
		case 0, 1, 2, 3:
			ops = append(ops, Server(pick(d.server)))
		case 4, 5, 6:
			ops = append(ops, Text(pick(d.client)))
		case 7:
			ops = append(ops, binary(pick(d.binary)))
		case 8, 9:
			ops = append(ops, echo(1+d.IntN(8)))
		case 10:
			ops = append(ops, timer)
		case 11:
			if d.IntN(4) == 0 {
				ops = append(ops, ClientEOF)
			}
		}
	}
	return append(ops, []Op{ServerEOF, ServerEOF, ServerFailed, ClientClosed}[d.IntN(4)])
}

// withLater returns sessions with events of those later kinds that the machines
// know, where they do.
func (d *drawing) withLater(m *core.Manifest) (all []Script) {
	var known []Op
	for _, o := range []Op{
		op(core.ServerQuiet, ""), op(core.ClientPart, "par"), op(core.ClientPart, "é\r\n"), op(core.ClientRaw, "raw\r\n"), op(core.ClientRaw, "\x00\xff"),
		clientBytes("hello\r\n"), clientBytes("hel"), clientBytes("lo\n"), clientBytes(everyByte()),
		op(core.ClientUnseen, "4096"), op(core.ServerUnseen, "1"),
		op(core.WorldSaid, "ok"), op(core.WorldSaid, "no such thing"),
		op(core.ClientStartTLS, ""), op(core.ServerTLS, "tls 1.3, of a check"),
		link(core.LinkListening, "192.0.2.1:4000"), link(core.LinkConnected, "192.0.2.1:20"), link(core.LinkConnected, "192.0.2.1:20"),
		link(core.LinkBytes, "hello\r\n"), link(core.LinkBytes, everyByte()), link(core.LinkEOF, ""),
		link(core.LinkClosed, ""), link(core.LinkFailed, "connection refused, in a check"),
		op(core.ClientTLS, "tls 1.3, of a check"), op(core.ClientTLSFailed, "the client left, in a check"),
	} {
		if m.Knows(o.Kind) {
			known = append(known, o)
		}
	}
	if m.Knows(core.ClientCommand) {
		known = append(known, commandsOf(m)...)
	}
	for i := 0; i < randomSessions && len(known) > 0; i++ {
		var s Script
		for _, o := range d.session() {
			if d.IntN(2) == 0 {
				s.Ops = append(s.Ops, known[d.IntN(len(known))])
			}
			s.Ops = append(s.Ops, o)
		}
		all = append(all, s)
	}
	return all
}

// commandsOf returns a use of each command, and one of none, as it may come after the mode
// was built anew.
func commandsOf(m *core.Manifest) (all []Op) {
	for i := range m.Commands {
		c, values := &m.Commands[i], map[string]string{}
		for _, f := range c.Fields {
			value := "hello"
			switch {
			case len(f.Choices) > 0:
				value = f.Choices[0]
			case f.Type == core.ValueBool:
				value = "yes"
			case f.Type == core.ValueInt && f.Min != nil:
				value = strconv.FormatInt(*f.Min, 10)
			case f.Type == core.ValueInt && f.Max != nil:
				value = strconv.FormatInt(*f.Max, 10)
			case f.Type == core.ValueInt:
				value = "7"
			case f.Type == core.ValueBytes:
				value = "0x00ff"
			}
			values[f.Name] = value
		}
		if call, err := core.NewCall(m.Commands, c.Name, values); err == nil {
			all = append(all, op(core.ClientCommand, call.Line()))
		}
	}
	return append(all, op(core.ClientCommand, "no-such-command"))
}

// asStreams returns sessions with a client that is a stream, of machines that serve one;
// half of them are only watched.
func (d *drawing) asStreams(m *core.Manifest) (all []Script) {
	if !m.Serves(core.Stream) {
		return nil
	}
	for i := range randomSessions {
		s := Script{Ops: d.session(), Client: core.Stream, Watch: i%2 == 1}
		for i := range s.Ops {
			if s.Ops[i].Kind.IsBytes() && s.Ops[i].Kind.Side() == core.Client {
				s.Ops[i].Kind = core.ClientBytes
			}
		}
		all = append(all, s)
	}
	return all
}

// Variants returns each value of choices and bools that is not the default,
// alone.
func Variants(m *core.Manifest) (all []map[string]string) {
	for _, o := range m.Options {
		values := map[core.OptionType][]string{core.OptionBool: {"false", "true"}, core.OptionChoice: o.Choices}
		for _, v := range values[o.Type] {
			if v != o.Default {
				all = append(all, map[string]string{o.Name: v})
			}
		}
	}
	return all
}

// Odd returns values that are allowed, and that few people think of. A machine
// may refuse them in words.
func Odd(m *core.Manifest) (all []map[string]string) {
	values := map[core.OptionType][]string{
		core.OptionInt:  {"0", "-1", "1", strconv.Itoa(math.MinInt), strconv.Itoa(math.MaxInt)},
		core.OptionText: {"", "é€😀", "\x00\r\n", strings.Repeat("x", core.MaxOptionValue)},
	}
	for _, o := range m.Options {
		for _, v := range values[o.Type] {
			all = append(all, map[string]string{o.Name: v})
		}
	}
	return all
}

// Large returns the largest single events that a session feeds, and more
// messages than timers may run; with few those of letters and of line ends alone, and of
// line ends, each of which may be a message, one event of each side.
func Large(m *core.Manifest, few bool) [][]Op {
	read, message := mostRead(m), core.MaxEventPayload
	var many []Op
	for i := range feed.MaxTimers + 6 {
		word := fmt.Sprintf("w%d", i)
		many = append(many, Text(word), Server(word+"\r\n"))
	}
	all := [][]Op{many}
	fills := []string{"x", "\n", "\x00", "\xff", "a line of text\r\n", "é"}
	if few {
		fills = fills[:2]
	}
	for _, s := range fills {
		all = append(all, []Op{Server(fill(s, read)), ServerEOF}, []Op{binary(fill(s, message)), ClientEOF})
		if few && s == "\n" {
			all = append(all, []Op{Text(fill(s, message)), echo(read), ServerEOF})
			continue
		}
		all = append(all, []Op{Server("x"), Server(fill(s, read)), Server(fill(s, read)), ServerEOF})
		if s != "\xff" {
			all = append(all, []Op{Text(fill(s, message)), echo(read), echo(read), ServerEOF})
		}
	}
	return all
}

// mostRead is how much of a stream comes in one event, at most.
func mostRead(m *core.Manifest) int {
	if m.Messages {
		return core.MaxDecodedEvent
	}
	return 256 << 10
}

// Flood is a few events that a machine is flooded with, again and again.
type Flood struct {
	What   string
	Events []core.Event
}

// Floods returns each way to flood a machine; with few one of the server's lines,
// one of its bytes and one of the client's messages. A machine whose client is a stream is
// flooded with that too.
func Floods(m *core.Manifest, few bool) []Flood {
	line, read := fill("x", 4<<10-2)+"\r\n", mostRead(m)
	all := []Flood{
		{"the server's lines, with a message before each 32 KiB", []core.Event{Text("hello").Event, Server(fill(line, 32<<10)).Event}},
		{"the server's bytes without a line end", []core.Event{Server(fill("x", read)).Event}},
		{"the client's messages of 1 KiB, with no answer of the server's", []core.Event{binary(fill("x", 1<<10)).Event}},
		{"the server's NUL bytes", []core.Event{Server(fill("\x00", read)).Event}},
		{"the server's bytes 0xFF", []core.Event{Server(fill("\xff", read)).Event}},
		{"the client's messages, with no answer of the server's", []core.Event{Text(fill("x", core.MaxEventPayload)).Event}},
	}
	if few {
		all = all[:3]
	}
	if m.Knows(core.ClientBytes) {
		all = append(all,
			Flood{"the client's lines", []core.Event{clientBytes(fill(line, 32<<10)).Event}},
			Flood{"the client's bytes without a line end", []core.Event{clientBytes(fill("x", read)).Event}})
	}
	return all
}

// Of returns the flood's events again and again, at least so many bytes.
func (f Flood) Of(bytes int) (events []core.Event) {
	for fed := 0; fed < bytes; fed += Size(f.Events) {
		events = append(events, f.Events...)
	}
	return events
}

// Size returns how many bytes of data the events have.
func Size(events []core.Event) (n int) {
	for _, ev := range events {
		n += len(ev.Data)
	}
	return n
}

// fill repeats s up to the given size, and no more than whole times.
func fill(s string, size int) string { return strings.Repeat(s, size/len(s)) }
