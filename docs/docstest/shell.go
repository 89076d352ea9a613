//go:build unix

package docstest

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

// Build builds the workbench of this checkout, and returns the folder that it is in,
// which the caller removes, after an error too.
func Build() (dir string, err error) {
	dir, err = os.MkdirTemp("", "docs-*")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir, "github.com/protocol-workbench/workbench/cmd/workbench").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
}

// Shell runs blocks of commands.
type Shell struct {
	Dir    string // where they run
	Bin    string // where the workbench is
	Env    []string
	Listen string // added to a last command that is interrupted; "" adds nothing
}

// limit is how long a command may take.
const limit = 3 * time.Minute

// command is one of a block in "console", and what it prints.
type command struct {
	line   string
	prints []string
}

func commands(b Block) (all []command) {
	for line := range strings.Lines(b.Text) {
		line = strings.TrimRight(line, "\n")
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, command{line: text})
			continue
		}
		last := &all[len(all)-1]
		if rest, goesOn := strings.CutSuffix(last.line, `\`); goesOn && len(last.prints) == 0 {
			last.line = rest + strings.TrimSpace(line)
			continue
		}
		last.prints = append(last.prints, line)
	}
	return all
}

// Console runs a block's commands one after the other, a cd among them for those that
// follow. The mark "first" is a command that runs before them, and "until" says that the
// last one is interrupted once it has printed its lines. A command that prints nothing
// must succeed.
func (s Shell) Console(t *testing.T, b Block) {
	t.Helper()
	if first, ok := b.Marks["first"]; ok {
		b.Text = "$ " + first + "\n" + b.Text
	}
	all := commands(b)
	_, interrupt := b.Marks["until"]
	for i, c := range all {
		if to, ok := strings.CutPrefix(c.line, "cd "); ok {
			s.Dir = filepath.Join(s.Dir, to)
			continue
		}
		until := interrupt && i == len(all)-1
		line := "exec " + c.line
		if until && s.Listen != "" {
			line += " " + s.Listen
		}
		out := &output{wants: c.prints, all: make(chan struct{})}
		err := s.run(t, line, out, until)
		if missing := out.missing(); missing != "" {
			t.Errorf("%s: it does not print %q. It printed\n%s", c.line, missing, out.said.String())
		} else if len(c.prints) == 0 && err != nil && !until {
			t.Errorf("%s: %v\n%s", c.line, err, out.said.String())
		}
	}
}

// Script runs a block as a script, every command of which must succeed. With the mark
// "until" its last command is interrupted once it has printed something.
func (s Shell) Script(t *testing.T, b Block) {
	t.Helper()
	_, until := b.Marks["until"]
	out := &output{all: make(chan struct{})}
	if err := s.run(t, "set -e\n"+b.Text, out, until); err != nil && !until {
		t.Errorf("%v\n%s", err, out.said.String())
	}
}

// run runs a line of sh, and with until interrupts it once all was printed.
func (s Shell) run(t *testing.T, line string, out *output, until bool) error {
	t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = s.Dir
	cmd.Env = append(append(os.Environ(), s.Env...), "PATH="+s.Bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	signal := func(sig syscall.Signal) { syscall.Kill(-cmd.Process.Pid, sig) }
	defer signal(syscall.SIGKILL)
	late := time.AfterFunc(limit, func() { signal(syscall.SIGKILL) })
	defer late.Stop()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if !until {
		return <-ended
	}
	select {
	case <-out.all:
		signal(syscall.SIGINT)
		return <-ended
	case err := <-ended:
		t.Errorf("%s: it ended by itself: %v\n%s", line, err, out.said.String())
		return err
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

// missing returns the first line that is wanted and was not printed, in order, or "".
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

// others are what may be otherwise where the page's reader is.
var others = regexp.MustCompile(`…|/home/me/[a-z./]*|[0-9a-f]{12}|[0-9a-f]{4}…|[0-9]+\.[0-9]+ s`)

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
