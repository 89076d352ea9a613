package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// MaxHeld is how many bytes one machine may hold, whatever a peer sends.
const MaxHeld = 16 << 20

const (
	flood     = 64 << 20 // bytes of one shape that a machine is fed
	lookEvery = 8 << 20  // bytes between two looks at the memory
)

// stream is what a machine is flooded with: the same few events again and again.
type stream struct {
	what   string
	events []op
}

// streams makes megabytes. It is a function because plugin processes of the
// workbench's own binary have this package in them, and no use for it.
func streams() []stream {
	line := fill("x", 4<<10-2) + "\r\n"
	return []stream{
		{"the server's lines, with a message before each 32 KiB", []op{text("hello"), server(fill(line, 32<<10))}},
		{"the server's bytes without a line end", []op{server(fill("x", 256<<10))}},
		{"the server's NUL bytes", []op{server(fill("\x00", 256<<10))}},
		{"the server's bytes 0xFF", []op{server(fill("\xff", 256<<10))}},
		{"the client's messages, with no answer of the server's", []op{text(fill("x", core.MaxEventPayload))}},
		{"the client's messages of 1 KiB, with no answer of the server's", []op{binary(fill("x", 1<<10))}},
	}
}

// part returns as much of the stream as is fed between two looks.
func (s stream) part() []core.Event {
	var events []core.Event
	for fed := 0; fed < lookEvery; {
		for _, op := range s.events {
			events = append(events, op.Event)
			fed += len(op.Data)
		}
	}
	return events
}

// memory floods one machine at a time.
func (u *suite) memory(ctx context.Context, r *Result) error {
	if u.s.Memory == nil {
		r.Skipped = "the memory that it holds is not measured here; only the size of its checkpoints was checked"
	}
	for _, s := range streams() {
		f, err := u.flood(ctx, s)
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

func (u *suite) flood(ctx context.Context, s stream) (*Finding, error) {
	opened, err := u.s.hold(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	part := s.part()
	if u.s.Garbage > 0 { // what a process keeps of a session that is over is there before the look
		if _, err := play(ctx, u.s.Open, opened, part); err != nil {
			return nil, err
		}
	}
	before, err := u.look()
	if err != nil {
		return nil, err
	}
	m, err := open(ctx, u.s.Open, opened.opening, nil)
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
		now, err := u.look()
		if err != nil || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		if now > before+MaxHeld+u.s.Garbage {
			return &Finding{
				Words: fmt.Sprintf("%.1f MiB were held after %d MiB of %s; at most %d MiB may be", float64(now-before)/(1<<20), fed>>20, s.what, MaxHeld>>20),
				Do:    "bound every buffer that a peer can fill: let go of it in parts, or refuse what is too long by an error in words",
			}, nil
		}
	}
	switch {
	case ctx.Err() != nil || errors.Is(m.lost, wire.ErrKilled): // by somebody outside, and no fault of its own
		return nil, errors.Join(ctx.Err(), m.lost)
	case m.Hung:
		return &Finding{Words: fmt.Sprintf("there was no answer in time after much of %s: %v", s.what, m.lost),
			Do: "answer every event in time, however many came before"}, nil
	case m.lost != nil:
		return &Finding{Words: fmt.Sprintf("there was no answer any more after much of %s: %v", s.what, m.lost),
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

// look returns the memory that is held, 0 when it is not measured.
func (u *suite) look() (uint64, error) {
	if u.s.Memory == nil {
		return 0, nil
	}
	return u.s.Memory()
}
