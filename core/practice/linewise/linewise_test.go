package linewise

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// taken feeds the stream in pieces of n bytes, and says which lines came.
func taken(stream string, n, max int) string {
	var l Lines
	var came strings.Builder
	for data := []byte(stream); len(data) > 0; {
		piece := data[:min(n, len(data))]
		data = data[len(piece):]
		l.Add(piece)
		for {
			line, ok := l.Next(max)
			if !ok {
				break
			}
			fmt.Fprintf(&came, "%d %q %d crlf=%t long=%t\n", line.Number, line.Text, line.Size, line.CRLF, line.Long)
		}
	}
	fmt.Fprintf(&came, "inside=%t number=%d\n", l.Inside(), l.Number())
	return came.String()
}

func TestLines(t *testing.T) {
	const stream = "one\r\ntwo\n\r\n\n12345678\r\n123456789\r\n" + "long, and long, and long\r\n" + "a\rb\r\r\nrest"
	want := `1 "one" 5 crlf=true long=false
2 "two" 4 crlf=false long=false
3 "" 2 crlf=true long=false
4 "" 1 crlf=false long=false
5 "12345678" 10 crlf=true long=false
6 "" 11 crlf=true long=true
7 "" 26 crlf=true long=true
8 "a\rb\r" 6 crlf=true long=false
inside=true number=9
`
	for n := 1; n <= len(stream); n++ {
		if got := taken(stream, n, 10); got != want {
			t.Fatalf("in pieces of %d bytes:\n%swant\n%s", n, got, want)
		}
	}
}

func TestLinesAreBounded(t *testing.T) {
	var l Lines
	size := 1
	for n := range 1000 {
		l.Add(bytes.Repeat([]byte("a"), n))
		size += n
		if _, ok := l.Next(100); ok || l.Held() > 100 {
			t.Fatal(ok, l.Held())
		}
	}
	l.Add([]byte("\n"))
	if line, ok := l.Next(100); !ok || line.Size != size {
		t.Errorf("%+v %t", line, ok)
	}
	if l.Add(nil); cap(l.held) > keep {
		t.Errorf("%d bytes are kept", cap(l.held))
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\r\nb\nlong long long\r\r\n", byte(3))
	f.Fuzz(func(t *testing.T, stream string, n byte) {
		whole := taken(stream, len(stream)+1, 8)
		if got := taken(stream, int(n)%32+1, 8); got != whole {
			t.Fatalf("in pieces of %d bytes:\n%swant\n%s", n%32+1, got, whole)
		}
	})
}

// marked feeds the stream in pieces of n bytes, and stars what was marked.
func marked(stream string, n int) string {
	s := Secrets{Rule: func(start []byte) (from, skip, more int) {
		switch {
		case bytes.HasPrefix(start, []byte("PASS ")):
			return 5, 0, 0
		case string(bytes.TrimSuffix(start, []byte("\r"))) == "AUTH":
			return -1, 1, 1
		}
		return -1, 0, 0
	}}
	var all []byte
	for data := []byte(stream); len(data) > 0; {
		piece := bytes.Clone(data[:min(n, len(data))])
		data = data[len(piece):]
		var out core.Out
		s.Mark(piece, &out)
		for i := range out.Len() {
			span, err := core.ParseSpan(string(out.Action(i).Data))
			if err != nil {
				panic(err)
			}
			copy(span.Of(piece), bytes.Repeat([]byte("*"), len(piece)))
		}
		all = append(all, piece...)
	}
	return string(all)
}

func TestSecrets(t *testing.T) {
	const stream = "PASS a b\r\nPASS\r\nAUTH\r\nname\r\nword\r\nother\r\nxPASS a\r\nPASS " + "no end"
	const want = "PASS ***\r\nPASS\r\nAUTH\r\nname\r\n****\r\nother\r\nxPASS a\r\nPASS " + "******"
	for n := 1; n <= len(stream); n++ {
		if got := marked(stream, n); got != want {
			t.Fatalf("in pieces of %d bytes: %q", n, got)
		}
	}
}

// What a refused line announced is a command, and what another one did is not.
func TestSecretsForgotten(t *testing.T) {
	s := Secrets{Rule: func(start []byte) (from, skip, more int) {
		if string(start) == "AUTH" {
			return -1, 0, 1
		}
		return -1, 0, 0
	}}
	var out core.Out
	s.Mark([]byte("NOOP\nAUTH\nQU"), &out)
	out.Reset()
	s.Forget(1)
	if s.Mark([]byte("I"), &out); out.Len() != 1 {
		t.Error("line 2 was forgotten for line 1")
	}
	out.Reset()
	s.Forget(2)
	if s.Mark([]byte("T"), &out); out.Len() != 0 {
		t.Error("line 2 was not forgotten")
	}
}
