package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// transcriptCLI runs workbench transcript over a folder of its own.
type transcriptCLI struct {
	*testing.T
	dir string
}

func (c transcriptCLI) run(args ...string) (code int, stdout, stderr string) {
	c.Helper()
	root := newTranscriptCommand()
	root.SilenceErrors, root.SilenceUsage = true, true
	var out, errs strings.Builder
	root.SetArgs(append([]string{"--transcripts", c.dir}, args...))
	root.SetOut(&out)
	root.SetErr(&errs)
	if err := root.ExecuteContext(c.Context()); err != nil {
		code = 1
		if exit, ok := err.(*command.Exit); ok {
			code = exit.Code
		}
		errs.WriteString(err.Error())
	}
	return code, out.String(), errs.String()
}

// record records a session in which a password is cut by reads.
func (c transcriptCLI) record() string {
	c.Helper()
	folder, err := store.OpenFolder(c.dir)
	if err != nil {
		c.Fatal(err)
	}
	defer folder.Close()
	recordings := store.Record(folder, slog.New(slog.DiscardHandler))
	r := recordings.Start(store.Header{Session: "s1", Mode: "raw", Target: "mail.example:110"}, nil)
	for n, data := range []string{"+OK\r\nPASS hun", "ter2\r\n+OK\r\n"} {
		r.Done(time.Second, wire.Event{N: uint64(n) + 1, Event: core.Event{Kind: core.ServerBytes, Data: []byte(data)}},
			[]core.Action{{Kind: core.SendText, Data: []byte("said PASS hunter2")}})
	}
	r.End(2*time.Second, "done")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := recordings.Close(ctx); err != nil {
		c.Fatal(err)
	}
	return r.ID()
}

func TestTranscriptRedact(t *testing.T) {
	c := transcriptCLI{t, t.TempDir()}
	id := c.record()
	clean := filepath.Join(t.TempDir(), "clean")
	if code, out, errs := c.run("redact", "--match", `PASS (\S+)`, id, "-o", clean); code != 0 || out != clean+": 3 replaced\n" {
		t.Errorf("%d %q %s", code, out, errs)
	}
	for _, args := range [][]string{{"redact", "--match", "nowhere", id}, {"redact", id}, {"redact", "--match", "(", id}, {"redact", "--match", "x"}} {
		if code, _, errs := c.run(args...); code != 1 || errs == "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, _, errs := c.run("redact", "--match", `PASS (\S+)`, id); code != 0 {
		t.Error(errs)
	}
	for _, name := range []string{clean, id} {
		_, out, _ := c.run("show", name)
		for _, secret := range []string{"hun", "ter2"} {
			if strings.Contains(out, secret) {
				t.Errorf("%s still has %s:\n%s", name, secret, out)
			}
		}
		if !strings.Contains(out, `"PASS ***"`) || !strings.Contains(out, `"****\r\n"`) || !strings.Contains(out, `"said PASS *******"`) {
			t.Error(out)
		}
	}
	if info, err := os.Stat(filepath.Join(c.dir, id+".transcript")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTranscriptOfARunningSession(t *testing.T) {
	c := transcriptCLI{t, t.TempDir()}
	folder, err := store.OpenFolder(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	id := store.NewID(time.Now(), "s1", "raw")
	w, err := folder.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	io.WriteString(w, "workbench transcript v1\nmode raw\n\n0.1 >> server \"secret\"\n")
	if code, out, _ := c.run("list"); code != 0 || !strings.Contains(out, "(running)") {
		t.Error(out)
	}
	if code, _, errs := c.run("delete", id); code != 1 || !strings.Contains(errs, "still running") {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, errs := c.run("redact", "--match", "secret", id); code != 1 || !strings.Contains(errs, "still running") {
		t.Errorf("%d %s", code, errs)
	}
}

// A file of 1 GiB, and what is no transcript, are refused in words, at once.
func TestTranscriptThatIsUnusable(t *testing.T) {
	c := transcriptCLI{t, t.TempDir()}
	huge := filepath.Join(t.TempDir(), "huge")
	sparse(t, huge, "workbench transcript v1\nmode raw\n\n")
	for name, want := range map[string]string{
		huge:                         "has 1024 MiB, and at most 64 MiB are read at once; cut it in parts",
		"/dev/zero":                  "has more than 64 MiB",
		"/dev/null":                  "expected \"workbench transcript v1\" as the first line",
		c.dir:                        "is a folder",
		"20260102-150405-123-s1-raw": "there is no transcript",
	} {
		for _, args := range [][]string{{"show", name}, {"redact", "--match", "x", name}} {
			if code, _, errs := c.run(args...); code != 1 || !strings.Contains(errs, want) {
				t.Errorf("%v: %d %.300s", args, code, errs)
			}
		}
	}
	const refused = "huge has 1024 MiB, and at most 64 MiB are read at once; cut it in parts"
	if code, _, errs := replayAgain(t, "--in-process", huge); code != 2 || !strings.Contains(errs, refused) {
		t.Errorf("replay: %d %.300s", code, errs)
	}
	var out, errs strings.Builder
	if code := playRun(t.Context(), []string{"server", huge}, &out, &errs); code != 2 || !strings.Contains(errs.String(), refused) {
		t.Errorf("play: %d %.300s", code, errs.String())
	}
}

// What a terminal would act on is printed as text.
func TestTranscriptShowIsSafeOnATerminal(t *testing.T) {
	var out strings.Builder
	p := transcript.NewPrinter(&out, false, true)
	p.Entries([]transcript.Entry{{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: []byte("\x1b]0;title\x07")}}})
	p.Flush()
	if got := out.String(); got != "\x1b[32m>> server \"\\x1b]0;title\\x07\"\x1b[0m\n" {
		t.Errorf("%q", got)
	}
}
