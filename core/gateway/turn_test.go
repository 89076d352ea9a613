package gateway

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// One request has the turn; those that wait may leave, and do not wait forever.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := make(turn, 1)
		end, err := all.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		took := make(chan error, 3)
		ask := func(ctx context.Context) {
			end, err := all.take(ctx)
			if err == nil {
				end()
			}
			took <- err
		}
		leaving, leave := context.WithCancel(t.Context())
		go ask(leaving)
		go ask(t.Context())
		if synctest.Wait(); len(took) > 0 {
			t.Fatal("two requests have the turn")
		}
		leave()
		if err := <-took; err != context.Canceled {
			t.Error(err)
		}
		began := time.Now()
		if err := <-took; err != errBusy || time.Since(began) != turnLimit {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		go ask(t.Context())
		synctest.Wait()
		end()
		if err := <-took; err != nil {
			t.Error(err)
		}
	})
}
