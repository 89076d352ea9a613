//go:build linux

package jsonl

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/pluginproto"
)

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// adapter starts the adapter of a program that prints its own number on
// standard error, and returns when it is ready.
func adapter(t *testing.T, lines ...string) (cmd *exec.Cmd, lifeline io.Closer, program int, stderr *bufio.Reader) {
	t.Helper()
	inner := python(t, append([]string{"print(os.getpid(), file=sys.stderr, flush=True)"}, lines...)...)
	cmd = exec.Command(os.Args[0], append([]string{"adapt"}, inner.Args...)...)
	cmd.Env = append(os.Environ(), pluginproto.Handshake.MagicCookieKey+"="+pluginproto.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+t.TempDir())
	lifeline, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	errout, err3 := cmd.StderrPipe()
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	stderr = bufio.NewReader(errout)
	if _, err := fmt.Fscanln(stderr, &program); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err == nil && !strings.HasPrefix(line, "1|1|") {
		t.Fatalf("the handshake is %q", line)
	}
	return cmd, lifeline, program, stderr
}

// gone fails the test when the process is not gone soon.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
	syscall.Kill(pid, syscall.SIGKILL)
}

const stubborn = "while True: time.sleep(1)"

func TestServeEndsWithItsHost(t *testing.T) {
	cmd, lifeline, program, _ := adapter(t, "hello()", stubborn)
	lifeline.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	gone(t, program)
}

func TestServeKilled(t *testing.T) {
	cmd, _, program, _ := adapter(t, "hello()", stubborn)
	cmd.Process.Kill()
	gone(t, program)
}

// The adapter of a program that somebody kills ends as if it was meant.
func TestServeEndsWithTheProgram(t *testing.T) {
	cmd, _, program, stderr := adapter(t, "hello()", stubborn)
	if err := syscall.Kill(program, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(stderr)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL || string(said) != "the plugin's program ended with signal: terminated\n" {
		t.Errorf("%v, %q", cmd.ProcessState, said)
	}
}

func TestServeNoHello(t *testing.T) {
	cmd, _, program, stderr := adapter(t, `print("hi", flush=True)`, stubborn)
	said, _ := io.ReadAll(stderr)
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(said), `"hi", is not a hello`) || strings.Count(string(said), "\n") != 1 {
		t.Errorf("%v, %q", cmd.ProcessState, said)
	}
	gone(t, program)
}
