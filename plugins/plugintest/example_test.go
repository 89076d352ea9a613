package plugintest_test

import (
	"bytes"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

// Discipline is a line mode whole: it sends a line, and shows the server's
// lines in capitals.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name: "upper", Title: "Capitals", Version: "1", Input: core.InputLine, Boundaries: true,
			Summary: "The server's lines, in capitals.",
			Sends:   "the message and LF",
			Options: []core.Option{{Name: "loud", Type: core.OptionBool, Default: "false", Help: "Also send in capitals."}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return &machine{loud: o.Options.Bool("loud")}, nil
		},
	}
}

type machine struct {
	loud bool
	held []byte // the line so far
}

const maxLine = 64 << 10

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText, core.ClientBinary:
		if m.loud {
			ev.Data = bytes.ToUpper(ev.Data)
		}
		out.Server(ev.Data, []byte("\n"))
	case core.ServerBytes:
		for _, b := range ev.Data {
			if b != '\n' {
				m.held = append(m.held, b)
			}
			if b == '\n' || len(m.held) == maxLine {
				m.show(out)
			}
		}
	case core.ServerEOF, core.ServerFailed:
		if len(m.held) > 0 {
			m.show(out)
		}
	}
	return nil
}

func (m *machine) show(out *core.Out) {
	out.Text(bytes.ToUpper(m.held))
	m.held = m.held[:0]
}

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "testdata") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "testdata") }

func TestUpper(t *testing.T) {
	for name, script := range map[string]string{
		"a line": `
			>> client text "hello"
			<< server "hello\n"
			>> server "well met\n"
			<< client text "WELL MET"
		`,
		"a line cut in two": `
			>> server "wel"
			>> server "l met\nfare"
			<< client text "WELL MET"
			>> server eof
			<< client text "FARE"
		`,
		"both loud": `
			option loud "true"

			>> client text "hello"
			<< server "HELLO\n"
		`,
	} {
		t.Run(name, func(t *testing.T) { plugintest.Script(t, Discipline(), script) })
	}
}

func FuzzUpper(f *testing.F) {
	f.Add([]byte("one\ntwo"))
	f.Fuzz(func(t *testing.T, data []byte) {
		plugintest.Events(t, Discipline(), map[string]string{"loud": "true"},
			core.Event{Kind: core.ClientBinary, Data: data},
			core.Event{Kind: core.ServerBytes, Data: data},
			core.Event{Kind: core.ServerEOF})
	})
}
