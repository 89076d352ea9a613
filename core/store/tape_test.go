package store

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// What goes onto a tape comes off it, in order, whatever its size and however
// often the tape is read meanwhile.
func TestTape(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var tp tape
	var want, got []string
	tell := func(it told) string {
		words := fmt.Sprintf("%d %v %d %x", it.item, it.at, it.e.Kind, crc32.ChecksumIEEE(it.e.Data))
		for _, a := range it.actions {
			words += fmt.Sprintf(" | %d %d %v %x", a.Kind, a.Side, a.After, crc32.ChecksumIEEE(a.Data))
		}
		return words
	}
	payload := func() []byte {
		sizes := []int{0, 1, 100, 4000, 30_000, 270_000}
		return bytes.Repeat([]byte{byte(random.Uint32())}, sizes[random.IntN(len(sizes))])
	}
	play := func(most int) {
		for range most {
			if tp.left == 0 {
				tp.reset()
				return
			}
			got = append(got, tell(tp.next()))
		}
	}
	for n := range 3000 {
		at := time.Duration(n)
		if random.IntN(10) == 0 {
			tp.words(tapedRemark, at, "words")
			want = append(want, tell(told{item: tapedRemark, at: at, e: core.Event{Data: []byte("words")}}))
		} else {
			it := told{item: tapedEvent, at: at, e: core.Event{Kind: core.ServerBytes, Data: payload()}}
			for range random.IntN(4) {
				it.actions = append(it.actions, core.Action{Kind: core.SetTimer, Side: core.Client, After: time.Minute, Data: payload()})
			}
			tp.event(it.at, it.e, it.actions)
			want = append(want, tell(it))
		}
		play(random.IntN(3))
	}
	play(len(want))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Error("what came off the tape is not what was put there")
	}
	if tp.chunks != nil || tp.left != 0 {
		t.Errorf("an empty tape holds %d chunks, %d bytes", len(tp.chunks), tp.left)
	}
}

// The bound of a recording rests on it: what was taped beyond the bound is
// beyond it as text.
func TestTextIsNotShorterThanTheTape(t *testing.T) {
	r := &Recorder{all: new(Recordings), most: MaxRecording}
	var actions []core.Action
	for kind := core.ActionKind(1); kind.Valid(); kind++ {
		actions = append(actions, core.Action{Kind: kind, Side: core.Client, After: time.Millisecond, Data: []byte("")})
	}
	for kind := core.EventKind(1); kind.Valid(); kind++ {
		for _, a := range actions {
			r.tape.event(0, core.Event{Kind: kind}, []core.Action{a})
			taped := r.tape.left
			if text := r.makeText(nil, r.most); int64(len(text)) < taped {
				t.Errorf("%d bytes of tape became %q", taped, text)
			}
		}
	}
}

func TestTalliesJoin(t *testing.T) {
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	for _, at := range []int{0, 1, 7, 4096, 65_537, len(data)} {
		var first, second, whole tally
		first.add(data[:at])
		second.add(data[at:])
		whole.add(data)
		if got := first.and(second); got != whole {
			t.Errorf("cut at %d: %+v, want %+v", at, got, whole)
		}
	}
}
