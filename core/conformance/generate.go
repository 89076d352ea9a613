package conformance

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
)

// script is a session to be held.
type script struct {
	options map[string]string // those that are not left to their defaults
	ops     []op
}

func text(s string) op   { return op{Event: core.Event{Kind: core.ClientText, Data: []byte(s)}} }
func binary(s string) op { return op{Event: core.Event{Kind: core.ClientBinary, Data: []byte(s)}} }
func server(s string) op { return op{Event: core.Event{Kind: core.ServerBytes, Data: []byte(s)}} }
func echo(n int) op      { return op{echo: n} }

var (
	timer        = op{Event: core.Event{Kind: core.TimerFired}}
	clientEOF    = op{Event: core.Event{Kind: core.ClientEOF}}
	clientClosed = op{Event: core.Event{Kind: core.ClientClosed}}
	serverEOF    = op{Event: core.Event{Kind: core.ServerEOF}}
	serverFailed = op{Event: core.Event{Kind: core.ServerFailed, Data: []byte("connection reset by peer")}}
)

// everyByte is each byte once.
var everyByte = func() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}()

// What random sessions are made of. Words come back on both sides, so that
// they sometimes meet.
var (
	serverWords = []string{
		"hello\r\n", "hello\n", "hello", "hel", "lo", "a", "\r", "\n", "\r\n", "\n\n", "220 ready\r\n", "+OK 1 2 3\r\n",
		"é€😀\r\n", "\xe2\x82", "\xac", "\xff\xfe", "\x00", "\x00\x00\x00\x05hello", "\x00\x05hel", "\x05hello", "\xff\xff\xff\xff",
		`{"a":1}` + "\n", "1 + 2\n", "quit", "a\tb;c,d\n", strings.Repeat("long ", 200) + "\r\n", everyByte,
	}
	clientWords = []string{
		"hello", "", "a", "a", "hel", "GET / HTTP/1.0", "quit", "é€😀", "a\r\nb", "\n", "1 + 2", "2 * (3 + 4)", `{"a":1}`, "  x  ",
		"help", "HELLO", strings.Repeat("long ", 200),
	}
	binaryWords = []string{"", "hello", "\x00", "\xff\xfe", "\x00\x00\x00\x05hello", "\xe2\x82", everyByte}
)

// fixed are sessions that each show one thing. The first one is the first that
// its process opens, and so has some of everything in it.
var fixed = [][]op{
	{text("hello"), echo(3), echo(100), timer, server("unasked\r\n"), text("hello"), echo(2), text("again"), echo(100), serverEOF},
	{},
	{server("hello\r\n"), serverEOF},
	{server("hello"), serverEOF},
	{server("hello"), serverFailed},
	{text("hello"), clientEOF, server("hello\r\n"), serverEOF},
	{text("hello"), clientClosed},
	{server("one\r\ntwo\nthree\r\rfour\n\nfive"), serverEOF},
	{server("\r"), server("\n"), server("\r"), serverEOF},
	{text(""), text(""), binary(""), server("\r\n"), serverEOF},
	{server("\xff\xfe\xe2\x82 caf\xe9 \xf0\x9f\x98\n"), text("é€😀"), serverEOF},
	{server(everyByte), binary(everyByte), echo(300), clientEOF, serverEOF},
	{server("\x00\x00\x00\x00"), server("\xff\xff\xff\xff\xff\xff\xff\xff"), serverEOF},
	{server("unasked"), timer, timer, server("again"), text("x"), timer, serverEOF},
	{text("quit"), echo(100), timer, timer, serverEOF},
	{text("a"), server("b"), text("c"), server("d\r\n"), timer, clientEOF, server("e"), serverFailed},
	{server(strings.Repeat("x", 70_000)), server("\r\n"), text("hello"), serverEOF},
	{text(strings.Repeat("x", 70_000)), echo(35_000), echo(100_000), serverEOF},
}

// Sizes of the generated part.
const (
	randomSessions  = 40 // with the defaults
	optionSessions  = 6  // with each other value of an option
	optionVariants  = 32 // at most
	sessionOfEvents = 14 // at most
)

// scripts returns the sessions that a mode of this manifest is held to.
func scripts(m *core.Manifest) []script {
	var all []script
	for _, ops := range fixed {
		all = append(all, script{ops: ops})
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range randomSessions {
		all = append(all, script{ops: randomOps(rng)})
	}
	for i, options := range variants(m) {
		if i == optionVariants {
			break
		}
		for range optionSessions {
			all = append(all, script{options, randomOps(rng)})
		}
	}
	return append(all, withLater(m, rng)...)
}

// laterOps are events of later kinds.
var laterOps = []op{
	{Event: core.Event{Kind: core.ServerQuiet}},
	{Event: core.Event{Kind: core.ClientPart, Data: []byte("par")}},
	{Event: core.Event{Kind: core.ClientPart, Data: []byte("é\r\n")}},
	{Event: core.Event{Kind: core.ClientRaw, Data: []byte("raw\r\n")}},
	{Event: core.Event{Kind: core.ClientRaw, Data: []byte("\x00\xff")}},
}

// withLater returns sessions with events of those later kinds that the machines
// know, where they do.
func withLater(m *core.Manifest, rng *rand.Rand) []script {
	var known []op
	for _, o := range laterOps {
		if m.Knows(o.Kind) {
			known = append(known, o)
		}
	}
	if len(known) == 0 {
		return nil
	}
	var all []script
	for range randomSessions {
		s := script{}
		for _, o := range randomOps(rng) {
			if rng.IntN(2) == 0 {
				s.ops = append(s.ops, known[rng.IntN(len(known))])
			}
			s.ops = append(s.ops, o)
		}
		all = append(all, s)
	}
	return all
}

// variants returns each value of choices and bools that is no default, alone.
func variants(m *core.Manifest) []map[string]string {
	var all []map[string]string
	for _, o := range m.Options {
		values := o.Choices
		if o.Type == core.OptionBool {
			values = []string{"false", "true"}
		}
		for _, v := range values {
			if v != o.Default && (o.Type == core.OptionBool || o.Type == core.OptionChoice) {
				all = append(all, map[string]string{o.Name: v})
			}
		}
	}
	return all
}

// odd are values that are allowed, and that few people think of. A machine may
// refuse them in words.
func odd(m *core.Manifest) []map[string]string {
	values := map[core.OptionType][]string{
		core.OptionInt:  {"0", "-1", "1", strconv.Itoa(math.MinInt), strconv.Itoa(math.MaxInt)},
		core.OptionText: {"", "é€😀", "\x00\r\n", strings.Repeat("x", core.MaxOptionValue)},
	}
	var all []map[string]string
	for _, o := range m.Options {
		for _, v := range values[o.Type] {
			all = append(all, map[string]string{o.Name: v})
		}
	}
	return all
}

// timed is a session with a pause behind its third event, before what the
// server sends back.
var timed = []op{text("hello"), server("hello\r\n"), text("hello"), server("hello\r\n"), text("hello"), server("hello\r\n"), serverEOF}

const pauseBehind = 3

// many is a session of as many messages and lines, each another one.
func many(n int) script {
	var s script
	for i := range n {
		word := fmt.Sprintf("w%d", i)
		s.ops = append(s.ops, text(word), server(word+"\r\n"))
	}
	return s
}

func randomOps(rng *rand.Rand) []op {
	pick := func(words []string) string { return words[rng.IntN(len(words))] }
	var ops []op
	for range 3 + rng.IntN(sessionOfEvents-3) {
		switch rng.IntN(12) {
		case 0, 1, 2, 3:
			ops = append(ops, server(pick(serverWords)))
		case 4, 5, 6:
			ops = append(ops, text(pick(clientWords)))
		case 7:
			ops = append(ops, binary(pick(binaryWords)))
		case 8, 9:
			ops = append(ops, echo(1+rng.IntN(8)))
		case 10:
			ops = append(ops, timer)
		case 11:
			if rng.IntN(4) == 0 {
				ops = append(ops, clientEOF)
			}
		}
	}
	return append(ops, []op{serverEOF, serverEOF, serverFailed, clientClosed}[rng.IntN(4)])
}

// large are single events of the largest sizes that a session feeds, and more
// messages than timers may run.
func large() []script {
	const read, message = 256 << 10, core.MaxEventPayload
	all := []script{many(feed.MaxTimers + 6)}
	for _, s := range []string{"x", "\n", "\x00", "\xff", "a line of text\r\n", "é"} {
		all = append(all,
			script{ops: []op{server(fill(s, read)), serverEOF}},
			script{ops: []op{server("x"), server(fill(s, read)), server(fill(s, read)), serverEOF}},
			script{ops: []op{binary(fill(s, message)), clientEOF}})
		if s != "\xff" {
			all = append(all, script{ops: []op{text(fill(s, message)), echo(read), echo(read), serverEOF}})
		}
	}
	return all
}

// fill repeats s up to the given size, and no more than whole times.
func fill(s string, size int) string {
	return string(bytes.Repeat([]byte(s), size/len(s)))
}

// shrink looks for a shorter session that breaks the promise too, and returns it with its finding. It leaves out events,
// then parts of payloads, as often as it gets away with it.
func shrink(held *session, f *Finding, try func([]core.Event) (*session, *Finding)) (*session, *Finding) {
	left, until := maxTries, time.Now().Add(maxTime)
	smaller := func(events []core.Event) bool {
		if left == 0 || time.Now().After(until) {
			return false
		}
		left--
		h, g := try(events)
		if g == nil || len(h.steps) > len(held.steps) || len(h.steps) == len(held.steps) && size(h.events()) >= size(held.events()) {
			return false
		}
		held, f = h, g
		return true
	}
	for n := max(1, len(held.events())/2); n > 0; n /= 2 {
		for from := 0; from < len(held.events()); {
			events := held.events()
			if !smaller(append(events[:from:from], events[min(from+n, len(events)):]...)) {
				from += n
			}
		}
	}
	for i := 0; i < len(held.events()); i++ {
		for again := true; again; {
			again = false
			data := held.events()[i].Data
			for _, part := range [][]byte{data[:len(data)/2], data[len(data)/2:], data[:max(0, len(data)-1)], data[min(1, len(data)):]} {
				events := held.events()
				if events[i].Kind.IsText() && !utf8.Valid(part) {
					continue
				}
				events[i].Data = part
				if smaller(events) {
					again = i < len(held.events())
					break
				}
			}
		}
	}
	return held, f
}

// What bounds shrink: the sessions that it holds, and the time that it takes with
// a machine that hangs or is slow.
const (
	maxTries = 300
	maxTime  = 20 * time.Second
)

func plural(n int, one string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}
