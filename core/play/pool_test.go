package play

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// pool makes a pool of talks, such as "<ask\n >answer\n": what the client says
// and what the server does, "." for its end. They are called a, b, c, …
func pool(t testing.TB, once bool, talks ...string) *Pool {
	t.Helper()
	var scripts []*Script
	for i, talk := range talks {
		tr := &transcript.Transcript{Mode: "raw"}
		for _, word := range strings.Split(talk, " ") {
			e := transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte(word[1:])}}
			if word == ">." {
				e = transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerEOF}}
			} else if word[0] == '>' {
				e = transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(word[1:])}}
			}
			tr.Entries = append(tr.Entries, e)
		}
		s, err := New(string(rune('a'+i)), tr)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, s)
	}
	p, err := NewPool(scripts, once)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// answer carries a guest's orders out and returns them.
func answer(g *guest) string {
	var said strings.Builder
	for {
		o, due := g.Next()
		switch {
		case !due:
			return said.String()
		case o.Kind == Finish:
			said.WriteByte('.')
		}
		said.Write(o.Data)
	}
}

// leave ends the client's stream and returns what the guest had.
func leave(g *guest) string {
	m := g.TakeEnd("")
	answer(g)
	g.pool.leave(g, g.spoke || m == nil)
	if m != nil {
		return "mismatch"
	}
	return g.source()
}

func TestPool(t *testing.T) {
	for name, c := range map[string]struct {
		talks []string
		// Each client's moves: "1<ask" it says this, "1>answer" it is answered
		// this, "1=a" it ends and had a, "1!b" what it said does not fit, nearest b.
		moves string
	}{
		"the client decides":                  {[]string{"<A >1", "<B >2"}, "1<B 1>2 2<A 2>1 1=b 2=a"},
		"the server speaks first":             {[]string{">hi <A >1", ">hi <B >2"}, "1>hi 2>hi 1<B 1>2 2<A 2>1 2=a 1=b"},
		"the server's words are cut":          {[]string{">h >i <A >1", ">hi <B >2"}, "1>hi 1<B 1>2 1=b"},
		"the server differs":                  {[]string{">hi1 <A", ">hi2 <A"}, "1>hi1 2>hi2 2<A 1<A 2=b 1=a"},
		"the one that waits is another":       {[]string{"<A <B >2", "<A >1"}, "1<A 1>1 1=b 2<AB 2>2 2=a"},
		"who may have another gives way":      {[]string{"<A >1", "<A >1 <B >2"}, "1<A 1>1 2<A 2>1 1<B 1>2 2=a 1=b"},
		"whose place two others want":         {[]string{"<A >1 <B >2", "<A >1 <C >3", "<A >1"}, "1<A 2<A 3<A 1>1 2>1 3>1 1<C 1>3 2<B 2>2 3=c 2=a 1=b"},
		"equal to the end":                    {[]string{"<A >1", "<A >1"}, "1<A 2<A 1>1 2>1 1=a 2=b"},
		"fits none":                           {[]string{"<GET-A1 >1", "<GET-B1 >2"}, "1<GET-B2 1!b 2<GET-B1 2>2 2=b 3<GET-A1 3>1 3=a"},
		"none is left":                        {[]string{"<A >1", "<B >2"}, "1<A 1>1 2<A 2!a"},
		"none is left, the server had spoken": {[]string{">hi <A >1", ">hi <B >2"}, "1>hi 2>hi 1<A 1>1 2<A 2!a"},
		"a probe holds nothing":               {[]string{">hi <A >1"}, "1>hi 2>hi 2<A 2>1 1=mismatch 2=a"},
		"a silent client's is taken":          {[]string{">1", ">1 <A >2"}, "1>1 1=a 2>1 2<A 2>2 2=b"},
		"the server ends":                     {[]string{"<A >1 <B >2", "<A >1 >."}, "1<A 1>1. 1=b 2<A 2>1 2<B 2>2 2=a"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pool(t, true, c.talks...)
			guests := map[byte]*guest{}
			said := map[byte]string{}
			for _, move := range strings.Fields(c.moves) {
				who, what := move[0], move[2:]
				g := guests[who]
				if g == nil {
					g = p.join()
					guests[who] = g
				}
				got := what
				switch move[1] {
				case '<':
					if _, m := g.Take([]byte(what)); m != nil {
						said[who] = m.File
						if !m.Nearest {
							said[who] = "in " + m.File
						}
					}
				case '>':
					got = answer(g)
				case '=':
					got = leave(g)
				case '!':
					got = said[who]
				}
				if got != what {
					t.Fatalf("%s: got %q", move, got)
				}
			}
		})
	}
}

func TestPoolStartsOver(t *testing.T) {
	p := pool(t, false, "<A >1", "<B >2")
	for _, want := range []string{"a", "b", "b", "a", "a"} {
		g := p.join()
		if _, m := g.Take([]byte(strings.ToUpper(want))); m != nil {
			t.Fatal(m)
		}
		if got := leave(g); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if files := p.Unplayed(); len(files) > 0 {
		t.Errorf("unplayed: %q", files)
	}
}

// Where the server's words follow from the client's, each client gets a
// recording that it fits, and all are played, in whatever order they speak and
// however they are cut.
func TestPoolServesAll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`[ab]{1,2};`), 1, 4)
		talks := rapid.SliceOfN(lines, 1, 6).Draw(rt, "talks")
		greeting := rapid.SampledFrom([]string{"", ">hi "}).Draw(rt, "greeting")
		var words []string
		for _, talk := range talks {
			text := greeting
			for i := range talk {
				text += fmt.Sprintf("<%s >(%s) ", talk[i], strings.Join(talk[:i+1], ""))
			}
			words = append(words, strings.TrimSpace(text))
		}
		p := pool(t, true, words...)
		type client struct {
			*guest
			talk []string
		}
		var clients []*client
		for _, talk := range rapid.Permutation(talks).Draw(rt, "clients") {
			clients = append(clients, &client{p.join(), talk})
		}
		all := slices.Clone(clients)
		for len(clients) > 0 {
			i := rapid.IntRange(0, len(clients)-1).Draw(rt, "who")
			c := clients[i]
			answer(c.guest)
			if len(c.talk) == 0 {
				if got := leave(c.guest); got == "mismatch" {
					rt.Fatalf("%q: a client's end did not fit", words)
				}
				clients = slices.Delete(clients, i, i+1)
				continue
			}
			line := c.talk[0]
			n := rapid.IntRange(1, len(line)).Draw(rt, "cut")
			if _, m := c.Take([]byte(line[:n])); m != nil {
				rt.Fatalf("%q: %v", words, m)
			}
			if c.talk[0] = line[n:]; c.talk[0] == "" {
				c.talk = c.talk[1:]
			}
		}
		had := map[string]bool{}
		for _, c := range all {
			had[c.source()] = true
		}
		if len(had) != len(talks) || len(p.Unplayed()) > 0 {
			rt.Fatalf("%q: had %v, unplayed %q", words, had, p.Unplayed())
		}
	})
}
