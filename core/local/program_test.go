//go:build unix

package local

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/target"
)

// said is what a program has remarked on itself.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) remark(words, said string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, words+said)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "|")
}

// runs starts a shell's command as a program.
func runs(t *testing.T, script string) (target.Stream, *said) {
	t.Helper()
	s, err := Opener{Programs: true}.Open(t.Context(), target.Target{Kind: target.Exec, Path: "/bin/sh -c '" + script + "'"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	all := &said{}
	s.(*program).Remarks(all.remark)
	return s, all
}

// Input and output are the stream, the end of input reaches the program, and its error
// output and its end are remarked on before the end of the stream.
func TestProgram(t *testing.T) {
	s, all := runs(t, `read line; echo "got $line"; echo one >&2; printf "two\033" >&2; cat; exit 3`)
	io.WriteString(s, "first\nrest")
	s.CloseWrite()
	if got, err := io.ReadAll(s); string(got) != "got first\nrest" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, want := all.String(), "standard error: one|standard error: two\x1b|the program has ended: exit status 3"; got != want {
		t.Errorf("remarked %q; want %q", got, want)
	}
}

func TestProgramBySignal(t *testing.T) {
	s, all := runs(t, `kill -TERM $$`)
	io.ReadAll(s)
	if got := all.String(); got != "the program has ended: signal: terminated" {
		t.Errorf("remarked %q", got)
	}
}

// A program inherits a few variables and none else, and runs in the folder /.
func TestProgramInheritsLittle(t *testing.T) {
	t.Setenv("WORKBENCH_SECRET", "x")
	t.Setenv("LANG", "C.UTF-8")
	s, _ := runs(t, `pwd; env`)
	got, _ := io.ReadAll(s)
	if text := string(got); !strings.HasPrefix(text, "/\n") || !strings.Contains(text, "LANG=C.UTF-8") || strings.Contains(text, "SECRET") {
		t.Errorf("%s", got)
	}
}

// What it says beside its stream is bounded, and the stream goes on.
func TestProgramThatSaysMuch(t *testing.T) {
	s, all := runs(t, `i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done; printf "%02000d\n" 7 >&2; echo done`)
	if got, err := io.ReadAll(s); string(got) != "done\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got := all.String(); len(got) > 2*maxSaid || !strings.Contains(got, "the rest is dropped|the program has ended: exit status 0") {
		t.Errorf("remarked %d bytes, at last %q", len(got), got[max(0, len(got)-200):])
	}
}

// Its whole process group is killed with the session, also what has outlived it.
func TestProgramGroupIsKilled(t *testing.T) {
	for name, script := range map[string]string{
		"a child":      `sleep 1000 & echo $! >&2; echo up; wait`,
		"an orphan":    `sleep 1000 >&- 2>&- <&- & echo $!; echo up`,
		"the deaf one": `trap "" TERM HUP INT; sleep 1000 & echo $! >&2; echo up; while :; do wait; done`,
	} {
		t.Run(name, func(t *testing.T) {
			pidFile := filepath.Join(t.TempDir(), "pid")
			s, _ := runs(t, strings.Replace(script, "echo $!", "echo $! > "+pidFile+"; echo x", 1))
			buf := make([]byte, 100)
			for read := ""; !strings.Contains(read, "up"); {
				n, err := s.Read(buf)
				if err != nil {
					t.Fatal(read, err)
				}
				read += string(buf[:n])
			}
			text, _ := os.ReadFile(pidFile)
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			if !gone(t, pid) {
				syscall.Kill(pid, syscall.SIGKILL)
				t.Error("a process of the group is left")
			}
		})
	}
}

// gone waits for the end of a process that is nobody's child here.
func gone(t *testing.T, pid int) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	// tail ends when the process has; a zombie that nobody reaps counts as dead.
	watch := exec.CommandContext(ctx, "sh", "-c", `while [ -e /proc/$1 ] && ! grep -q "^State:.Z" /proc/$1/status 2>/dev/null; do sleep 0.05; done`, "sh", strconv.Itoa(pid))
	return watch.Run() == nil
}

func TestProgramsThatDoNotStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]target.Code{
		"/no/such/program": target.CodeNoSuchPath,
		file:               target.CodeNotPermitted,
		"/":                target.CodeDial,
	} {
		_, err := Opener{Programs: true}.Open(t.Context(), target.Target{Kind: target.Exec, Path: path})
		if codeOf(err) != want {
			t.Errorf("%s: %v; want %s", path, err, want)
		}
	}
	_, err := Opener{ProgramsOff: ": start with --allow-exec"}.Open(t.Context(), target.Target{Kind: target.Exec, Path: "/bin/true"})
	if codeOf(err) != target.CodeOff || err.Error() != "programs are not started here: start with --allow-exec" {
		t.Error(err)
	}
}

// A write to a program that reads nothing waits until its deadline, and says how far it
// came.
func TestProgramWriteDeadline(t *testing.T) {
	s, _ := runs(t, `sleep 1000`)
	s.SetWriteDeadline(time.Now().Add(2 * time.Second))
	n, err := s.Write(make([]byte, 1<<20))
	if n == 0 || n == 1<<20 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("wrote %d, %v", n, err)
	}
}
