package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const head = "workbench transcript v1\nmode raw\n\n" // entries begin in line 4

// talk parses the entries of a transcript; each word is one: what the client
// says after <, the server after >, in Go's quotes without the quotes.
func talk(t testing.TB, entries ...string) *transcript.Transcript {
	t.Helper()
	text := head
	for _, e := range entries {
		switch {
		case e[:2] == ">>" || e[:2] == "<<" || e[:2] == "~~":
			text += e + "\n"
		case e[0] == '<':
			text += `<< server "` + e[1:] + "\"\n"
		default:
			text += `>> server "` + e[1:] + "\"\n"
		}
	}
	tr, err := transcript.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// shown writes the rules and the findings of a result.
func shown(r *Result) string {
	var all []string
	for i := range r.Written {
		all = append(all, string(transcript.AppendRule(fmt.Appendf(nil, "%d ", r.Written[i].Line), &r.Written[i])))
	}
	for _, f := range r.Unexplained {
		all = append(all, fmt.Sprintf("%s %s %d/%d %q %q%s", f.Code, f.From, f.LineA, f.LineB, f.A, f.B, f.Why))
	}
	return strings.Join(all, "\n")
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b []string
		want string
	}{
		{"the same", []string{"<A", ">B"}, []string{"<A", ">B"}, ""},
		{"a date", []string{`>Date: Sun, 22 Nov 2026 19:01:59 GMT\r\nServer: x\r\n`}, []string{`>Date: Tue, 01 Dec 2026 01:19:01 GMT\r\nServer: x\r\n`},
			`4 match "Date: [A-Z][a-z]{2}, [ 0-9][0-9] [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n"`},
		{"a number", []string{`>+OK 12 messages\r\n`}, []string{`>+OK 9 messages\r\n`}, `4 match "\\+OK [0-9]+ "`},
		{"numbers as long", []string{`>pid 1234\r\n`}, []string{`>pid 5678\r\n`}, `4 match "pid [0-9]+\r\n"`},
		{"hexadecimal", []string{`>250 2.0.0 1f2e3d4c queued\r\n`}, []string{`>250 2.0.0 00aa11bb queued\r\n`}, `4 match "250 2\\.0\\.0 [0-9a-f]{8} "`},
		{"several in a line", []string{`>ETag: \"6923b5c3-264\"\r\n`}, []string{`>ETag: \"6923b5ff-1a\"\r\n`}, `4 match "ETag: \"[0-9a-f]{8}-[0-9A-Za-z]+\""`},
		{"words", []string{`>X: hit, a\r\n`}, []string{`>X: miss, a\r\n`}, `4 match "X: [a-z]+,"`},
		{"other words", []string{`>X: a b c; d\r\n`}, []string{`>X: a e; d\r\n`}, `4 match "X: a [^;\r\n]+;"`},
		{"the line's rest", []string{`>220 x hello you\r\n`}, []string{`>220 x goodbye\r\n`}, `4 match "220 x [^\r\n]+\r\n"`},
		{"one of two that are alike", []string{`>n 1\r\nm\r\nn 5\r\n`}, []string{`>n 2\r\nm\r\nn 5\r\n`}, `4 match "n [0-9]+\r\nm\r\n"`},
		{"both of two that are alike", []string{`>n 1\r\nm\r\nn 5\r\n`}, []string{`>n 2\r\nm\r\nn 6\r\n`}, `4 match "n [0-9]+\r\n"`},
		{"a length", []string{`>Length: 5\r\n\r\n1 2 3`}, []string{`>Length: 12\r\n\r\n1 2 3`}, `4 match "Length: [0-9]+\r\n"`},
		{"a session", []string{`<GET /\r\n`, `>Set-Cookie: sid=7f3a; x\r\n`, `<Cookie: sid=7f3a\r\n`, `>you are 7f3a.\r\n`}, []string{`<GET /\r\n`, `>Set-Cookie: sid=01bcd; x\r\n`, `<Cookie: sid=01bcd\r\n`, `>you are 01bcd.\r\n`},
			"5 match \"Set-Cookie: sid=(?P<sid>[0-9a-f]+);\"\n6 use sid\n7 use sid"},
		{"a token of the client's", []string{`<a1 LOGIN\r\n`, `>a1 OK\r\n`}, []string{`<b7 LOGIN\r\n`, `>b7 OK\r\n`}, "4 match \"(?P<value>[0-9A-Za-z]{2}) \"\n5 use value at 0 2"},
		{"inside of a word", []string{`>id 77ab12\r\n`, `<GET x77ab12y\r\n`}, []string{`>id 99cd34\r\n`, `<GET x99cd34y\r\n`}, "4 match \"id (?P<id>[0-9a-f]{6})\\r\\n\"\n5 use id"},
		{"the same second twice", []string{`>at 10:00:00\r\n`, `<A`, `>at 10:00:00\r\n`}, []string{`>at 11:11:11\r\n`, `<A`, `>at 11:11:11\r\n`},
			"4 match \"at [0-9]{2}:[0-9]{2}:[0-9]{2}\\r\\n\"\n6 match \"at [0-9]{2}:[0-9]{2}:[0-9]{2}\\r\\n\""},
		{"cut otherwise", []string{`>n 1\r\n`, `>m 2\r\n`}, []string{`>n 3\r\nm`, `> 4\r\n`}, "4 match \"n [0-9]+\\r\\n\"\n5 match \"m [0-9]+\\r\\n\""},
		{"over the border", []string{`>n 1`, `>2\r\n`}, []string{`>n 34\r\n`}, "4 match \"n [0-9]\"\n5 match \"[0-9]\\r\\n\""},
		{"over the border, longer", []string{`>n 1`, `>2\r\n`}, []string{`>n 345\r\n`}, `cut server 4/4 "12" "345"`},
		{"binary", []string{`<\x00\x02\x12\x34`, `>\x00\x04\x12\x34\x01\x02`}, []string{`<\x00\x02\xab\xcd`, `>\x00\x04\xab\xcd\x03\x02`},
			"4 match bytes \"\\x00\\x02(?P<value>(?s:.{2}))\"\n5 use value at 2 4\n5 any 4 5"},
		{"no frame", []string{`>n 12 a`}, []string{`>n 3 bcd e`}, `no-frame server 4/4 "12 a" "3 bcd e"`},
		{"up to the end", []string{`>n 12 a`, `>> server eof`}, []string{`>n 3 bcd e`, `>> server eof`}, `4 match "n [^\r\n]+"`},
		{"a line in one", []string{`>a: 1\r\nb: 2\r\n`}, []string{`>a: 1\r\nx: y\r\nb: 2\r\n`}, `only-in-b server 4/4 "" "x: y\r\n"`},
		{"a message in one", []string{`<A\r\n`, `>1\r\n`, `<B\r\n`, `>2\r\n`}, []string{`<A\r\n`, `>1\r\n`}, "only-in-a client 6/0 \"B\\r\\n\" \"\"\nonly-in-a server 7/0 \"2\\r\\n\" \"\""},
		{"another order", []string{`<A\r\n`, `>one\r\n`, `<B\r\n`, `>two\r\n`}, []string{`<B\r\n`, `>two\r\n`, `<A\r\n`, `>one\r\n`}, "order client 4/6 \"A\\r\\n\" \"A\\r\\n\"\norder server 5/7 \"one\\r\\n\" \"one\\r\\n\""},
		{"spoken at once", []string{`<A\r\n`, `>1 7\r\n`, `<B\r\n`, `>2\r\n`}, []string{`<A\r\nB\r\n`, `>1 8\r\n2\r\n`}, `5 match "1 [0-9]+\r\n"`},
		{"an end in one", []string{`>a`, `>> server eof`}, []string{`>a`}, "only-in-a server 5/0 \"\" \"\"\nonly-in-a client 5/0 \"\" \"\""},
		{"an upgrade", []string{`>n 1\r\n`, `>> client start-tls`, `>> server tls "a"`, `<A\r\n`, `>m 1\r\n`}, []string{`>n 2\r\n`, `>> client start-tls`, `>> server tls "b"`, `<A\r\n`, `>m 3\r\n`},
			"4 match \"n [0-9]+\\r\\n\"\n8 match \"m [0-9]+\\r\\n\""},
		{"an upgrade in one", []string{`>n\r\n`, `>> client start-tls`, `>> server tls "a"`, `<A\r\n`}, []string{`>n\r\n`, `<A\r\n`}, `only-in-a client 6/0 "" ""`},
		{"rules that are there", []string{`~~ match "n [0-9]+"`, `>n 1, m 2\r\n`}, []string{`>n 3, m 4\r\n`}, `5 match ", m [0-9]+\r\n"`},
		{"rules that are there and do not fit", []string{`~~ match "n [0-9]"`, `>n 1\r\n`}, []string{`>n 34\r\n`}, `conflict server 5/4 "n 1\r\n" "n 34\r\n"f:5: byte 3 of the server's stream: expected "\r\n", got "4"`},
		{"stars", []string{`<PASS ****\r\n`, `>OK ****\r\n`}, []string{`<PASS ******\r\n`, `>OK ******\r\n`}, "4 match \"PASS [^\\r\\n]+\\r\\n\"\n5 match \"OK [^\\r\\n]+\\r\\n\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := talk(t, c.a...), talk(t, c.b...)
			before := string(a.Append(nil))
			r, err := Write(t.Context(), "f", a, "g", b)
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(r); got != strings.ReplaceAll(c.want, "\r\n", `\r\n`) {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if string(a.Append(nil)) != before {
				t.Error("a was changed")
			}
			text := r.Transcript.Append(nil)
			again, err := transcript.Parse("f", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			script, err := play.New("f", again)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if len(r.Unexplained) > 0 {
				return
			}
			other, err := play.New("g", b)
			if err != nil {
				t.Fatal(err)
			}
			if m := script.Fit(other); m != nil {
				t.Errorf("%v\n%s", m, text)
			}
		})
	}
}
