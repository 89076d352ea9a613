package conformance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/wire"
)

// MaxHeld is how many bytes one machine may hold, whatever a peer sends.
const MaxHeld = 16 << 20

const (
	flood      = 64 << 20 // bytes of one shape that a machine is fed, unless Subject.Short
	lookEvery  = 8 << 20  // bytes between two looks at the memory
	lookSooner = 4 << 20  // the same of Subject.Short, where memory is counted exactly
)

// within reports whether a machine that goes on to hold as much of what it is fed as it
// held so far would not hold too much at the end of a flood.
func within(held, fed uint64) bool { return held*(flood/fed) <= MaxHeld }

// memory floods one machine at a time.
func (u *suite) memory(r *Result) *Finding {
	if u.Memory == nil {
		r.Skipped = "the memory that it holds is not measured here; only the size of its checkpoints was checked"
	}
	for _, s := range streams.Floods(&u.Manifest, u.Short) {
		if f := u.flood(s); f != nil {
			return f
		}
	}
	return nil
}

func (u *suite) flood(s streams.Flood) *Finding {
	every, all := uint64(lookEvery), uint64(flood)
	if u.Short { // a machine that keeps all of it is found at the end
		all = min(all, MaxHeld+u.Garbage+lookEvery)
	}
	early := u.Short && u.Memory != nil && u.Garbage == 0
	if early {
		every = lookSooner
	}
	part := s.Of(int(every))
	if u.Garbage > 0 { // what a process keeps of a session that is over is there before the look
		u.play(u.Open, &session{opening: u.plain}, part)
	}
	before := u.measure()
	m := u.open(u.Open, u.plain, nil)
	defer m.Bye()
	m.drop = true
	for fed := uint64(0); fed < all && !m.Over; {
		m.feed(part...)
		fed += every
		if m.lost != nil {
			break
		}
		now := u.measure()
		if u.failed() != nil {
			return nil
		}
		held := now - min(before, now)
		if held > MaxHeld+u.Garbage {
			return &Finding{
				Words: fmt.Sprintf("%.1f MiB were held after %d MiB of %s; at most %d MiB may be", float64(held)/(1<<20), fed>>20, s.What, MaxHeld>>20),
				Do:    "bound every buffer that a peer can fill: let go of it in parts, or refuse what is too long by an error in words",
			}
		}
		if early && within(held, fed) {
			break
		}
	}
	switch {
	case errors.Is(m.lost, wire.ErrKilled): // by somebody outside, and no fault of its own
		u.fail(m.lost)
		return nil
	case m.Hung:
		return &Finding{Words: fmt.Sprintf("no answer came in time after much of %s: %v", s.What, m.lost),
			Do: "answer every event in time, however many came before"}
	case m.lost != nil:
		return &Finding{Words: fmt.Sprintf("no answer came any more after much of %s: %v", s.What, m.lost),
			Do: "bound every buffer that a peer can fill"}
	case m.Over || u.found["checkpoint"]:
		return nil
	}
	_, err := m.Conn.Checkpoint()
	if err == nil || errors.Is(err, core.ErrNoCheckpoint) && !strings.Contains(err.Error(), stateTooLarge) {
		return nil
	}
	return noCheckpoint(err)
}

// measure returns the memory that is held, 0 when it is not measured.
func (u *suite) measure() uint64 {
	if u.Memory == nil {
		return 0
	}
	n, err := u.Memory()
	u.fail(err)
	return n
}
