package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// What differs between processes alone is found where there are some.
func TestPlantedFaultsOfProcesses(t *testing.T) {
	started := 0
	for _, tt := range []struct {
		fault  string
		plugin func() core.Discipline
		check  string
	}{
		{"a seed of the process", func() core.Discipline {
			started++
			seed := started
			return discipline(func(core.Opening, *core.Out) core.Machine {
				return handler(func(ev core.Event, out *core.Out) error {
					if ev.Kind == core.ClientText {
						out.Server(fmt.Appendf(nil, "%d %s\n", seed, ev.Data))
					}
					return nil
				})
			})
		}, "determinism"},
		{"room for few sessions in a process that comes after the first", func() core.Discipline {
			started++
			room := map[bool]int32{true: 1000, false: 40}[started <= 2]
			var open atomic.Int32
			return discipline(func(core.Opening, *core.Out) core.Machine {
				return &crowded{open: &open, room: room}
			})
		}, "recovery"},
		{"a checkpoint that is found in its process alone", func() core.Discipline {
			var states []string
			return discipline(func(core.Opening, *core.Out) core.Machine { return &remembered{states: &states} })
		}, "checkpoint"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			started = 0
			foundBy(t, inProcesses(tt.plugin), tt.check)
		})
	}
	for _, f := range run(t, inProcesses(func() core.Discipline { return spoiled("") }), "") {
		t.Error(f)
	}
}

// crowded answers differently when it begins beside many.
type crowded struct {
	open  *atomic.Int32 // sessions that have begun and did not end
	room  int32
	begun bool
	crowd bool
}

func (m *crowded) Handle(ev core.Event, out *core.Out) error {
	if !m.begun {
		m.begun, m.crowd = true, m.open.Add(1) > m.room
	}
	switch ev.Kind {
	case core.ClientText:
		if !m.crowd {
			out.Server(ev.Data)
		}
	case core.ServerEOF, core.ServerFailed, core.ClientClosed:
		m.open.Add(-1)
	}
	return nil
}

// remembered writes where its state stands in a variable of the process.
type remembered struct {
	states *[]string
	last   string
}

func (m *remembered) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ClientText {
		out.Text([]byte(m.last))
		m.last = string(ev.Data)
	}
	return nil
}

func (m *remembered) Checkpoint(dst []byte) ([]byte, error) {
	*m.states = append(*m.states, m.last)
	return fmt.Append(dst, len(*m.states)), nil
}

func (m *remembered) Restore(state []byte) error {
	n, err := strconv.Atoi(string(state))
	if err != nil || n < 1 {
		return errors.New("that is no state")
	}
	if n <= len(*m.states) {
		m.last = (*m.states)[n-1]
	}
	return nil
}

// A machine that hangs is found by the check that looks for it, and the others
// do not wait for it again and again.
func TestHang(t *testing.T) {
	d := discipline(func(core.Opening, *core.Out) core.Machine {
		return handler(func(ev core.Event, _ *core.Out) error {
			if ev.Kind == core.ClientEOF {
				time.Sleep(time.Minute)
			}
			return nil
		})
	})
	s := InProcess(d, silent)
	s.OpenScribbling, s.Memory = nil, nil
	s.Open = func(context.Context) (*wire.Conn, error) {
		ours, theirs := net.Pipe()
		go wire.Serve(theirs, d, nil, silent)
		return wire.NewConn(ours, 5*time.Second), nil
	}
	synctest.Test(t, func(t *testing.T) {
		began, done := time.Now(), map[string]Result{}
		found, err := Run(t.Context(), s, Checks(), func(r Result) { done[r.Check] = r })
		if err != nil || len(found) != 1 || found[0].Check != "invalid input" || !strings.Contains(found[0].Words, "event 1 (>> client eof)") {
			t.Errorf("%v, %v", err, found)
		}
		for name, r := range done {
			if want := "not checked until invalid input is in order"; name != "options" && name != "invalid input" && r.Skipped != want {
				t.Errorf("%s: %q", name, r.Skipped)
			}
		}
		if took := time.Since(began); took > time.Minute || len(done) != len(checks) {
			t.Errorf("%d checks took %v", len(done), took)
		}
		time.Sleep(2 * time.Minute) // for the machines that hang
	})
}
