package starlark

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

const examples = "../../examples/starlark"

func TestExamples(t *testing.T) {
	folders, err := filepath.Glob(examples + "/*")
	if err != nil || len(folders) < 3 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			d, err := Discipline(filepath.Join(folder, filepath.Base(folder)+".star"))
			if err != nil {
				t.Fatal(err)
			}
			plugintest.Goldens(t, d, filepath.Join(folder, "testdata"))
			// One is enough here: it floods a session, which takes the others long, and one that
			// makes messages longest. That one is held in the short form, whose floods are short.
			if one := d.Manifest.Name == "upper"; one && !testing.Short() || d.Manifest.Messages && testing.Short() {
				plugintest.Conformance(t, d, filepath.Join(folder, "testdata"))
			}
		})
	}
}

func load(t testing.TB, name, source string) core.Discipline {
	t.Helper()
	d, err := Load(name, []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// head is the least that a script needs before its functions.
const head = `manifest = {"name": "m", "title": "M"}` + "\n"

// open opens a session of a script that has head and this.
func open(t testing.TB, source string) core.Machine {
	t.Helper()
	d := load(t, "m.star", head+source)
	m, err := d.Open(core.Opening{}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// answer returns the actions that answer a text from the client, a line each.
func answer(t testing.TB, m core.Machine, text string) string {
	t.Helper()
	return answerTo(t, m, core.Event{Kind: core.ClientText, Data: []byte(text)})
}

func answerTo(t testing.TB, m core.Machine, ev core.Event) string {
	t.Helper()
	var out core.Out
	if err := m.Handle(ev, &out); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := range out.Len() {
		line := transcript.AppendEntry(nil, &transcript.Entry{Dir: transcript.Action, Action: out.Action(i)})
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(string(line)), "<< "))
	}
	return strings.Join(lines, "\n")
}

// fails returns the words of the error that answers a text from the client.
func fails(t testing.TB, m core.Machine, text string) string {
	t.Helper()
	err := m.Handle(core.Event{Kind: core.ClientText, Data: []byte(text)}, new(core.Out))
	if err == nil {
		t.Fatal("no error")
	}
	return err.Error()
}
