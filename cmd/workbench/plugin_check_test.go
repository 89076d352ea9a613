package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance"
	httpline "github.com/protocol-workbench/workbench/plugins/http-line"
)

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

// runPluginTest runs workbench plugin test on a discipline in this process.
func runPluginTest(t *testing.T, d core.Discipline, goldens string, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	before := openPluginForTest
	t.Cleanup(func() { openPluginForTest = before })
	openPluginForTest = func(_ context.Context, path string, _ extraCalls) (*pluginUnderTest, error) {
		if path != "here" {
			return nil, errors.New(path + " is not there")
		}
		s := conformance.InProcess(d, slog.New(slog.DiscardHandler))
		s.OpenScribbling, s.Memory = nil, nil // as of a process on a system that does not tell
		u := &pluginUnderTest{Subject: s, Close: func() {}}
		files, err := goldenFiles(goldens)
		for _, file := range files {
			u.Goldens = append(u.Goldens, transcriptFile{path: file, found: true})
		}
		return u, err
	}
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"plugin", "test"}, flags...), &out, &errs)
	return code, out.String(), errs.String()
}

const lostLine = "workbench transcript v1\nmode http-line\n\n>> server \"a\"\n>> server eof\n<< client text \"a\"\n"

func TestPluginTest(t *testing.T) {
	goldens := t.TempDir()
	if err := os.WriteFile(filepath.Join(goldens, "lost.golden"), []byte(lostLine), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := runPluginTest(t, httpline.Discipline(), goldens, "here")
	if code != 0 || !strings.Contains(out, "1 golden and 15 checks: 0 failed") {
		t.Errorf("a correct one: exit %d\n%s%s", code, out, errs)
	}
	code, out, _ = runPluginTest(t, losing(), goldens, "here")
	for _, want := range []string{"lost.golden:5: ", "- << client text \"a\"\n", "failed    end of stream", "2 failed"} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is missing in\n%s", code, want, out)
		}
	}
}

func TestPluginTestJSON(t *testing.T) {
	_, out, _ := runPluginTest(t, losing(), "", "--json", "here")
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
func TestPluginTestTimeout(t *testing.T) {
	was := slowAfter
	slowAfter = time.Millisecond
	t.Cleanup(func() { slowAfter = was })
	slow := httpline.Discipline()
	open := slow.Open
	slow.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		if o.Options["charset"] != "" {
			<-t.Context().Done()
		}
		return open(o, out)
	}
	code, _, errs := runPluginTest(t, slow, "", "--timeout", "200ms", "here")
	if code != 2 || !strings.Contains(errs, "given up after 200ms; not checked: options, invalid input, bounds, ") || !strings.Contains(errs, "1 of 15: options …\n") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestPluginTestUnusable(t *testing.T) {
	goldens := t.TempDir()
	if err := os.WriteFile(filepath.Join(goldens, "bad.golden"), []byte("workbench transcript v1\nmode raw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := runPluginTest(t, httpline.Discipline(), goldens, "here"); code != 2 || !strings.Contains(out, "bad.golden:2: expected the name of a line mode") {
		t.Errorf("a golden of another mode: exit %d\n%s", code, out)
	}
	for _, args := range [][]string{{}, {"a", "b"}, {"elsewhere"}, {"--nope", "here"}} {
		if code, _, errs := runPluginTest(t, httpline.Discipline(), "", args...); code != 2 || errs == "" {
			t.Errorf("%q: exit %d, %s", args, code, errs)
		}
	}
}
