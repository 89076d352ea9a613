package jsonl

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

const examples = "../../examples/jsonl/*/workbench-plugin-*"

func eachExample(t *testing.T, do func(t *testing.T, path string, d core.Discipline)) {
	paths, err := filepath.Glob(examples)
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d examples: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d, _ := begin(t, command(t, path))
			if "workbench-plugin-"+d.Manifest.Name != filepath.Base(path) {
				t.Errorf("its name is %s", d.Manifest.Name)
			}
			do(t, path, d)
		})
	}
}

// Each example answers its goldens, whole and however the server's bytes are
// cut.
func TestExamples(t *testing.T) {
	eachExample(t, func(t *testing.T, path string, d core.Discipline) {
		goldens, err := filepath.Glob(filepath.Join(filepath.Dir(path), "testdata", "*.golden"))
		if err != nil || len(goldens) == 0 {
			t.Fatalf("%d goldens: %v", len(goldens), err)
		}
		pipe := func(context.Context, string) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil }
		for _, file := range goldens {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := transcript.Parse(file, data)
			if err != nil {
				t.Fatal(err)
			}
			g, err := replay.New(file, tr, func(mode string) (core.Manifest, bool) { return d.Manifest, mode == d.Manifest.Name })
			if err != nil {
				t.Fatal(err)
			}
			whole, err := g.Whole(t.Context(), pipe)
			if err != nil || !whole.Same {
				t.Fatalf("%s: %v %v\n%s", file, err, whole.Faults, whole.Diff)
			}
			random := 20
			if testing.Short() {
				random = 1 // TestExamplesConform cuts them too
			}
			for cuts := range replay.Plan(random, 1) {
				if r, err := g.Recut(t.Context(), pipe, whole, cuts); err != nil || !r.Same {
					t.Fatalf("%s cut %s: %v %v %v\n%s", file, cuts, err, r.Where, r.Faults, r.Diff)
				}
			}
			if got := tr.Append(nil); !bytes.Equal(got, data) {
				t.Errorf("%s is not as the printer writes it:\n%s", file, got)
			}
		}
	})
}

func TestExamplesAreShort(t *testing.T) {
	paths, _ := filepath.Glob(examples)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		most := 40
		if strings.HasSuffix(path, "records") { // a decoder
			most = 280 // with what it takes from framing.py
		}
		if lines := strings.Count(string(data), "\n"); lines >= most {
			t.Errorf("%s has %d lines", path, lines)
		}
	}
}

// A line over the bound comes in parts, the same ones however it is cut, and a
// machine restored after each event goes on as the other.
func TestReplies(t *testing.T) {
	d, _ := begin(t, command(t, "../../examples/jsonl/py-replies/workbench-plugin-py-replies"))
	stream := append(bytes.Repeat([]byte("421 x"), 40_000), "\r\n550 no\r\n\xff\r\n220 half"...)
	outcome := func(size int, crash bool) string {
		c := wire.Pipe(d, quiet)
		defer func() { c.Bye() }()
		if err := c.Open(core.Opening{}, nil, func(wire.Answer) {}); err != nil {
			t.Fatal(err)
		}
		var client, notes strings.Builder
		feed := func(e core.Event) {
			err := c.Batch([]wire.Event{{N: 1, Event: e}}, func(a wire.Answer) {
				for _, x := range a.Actions {
					if x.Kind == core.Note {
						notes.Write(x.Data)
					} else {
						client.WriteString("|" + string(x.Data))
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if !crash {
				return
			}
			state, err := c.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			c.Bye()
			c = wire.Pipe(d, quiet)
			if err := c.Open(core.Opening{}, state, func(wire.Answer) {}); err != nil {
				t.Fatal(err)
			}
		}
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			feed(core.Event{Kind: core.ServerBytes, Data: rest[:n]})
			rest = rest[n:]
		}
		feed(core.Event{Kind: core.ServerEOF})
		return client.String() + notes.String()
	}
	whole := outcome(len(stream), false)
	if strings.Count(whole, "|") != 7 || !strings.HasSuffix(whole, "|550 no|\uFFFD|220 half"+"refused for nowrefused") {
		t.Errorf("%d messages, %.200q", strings.Count(whole, "|"), whole[max(0, len(whole)-100):])
	}
	for _, size := range []int{1000, 64 << 10, 64<<10 + 1} {
		if outcome(size, false) != whole || outcome(size, true) != whole {
			t.Errorf("in pieces of %d bytes the outcome is another", size)
		}
	}
}
