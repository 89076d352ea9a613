package starlark

import (
	"cmp"
	"fmt"
	"runtime/metrics"
	"sync"
	"time"

	"go.starlark.net/starlark"
)

// MaxGrowth is how many bytes the memory of the process may grow while one
// event is answered, what was dropped and not collected yet included. Steps do
// not bound memory: twenty of them can double a string twenty times.
const MaxGrowth = 128 << 20

// watchEvery is how long a call may run before its memory is looked at, and
// how long until the next look. Most calls are over long before.
const watchEvery = 5 * time.Millisecond

// watch cancels a call into a script past MaxGrowth. Go cannot tell whose
// memory it is, so it measures the process: calls of other sessions that have
// run for over watchEvery at that moment may be ended with the one that is to
// blame. It cannot interrupt a single operation: see guard.
type watch struct {
	thread *starlark.Thread

	mu      sync.Mutex
	timer   *time.Timer
	running bool
	from    uint64 // heap at the first look, or 0
}

func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running, w.from = true, 0
	if w.timer == nil {
		w.timer = time.AfterFunc(watchEvery, w.look)
	} else {
		w.timer.Reset(watchEvery)
	}
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = false
	w.timer.Stop()
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running {
		return
	}
	now := heap()
	w.from = cmp.Or(w.from, now)
	// No collection is asked for first: the script would go on meanwhile.
	if now > w.from+MaxGrowth {
		w.thread.Cancel(fmt.Sprintf("one event made over %d MiB of values; keep less, or look for something that grows in a loop", MaxGrowth>>20))
		return
	}
	w.from = min(w.from, now)
	w.timer.Reset(watchEvery)
}

// heap returns the bytes of all objects, dropped ones that were not collected
// yet among them.
func heap() uint64 {
	sample := [...]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
