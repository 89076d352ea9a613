package session

import (
	"crypto/rand"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Draw gives the opening of a session its chance and its start, if the mode's machines use
// them. It is drawn once: a recovery, a move to another build and a replay open the machine
// with the same.
func Draw(o *core.Opening, mode core.Manifest, start time.Time) {
	if mode.Seeded {
		rand.Read(o.Seed[:])
		o.Start = start.UTC().Round(0) // without the monotonic clock's reading
	}
}
