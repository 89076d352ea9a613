package plugincheck

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/golden"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// losing is http-line that forgets the unfinished last line.
func losing() core.Discipline {
	d := httpline.Discipline()
	open := d.Open
	d.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		m, err := open(o, out)
		return forgetful{m}, err
	}
	return d
}

type forgetful struct{ core.Machine }

func (f forgetful) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ServerEOF {
		return nil
	}
	return f.Machine.Handle(ev, out)
}

// check checks a discipline in this process, with the goldens in a folder.
func check(t *testing.T, d core.Discipline, goldens string, o Options, p *Printer) (out string, err error) {
	t.Helper()
	s := conformance.InProcess(d, slog.New(slog.DiscardHandler))
	s.OpenScribbling, s.Memory = nil, nil // as of a process on a system that does not tell
	s.Short = true                        // what the checks find is tested elsewhere
	plugin := &Plugin{Subject: s}
	if goldens != "" {
		if plugin.Goldens, err = golden.Find(goldens, nil); err != nil {
			t.Fatal(err)
		}
	}
	if o.Timeout == 0 {
		o.Timeout = time.Hour
	}
	var text bytes.Buffer
	p.Out, p.Errors = &text, &text
	if p.SlowAfter == 0 {
		p.SlowAfter = time.Hour
	}
	err = Run(t.Context(), plugin, o, p)
	return text.String(), err
}

const lostLine = "workbench transcript v1\nmode http-line\n\n>> server \"a\"\n>> server eof\n<< client text \"a\"\n"

func TestRun(t *testing.T) {
	goldens := t.TempDir()
	if err := os.WriteFile(filepath.Join(goldens, "lost.golden"), []byte(lostLine), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := check(t, httpline.Discipline(), goldens, Options{}, &Printer{})
	if err != nil || !strings.Contains(out, "1 golden and 16 checks: 0 failed") {
		t.Errorf("a correct one: %v\n%s", err, out)
	}
	var p Printer
	out, err = check(t, losing(), goldens, Options{Only: []string{Goldens, "end of stream"}}, &p)
	for _, want := range []string{"lost.golden:5: ", "- << client text \"a\"\n", "failed    end of stream", "2 failed"} {
		if err != nil || p.Counts[Failed] != 2 || !strings.Contains(out, want) {
			t.Errorf("%v, %d failed, %q is missing in\n%s", err, p.Counts[Failed], want, out)
		}
	}
}

func TestJSON(t *testing.T) {
	out, _ := check(t, losing(), "", Options{}, &Printer{JSON: true})
	outcomes := map[string]string{}
	for line := range strings.Lines(out) {
		var r struct {
			Check, Outcome string
			Findings       []conformance.Finding
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if outcomes[r.Check] = r.Outcome; (r.Outcome == "failed") != (len(r.Findings) > 0) {
			t.Errorf("%s: %d findings", line, len(r.Findings))
		}
	}
	if len(outcomes) != len(conformance.Checks()) || outcomes["end of stream"] != "failed" || outcomes["bounds"] != "ok" || outcomes["memory"] != "partly" {
		t.Errorf("%v", outcomes)
	}
}

// A test that takes too long says where it is, and what it did not come to.
func TestTimeout(t *testing.T) {
	slow := httpline.Discipline()
	open := slow.Open
	slow.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		if o.Options["charset"] != "" {
			<-t.Context().Done()
		}
		return open(o, out)
	}
	out, err := check(t, slow, "", Options{Timeout: 200 * time.Millisecond}, &Printer{SlowAfter: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "given up after 200ms; not checked: options, invalid input, bounds, ") || !strings.Contains(out, "1 of 16: options …\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestUnusableGolden(t *testing.T) {
	goldens := t.TempDir()
	if err := os.WriteFile(filepath.Join(goldens, "bad.golden"), []byte("workbench transcript v1\nmode raw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var p Printer
	if out, _ := check(t, httpline.Discipline(), goldens, Options{Only: []string{Goldens}}, &p); p.Counts[Unusable] != 1 || !strings.Contains(out, "bad.golden:2: expected the name of a line mode") {
		t.Errorf("a golden of another mode: %d unusable\n%s", p.Counts[Unusable], out)
	}
}
