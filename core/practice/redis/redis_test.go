package redis

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T)     { plugintest.Goldens(t, Discipline(), "testdata") }
func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "testdata") }

// say feeds a machine what a client sends, in pieces of so many bytes, answers its
// questions from the keyspace, and returns what the client reads. The end of the
// stream follows.
func say(t testing.TB, stream string, piece int, k *Keys) string {
	t.Helper()
	var out core.Out
	m, err := open(t, "")
	if err != nil {
		t.Fatal(err)
	}
	var read bytes.Buffer
	feed := func(ev core.Event) (closed bool) {
		for next := []core.Event{ev}; len(next) > 0; {
			ev, next = next[0], next[1:]
			out.Reset()
			if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
				t.Fatal(err, out.Err())
			}
			for i := range out.Len() {
				switch a := out.Action(i).Clone(); a.Kind {
				case core.SendBinary:
					read.Write(a.Data)
				case core.AskWorld:
					next = append(next, core.Event{Kind: core.WorldSaid, Data: k.Ask(a.Data)})
				case core.Close:
					return true
				}
			}
		}
		return false
	}
	for len(stream) > 0 {
		n := min(piece, len(stream))
		if feed(core.Event{Kind: core.ClientBytes, Data: []byte(stream[:n])}) {
			return read.String()
		}
		stream = stream[n:]
	}
	if !feed(core.Event{Kind: core.ClientEOF}) {
		t.Error("the machine did not close at the end of the stream")
	}
	return read.String()
}

func open(t testing.TB, lines string) (core.Machine, error) {
	t.Helper()
	d := Discipline()
	values := map[string]string{}
	if lines != "" {
		values[optionLines] = lines
	}
	options, err := d.Manifest.ParseOptions(values)
	if err != nil {
		return nil, err
	}
	return d.Open(core.Opening{Options: options}, new(core.Out))
}

// Everything that a client sends has a bound, wherever the stream is cut.
func TestBoundsOfAStream(t *testing.T) {
	x := strings.Repeat("x", maxLine)
	for name, c := range map[string]struct{ stream, want string }{
		"the longest line": {"ECHO " + x[5:] + "\r\n", fmt.Sprintf("$%d\r\n%s\r\n", maxLine-5, x[5:])},
		"a line too long":  {"ECHO " + x[4:] + "\r\n", "-ERR Protocol error: too big inline request\r\n"},
		"no line end":      {x + x, "-ERR Protocol error: too big inline request\r\n"},
		"a count too long": {"*" + x + x, "-ERR Protocol error: too big mbulk count string\r\n"},
		"the longest bulk": {fmt.Sprintf("*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", maxBulk, x), fmt.Sprintf("$%d\r\n%s\r\n", maxBulk, x)},
		"bulks together": {fmt.Sprintf("*4\r\n$4\r\nECHO\r\n$%[1]d\r\n%[2]s\r\n$%[1]d\r\n%[2]s\r\n", maxBulk, x),
			"-ERR Protocol error: invalid bulk length (the arguments of a command have at most 131072 bytes together here)\r\n"},
		"too many arguments": {"*1025\r\n", "-ERR Protocol error: invalid multibulk length (a command is an array of 1 to 1024 bulk strings here)\r\n"},
		"too many words":     {"ECHO" + strings.Repeat(" x", maxArgs) + "\r\n", "-ERR Protocol error: too big inline request\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			whole := say(t, c.stream, len(c.stream), NewKeys(fixed))
			if rest, ok := strings.CutPrefix(whole, c.want); !ok || strings.Contains(c.want, "Protocol error") && rest != "" {
				t.Errorf("%.200q, want %.200q", whole, c.want)
			}
			if cut := say(t, c.stream, 1000, NewKeys(fixed)); cut != whole {
				t.Errorf("in pieces: %.200q, whole: %.200q", cut, whole)
			}
		})
	}
}

// What is pipelined before the keyspace answers is bounded too.
func TestPipelineBound(t *testing.T) {
	m, err := open(t, "")
	if err != nil {
		t.Fatal(err)
	}
	var out core.Out
	handle := func(data string) string {
		out.Reset()
		if err := m.Handle(core.Event{Kind: core.ClientBytes, Data: []byte(data)}, &out); err != nil {
			t.Fatal(err)
		}
		if out.Len() == 0 {
			return ""
		}
		return string(out.Action(out.Len() - 1).Data)
	}
	if got := handle("INCR n\r\n" + strings.Repeat("x", maxPipelined)); got != `INCR "n"` {
		t.Errorf("up to the bound: %q", got)
	}
	if got := handle("x"); got != "the client pipelined too much" {
		t.Errorf("over the bound: %q", got)
	}
	if got := handle("PING\r\n"); got != "" {
		t.Errorf("after the end: %q", got)
	}
}

// An event of a megabyte of commands that call for long answers is answered in
// parts, and to its end.
func TestLongAnswers(t *testing.T) {
	for _, line := range []string{"a\r\n", "HELLO\r\n"} {
		n := core.MaxEventPayload / len(line)
		got := say(t, strings.Repeat(line, n), n*len(line), NewKeys(fixed))
		one := say(t, line, len(line), NewKeys(fixed))
		if got != strings.Repeat(one, n) {
			t.Errorf("%d times %q were answered by %d bytes, want %d", n, line, len(got), n*len(one))
		}
	}
}

// FuzzMachine holds whatever a client sends to what every machine promises.
func FuzzMachine(f *testing.F) {
	for _, s := range []string{"PING\r\n", "*1\r\n$4\r\nPING\r\n", "GET a\n", "*2\r\n$3\r\nGET\r\n$1\r\na\r\nPI", `set "a\x00" 'b'` + "\r\n", "*-1\r\n*x\r\n"} {
		f.Add([]byte(s), []byte("ok nil"), true)
	}
	f.Fuzz(func(t *testing.T, stream, said []byte, isStrict bool) {
		lines := map[bool]string{true: strict, false: lenient}[isStrict]
		plugintest.Events(t, Discipline(), map[string]string{optionLines: lines},
			core.Event{Kind: core.ClientBytes, Data: stream},
			core.Event{Kind: core.WorldSaid, Data: said},
			core.Event{Kind: core.ClientBytes, Data: stream},
			core.Event{Kind: core.ClientEOF},
			core.Event{Kind: core.WorldSaid, Data: said})
	})
}

// FuzzParser holds that where the stream is cut changes nothing, and that what the
// keyspace is asked means the same to it.
func FuzzParser(f *testing.F) {
	for _, s := range []string{"SET a b\r\nGET a\r\n", "*3\r\n$3\r\nSET\r\n$1\r\n\xff\r\n$2\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\n\xff\r\n", "KEYS [^\\\r\n", "LPUSH l a b\r\nLRANGE l -1 0\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		whole := say(t, stream, len(stream), NewKeys(fixed))
		if cut := say(t, stream, 1, NewKeys(fixed)); cut != whole {
			t.Errorf("%q is answered by %q, and byte by byte by %q", stream, whole, cut)
		}
		if strings.Contains(whole, "unknown question") || strings.Contains(whole, "cannot answer now") {
			t.Errorf("%q: machine and keyspace do not understand each other: %q", stream, whole)
		}
	})
}
