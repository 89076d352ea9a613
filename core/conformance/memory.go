package conformance

import (
	"context"
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
	flood     = 64 << 20 // bytes of one shape that a machine is fed
	lookEvery = 8 << 20  // bytes between two looks at the memory
)

// memory floods one machine at a time.
func (u *suite) memory(ctx context.Context, r *Result) (*Finding, error) {
	if u.s.Memory == nil {
		r.Skipped = "the memory that it holds is not measured here; only the size of its checkpoints was checked"
	}
	for _, s := range streams.Floods() {
		if f, err := u.flood(ctx, s); f != nil || err != nil {
			return f, err
		}
	}
	return nil, nil
}

func (u *suite) flood(ctx context.Context, s streams.Flood) (*Finding, error) {
	part := s.Of(lookEvery)
	if u.s.Garbage > 0 { // what a process keeps of a session that is over is there before the look
		if _, err := play(ctx, u.s.Open, &session{opening: u.plain}, part); err != nil {
			return nil, err
		}
	}
	before, err := u.measure()
	if err != nil {
		return nil, err
	}
	m, err := open(ctx, u.s.Open, u.plain, nil)
	if err != nil {
		return nil, err
	}
	defer m.Bye()
	m.drop = true
	for fed := 0; fed < flood && !m.Over; {
		m.feed(part...)
		fed += lookEvery
		if m.lost != nil {
			break
		}
		now, err := u.measure()
		if err != nil || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		if now > before+MaxHeld+u.s.Garbage {
			return &Finding{
				Words: fmt.Sprintf("%.1f MiB were held after %d MiB of %s; at most %d MiB may be", float64(now-before)/(1<<20), fed>>20, s.What, MaxHeld>>20),
				Do:    "bound every buffer that a peer can fill: let go of it in parts, or refuse what is too long by an error in words",
			}, nil
		}
	}
	switch {
	case ctx.Err() != nil || errors.Is(m.lost, wire.ErrKilled): // by somebody outside, and no fault of its own
		return nil, errors.Join(ctx.Err(), m.lost)
	case m.Hung:
		return &Finding{Words: fmt.Sprintf("no answer came in time after much of %s: %v", s.What, m.lost),
			Do: "answer every event in time, however many came before"}, nil
	case m.lost != nil:
		return &Finding{Words: fmt.Sprintf("no answer came any more after much of %s: %v", s.What, m.lost),
			Do: "bound every buffer that a peer can fill"}, nil
	case m.Over || u.found["checkpoint"]:
		return nil, nil
	}
	_, err = m.Conn.Checkpoint()
	if err == nil || errors.Is(err, core.ErrNoCheckpoint) && !strings.Contains(err.Error(), stateTooLarge) {
		return nil, nil
	}
	return noCheckpoint(ctx, err)
}

// measure returns the memory that is held, 0 when it is not measured.
func (u *suite) measure() (uint64, error) {
	if u.s.Memory == nil {
		return 0, nil
	}
	return u.s.Memory()
}
