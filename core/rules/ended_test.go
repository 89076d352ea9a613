package rules

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// chatter is a talk of lines that are like those of no other seed, about as large as asked.
func chatter(t testing.TB, seed uint64, size int) *transcript.Transcript {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	tr := &transcript.Transcript{Mode: "raw"}
	for said := 0; said < size; {
		var text []byte
		for range 1 + random.IntN(4) {
			text = fmt.Appendf(text, "%x word %x, %d\r\n", random.Uint32(), random.Uint64(), random.IntN(1000))
		}
		said += len(text)
		e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: text}}
		if random.IntN(2) == 0 {
			e = transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: text}}
		}
		tr.Entries = append(tr.Entries, e)
	}
	read, err := transcript.Parse("talk", tr.Append(nil)) // with line numbers
	if err != nil {
		t.Fatal(err)
	}
	return read
}

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

// A search ends with its context, wherever it has got to.
func TestASearchEndsWithItsContext(t *testing.T) {
	a, b := chatter(t, 1, 2<<20), chatter(t, 2, 2<<20)
	for _, looks := range []int{0, 10, 100_000} {
		ended := make(chan error, 1)
		go func() {
			_, err := Write(&countdown{t.Context(), looks}, "a", a, "b", b)
			ended <- err
		}()
		select {
		case err := <-ended:
			if err != context.Canceled {
				t.Errorf("after %d looks: %v", looks, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("after %d looks: it goes on", looks)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{100 << 10, 400 << 10, 1 << 20} {
		x, y := chatter(b, 1, size), chatter(b, 2, size)
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			for b.Loop() {
				if _, err := Write(b.Context(), "a", x, "b", y); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
