package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// printed collects what a command prints, and tells when that changes.
type printed struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.more)
	p.more = make(chan struct{})
	return p.text.Write(b)
}

func (p *printed) now() (string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String(), p.more
}

// waits waits for what matches the pattern, and returns all that was printed.
func (p *printed) waits(t *testing.T, pattern string) string {
	t.Helper()
	late := time.After(time.Minute)
	for is := regexp.MustCompile(pattern); ; {
		text, more := p.now()
		if is.MatchString(text) {
			return text
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("waited in vain for %q in\n%s", pattern, text)
		}
	}
}

// startDevelopment runs workbench plugin dev until the test ends.
func startDevelopment(t *testing.T, source string) *printed {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	out := &printed{more: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		code := run(ctx, []string{"plugin", "dev", source, "--listen", "127.0.0.1:0", "--echo-listen", "off", "--no-record"}, out, out)
		fmt.Fprintf(out, "dev ended: %d\n", code)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		http.DefaultClient.CloseIdleConnections()
	})
	return out
}

// inPlace waits for a build that is in place, and for the page that serves it.
func (p *printed) inPlace(t *testing.T, n int, name string) {
	t.Helper()
	text := p.waits(t, fmt.Sprintf(`(?s)build %d is in place.*Protocol Workbench: http://\S+`, n))
	resp, err := http.Get(regexp.MustCompile(`http://\S+`).FindString(text) + "/api/modes")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	modes, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(modes), `"name":"`+name+`"`) {
		t.Errorf("%s is not among the modes: %s", name, modes)
	}
}

const goodStar = `
manifest = {"name": "shout", "title": "Shout", "input": "line"}

def open(options, target, out):
    return None

def handle(state, event, out):
    if event.name == "client text":
        out.server(event.data)
`

const goodPython = `#!/usr/bin/env python3
import json, sys
print(json.dumps({"workbench": 1, "manifest": {"name": "shout", "title": "Shout", "input": "line"}}), flush=True)
sys.stdin.read()
`

// However the first build or the first start fails, it is told why, nothing is
// called in place, and the next good save brings it up.
func TestDevAfterAFirstFailure(t *testing.T) {
	const py, star = "workbench-plugin-shout.py", "shout.star"
	for name, c := range map[string]struct {
		file, first string
		mode        os.FileMode
		why         string
		mend        func(file string)
	}{
		"a script that does not load": {star, "oops(", 0o600, `does not work; waiting for a save\n.*(\n.*)*shout.star:1`, nil},
		"a script of another name":    {star, strings.Replace(goodStar, "shout", "other", 1), 0o600, `does not work; waiting for a save\n(.*\n)*.*calls itself "other"`, nil},
		"an empty file":               {star, "", 0o600, `does not work; waiting for a save\n.*shout.star is empty`, nil},
		"an interpreter that is not there": {py, "#!/usr/bin/env lolcode\n", 0o700,
			`does not work; waiting for a save\n.*lolcode, which was not found`, nil},
		"a program that ends": {py, "#!/usr/bin/env python3\nimport sys; sys.exit('no licence')\n", 0o700,
			`does not work; waiting for a save\n(.*\n)*.*no licence`, nil},
		"no run bit": {py, "RIGHT", 0o600, `does not work; waiting for a save\n.*has no run bit`,
			func(file string) { os.Chmod(file, 0o700) }},
	} {
		t.Run(name, func(t *testing.T) {
			right := goodStar
			if c.file == py {
				if _, err := exec.LookPath("python3"); err != nil {
					t.Fatal("python3 is missing: install it, as in: apt-get install python3")
				}
				right = goodPython
			}
			file := filepath.Join(t.TempDir(), c.file)
			os.WriteFile(file, []byte(strings.Replace(c.first, "RIGHT", right, 1)), c.mode)
			out := startDevelopment(t, file)
			text := out.waits(t, c.why)
			if strings.Contains(text, "in place") || strings.Contains(text, "dev ended") {
				t.Errorf("it printed\n%s", text)
			}
			if c.mend != nil {
				c.mend(file)
			} else {
				os.WriteFile(file, []byte(right), c.mode)
			}
			out.inPlace(t, 2, "shout")
		})
	}
}

// A first build that takes long tells what it does, and for how long it has.
func TestDevTellsOfALongBuild(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal("the go command is missing")
	}
	dir, wait := t.TempDir(), filepath.Join(t.TempDir(), "wait")
	writePlugin(t, filepath.Join(dir, "bin", "go"), fmt.Sprintf("#!/bin/sh\nmkfifo %s 2>/dev/null\nread line < %s\nexec %s \"$@\"\n", wait, wait, goCommand))
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	writePlugin(t, filepath.Join(dir, "shout", "go.mod"), "module example.com/shout\n\ngo 1.26\n")
	writePlugin(t, filepath.Join(dir, "shout", "main.go"), "package main\n\nfunc main() { panic(\"in vain\") }\n")
	out := startDevelopment(t, filepath.Join(dir, "shout"))
	text := out.waits(t, `still building the plugin, for [3-9] s\n(.*\n)*.*still building the plugin, for ([6-9]|\d\d) s\n`)
	if strings.Contains(text, "in place") {
		t.Errorf("it printed\n%s", text)
	}
	os.WriteFile(wait, []byte("go on\n"), 0o600)
	if text := out.waits(t, `panic: in vain`); strings.Contains(text, "in place") {
		t.Errorf("it printed\n%s", text)
	}
}
