//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A new plugin in any language writes its state down: its process is killed in a session
// whose past is too long to be fed again, and the session goes on within a line.
func TestScaffoldedPluginsRecover(t *testing.T) {
	const past = 6 << 20 // bytes; more than a session keeps
	line := strings.Repeat("x", 60_000)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	dir := t.TempDir()
	langs := []string{"go", "python", "starlark"}
	for _, lang := range langs {
		workbenchRun(t, dir, "plugin", "new", "mine-"+lang, "--lang", lang)
		workbenchRun(t, dir, "plugin", "install", filepath.Join(dir, "mine-"+lang))
	}
	w := start(t)
	for _, lang := range langs {
		t.Run(lang, func(t *testing.T) {
			s, mode := untouched(t), "mine-"+lang
			c := w.join(t, "?mode="+mode, s.address)
			conn, err := s.listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for range past / len(line) {
				fmt.Fprintf(conn, "%s\n", line)
				c.hears(line)
			}
			k := killer{w: w, mode: mode}
			kills := []func(){func() { k.strike(t, syscall.SIGKILL) }}
			if lang == "python" { // the process of a mode in JSON lines is its adapter; the program is another
				kills = append(kills, func() { syscall.Kill(program(t, "workbench-plugin-"+mode), syscall.SIGKILL) })
			}
			for i, kill := range kills {
				io.WriteString(conn, "a line\nhalf ")
				c.hears("a line")
				kill()
				fmt.Fprintf(conn, "a line %d\n", i)
				c.hears(fmt.Sprint("half a line ", i))
			}
			c.say("hello")
			if got, err := bufio.NewReader(conn).ReadString('\n'); got != "hello\r\n" || err != nil {
				t.Errorf("the server got %q, %v", got, err)
			}
		})
	}
}

// program waits for the process in which an interpreter runs the named file, and returns
// it.
func program(t *testing.T, file string) (pid int) {
	t.Helper()
	eventually(t, "a process of "+file, func() bool {
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, name := range lines {
			line, _ := os.ReadFile(name) // it may have ended
			if interpreter, rest, _ := strings.Cut(string(line), "\x00"); strings.Contains(interpreter, "python") && strings.Contains(rest, file) {
				pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(name)))
				return true
			}
		}
		return false
	})
	return pid
}
