package play

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// pushed is a talk whose server says three things in any order, and then answers.
const pushed = `>> client text "GO"
<< server "GO\n"
~~ any-order
>> server "push one\n"
<< client text "push one"
~~ any-order
~~ match "id=(?P<id>[0-9]+);"
>> server "push id=7;\n"
~~ any-order
>> server "OK\n"
~~ use id
<< server "GET 7\n"
>> server "bye\n"
`

func TestAnyOrder(t *testing.T) {
	for _, c := range []struct {
		name, in string
		as       core.Side
		data     string
		end      bool
		want     string // a part of what was said
	}{
		{"as recorded", pushed, core.Client, "push one\npush id=7;\nOK\nbye\n", false, "true true true"},
		{"in another order", pushed, core.Client, "OK\npush id=4711;\npush one\nbye\n", false, `1 "GET 4711\n"`},
		{"in a third one", pushed, core.Client, "push id=4711;\nOK\npush one\nbye\n", false, "true true true"},
		{"not twice", pushed, core.Client, "OK\nOK\n", false, `f:7: byte 3 of the server's stream: expected "push one\n" or, in any order, what is in line 11, got "O"`},
		{"none of them", pushed, core.Client, "OK\npush two\n", false, `f:7: byte 8 of the server's stream: expected "push one\n", got "push t"`},
		{"not before all have come", pushed, core.Client, "OK\npush one\nbye\n", false, `f:11: byte 12 of the server's stream: expected "push ", got "b"`},
		{"the end in the midst", pushed, core.Client, "OK\npush ", true, `expected "push one\n", got the end of the server's stream`},
		{"what the client says", "~~ any-order\n<< server \"a\"\n~~ any-order\n<< server \"b\"\n>> server \"ok\"\n", core.Server, "ba", false, `1 "ok"`},
		{"the narrower one", "~~ any-order\n~~ any\n>> server \"abc\"\n~~ any-order\n>> server \"xyz\"\n", core.Client, "xyzzyx", false, "true true true"},
		{"equal ones", "~~ any-order\n>> server \"a\"\n~~ any-order\n>> server \"a\"\n", core.Client, "aa", false, "true true true"},
		{"two groups", "~~ any-order x\n>> server \"a\"\n~~ any-order x\n>> server \"b\"\n~~ any-order y\n>> server \"c\"\n~~ any-order y\n>> server \"d\"\n", core.Client, "badc", false, "true true true"},
		{"not of two groups", "~~ any-order x\n>> server \"a\"\n~~ any-order x\n>> server \"b\"\n~~ any-order y\n>> server \"c\"\n~~ any-order y\n>> server \"d\"\n", core.Client, "bcad", false, `f:5: byte 1 of the server's stream: expected "a", got "c"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := script(t, c.in)
			whole := strings.Join(hear(s, c.as, c.data, c.end), "\n")
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
			cut := hear(s, c.as, c.data, c.end, each...)
			if sorted(cut) != sorted(hear(s, c.as, c.data, c.end)) {
				t.Errorf("byte by byte\n%s\nwhole\n%s", strings.Join(cut, "\n"), whole)
			}
			if wire(s) != wire(script(t, c.in)) {
				t.Error("the script was changed")
			}
		})
	}
}

func TestAnyOrderErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"~~ any-order\n>> server \"a\"\n", "f:4: expected another any-order above an entry beside this one"},
		{"~~ any-order\n>> server \"a\"\n<< server \"x\"\n~~ any-order\n>> server \"b\"\n", "f:4: expected another any-order"},
		{"~~ any-order a\n>> server \"a\"\n~~ any-order b\n>> server \"b\"\n", "f:4: expected another any-order"},
		{"~~ any-order\n~~ any-order\n>> server \"a\"\n", "f:5: expected one any-order above an entry"},
		{"~~ any-order\n>> server \"ab\"\n~~ any-order\n>> server \"abc\"\n", "f:4: expected entries that can be told apart: that of line 7 begins as this one is, whole"},
		{"~~ any-order\n~~ match \"[a-z]+\"\n>> server \"abc\"\n~~ any-order\n>> server \"1\"\n", "f:4: expected an entry that tells by itself where it ends"},
		{"~~ any-order\n~~ match \"(?P<n>[a-z]+);\"\n>> server \"abc;\"\n~~ any-order\n~~ use n\n>> server \"1abc\"\n", "f:8: expected a name that was captured before these entries: the one of line 6 may come later"},
		{strings.Repeat("~~ any-order\n>> server \"a\"\n", MaxGroup+1), "f:132: expected at most 64 entries of 1 MiB together in any order"},
	} {
		_, err := parse(c.in)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

// A datagram is one entry, whichever comes.
func TestAnyOrderDatagrams(t *testing.T) {
	tr, err := transcript.Parse("f", []byte("workbench transcript v1\nmode raw\nserver datagrams\n\n~~ any-order\n>> server \"ab\"\n~~ any-order\n~~ any 0 1\n>> server \"1b\"\n~~ any-order\n>> server \"abc\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New("f", tr)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		said []string
	}{
		{"", []string{"abc", "ab", "2b"}},
		{"", []string{"xb", "abc", "ab"}},
		{`f:11: byte 6 of the server's stream: expected "abc", got the end of the datagram`, []string{"ab", "2b", "ab"}},
		{`byte 3 of the server's stream: expected the end of the datagram, got "d"`, []string{"abcd"}},
		{`f:9: byte 1 of the server's stream: expected "b", got "y"`, []string{"xyz"}},
	} {
		got := ""
		p := s.Play(core.Client)
		for _, data := range c.said {
			if _, m := p.Take([]byte(data)); m != nil {
				got = m.Error()
				break
			}
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q, want %q", c.said, got, c.want)
		}
	}
}

// Another recording fits in any order of a group, and so does a client of a pool.
func TestAnyOrderElsewhere(t *testing.T) {
	s := script(t, pushed)
	for said, fits := range map[string]bool{
		">> server \"OK\\npush id=12;\\npush one\\n\"\n<< server \"GET 12\\n\"\n>> server \"bye\\n\"\n": true,
		">> server \"OK\\npush id=12;\\nOK\\n\"\n<< server \"GET 12\\n\"\n>> server \"bye\\n\"\n":       false,
	} {
		if m := s.Fit(script(t, "<< server \"GO\\n\"\n"+said)); (m == nil) != fits {
			t.Errorf("%q: %v", said, m)
		}
	}
	pool, err := NewPool([]*Script{
		script(t, "~~ any-order\n<< server \"a\"\n~~ any-order\n<< server \"b\"\n>> server \"1\"\n"),
		script(t, "~~ any-order\n<< server \"a\"\n~~ any-order\n<< server \"c\"\n>> server \"2\"\n"),
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{"ca": "2", "ab": "1"} {
		g := pool.join()
		if _, m := g.Take([]byte(said)); m != nil {
			t.Fatal(m)
		}
		if o, due := g.Next(); !due || string(o.Data) != want {
			t.Errorf("%q: answered with %q, want %q", said, o.Data, want)
		}
		pool.leave(g, true)
	}
}
