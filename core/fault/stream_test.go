package fault

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// run passes pieces of a flow through its rules, and returns what came of it: the bytes
// that went on, those alone in brackets, with what else was done in braces. Pauses next to
// each other are one.
func run(t testing.TB, rules *Rules, flow core.Flow, pieces ...[]byte) string {
	t.Helper()
	s := NewStream(rules, flow)
	if s == nil {
		return string(bytes.Join(pieces, nil))
	}
	var b strings.Builder
	var paused time.Duration
	pause := func() {
		if paused > 0 {
			fmt.Fprintf(&b, "{%v}", paused)
		}
		paused = 0
	}
	over, crossed := false, int64(0)
	do := func(op Op) {
		if over {
			t.Errorf("done after the end: %+v", op)
		}
		if op.Fault != nil {
			pause()
			if op.Fault.At = crossed; op.Kind == Reply {
				op.Fault.At = 0 // in another flow
			}
			fmt.Fprintf(&b, "{%s}", strings.TrimPrefix(op.Fault.String(), "fault "))
		}
		switch op.Kind {
		case Pass:
			crossed += int64(len(op.Data))
			if len(op.Data) == 0 || op.Alone && len(op.Data) > 1 {
				t.Errorf("goes on: %q", op.Data)
			}
			if op.Alone {
				b.WriteString("[" + string(op.Data) + "]")
			} else {
				b.Write(op.Data)
			}
		case Pause:
			paused += op.Wait
		case End, Break, Hold:
			over = true
		}
	}
	s.Write(nil, do)
	for _, p := range pieces {
		s.Write(p, do)
		if len(s.waiting) > MaxMatch+pieceSize || len(s.taken) > MaxBytes {
			t.Errorf("%d bytes wait, %d are taken", len(s.waiting), len(s.taken))
		}
	}
	s.End(do)
	pause()
	return b.String()
}

func parse(t testing.TB, text string) *Rules {
	t.Helper()
	rules, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return rules
}

// each byte alone
func bytewise(data []byte) (pieces [][]byte) {
	for i := range data {
		pieces = append(pieces, data[i:i+1])
	}
	return pieces
}

// What each rule does to a stream, whole and byte by byte.
func TestStream(t *testing.T) {
	for _, c := range []struct{ rules, data, want string }{
		{`at 0: delay 2s`, "ab", "{1 from-server 0-0 delay 2s}ab{2s}"},
		{`at 1: drop 2 bytes`, "abcd", `a{1 from-server 1-3 drop "bc"}d`},
		{`at 9: drop 2 bytes`, "abcd", "abcd"},
		{`at 2: drop rest`, "abcd", `ab{1 from-server 2-4 drop "cd"}`},
		{`after line 1: drop line`, "a\nb\nc\n", "a\n{1 from-server 2-4 drop \"b\\n\"}c\n"},
		{`after line 1: drop line`, "a\nb", "a\n{1 from-server 2-3 drop \"b\"}"},
		{`after every line: forge "!"`, "a\nb\n", "a\n{1 from-server 2-2 forge forged 2-3 \"!\"}!b\n{1 from-server 4-4 forge forged 5-6 \"!\"}!"},
		{`at 1: replace 1 byte "xyz"`, "abc", `a{1 from-server 1-2 replace "b" forged 1-4 "xyz"}xyzc`},
		{`at 1: duplicate 2 bytes`, "abcd", `abc{1 from-server 1-3 duplicate forged 3-5 "bc"}bcd`},
		{`on match "b+": drop match`, "abbbc", `a{1 from-server 1-4 drop "bbb"}c`},
		{`on match 2 "b+": drop match`, "abbcbbd", `abbc{1 from-server 4-6 drop "bb"}d`},
		{`on every match "b": replace match "B"`, "abcb", `a{1 from-server 1-2 replace "b" forged 1-2 "B"}Bc{1 from-server 3-4 replace "b" forged 3-4 "B"}B`},
		{`on match "^b": drop match`, "ab\nb", "ab\n{1 from-server 3-4 drop \"b\"}"},
		{`on match "bc": drop match`, "abbd", "abbd"},
		{`on match "bc?": drop match`, "ab", `a{1 from-server 1-2 drop "b"}`},
		{`on match "é": drop match`, "aéb", `a{1 from-server 1-3 drop "\u00e9"}b`},
		{`on match "\\xff.": drop match`, "a\xff\xfeb", `a{1 from-server 1-3 drop "\xff\xfe"}b`},
		{`after match "b+": half-close`, "abbbc", "ab{1 from-server 2-2 half-close}"},
		{`after match "b": reset`, "abc", "ab{1 from-server 2-2 reset}"},
		{`at 2: stall`, "abc", "ab{1 from-server 2-2 stall}"},
		{`at 1: cut 2 bytes`, "abcd", "a{1 from-server 1-1 cut}[b][c]d"},
		{`at 1: cut line`, "ab\ncd", "a{1 from-server 1-1 cut}[b][\n]cd"},
		{`at 2: cut`, "abcd", "ab{1 from-server 2-2 cut}[c][d]"},
		{`at 0: limit 2`, "abcd", "{1 from-server 0-0 limit 2}abcd{2s}"},
		{`at 0: limit 1000 2 bytes`, "abcd", "{1 from-server 0-0 limit 1000}abcd{2ms}"},
		// Who decides about bytes decides about all of them; what else acts there acts.
		{"at 1: drop 3 bytes\nat 2: replace 1 byte \"x\"\nat 2: delay 1s", "abcde", `a{3 from-server 2-2 delay 1s}{1s}{1 from-server 1-4 drop "bcd"}e`},
		// A replaced part that never became whole is replaced at the end.
		{`at 1: replace 9 bytes "x"`, "abc", `a{1 from-server 1-3 replace "bc" forged 1-2 "x"}x`},
		{`at 3: replace 9 bytes "x"`, "abc", `abc`},
		// What is certain at once comes before what depends on more bytes.
		{"on match \"bc\": drop match\nafter line 1: forge \"x\"", "\nbc", "\n{2 from-server 1-1 forge forged 1-2 \"x\"}x{1 from-server 1-3 drop \"bc\"}"},
		{"on match \"bcd\": replace match \"1\"\non match \"b\": replace match \"2\"", "bcd", `{1 from-server 0-3 replace "bcd" forged 0-1 "1"}1`},
	} {
		rules := parse(t, "from-server "+strings.ReplaceAll(c.rules, "\n", "\nfrom-server "))
		if got := run(t, rules, core.FromServer, []byte(c.data)); got != c.want {
			t.Errorf("%s\n on %q\n got %q\nwant %q", c.rules, c.data, got, c.want)
		}
		if got := run(t, rules, core.FromServer, bytewise([]byte(c.data))...); got != c.want {
			t.Errorf("%s\n on %q, byte by byte\n got %q\nwant %q", c.rules, c.data, got, c.want)
		}
	}
}

// Bytes from the server's place go to the machine, and the server never sees the request.
func TestAnswer(t *testing.T) {
	rules := parse(t, `to-server on match "^NOOP\r\n": answer match "+OK\r\n"`)
	s := NewStream(rules, core.ToServer)
	var got []string
	s.Write([]byte("USER\r\nNOOP\r\nQUIT\r\n"), func(op Op) {
		got = append(got, fmt.Sprintf("%d %q", op.Kind, op.Data))
	})
	want := fmt.Sprintf("[%d %q %d %q %d %q]", Pass, "USER\r\n", Reply, "+OK\r\n", Pass, "QUIT\r\n")
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A rule that may act on a match holds back no more than what may be one.
func TestHeldBack(t *testing.T) {
	s := NewStream(parse(t, `from-server on match "abc": drop match`), core.FromServer)
	var got strings.Builder
	do := func(op Op) {
		if op.Kind == Pass {
			got.Write(op.Data)
		}
	}
	for _, step := range []struct{ in, out string }{{"xab", "x"}, {"ab", "xab"}, {"d", "xababd"}, {"abc", "xababd"}} {
		if s.Write([]byte(step.in), do); got.String() != step.out {
			t.Fatalf("after %q: %q has gone on, want %q", step.in, got.String(), step.out)
		}
	}
}

// Messages count on their own flow, and what they start begins where the machine was.
func TestMessages(t *testing.T) {
	rules := parse(t, `to-client after message 2 of from-server: forge "2"
to-client after field resp.type "^err": forge "E"
to-client after every message of to-server: drop 1 byte`)
	s := NewStream(rules, core.ToClient)
	var got strings.Builder
	do := func(op Op) {
		if op.Kind == Pass {
			got.Write(op.Data)
		}
	}
	at := int64(0)
	decode := func(m core.Message) {
		for _, r := range rules.Decoded(&m) {
			s.Arm(r, at)
		}
	}
	send := func(text string) { at += int64(len(text)); s.Write([]byte(text), do) }
	decode(core.Message{Flow: core.FromServer})
	send("a")
	decode(core.Message{Flow: core.FromServer})
	s.Write(nil, do) // it acts without another byte
	if got.String() != "a2" {
		t.Errorf("%q has gone on", got.String())
	}
	send("b")
	decode(core.Message{Flow: core.ToClient, Fields: []core.Field{{Name: "resp.x", Fields: []core.Field{{Name: "resp.type", Value: "error"}}}}})
	decode(core.Message{Flow: core.ToServer})
	send("cd")
	if want := "a2bEd"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// A rule by chance is the same in each run, and another seed is another.
func TestChance(t *testing.T) {
	data := bytes.Repeat([]byte("x\n"), 200)
	with := func(seed int) string {
		return run(t, parse(t, fmt.Sprintf("seed %d\nfrom-server after every line with chance 30%%: drop line", seed)), core.FromServer, data)
	}
	if n := strings.Count(with(1), "drop"); n < 30 || n > 75 {
		t.Errorf("%d of 200 were dropped", n)
	}
	if first, again := with(1), with(1); first != again || first == with(2) {
		t.Error("a seed does not decide what happens")
	}
}

// The matcher finds what package regexp finds, as soon as it is certain.
func TestMatcher(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, re := range []string{"a", "ab", "a+", "a+?b", "a|ab", "ab|a", "(ab|a)(bc)?", "^a", "^(a|b)c", "[^\n]*\n", "a.c", "(?i)aB", "a{2,3}", "(?s)a..", "b*a", "(a|b)*c", `\Aa`} {
		for range 300 {
			data := make([]byte, rng.IntN(12))
			for i := range data {
				data[i] = "abcAB\n"[rng.IntN(6)]
			}
			want := regexp.MustCompile("(?m)"+re).FindAllIndex(data, -1)
			m, err := newMatcher(re)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]int
			for m.pos < int64(len(data)) || m.found {
				decided := false
				if m.pos < int64(len(data)) {
					decided = m.step(data[m.pos])
				}
				if decided || m.pos == int64(len(data)) && m.found {
					got = append(got, []int{int(m.from), int(m.to)})
					m.again(data[m.to-1])
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%q in %q: found %v, want %v", re, data, got, want)
			}
		}
	}
}

func FuzzStream(f *testing.F) {
	for _, rules := range []string{
		"from-server at 3: drop 2 bytes", "from-server on every match \"a+b?\": replace match \"x\"",
		"from-server after every line: duplicate line\nfrom-server on match 2 \"^b\": cut line",
		"from-server on every match \"a(b|c)*d\": drop 3 bytes\nfrom-server after match \"bb\": limit 7\nfrom-server after line 2: reset",
		"seed 3\nfrom-server on every match \"a\" with chance 50%: forge \"yy\"\nfrom-server on every match \"ab\": delay 1s",
		"from-server at 1: cut\nfrom-server after match \"a\": limit 25 line\nfrom-server after line 3: half-close",
	} {
		f.Add(rules, []byte("ab\nabcbd\nbbaad\naab\n"), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, data []byte, seed uint64) {
		rules, err := Parse([]byte(text))
		if err != nil || len(data) > 10<<10 || len(rules.All) > 10 {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		var pieces [][]byte
		for rest := data; len(rest) > 0; {
			n := 1 + rng.IntN(min(len(rest), 1+rng.IntN(5000)))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		for _, flow := range []core.Flow{core.FromServer, core.ToServer} {
			whole, cut := run(t, rules, flow, data), run(t, rules, flow, pieces...)
			if whole != cut {
				t.Fatalf("cut differently:\nwhole %q\n  cut %q", whole, cut)
			}
		}
	})
}

// Rules that are added count from where the flow is by then, also within a line.
func TestAdd(t *testing.T) {
	s := NewStreamAt(core.FromServer, 3, 'o')
	var got strings.Builder
	do := func(op Op) {
		if op.Fault != nil {
			fmt.Fprintf(&got, "{%s}", strings.TrimPrefix(op.Fault.String(), "fault "))
		}
		if op.Kind == Pass {
			got.Write(op.Data)
		}
	}
	s.Add(parse(t, "from-server at 2: forge \"!\"\nfrom-server on match \"^bar\": drop match\nto-server at 0: stall"))
	s.Write([]byte("bar\nbar\n"), do)
	later := parse(t, `from-server after line 1: forge "?"`)
	later.All[0].Line = 7
	s.Add(later)
	s.Write([]byte("x\ny"), do)
	s.Add(parse(t, `from-server at 0: half-close`))
	s.Write(nil, do)
	const want = `ba{1 from-server 5-5 forge forged 0-1 "!"}!r` + "\n" + `{2 from-server 7-10 drop "bar"}` + "\nx\n" +
		`{7 from-server 13-13 forge forged 0-1 "?"}?y{1 from-server 14-14 half-close}`
	if got.String() != want {
		t.Errorf("got  %s\nwant %s", got.String(), want)
	}
}
