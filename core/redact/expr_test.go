package redact

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// found returns what each finds, the first group's place after the match's.
func found(t interface{ Fatal(...any) }, x *Expr, data []byte) (all [][]int) {
	err := x.each(context.Background(), data, func(at []int) { all = append(all, at[:min(len(at), 4)]) })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A search that can be interrupted finds what FindAllSubmatchIndex does.
func TestEachFindsAll(t *testing.T) {
	atom := rapid.SampledFrom([]string{"a", "b", "ab", ".", "é", "日", `\n`, `\s`, `\w`, `\W`, `[^a]`, `[aé]`, `\x{fffd}`, `\pL`, "^", "$", `\A`, `\z`, `\b`, `\B`,
		"", `\Qa.b\E`, "(?m:^)", "(?m:$)", "(?i:A)", "(?s:.)"})
	var expr func(rt *rapid.T, depth int) string
	expr = func(rt *rapid.T, depth int) string {
		if depth == 0 {
			return atom.Draw(rt, "atom")
		}
		x := expr(rt, depth-1)
		switch rapid.IntRange(0, 5).Draw(rt, "form") {
		case 0:
			return x + expr(rt, depth-1)
		case 1:
			return x + "|" + expr(rt, depth-1)
		case 2:
			return "(" + x + ")"
		case 3:
			return "(?:" + x + ")" + rapid.SampledFrom([]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{0,3}", "{1,}?"}).Draw(rt, "repeat")
		case 4:
			return rapid.SampledFrom([]string{"(?i)", "(?m)", "(?s)", "(?U)", "(?P<n>)", "(?ms)"}).Draw(rt, "flags") + x
		}
		return x
	}
	text := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "A", "é", "日", "\n", " ", "\r\n", "\xff", "\xc3", "\xa9", "\xe6\x97", "\ufffd", "a.b", "aab"}))
	rapid.Check(t, func(rt *rapid.T) {
		words := expr(rt, rapid.IntRange(0, 5).Draw(rt, "depth")) + rapid.SampledFrom([]string{"", "", "", `\Qa`}).Draw(rt, "end")
		re, err := regexp.Compile(words)
		if err != nil {
			rt.Skip(err)
		}
		x, err := Compile(words)
		if err != nil {
			rt.Fatal(err)
		}
		data := []byte(strings.Join(text.Draw(rt, "data"), ""))
		var want [][]int
		for _, at := range re.FindAllSubmatchIndex(data, -1) {
			want = append(want, at[:min(len(at), 4)])
		}
		if got := found(rt, x, data); !slices.EqualFunc(got, want, slices.Equal) {
			rt.Fatalf("%q in %q: %v, want %v", words, data, got, want)
		}
	})
}

// … in as much as keeps regexp from using the matcher for little, too.
func TestEachFindsAllOfMuch(t *testing.T) {
	line := "PASS hunter2\r\n\xffAuthorization: Basic é=\r\n4111111111111111 aab\n"
	data := []byte(strings.Repeat(line, 1000))
	for _, words := range []string{`PASS (\S+)`, `(?i)authorization: (.*)\r`, `\b[0-9]{13,16}\b`, `(?m)^P.*$`, `\A\s*P`, `x*`, `a+?`, "\xc3\xa9?"[:2] + `|$`} {
		x := compiled(t, words)
		got := found(t, x, data)
		all := regexp.MustCompile(words).FindAllSubmatchIndex(data, -1)
		if len(got) != len(all) || len(all) == 0 {
			t.Fatalf("%s: %d matches, want %d", words, len(got), len(all))
		}
		for i, at := range all {
			if !slices.Equal(got[i], at) {
				t.Errorf("%s: %v, want %v", words, got[i], at)
			}
		}
	}
}

func TestALargeExpressionIsRefused(t *testing.T) {
	for _, words := range []string{strings.Repeat(`(?:[ab]?){1000}`, 60) + "b", strings.Repeat("a", MaxProgram+1)} {
		if _, err := Compile(words); err == nil || !strings.Contains(err.Error(), "fewer or smaller repetitions") {
			t.Errorf("%.20s…: %v", words, err)
		}
	}
	for _, words := range []string{`[\S\s]{1,1000}=\S{1,1000}`, regexp.QuoteMeta(strings.Repeat("(", 1<<10))} {
		if _, err := Compile(words); err != nil {
			t.Errorf("%.20s…: %v", words, err)
		}
	}
}

// costly takes an hour to be searched for in much.
const costly = `(?:[ab]?){1000}(?:[ab]?){1000}(?:[ab]?){1000}(?:[ab]?){1000}c`

// countdown is a context that is done once it was asked for its error so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Redaction ends with its context: in one long search, and in many short ones.
func TestARedactionEndsWithItsContext(t *testing.T) {
	entry := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(strings.Repeat("a", 1<<20))}}
	remark := transcript.Entry{Dir: transcript.Remark, Remark: strings.Repeat("a", 200)}
	for name, entries := range map[string][]transcript.Entry{"a stream": {entry, entry}, "words": slices.Repeat([]transcript.Entry{remark}, 50_000)} {
		x, ended := compiled(t, costly), make(chan error, 1)
		go func() {
			_, err := Transcript(&countdown{t.Context(), 20}, "x", &transcript.Transcript{Mode: "raw", Entries: entries}, x)
			ended <- err
		}()
		select {
		case err := <-ended:
			if err != context.Canceled {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: it goes on", name)
		}
	}
}

func BenchmarkEach(b *testing.B) {
	data := []byte(strings.Repeat(strings.Repeat("GET /index.html HTTP/1.1\r\nHost: example.com\r\n", 100)+"PASS hunter2\r\n", 500))
	for _, words := range []string{"hunter2", `PASS (\S+)`, `(?i)authorization: (.*)\r`, `\b[0-9]{13,16}\b`} {
		x, re := compiled(&testing.T{}, words), regexp.MustCompile(words)
		b.Run(fmt.Sprint("each ", words), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				found(b, x, data)
			}
		})
		b.Run(fmt.Sprint("all ", words), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				re.FindAllSubmatchIndex(data, -1)
			}
		})
	}
}
