package play

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func TestSize(t *testing.T) {
	const (
		framed = "~~ match size 2..5\n>> server \"abc\"\n>> server \"\\r\\n.\\r\\n\"\n<< server \"x\"\n"
		body   = "~~ match \"HTTP\\r\\n\"\n~~ match size 3..5\n>> server \"HTTP\\r\\nbody\"\n>> server eof\n"
	)
	for _, c := range []struct {
		name, in, data string
		end            bool
		want           string // a part of what was said
	}{
		{"as recorded", framed, "abc\r\n.\r\n", false, `1 "x"`},
		{"the fewest", framed, "..\r\n.\r\n", false, `1 "x"`},
		{"the most", framed, "\r\n.\r.\r\n.\r\n", false, `1 "x"`},
		{"too few", framed, "a\r\n.\r\n", false, `f:5: byte 0 of the server's stream: expected match size 2..5, got 1 bytes`},
		{"too many", framed, "abcdef\r\n.\r\n", false, `f:5: byte 0 of the server's stream: expected match size 2..5, got more than 5 bytes without "\r\n.\r\n" after them`},
		{"the end before", framed, "abc", true, `expected match size 2..5, got the end of the server's stream`},
		{"to the end of the stream", body, "HTTP\r\nother", true, "2 \"\""},
		{"too few to the end", body, "HTTP\r\nno", true, `f:6: byte 6 of the server's stream: expected match size 3..5, got 2 bytes and the end of the stream`},
		{"too many to the end", body, "HTTP\r\nlonger", true, `f:6: byte 6 of the server's stream: expected match size 3..5, got more than 5 bytes`},
		{"one size", "~~ match size 4..4\n>> server \"abcd\"\n<< server \"x\"\n", "\r\n\r\n", false, `1 "x"`},
		{"in the midst", "~~ any 0 1\n~~ any 3 4\n~~ match size 1..9\n>> server \"[ab]\"\n>> server \"!\"\n", "[ab]!", false, ""},
		{"in any order", "~~ any-order\n~~ match \"1:\"\n~~ match \";\"\n~~ match size 1..9\n>> server \"1:ab;\"\n~~ any-order\n>> server \"2\"\n", "", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == "" {
				if _, err := parse(c.in); err == nil || !strings.Contains(err.Error(), "expected below match size something that shows where its bytes end") {
					t.Error(err)
				}
				return
			}
			s := script(t, c.in)
			whole := strings.Join(hear(s, core.Client, c.data, c.end), "\n")
			if !strings.Contains(whole, c.want) {
				t.Fatalf("%s\nis not in\n%s", c.want, whole)
			}
			if strings.Contains(whole, "expected") != strings.Contains(c.want, "expected") {
				t.Error(whole)
			}
			var each []int
			for i := range c.data {
				each = append(each, i)
			}
			if cut := hear(s, core.Client, c.data, c.end, each...); sorted(cut) != sorted(hear(s, core.Client, c.data, c.end)) {
				t.Errorf("byte by byte\n%s\nwhole\n%s", strings.Join(cut, "\n"), whole)
			}
		})
	}
}

func TestSizeErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"~~ match size 4..9\n>> server \"abc\"\n>> server eof\n", "f:4: expected sizes with that of the recorded bytes in them, which is 3"},
		{"~~ any 1 2\n~~ match size 1..9\n>> server \"abc\"\n", "f:5: expected one stretch of bytes that no rule above has taken; there are 2"},
		{"~~ any\n~~ match size 1..9\n>> server \"abc\"\n", "f:5: expected a rule that finds something"},
		{"~~ match size 1..9\n>> server \"abc\"\n<< server \"x\"\n", "f:4: expected below match size something that shows where its bytes end"},
		{"~~ match size 1..9\n>> server \"abc\"\n~~ match \"x+\"\n>> server \"xb\"\n", "f:4: expected below match size something that shows"},
		{"~~ match size 1..9\n>> server \"abc\"\n>> server \"b\"\n", `f:4: expected nowhere within the bytes of match size what shows where they end, which is "b"; it is after 1 of them`},
		{"~~ any-order\n~~ match size 1..9\n>> server \"abc\"\n~~ any-order\n>> server \"1\"\n", "f:4: expected an entry that tells by itself where it ends"},
	} {
		_, err := parse(c.in)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

// A datagram ends by itself, so sizes need nothing after them.
func TestSizeOfDatagrams(t *testing.T) {
	tr, err := transcript.Parse("f", []byte("workbench transcript v1\nmode raw\nserver datagrams\n\n~~ match \"id=\"\n~~ match size 2..4\n>> server \"id=abc\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New("f", tr)
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{"id=12": "", "id=1234": "", "id=1": "got 1 bytes", "id=12345": "got more than 4 bytes"} {
		_, m := s.Play(core.Client).Take([]byte(data))
		if (m == nil) != (want == "") || m != nil && !strings.Contains(m.Error(), want) {
			t.Errorf("%q: %v, want %q", data, m, want)
		}
	}
}

// The example of docs/play.md.
func TestSizeExample(t *testing.T) {
	s := script(t, "~~ match \"(?s)HTTP/1.1 200 .*?\\r\\n\\r\\n\"\n~~ match size 3..4000\n>> server \"HTTP/1.1 200 OK\\r\\n\"\n \"Content-Length: 5\\r\\n\"\n \"\\r\\n\"\n \"hello\"\n>> server eof\n")
	said := hear(s, core.Client, "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n"+strings.Repeat("x\r\n\r\n", 800), true)
	if all := strings.Join(said, "\n"); !strings.Contains(all, "true true true") || strings.Contains(all, "expected") {
		t.Error(said)
	}
}
