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

// What is added comes out, in order, whatever its size and however often it is
// read meanwhile.
func TestPending(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var p pending
	var want, got []string
	tell := func(it record) string {
		words := fmt.Sprintf("%d %v %d %x", it.kind, it.at, it.e.Kind, crc32.ChecksumIEEE(it.e.Data))
		for _, a := range it.actions {
			words += fmt.Sprintf(" | %d %d %d %v %d %x", a.Kind, a.Side, a.Level, a.After, a.Rest, crc32.ChecksumIEEE(a.Data))
		}
		return words
	}
	payload := func() []byte {
		sizes := []int{0, 1, 100, 4000, 30_000, 270_000}
		return bytes.Repeat([]byte{byte(random.Uint32())}, sizes[random.IntN(len(sizes))])
	}
	play := func(most int) {
		for range most {
			if p.left == 0 {
				p.reset()
				return
			}
			got = append(got, tell(p.next()))
		}
	}
	for n := range 3000 {
		at := time.Duration(n)
		if random.IntN(10) == 0 {
			p.add(remarkRecord, 0, 0, at, []byte("words"))
			want = append(want, tell(record{kind: remarkRecord, at: at, e: core.Event{Data: []byte("words")}}))
		} else {
			it := record{kind: eventRecord, at: at, e: core.Event{Kind: core.ServerBytes, Data: payload()}}
			if random.IntN(10) == 0 {
				it.actions = append(it.actions, core.Action{Kind: core.StartTLS, Side: core.Server, Rest: n, Data: []byte("mx.example")})
			}
			if random.IntN(10) == 0 {
				it.actions = append(it.actions, core.Action{Kind: core.Note, Level: core.LevelError, Data: []byte("words")})
			}
			for range random.IntN(4) {
				it.actions = append(it.actions, core.Action{Kind: core.SetTimer, Side: core.Client, After: time.Minute, Data: payload()})
			}
			p.event(it.at, it.e, it.actions)
			want = append(want, tell(it))
		}
		play(random.IntN(3))
	}
	play(len(want))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Error("what came out is not what was added")
	}
	if p.chunks != nil || p.left != 0 {
		t.Errorf("it is empty and holds %d chunks, %d bytes", len(p.chunks), p.left)
	}
}

// The bound of a recording rests on it: what is pending beyond the bound is
// beyond it as text.
func TestTextIsNotShorterThanItsRecord(t *testing.T) {
	r := &Recorder{all: new(Recordings)}
	r.most.Store(DefaultMost)
	var actions []core.Action
	for kind := core.ActionKind(1); kind.Valid(); kind++ {
		actions = append(actions, core.Action{Kind: kind, Side: core.Client, After: time.Millisecond, Data: []byte("")})
	}
	for kind := core.EventKind(1); kind.Valid(); kind++ {
		for _, a := range actions {
			r.pending.event(0, core.Event{Kind: kind}, []core.Action{a})
			size := r.pending.left
			if text := r.makeText(nil, r.most.Load()); int64(len(text)) < size {
				t.Errorf("%d bytes became %q", size, text)
			}
		}
	}
}
