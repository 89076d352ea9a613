package guide_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestConsole runs the pages' commands, each block in a folder of its own that
// holds the files of the page as they are there.
func TestConsole(t *testing.T) {
	t.Parallel()
	bin, err := workbench()
	t.Cleanup(func() { os.RemoveAll(bin) })
	if err != nil {
		t.Fatal(err)
	}
	dir := newModule(t)
	for _, page := range pages {
		steps(t, page, func(b block, files map[string]string) {
			t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
				t.Parallel()
				at := filepath.Join(dir, fmt.Sprintf("%s-%d", strings.TrimSuffix(b.page, ".md"), b.line))
				os.Mkdir(at, 0o755)
				if len(files) > 0 {
					at = filepath.Join(at, "shout")
					write(t, at, files)
				}
				run(t, b, at, bin)
			})
		})
	}
}

// command is one of a block, and what it prints.
type command struct {
	line   string
	prints []string
}

func commands(b block) (all []command) {
	for line := range strings.Lines(b.text) {
		line = strings.TrimRight(line, "\n")
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, command{line: text})
			continue
		}
		last := &all[len(all)-1]
		last.prints = append(last.prints, line)
	}
	return all
}

// limit is how long a block's commands may take.
const limit = 5 * time.Minute

// run runs a block's commands one after the other, a cd among them for those
// that follow.
func run(t *testing.T, b block, dir, bin string) {
	t.Helper()
	if first, ok := b.marks["first"]; ok {
		b.text = "$ " + first + "\n" + b.text
	}
	all := commands(b)
	_, interrupt := b.marks["until"]
	for i, c := range all {
		if to, ok := strings.CutPrefix(c.line, "cd "); ok {
			dir = filepath.Join(dir, to)
			continue
		}
		line := c.line
		until := interrupt && i == len(all)-1
		if until {
			line += " --listen 127.0.0.1:0 --echo-listen 127.0.0.1:0"
		}
		cmd := exec.Command("sh", "-c", "exec "+line)
		cmd.Dir = dir
		cmd.Env = offline("PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
			"XDG_STATE_HOME="+filepath.Join(dir, ".state"), "XDG_CONFIG_HOME="+filepath.Join(dir, ".config"))
		out := &output{wants: c.prints, all: make(chan struct{})}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(limit, func() { cmd.Process.Kill() })
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if until {
			select {
			case <-out.all:
				cmd.Process.Signal(syscall.SIGINT)
				<-ended
			case <-ended:
			}
		} else {
			<-ended
		}
		late.Stop()
		if missing := out.missing(); missing != "" {
			t.Errorf("%s: it does not print %q. It printed\n%s", c.line, missing, out.said.String())
		}
	}
}

// output is what a command printed so far.
type output struct {
	mu    sync.Mutex
	said  bytes.Buffer
	wants []string
	all   chan struct{} // closed once all was printed
	once  sync.Once
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	o.said.Write(p)
	o.mu.Unlock()
	if o.missing() == "" {
		o.once.Do(func() { close(o.all) })
	}
	return len(p), nil
}

// missing returns the first line that is wanted and was not printed, in order,
// or "".
func (o *output) missing() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := strings.Split(o.said.String(), "\n")
	for _, want := range o.wants {
		if want == "…" {
			continue
		}
		pattern, found := loose(want), false
		for len(lines) > 0 && !found {
			found = pattern.MatchString(strings.TrimRight(lines[0], " "))
			lines = lines[1:]
		}
		if !found {
			return want
		}
	}
	return ""
}

// others are what may be otherwise where the guide's reader is.
var others = regexp.MustCompile(`…|/home/me/[a-z/]*|[0-9a-f]{12}|[0-9]+\.[0-9]+ s`)

// loose returns the pattern of a line.
func loose(line string) *regexp.Regexp {
	var b strings.Builder
	from := 0
	for _, at := range others.FindAllStringIndex(line, -1) {
		b.WriteString(regexp.QuoteMeta(line[from:at[0]]))
		switch word := line[at[0]:at[1]]; {
		case strings.HasPrefix(word, "/home"):
			b.WriteString(`\S*`)
		default:
			b.WriteString(`.*`)
		}
		from = at[1]
	}
	b.WriteString(regexp.QuoteMeta(line[from:]))
	return regexp.MustCompile("^" + b.String() + "$")
}
