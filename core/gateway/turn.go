package gateway

import (
	"context"
	"errors"
	"time"
)

// turnLimit is how long a request waits for a turn.
const turnLimit = 60 * time.Second

// errBusy says that others had their turn for all of turnLimit.
var errBusy = errors.New("busy with other such requests, which are served one at a time; try again later")

// turn lets one request at a time do what takes much memory or time. It holds a
// value while somebody has it.
type turn chan struct{}

// take waits for the turn, and returns a function that ends it. Its errors are
// errBusy and ctx's.
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
