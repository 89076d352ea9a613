package limit

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAfterFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, over := time.Now(), make(chan time.Time, 1)
		AfterFunc(8*time.Second, func() { over <- time.Now() })
		if took := (<-over).Sub(began); took != 8*time.Second {
			t.Errorf("8 s passed after %v", took)
		}
		stopped := AfterFunc(8*time.Second, func() { t.Error("called although stopped") })
		time.Sleep(5 * time.Second)
		stopped.Stop()
		time.Sleep(time.Hour)
		stopped.Stop()
	})
}

// A stop of this process looks to a timer as if it had fired late.
func TestStopUsesUpOnePart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var over atomic.Bool
		limit := AfterFunc(8*time.Second, func() { over.Store(true) })
		time.Sleep(2500 * time.Millisecond)
		limit.timer.Reset(time.Hour)
		time.Sleep(time.Hour)
		time.Sleep(4900 * time.Millisecond) // 2.5 s, the stop, and this
		synctest.Wait()
		if over.Load() {
			t.Error("passed in spite of the stop")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !over.Load() {
			t.Error("not passed")
		}
	})
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := errors.New("too late")
		ctx, cancel := Context(t.Context(), 8*time.Second, late)
		defer cancel()
		time.Sleep(7 * time.Second)
		if ctx.Err() != nil {
			t.Error("ended early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if context.Cause(ctx) != late {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
		ctx, cancel = Context(t.Context(), time.Second, late)
		cancel()
		if context.Cause(ctx) != context.Canceled {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
	})
}

// The time in which the peer waited for a processor does not count, up to a bound.
func TestOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			away float64 // the share of the time in which it may not run
			want time.Duration
		}{{0, 8 * time.Second}, {0.5, 16 * time.Second}, {1, 8 * Stretch * time.Second}} {
			began, over := time.Now(), make(chan time.Duration, 1)
			away := func() time.Duration { return time.Duration(c.away * float64(time.Since(began))) }
			Own(8*time.Second, away, func() { over <- time.Since(began) })
			if took := <-over; took != c.want {
				t.Errorf("away for %v of the time it passed after %v, want %v", c.away, took, c.want)
			}
		}
	})
}
