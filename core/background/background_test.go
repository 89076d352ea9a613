package background

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// At most half of the processors are busy with what takes turns, and who waits gets one
// before those who come later.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := max(1, runtime.GOMAXPROCS(0)/2)
		ctx := With(t.Context(), New())
		var mu sync.Mutex
		var order []int
		busy := 0
		var working sync.WaitGroup
		for n := range 4 * most {
			working.Go(func() {
				turn := Take(ctx)
				defer turn.End()
				mu.Lock()
				order = append(order, n)
				if busy++; busy > most {
					t.Errorf("%d turns at a time, want %d", busy, most)
				}
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				busy--
				mu.Unlock()
			})
			synctest.Wait()
		}
		working.Wait()
		for i, n := range order {
			if i/most != n/most {
				t.Fatalf("turns were had in the order %v", order)
			}
		}
	})
}

func TestWithout(t *testing.T) {
	ctx := context.Background()
	for range 1000 {
		defer Take(ctx).End() // waits for nothing
	}
}
