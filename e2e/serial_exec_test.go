//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// A program is the server: what it says on its standard error and how it ends are
// remarks, and the recording replays.
func TestProgramAsTarget(t *testing.T) {
	t.Parallel()
	w, folder := keeper(t, "--allow-exec")
	c := w.join(t, "", `exec:/bin/sh -c 'echo trouble >&2; read line; echo "got $line"; exit 3'`)
	c.say("hello")
	lines, _ := c.linesToEnd()
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "got hello") {
		t.Errorf("the program says %q", lines)
	}
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	text, err := os.ReadFile(file)
	for _, want := range []string{`-- standard error: "trouble"`, "-- the program has ended: exit status 3", "target \"exec:/bin/sh -c "} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("recorded without %s, %v:\n%s", want, err, text)
		}
	}
	if out, err := exec.Command(workbenchBinary, "replay", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Programs and lines are for the account, and programs only where a flag allows them.
func TestWhoMayStartPrograms(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	anna := addUser(t, users, "anna")
	w := start(t, "--users", users)
	c := w.open(t, "")
	c.say("exec:/bin/cat")
	c.refused("--allow-exec")
	allowed := start(t, "--users", users, "--allow-exec")
	for _, target := range []string{"exec:/bin/cat", "serial:///dev/ttyS0"} {
		if got := allowed.told(t, anna, "", target); !strings.HasPrefix(got, "FAIL:this target may not be dialled") {
			t.Errorf("a user is told %q of %s", got, target)
		}
		for flag, words := range map[string]string{"--auth=none": "only the account that runs the workbench", "--policy=public": "denied by the preset public"} {
			c := start(t, flag, "--allow-exec").open(t, "")
			c.say(target)
			c.refused(words)
		}
	}
	out, err := exec.Command(workbenchBinary, "tap", "--listen", "127.0.0.1:0", "--to", "exec:/bin/cat").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--allow-exec") {
		t.Errorf("a tap without the flag: %v\n%s", err, out)
	}
}

// A serial line carries every byte, both ways.
func TestSerialLineAsTarget(t *testing.T) {
	t.Parallel()
	far, path := pseudoTerminal(t)
	w, folder := keeper(t)
	c := w.join(t, "?mode=raw", "serial://"+path+"?baud=115200")
	c.send(websocket.BinaryMessage, []byte("AT\r\x00\x11\xff"))
	got := make([]byte, 6)
	if n, err := far.Read(got); string(got[:n]) != "AT\r\x00\x11\xff" {
		t.Errorf("the device hears %q, %v", got[:n], err)
	}
	far.Write([]byte("OK\r\n\x00"))
	c.hearsBytes("OK\r\n\x00")
	far.Close()
	c.linesToEnd()
	text, err := os.ReadFile(filepath.Join(folder, w.recorded(t)+".transcript"))
	for _, want := range []string{`target "serial://` + path + `?baud=115200&data=8&parity=none&stop=1"`, ">> server failed", "is gone"} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("recorded without %s, %v:\n%s", want, err, text)
		}
	}
	c = w.open(t, "")
	c.say("serial:///dev/no-such-line")
	c.refused("there is no serial device /dev/no-such-line")
}

// On the page a program stands in Host.
func TestPageTalksToAProgram(t *testing.T) {
	t.Parallel()
	w := start(t, "--allow-exec")
	p := visit(t, browser(t), "http://"+w.address)
	p.paste("#host", "exec:/bin/cat -u")
	p.wait("that TLS is not offered", `!document.querySelector("#tls") && !document.querySelector("#via-menu")`)
	p.click("#connect-button")
	p.status("Connected")
	p.fill("#command", "hello")
	p.press("\r")
	p.wait("the answer", `document.querySelector("#console").textContent.includes("hello")`)
}

// pseudoTerminal returns the far end of a serial line, and the line's path.
func pseudoTerminal(t *testing.T) (*os.File, string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal("no pseudo-terminals here: ", err)
	}
	far := os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { far.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return far, "/dev/pts/" + strconv.Itoa(n)
}
