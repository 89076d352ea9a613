package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// MaxHeld is how many bytes one machine may hold, whatever a peer sends.
const MaxHeld = 16 << 20

const (
	flood     = 64 << 20 // bytes of one shape that a machine is fed
	lookEvery = 8 << 20  // bytes between two looks at the memory
)

// memory floods one machine at a time with what most machines wait for the
// end of.
func (u *suite) memory(ctx context.Context, r *Result) error {
	if u.s.Memory == nil {
		r.Skipped = "the memory that it holds is not measured here; only the size of its checkpoints was checked"
	}
	for _, shape := range []struct {
		what string
		op
	}{
		{"the server's bytes without a line end", server(fill("x", 256<<10))},
		{"the server's NUL bytes", server(fill("\x00", 256<<10))},
		{"the server's bytes 0xFF", server(fill("\xff", 256<<10))},
		{"the client's messages, with no answer of the server's", text(fill("x", core.MaxEventPayload))},
		{"the client's messages of 1 KiB, with no answer of the server's", binary(fill("x", 1<<10))},
	} {
		f, err := u.flood(ctx, shape.what, shape.Event)
		if err != nil {
			return err
		}
		if f != nil {
			r.Findings = append(r.Findings, *f)
			return nil
		}
	}
	return nil
}

func (u *suite) flood(ctx context.Context, what string, ev core.Event) (*Finding, error) {
	before, err := u.look()
	if err != nil {
		return nil, err
	}
	h, err := u.s.hold(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	m, err := open(ctx, u.s.Open, h.opening, nil)
	if err != nil {
		return nil, err
	}
	defer m.bye()
	m.drop = true
	events := make([]core.Event, max(1, lookEvery/len(ev.Data)))
	for i := range events {
		events[i] = ev
	}
	for fed := 0; fed < flood && !m.over; {
		m.feed(events...)
		fed += lookEvery
		now, err := u.look()
		if err != nil || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		if now > before+MaxHeld+u.s.Garbage {
			return &Finding{
				Words: fmt.Sprintf("%.1f MiB were held after %d MiB of %s; at most %d MiB may be", float64(now-before)/(1<<20), fed>>20, what, MaxHeld>>20),
				Do:    "bound every buffer that a peer can fill: let go of it in parts, or refuse what is too long by an error in words",
			}, nil
		}
	}
	if m.lost != nil {
		return &Finding{Words: fmt.Sprintf("there was no answer any more after much of %s: %v", what, m.lost),
			Do: "bound every buffer that a peer can fill"}, nil
	}
	if m.over || u.found["checkpoint"] {
		return nil, nil
	}
	_, err = m.conn.Checkpoint()
	if err == nil || errors.Is(err, core.ErrNoCheckpoint) && !strings.Contains(err.Error(), stateTooLarge) {
		return nil, nil
	}
	return noCheckpoint(ctx, err)
}

// look returns the memory that is held, 0 when it is not measured.
func (u *suite) look() (uint64, error) {
	if u.s.Memory == nil {
		return 0, nil
	}
	return u.s.Memory()
}
