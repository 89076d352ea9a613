package rules

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// messagesOf writes a talk of messages, the client's first, each in one or two
// entries.
func messagesOf(rt *rapid.T, said []string) *transcript.Transcript {
	tr := &transcript.Transcript{Mode: "raw"}
	for i, text := range said {
		cut := rapid.IntRange(0, len(text)).Draw(rt, "cut")
		for _, piece := range []string{text[:cut], text[cut:]} {
			e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte(piece)}}
			if i%2 == 0 {
				e = transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte(piece)}}
			}
			if piece != "" {
				tr.Entries = append(tr.Entries, e)
			}
		}
	}
	read, err := transcript.Parse("talk", tr.Append(nil)) // with line numbers
	if err != nil {
		rt.Fatal(err)
	}
	return read
}

// written writes rules and holds what Write promises.
func written(rt *rapid.T, a, b *transcript.Transcript) *Result {
	r, err := Write(context.Background(), "a", a, "b", b)
	if err != nil {
		rt.Fatal(err)
	}
	text := r.Transcript.Append(nil)
	read, err := transcript.Parse("a", text)
	if err != nil {
		rt.Fatalf("%v\n%s", err, text)
	}
	script, err := play.New("a", read)
	if err != nil {
		rt.Fatalf("%v\n%s", err, text)
	}
	other, err := play.New("b", b)
	if err != nil {
		rt.Fatal(err)
	}
	if m := script.Fit(other); m != nil && len(r.Unexplained) == 0 {
		rt.Fatalf("not all is explained: %v\n%s\n%s", m, text, b.Append(nil))
	}
	return r
}

// Dates, numbers, lengths and ids of any kind are explained.
func TestWhatDiffersIsExplained(t *testing.T) {
	values := map[string]func(rt *rapid.T) string{
		"D": func(rt *rapid.T) string {
			return time.Unix(rapid.Int64Range(0, 2e9).Draw(rt, "date"), 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		},
		"I": func(rt *rapid.T) string {
			return time.Unix(rapid.Int64Range(0, 2e9).Draw(rt, "date"), 0).UTC().Format(time.RFC3339)
		},
		"N": func(rt *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 99999).Draw(rt, "number")) },
		"H": func(rt *rapid.T) string { return rapid.StringMatching("[0-9a-f]{8}").Draw(rt, "id") },
		"T": func(rt *rapid.T) string { return rapid.StringMatching("[0-9A-Za-z]{10,12}").Draw(rt, "token") },
	}
	line := rapid.Custom(func(rt *rapid.T) string {
		return rapid.SampledFrom([]string{"Date: {D}", "at {I}, more", "Length: {N}", "250 {N} messages, {N} new", `ETag: "{H}-{N}"`,
			"id={H}; path=/", "Queued as {T}", "* [{N}/{N}] <{T}>", "OK", "a, b and c", "GET /item/{H}?n={N} HTTP/1.1", "10.0.{N}.1:{N}"}).Draw(rt, "line") + "\r\n"
	})
	rapid.Check(t, func(rt *rapid.T) {
		var a, b []string
		kept := map[string][2]string{} // what was said before, in both
		for i := range rapid.IntRange(1, 6).Draw(rt, "messages") {
			x := strings.Join(rapid.SliceOfN(line, 1, 4).Draw(rt, "text"), "")
			y := x
			for at := strings.IndexByte(x, '{'); at >= 0; at = strings.IndexByte(x, '{') {
				kind := x[at : at+3]
				pair := [2]string{values[kind[1:2]](rt), values[kind[1:2]](rt)}
				if before, ok := kept[kind]; ok && i%2 == 0 && rapid.Bool().Draw(rt, "again") {
					pair = before
				}
				kept[kind] = pair
				x, y = strings.Replace(x, kind, pair[0], 1), strings.Replace(y, kind, pair[1], 1)
			}
			a, b = append(a, x), append(b, y)
		}
		ta := messagesOf(rt, a)
		r := written(rt, ta, messagesOf(rt, b))
		for _, f := range r.Unexplained {
			if f.Code != Cut { // where a read was cut is by chance
				rt.Fatalf("%s\n%s\nand %q", shown(r), ta.Append(nil), b)
			}
		}
	})
}

// Whatever differs, what counts as explained was checked.
func TestWhatIsExplainedFits(t *testing.T) {
	text := rapid.StringMatching(`[ab01:; \r\n\x00\xc3\xa9*]{1,12}`)
	rapid.Check(t, func(rt *rapid.T) {
		talk := func() *transcript.Transcript {
			return messagesOf(rt, rapid.SliceOfN(text, 1, 5).Draw(rt, "talk"))
		}
		written(rt, talk(), talk())
	})
}
