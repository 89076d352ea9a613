package gateway

import (
	"context"
	"errors"
	"time"
)

// turnLimit is how long somebody waits for a turn.
const turnLimit = 60 * time.Second

// errBusy says that others took their turn for all of turnLimit.
var errBusy = errors.New("others ask for this at the same time, and it is done one at a time; try again later")

// turn lets one at a time do what takes much memory or time. It holds one while
// somebody has it.
type turn chan struct{}

// take waits for the turn, and returns what ends it. Its errors are errBusy and
// that of ctx.
func (t turn) take(ctx context.Context) (end func(), err error) {
	late := time.NewTimer(turnLimit)
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-late.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
