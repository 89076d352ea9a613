package play

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// hear plays one side of s to a peer that says data, cut after the given
// places, and then ends if end is set. It goes on behind every mismatch and
// returns all that the player said.
func hear(s *Script, as core.Side, data string, end bool, cuts ...int) (said []string) {
	p := s.Play(as)
	orders := func() {
		for {
			o, due := p.Next()
			if !due {
				return
			}
			said = append(said, fmt.Sprintf("%d %q", o.Kind, o.Data))
		}
	}
	tell := func(m *Mismatch) {
		if m != nil {
			said = append(said, m.Error())
		}
	}
	orders()
	at := 0
	for _, to := range append(cuts, len(data)) {
		rest := []byte(data[at:to])
		for len(rest) > 0 {
			var m *Mismatch
			rest, m = p.Take(rest)
			tell(m)
			if m == nil {
				break // it waits for an upgrade
			}
		}
		at = to
		orders()
	}
	if end {
		tell(p.TakeEnd(""))
		orders()
	}
	reached := p.Status()
	return append(said, fmt.Sprint(reached.Said, reached.Heard, reached.Settled), p.Diff())
}

func TestRules(t *testing.T) {
	const (
		date  = "~~ match \"Date: [^\\r\\n]*\\r\\n\"\n>> server \"200\\r\\nDate: Mon\\r\\n\\r\\n\"\n"
		token = "~~ match \"id=(?P<id>[0-9a-f]+)\\r\\n\"\n>> server \"id=7f3a\\r\\n\"\n~~ use id\n<< server \"GET /7f3a?again=7f3a\\r\\n\"\n~~ use id\n>> server \"you are 7f3a.\"\n"
	)
	for _, c := range []struct {
		name, in string
		as       core.Side
		data     string
		end      bool
		want     string // the first mismatch, or what was said
	}{
		{"a date", date, core.Client, "200\r\nDate: Tuesday the 3rd\r\n\r\n", false, "true true true"},
		{"a date and a wrong byte behind", date, core.Client, "200\r\nDate: Tue\r\n\n", false, `f:5: byte 16 of the server's stream: expected "\r\n", got "\n"`},
		{"a wrong byte before", date, core.Client, "201\r\nDate: Tue\r\n\r\n", false, `f:5: byte 2 of the server's stream: expected "200\r\n", got "201"`},
		{"no date", date, core.Client, "200\r\nDote: Tue\r\n\r\n", false, `f:5: byte 5 of the server's stream: expected match "Date: [^\r\n]*\r\n", got "Do"`},
		{"the end in a date", date, core.Client, "200\r\nDate: Tue", true, `f:5: byte 5 of the server's stream: expected match "Date: [^\r\n]*\r\n", got "Date: Tue" and the end of the stream`},
		{"the end before", date, core.Client, "200\r\n", true, `f:5: byte 5 of the server's stream: expected match "Date: [^\r\n]*\r\n", got "" and the end of the stream`},
		{"any", "~~ any\n>> server \"abc\"\n>> server \"d\"\n", core.Client, "\x00\xffxd", false, "true true true"},
		{"any is no more", "~~ any\n>> server \"abc\"\n>> server \"d\"\n", core.Client, "xxxx", false, `f:6: byte 3 of the server's stream: expected "d", got "x"`},
		{"any from to", "~~ any 1 2\n>> server \"abc\"\n", core.Client, "a?c", false, "true true true"},
		{"any between", "~~ match \"[0-9]+ \"\n~~ any\n>> server \"ab12 cd\"\n", core.Client, "xx4711 yy", false, "true true true"},
		{"until", "~~ until \"\\r\\n.\\r\\n\"\n>> server \"mail\\r\\n.\\r\\nok\"\n", core.Client, "\r\n..\r\nanother\r\n.\r\nok", false, "true true true"},
		{"a match that ends with what follows", "~~ match \"[0-9]+(ms)?\"\n>> server \"a12mb\"\n", core.Client, "a7mb", false, "true true true"},
		{"until, at once", "~~ until \";\"\n>> server \"a;b\"\n", core.Client, ";b", false, "true true true"},
		{"until and then another", "~~ until \";\"\n>> server \"a;b\"\n", core.Client, "zz;c", false, `f:5: byte 3 of the server's stream: expected "b", got "c"`},
		{"a capture used", token, core.Client, "id=c0ffee\r\nyou are c0ffee.", false, `1 "GET /c0ffee?again=c0ffee\r\n"`},
		{"a capture expected", token, core.Client, "id=c0ffee\r\nyou are 7f3a.", false, `f:9: byte 19 of the server's stream: expected use id, which is "c0ffee", got "7"`},
		{"as the server the recorded value is said", token, core.Server, "GET /7f3a?again=7f3a\r\n", false, `1 "id=7f3a\r\n"`},
		{"as the server the recorded value is expected", token, core.Server, "GET /c0ffee", false, `expected use id, which is "7f3a", got "c"`},
		{"a rule for what the client says", "~~ match \"nonce=(?P<n>[0-9]+);\"\n<< server \"nonce=17;\"\n~~ use n\n>> server \"your nonce is 17!\"\n", core.Server, "nonce=4711;", false, `1 "your nonce is 4711!"`},
		{"rules in passed bytes", "<< pass-through client\n~~ match \"n=[0-9]+;\"\n>> client binary \"n=1;\"\n>> server \"ok\"\n", core.Server, "n=22;", false, `1 "ok"`},
		{"to the end of the stream", "~~ match \"(?s).*\"\n>> server \"all of it\"\n>> server eof\n", core.Client, "something\r\nelse", true, "2 \"\""},
		{"no more than was recorded", ">> server \"a\"\n>> server eof\n", core.Client, "ab", true, `f:5: byte 1 of the server's stream: expected the end of the server's stream, got "b"`},
		{"behind a recording without an end", ">> server \"a\"\n", core.Client, "ab", true, "true true true"},
		{"a client says more", ">> client text \"\"\n<< server \"a\"\n>> server \"b\"\n", core.Server, "ab", false, `f:5: byte 1 of the client's stream: expected nothing more, got "b"`},
		{"words only", "~~ match \"(?P<tag>[a-zA-Z0-9]+) LOGIN\"\n<< server \"e LOGIN\"\n~~ use tag\n>> server \"* one message\\r\\ne OK done\\r\\n\"\n", core.Server, "TAG1 LOGIN", false, `1 "* one message\r\nTAG1 OK done\r\n"`},
		{"a place", "~~ match \"(?P<tag>[a-zA-Z0-9]+) LOGIN\"\n<< server \"a LOGIN\"\n~~ use tag at 0 1\n>> server \"a OK a b\"\n", core.Server, "TAG1 LOGIN", false, `1 "TAG1 OK a b"`},
		{"a place in a regexp", "~~ match \"(?P<tag>[a-zA-Z0-9]+) LOGIN\"\n<< server \"a LOGIN\"\n~~ use tag in \"([a-z]) OK\"\n>> server \"a a OK a\"\n", core.Server, "TAG1 LOGIN", false, `1 "a TAG1 OK a"`},
		{"a place inside a word", "~~ match \"(?P<tag>[a-zA-Z0-9]+) LOGIN\"\n<< server \"a LOGIN\"\n~~ use tag in \"x(a)x\"\n>> server \"a xax\"\n", core.Server, "TAG1 LOGIN", false, `1 "a xTAG1x"`},
		{"a long value in a word", "~~ match \"(?P<id>[0-9a-f]+);\"\n>> server \"7f3a;\"\n~~ use id\n<< server \"item7f3a\"\n", core.Client, "99;", false, `1 "item99"`},
		{"a word and a part of one", "~~ match \"(?P<id>[0-9a-f]+);\"\n>> server \"7f3a;\"\n~~ use id\n<< server \"item7f3a 7f3a\"\n", core.Client, "99;", false, `1 "item7f3a 99"`},
		{"the next capture counts", "~~ match \"n(?P<n>.);\"\n>> server \"n1;\"\n~~ use n\n<< server \"1\"\n~~ match \"n(?P<n>.);\"\n>> server \"n2;\"\n~~ use n\n<< server \"2\"\n", core.Client, "nA;nB;", false, `1 "A"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := script(t, c.in)
			whole := hear(s, c.as, c.data, c.end)
			if !slices.ContainsFunc(whole, func(said string) bool { return strings.HasSuffix(said, c.want) }) {
				t.Fatalf("%s\nis not in\n%s", c.want, strings.Join(whole, "\n"))
			}
			if differs := strings.Contains(c.want, "expected"); differs != (len(whole[len(whole)-1]) > 0) {
				t.Errorf("diff:\n%s", whole[len(whole)-1])
			}
			var each []int
			for i := range c.data {
				each = append(each, i)
			}
			if bytewise := hear(s, c.as, c.data, c.end, each...); sorted(bytewise) != sorted(whole) {
				t.Errorf("byte by byte\n%s\nwhole\n%s", strings.Join(bytewise, "\n"), strings.Join(whole, "\n"))
			}
		})
	}
}

// sorted is what was said; between orders and mismatches there is no order:
// when bytes come together, they are all compared first.
func sorted(said []string) string {
	slices.Sort(said)
	return strings.Join(said, "\n")
}

// Behind a mismatch it goes on: where as many lines have come as were expected,
// or as many bytes.
func TestGoesOn(t *testing.T) {
	for _, c := range []struct{ name, in, data, want string }{
		{"lines", ">> client text \"\"\n<< server \"GET /\\r\\nHost: a\\r\\n\\r\\n\"\n>> server \"200\"\n>> client text \"\"\n<< server \"GET /b\\r\\n\"\n>> server \"404\"\n",
			"GET /long\r\nHost: a\r\n\r\nGET /b\r\n", `1 "404"`},
		{"bytes", ">> client text \"\"\n<< server \"\\x01\\x02\\x03\"\n>> server \"ok\"\n>> client text \"\"\n<< server \"\\x04\"\n>> server \"bye\"\n",
			"\x01\xff\x03\x04", `1 "bye"`},
		{"a rule that did not match", "~~ match \"[0-9]+\\n\"\n<< server \"12\\n\"\n>> server \"ok\"\n<< server \"x\\n\"\n>> server \"bye\"\n",
			"ab\nx\n", `1 "bye"`},
	} {
		said := hear(script(t, c.in), core.Server, c.data, false)
		mismatches := 0
		for _, s := range said {
			if strings.Contains(s, "expected") {
				mismatches++
			}
		}
		if mismatches != 1 || !slices.Contains(said, c.want) {
			t.Errorf("%s:\n%s", c.name, strings.Join(said, "\n"))
		}
	}
}

func TestDiff(t *testing.T) {
	s := script(t, ">> server \"220 hi\\r\\n\"\n<< server \"EHLO\\r\\n\"\n~~ match \"id [0-9]+\\r\\n\"\n>> server \"250-id 7\\r\\n\"\n>> server \"250-A\\r\\n\"\n>> server \"250 B\\r\\n\"\n<< server \"QUIT\\r\\n\"\n")
	said := hear(s, core.Client, "220 hi\r\n250-id 99\r\n250-X\r\n250 B\r\n", false)
	const want = `  >> server "220 hi\r\n"
  << server "EHLO\r\n"
  >> server "250-id 7\r\n"
-           "250-A\r\n"
+           "250-X\r\n"
            "250 B\r\n"
`
	if got := said[len(said)-1]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What a rule may take is bounded.
func TestHeldIsBounded(t *testing.T) {
	for _, rule := range []string{"until \"\\x00\"", "match \"[a-z]+\\x00\""} {
		p := script(t, "~~ "+rule+"\n>> server \"a\\x00\"\n").Play(core.Client)
		rest, m := p.Take(bytes.Repeat([]byte("a"), MaxHeld))
		if rest != nil || m != nil {
			t.Fatalf("%s: %v too early", rule, m)
		}
		if _, m = p.Take([]byte("a")); m == nil || m.Got != "more than 1 MiB in which it does not end" {
			t.Errorf("%s: %v", rule, m)
		}
	}
}

// The scan finds what package regexp finds, byte by byte, and knows it no later
// than one rune behind.
func TestScanIsRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genRegexp(3).Draw(t, "regexp")
		data := rapid.SliceOfN(rapid.SampledFrom([]byte("aabbcÄ\n\xff")), 0, 12).Draw(t, "data")
		p, err := compile(text, characters)
		if err != nil {
			t.Skip()
		}
		s := p.begin()
		for _, b := range data {
			if s.done() {
				break
			}
			s.feed(b)
		}
		s.finish()
		want := regexp.MustCompile(`\A(?:` + text + `)`).FindSubmatchIndex(data)
		switch {
		case want == nil && s.end >= 0, want != nil && s.end != want[1]:
			t.Fatalf("%q on %q: ends at %d, want %v", text, data, s.end, want)
		case want == nil:
			return
		}
		for group, slot := range p.slots {
			if slot >= 0 && (s.at[slot] != want[2*group] || s.at[slot+1] != want[2*group+1]) {
				t.Fatalf("%q on %q: captured %v, want %v", text, data, s.at, want)
			}
		}
	})
}

func genRegexp(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		leaf := rapid.SampledFrom([]string{"a", "b", "c", "Ä", ".", "(?s:.)", "[ab]", "[^a]", "\\n", ""})
		if depth == 0 {
			return leaf.Draw(t, "leaf")
		}
		sub := genRegexp(depth - 1)
		switch rapid.IntRange(0, 5).Draw(t, "op") {
		case 0:
			return sub.Draw(t, "x") + sub.Draw(t, "y")
		case 1:
			return "(?:" + sub.Draw(t, "x") + "|" + sub.Draw(t, "y") + ")"
		case 2:
			return "(?:" + sub.Draw(t, "x") + ")" + rapid.SampledFrom([]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}"}).Draw(t, "repeat")
		case 3:
			return fmt.Sprintf("(?P<n%d>%s)", depth, sub.Draw(t, "x"))
		}
		return leaf.Draw(t, "leaf")
	})
}

// For any cut of the peer's bytes the verdict is the same.
func TestCutsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, data := genTalk(t)
		as := rapid.SampledFrom([]core.Side{core.Client, core.Server}).Draw(t, "as")
		heard := data[other(as)]
		for range rapid.IntRange(0, 3).Draw(t, "changes") { // a byte changed, lost or added
			at := rapid.IntRange(0, len(heard)).Draw(t, "at")
			with := rapid.SampledFrom([]string{"", "7", "a", "\n", "id=9;"}).Draw(t, "with")
			heard = heard[:at] + with + heard[min(len(heard), at+rapid.IntRange(0, 1).Draw(t, "lost")):]
		}
		end := rapid.Bool().Draw(t, "end")
		cuts := rapid.SliceOf(rapid.IntRange(0, len(heard))).Draw(t, "cuts")
		slices.Sort(cuts)
		whole, cut := hear(s, as, heard, end), hear(s, as, heard, end, cuts...)
		if sorted(whole) != sorted(cut) {
			t.Fatalf("whole\n%s\ncut after %v\n%s", strings.Join(whole, "\n"), cuts, strings.Join(cut, "\n"))
		}
	})
}

// genTalk draws a script with rules, and what each side says in it.
func genTalk(t *rapid.T) (*Script, map[core.Side]string) {
	tr := &transcript.Transcript{Mode: "raw"}
	said := map[core.Side]string{}
	captured := false
	for range rapid.IntRange(1, 8).Draw(t, "steps") {
		side := rapid.SampledFrom([]core.Side{core.Client, core.Server}).Draw(t, "side")
		data := rapid.SampledFrom([]string{"a\n", "ab", "id=12;", "7 id=12;\n", "12\n12", "x\r\ny\r\n"}).Draw(t, "data")
		e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(data)}}
		if side == core.Client {
			e = transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte(data)}}
		}
		rule := func(kind transcript.RuleKind, text string) {
			e.Rules = append(e.Rules, transcript.Rule{Kind: kind, Text: []byte(text)})
		}
		if strings.Contains(data, "id=") && rapid.Bool().Draw(t, "match") {
			rule(transcript.MatchRule, "id=(?P<id>[0-9]+);")
			captured = true
		} else if captured && strings.Contains(data, "12") && rapid.Bool().Draw(t, "use") {
			rule(transcript.UseRule, "id")
		} else if strings.Contains(data, "\n") && rapid.Bool().Draw(t, "until") {
			rule(transcript.UntilRule, "\n")
		} else if rapid.Bool().Draw(t, "any") {
			rule(transcript.AnyRule, "")
		}
		tr.Entries = append(tr.Entries, e)
		said[side] += data
	}
	if rapid.Bool().Draw(t, "end") {
		tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerEOF}})
	}
	s, err := New("f", tr)
	if err != nil {
		t.Fatal(err)
	}
	return s, said
}

func TestUseIsWarnedOfOrRefused(t *testing.T) {
	const above = "~~ match \"(?P<tag>[a-z]+) LOGIN\"\n<< server \"%s LOGIN\"\n~~ use tag%s\n>> server \"%s\"\n"
	for _, c := range []struct{ tag, place, data, warning, refused string }{
		{"e", "", "e OK", `tag had captured only "e"`, ""},
		{"ab", "", "ab OK", `tag had captured only "ab"`, ""},
		{"abc", "", "abc OK", "", ""},
		{"e", " at 0 1", "e OK", "", ""},
		{"e", ` in "(.) OK"`, "e OK", "", ""},
		{"e", "", "hello", "", "they stand only inside of words; to mean them there, say where, as in use tag at 1 2"},
		{"e", "", "OK", "", `expected the bytes that tag had captured, "e", somewhere in the bytes below`},
		{"e", " at 1 2", "e OK", "", `expected at 1 to 2 the bytes that tag had captured, "e"; there stand " "`},
		{"e", " at 3 9", "e OK", "", "expected bytes that there are: below stand 4"},
		{"e", ` in "e OK"`, "e OK", "", "expected one group in the regexp"},
		{"e", ` in "x(e)"`, "e OK", "", "expected a regexp that finds something"},
		{"e", ` in "e (..)"`, "e OK", "", `it finds "OK"`},
		{"e", ` in "("`, "e OK", "", "expected a regexp that can be used"},
	} {
		s, err := parse(fmt.Sprintf(above, c.tag, c.place, c.data))
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), "f:6: ") || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if w := s.Warnings(); c.warning == "" && len(w) > 0 || c.warning != "" && (len(w) != 1 || w[0].Line != 6 || !strings.Contains(w[0].Words, c.warning)) {
			t.Errorf("%+v: %+v", c, w)
		}
	}
}
