package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// lines is the machine that the faults below spoil: a line a message, and
// 64 KiB without a line end are let go of.
type lines struct {
	held  []byte
	count int
	fault string
	seen  map[string]bool
	began time.Time
	shown []string
}

func (m *lines) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText, core.ClientBinary:
		out.Server(ev.Data, []byte("\n"))
		if len(ev.Data) > 4 {
			return m.refuse()
		}
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerEOF, core.ServerFailed:
		if m.fault != "bytes lost at end of stream" {
			m.show(m.held, out)
		}
	}
	return nil
}

// refuse fails as others do that are not in Go.
func (m *lines) refuse() error {
	switch m.fault {
	case "a bound that a script breaks":
		return fmt.Errorf("x.star:4: %w", core.ErrActionTooBig)
	case "a program that breaks the protocol":
		instances++
		return fmt.Errorf("the plugin's program breaks the protocol: there is no action sever; it answered %d", instances)
	}
	return nil
}

const maxLine = 64 << 10

func (m *lines) receive(data []byte, out *core.Out) {
	if m.fault == "panic on invalid input" && bytes.IndexByte(data, 0xff) >= 0 {
		panic("what is this?")
	}
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n')
		ended := n >= 0
		if !ended {
			n = len(data)
		}
		if m.fault != "unbounded buffer" && n >= maxLine-len(m.held) {
			n, ended = maxLine-len(m.held), false
		}
		m.held = append(m.held, data[:n]...)
		data = data[n:]
		if ended {
			data = data[1:]
		}
		if ended || len(m.held) == maxLine && m.fault != "unbounded buffer" {
			m.show(m.held, out)
			m.held = nil
		}
	}
	if m.fault == "dependence on read boundaries" {
		m.show(m.held, out)
		m.held = nil
	}
}

var (
	instances int
	scratch   []byte // shared by all sessions: the fault
)

// show numbers the lines, so that there is more state than what is held.
func (m *lines) show(line []byte, out *core.Out) {
	if len(line) == 0 {
		return
	}
	m.count++
	switch m.fault {
	case "a clock":
		out.Note(fmt.Sprint(time.Now().UnixNano()))
	case "a clock that shows seconds":
		out.Note(time.Now().Format(time.TimeOnly))
	case "a random number":
		out.Note(fmt.Sprint(rand.IntN(1000)))
	case "map order":
		m.seen[string(line)] = true
		for name := range m.seen {
			out.Note(fmt.Sprintf("seen: %.20q", name))
		}
	case "a counter of all sessions":
		instances++
		out.Note(fmt.Sprint(instances))
	case "answer past the bounds":
		out.Binary(bytes.Repeat(line, 1+core.MaxActionPayload/maxLine))
	case "a clock that runs from Open on":
		if time.Since(m.began) > 500*time.Millisecond {
			out.Note("slow")
		}
	case "the first session of its process":
		if m.began.IsZero() {
			out.Note("welcome")
		}
	case "a history of what was answered":
		m.shown = append(m.shown, string(line))
	case "a timer for each line":
		out.Timer(fmt.Sprintf("t%d", m.count), time.Second)
	case "too many timers":
		for i := range 70 {
			out.Timer(fmt.Sprintf("t%d", i), time.Second)
		}
	}
	out.Text([]byte(strings.ToValidUTF8(fmt.Sprintf("%d %s", m.count, line), "?")))
}

// written is the same with a checkpoint.
type written struct{ *lines }

func (m written) Checkpoint(dst []byte) ([]byte, error) {
	dst = append(dst, byte(m.count), byte(m.count>>8), byte(m.count>>16))
	dst = append(dst, m.held...)
	switch m.fault {
	case "Checkpoint changes the state":
		m.held = nil
	case "a checkpoint past the bound":
		dst = append(dst, make([]byte, core.MaxCheckpoint)...)
	}
	return dst, nil
}

func (m written) Restore(state []byte) error {
	if len(state) < 3 {
		if m.fault == "Restore panics on garbage" {
			_ = state[2]
		}
		return errors.New("the checkpoint is cut short")
	}
	if len(state) > 3+maxLine && m.fault != "unbounded buffer" {
		return errors.New("the checkpoint is too long")
	}
	if m.fault != "a field is missing in the checkpoint" {
		m.count = int(state[0]) | int(state[1])<<8 | int(state[2])<<16
	}
	m.held = append([]byte{}, state[3:]...)
	if m.fault == "Restore keeps the state's memory" {
		m.held = state[3:]
	}
	return nil
}

// keeper shows the message before this one, whose memory is not its own.
type keeper struct{ last []byte }

func (m *keeper) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ClientText {
		out.Text(m.last)
		m.last = ev.Data
	}
	return nil
}

// sharer keeps its state in a variable of the package, which Open resets: one
// session after the other does not show it.
func sharer(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ClientText {
		scratch = append(scratch, ev.Data...)
		out.Server(scratch)
	}
	return nil
}

func spoiled(fault string) core.Discipline {
	opened := false
	return discipline(func(core.Opening, *core.Out) core.Machine {
		m := &lines{fault: fault, seen: map[string]bool{}}
		if opened { // not the first one
			m.began = time.Now()
		}
		opened = true
		return written{m}
	})
}

// seeded does something with the opening's seed and start for each message.
func seeded(do func(core.Opening, *core.Out)) core.Discipline {
	d := discipline(func(o core.Opening, _ *core.Out) core.Machine {
		return handler(func(ev core.Event, out *core.Out) error {
			if ev.Kind == core.ClientText {
				do(o, out)
			}
			return nil
		})
	})
	d.Manifest.Seeded = true
	return d
}

// numbered panics with one value of its option.
func numbered() core.Discipline {
	d := spoiled("")
	d.Manifest.Options = []core.Option{{Name: "size", Type: core.OptionInt, Default: "10"}, {Name: "name", Type: core.OptionText}}
	open := d.Open
	d.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		switch {
		case o.Options.Int("size") < 0:
			return nil, errors.New("size is at least 0")
		case 100/o.Options.Int("size") > 1000:
			return nil, errors.New("not reached")
		}
		return open(o, out)
	}
	return d
}

func passingThrough(answer handler) core.Discipline {
	return discipline(func(_ core.Opening, out *core.Out) core.Machine {
		out.PassThrough(core.Server)
		return answer
	})
}

// marking marks all of a message as secret, beside what it is told to do.
func marking(do func(core.Event, *core.Out)) core.Discipline {
	return discipline(func(core.Opening, *core.Out) core.Machine {
		return handler(func(ev core.Event, out *core.Out) error {
			if n := len(ev.Data); ev.Kind == core.ClientText && n > 0 {
				do(ev, out)
				out.Secret(false, 0, n)
			}
			return nil
		})
	})
}

func TestPlantedFaults(t *testing.T) {
	counted := func() core.Discipline {
		return discipline(func(_ core.Opening, out *core.Out) core.Machine {
			out.PassThrough(core.Server)
			n := 0
			return handler(func(ev core.Event, out *core.Out) error {
				switch ev.Kind {
				case core.ServerBytes:
					n += len(ev.Data)
					out.Binary(ev.Data)
				case core.ServerEOF:
					out.Note(fmt.Sprintf("%d bytes", n))
				}
				return nil
			})
		})
	}
	options := spoiled("")
	options.Manifest.Options = []core.Option{{Name: "loud", Type: core.OptionChoice, Default: "no", Choices: []string{"no", "yes"}}}
	open := options.Open
	options.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		if o.Options["loud"] == "yes" {
			return nil, errors.New("not written yet")
		}
		return open(o, out)
	}
	for _, tt := range []struct {
		fault string
		core.Discipline
		check string
	}{
		{"a clock", spoiled("a clock"), "determinism"},
		{"a clock that shows seconds", spoiled("a clock that shows seconds"), "determinism"},
		{"a clock that runs from Open on", spoiled("a clock that runs from Open on"), "determinism"},
		{"the first session of its process", spoiled("the first session of its process"), "determinism"},
		{"a random number", spoiled("a random number"), "determinism"},
		{"map order", spoiled("map order"), "determinism"},
		{"a counter of all sessions", spoiled("a counter of all sessions"), "determinism"},
		{"a buffer of all sessions", discipline(func(core.Opening, *core.Out) core.Machine {
			scratch = nil
			return handler(sharer)
		}), "sessions apart"},
		{"bytes lost at end of stream", spoiled("bytes lost at end of stream"), "end of stream"},
		{"dependence on read boundaries", spoiled("dependence on read boundaries"), "read boundaries"},
		{"a seed in a timer's name", seeded(func(o core.Opening, out *core.Out) {
			out.Timer("t"+o.Seed.String()[:4], time.Second)
		}), "chance"},
		{"a start in a timer's name", seeded(func(o core.Opening, out *core.Out) {
			out.Timer(fmt.Sprintf("t%d", o.Start.Year()), time.Second)
		}), "chance"},
		{"a seed that decides how much is sent", seeded(func(o core.Opening, out *core.Out) {
			out.Binary(make([]byte, int(o.Seed[0])<<13))
		}), "chance"},
		{"a start that panics before 1970", seeded(func(o core.Opening, out *core.Out) {
			_ = make([]byte, 1+min(o.Start.Unix(), 0))
		}), "chance"},
		{"a random number beside the seed", seeded(func(o core.Opening, out *core.Out) {
			if o.Seed == (core.Seed{}) {
				out.Note(fmt.Sprint(rand.IntN(1 << 30)))
			}
		}), "chance"},
		{"unbounded buffer", spoiled("unbounded buffer"), "memory"},
		{"a field is missing in the checkpoint", spoiled("a field is missing in the checkpoint"), "checkpoint"},
		{"Checkpoint changes the state", spoiled("Checkpoint changes the state"), "checkpoint"},
		{"a checkpoint past the bound", spoiled("a checkpoint past the bound"), "checkpoint"},
		{"Restore panics on garbage", spoiled("Restore panics on garbage"), "checkpoint"},
		{"panic on invalid input", spoiled("panic on invalid input"), "invalid input"},
		{"pass-through that changes the bytes", passingThrough(func(ev core.Event, out *core.Out) error {
			if ev.Kind == core.ServerBytes {
				out.Binary(bytes.ToUpper(ev.Data))
			}
			return nil
		}), "pass-through"},
		{"pass-through that counts the bytes", counted(), "pass-through"},
		{"an echo of a secret", marking(func(ev core.Event, out *core.Out) {
			out.Server([]byte("PASS "), ev.Data)
		}), "secrets"},
		{"a secret in two actions", marking(func(ev core.Event, out *core.Out) {
			out.Text(ev.Data[:1])
			out.Note("shown in two")
			out.Text(ev.Data[1:])
		}), "secrets"},
		{"keeps Event.Data", discipline(func(core.Opening, *core.Out) core.Machine { return &keeper{} }), "kept memory"},
		{"Restore keeps the state's memory", spoiled("Restore keeps the state's memory"), "kept memory"},
		{"answer past the bounds", spoiled("answer past the bounds"), "bounds"},
		{"too many timers", spoiled("too many timers"), "bounds"},
		{"a timer for each line", spoiled("a timer for each line"), "bounds"},
		{"a bound that a script breaks", spoiled("a bound that a script breaks"), "bounds"},
		{"a program that breaks the protocol", spoiled("a program that breaks the protocol"), "bounds"},
		{"a history of what was answered", spoiled("a history of what was answered"), "memory"},
		{"a number that it does not survive", numbered(), "options"},
		{"an option that does not open", options, "options"},
		{"a manifest without a title", core.Discipline{Manifest: core.Manifest{Name: "x", Input: core.InputLine}, Open: open}, "options"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			foundBy(t, InProcess(tt.Discipline, silent), tt.check)
		})
	}
}

// foundBy holds the subject to all promises up to the check, which finds the
// fault; those before do not. In the short form it is held to the promise alone, after
// the first, which opens the sessions.
func foundBy(t *testing.T, s Subject, check string) {
	t.Helper()
	var found []Finding
	if at := checkAt(check); testing.Short() && at > 0 {
		found = runThese(t, s, append(checks[:1:1], checks[at]))
	} else {
		found = run(t, s, check)
	}
	if len(found) == 0 {
		t.Fatal("not found")
	}
	for _, f := range found {
		t.Log(f)
		if f.Check != check {
			t.Errorf("found by %q too; only %q should", f.Check, check)
		}
		if f.Do == "" || f.Words == "" {
			t.Error("it does not say what to do")
		}
	}
}

func TestCorrectMachines(t *testing.T) {
	for name, d := range map[string]core.Discipline{
		"lines with a checkpoint": spoiled(""),
		"lines without one":       discipline(func(core.Opening, *core.Out) core.Machine { return &lines{} }),
		"marks its secrets": marking(func(ev core.Event, out *core.Out) {
			out.Server(ev.Data)
			out.Secret(true, 0, len(ev.Data))
		}),
		"marks their values": marking(func(ev core.Event, out *core.Out) {
			out.Server(ev.Data)
			out.SecretBytes(ev.Data[:min(len(ev.Data), core.MaxSecret)])
			out.SecretBytes(ev.Data[max(0, len(ev.Data)-core.MaxSecret):])
		}),
		"says its seed and start": seeded(func(o core.Opening, out *core.Out) {
			out.Server([]byte(o.Seed.String()), []byte(core.FormatStart(o.Start)))
			if o.Seed[0]%2 == 1 { // whether one is set may be left to chance
				out.Timer("later", time.Duration(1+o.Seed[1])*time.Second)
			}
		}),
		"shows a short one": marking(func(ev core.Event, out *core.Out) { out.Text(ev.Data[:min(len(ev.Data), 3)]) }),
		"nothing": discipline(func(core.Opening, *core.Out) core.Machine {
			return handler(func(core.Event, *core.Out) error { return nil })
		}),
		"refuses all": discipline(func(core.Opening, *core.Out) core.Machine {
			return handler(func(core.Event, *core.Out) error { return errors.New("that is no greeting of this protocol") })
		}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range run(t, InProcess(d, silent), "") {
				t.Error(f)
			}
		})
	}
}
