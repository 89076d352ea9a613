package replay_test

import (
	"bytes"
	"errors"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// lines is a machine that testdata/*.golden describe. Each field but held is a
// defect, or a way to be different.
type lines struct {
	held    []byte
	passing bool

	perRead     bool // shows each read as a message
	dropsEnd    bool // forgets the last line
	badCopy     bool // answers what it passes through in capitals
	extraNote   bool // notes each client message
	noTimer     bool // never sets the timer
	timerOff    bool // turns it off at once
	timerOnce   bool // sets it for the first "wait" only
	closesEarly bool // closes at the first line
	shortCut    bool // takes a line end only where a read ends
	panics      bool // at "wait"
}

func (m *lines) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.send(ev.Data, out)
	case core.ServerBytes:
		return m.receive(ev.Data, out)
	case core.TimerFired:
		out.Note("idle")
	case core.ServerEOF:
		if len(m.held) > 0 && !m.dropsEnd {
			out.Text(m.held)
		}
	}
	return nil
}

func (m *lines) send(line []byte, out *core.Out) {
	out.Server(line, []byte("\n"))
	if m.extraNote {
		out.Note("sent")
	}
	if string(line) == "wait" {
		if m.panics {
			panic("no")
		}
		if !m.noTimer {
			out.Timer("idle", 2*time.Second)
		}
		if m.timerOff {
			out.StopTimer("idle")
		}
		m.noTimer = m.noTimer || m.timerOnce
	}
}

func (m *lines) receive(data []byte, out *core.Out) error {
	if m.passing || m.perRead {
		m.pass(data, out)
		return nil
	}
	if m.shortCut && bytes.HasSuffix(data, []byte("\n")) {
		out.Text(m.held, data[:len(data)-1])
		m.held = nil
		return nil
	}
	for m.held = append(m.held, data...); ; {
		line, rest, ok := bytes.Cut(m.held, []byte("\n"))
		if !ok {
			return nil
		}
		m.held = bytes.Clone(rest)
		switch string(line) {
		case "fail":
			return errors.New("the server sent fail")
		case "bye":
			out.Close("the server said bye")
			return nil
		}
		out.Text(line)
		switch {
		case m.closesEarly:
			out.Close("enough")
			return nil
		case string(line) == "go":
			out.PassThrough(core.Server)
			m.passing = true
			m.pass(m.held, out)
			m.held = nil
			return nil
		}
	}
}

// pass answers with a copy, in pieces where a piece is as good.
func (m *lines) pass(data []byte, out *core.Out) {
	if m.badCopy {
		data = bytes.ToUpper(data)
	}
	if n := len(data) / 2; n > 0 {
		out.Binary(data[:n])
		data = data[n:]
	}
	if len(data) > 0 {
		out.Binary(data)
	}
}

// mode returns a discipline whose machines begin as m.
func mode(m lines) core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name: "test", Title: "Test", Input: core.InputLine, Boundaries: true,
			Options: []core.Option{
				{Name: "eol", Type: core.OptionChoice, Default: "lf", Choices: []string{"lf", "crlf"}},
				{Name: "size", Type: core.OptionInt, Default: "1"},
			},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			if o.Options["eol"] != "lf" || o.Options["size"] != "1" {
				return nil, errors.New("the defaults were not filled in")
			}
			m := m
			return &m, nil
		},
	}
}
