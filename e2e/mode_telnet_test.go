//go:build linux

package e2e

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// busybox is the one that has telnetd, which Debian's package busybox has not;
// scripts/deps.sh unpacks it beside that.
func busybox(t *testing.T) string {
	t.Helper()
	if applets, err := exec.Command("busybox", "--list").Output(); err == nil && strings.Contains(string(applets), "\ntelnetd\n") {
		return "busybox"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "protocol-workbench", "busybox")
}

// startTelnetd has busybox's telnetd answer, with a log-in that asks for a name and a password
// and then says what size the window has.
func startTelnetd(t *testing.T) (address string) {
	t.Helper()
	dir := t.TempDir()
	script, issue := filepath.Join(dir, "login"), filepath.Join(dir, "issue")
	writeFile(t, issue, "A box\n")
	writeFile(t, script, `#!/bin/sh
printf 'box login: '
read -r name
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\nWelcome %s, %s characters\n' "$name" "${#password}"
stty size
`)
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	program := busybox(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if socket, err := conn.(*net.TCPConn).File(); err != nil {
				t.Error(err)
			} else {
				cmd := exec.CommandContext(t.Context(), program, "telnetd", "-i", "-l", script, "-f", issue)
				cmd.Stdin, cmd.Stdout = socket, socket
				if err := cmd.Start(); err != nil {
					t.Errorf("%v; scripts/deps.sh installs what the tests need", err)
				} else {
					all.Go(func() { cmd.Wait() }) // it ends with its connection
				}
				socket.Close()
			}
			conn.Close()
		}
	})
	return l.Addr().String()
}

// telnetClient logs in with busybox's telnet, and returns what that shows.
func telnetClient(t *testing.T, address string) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(busybox(t), "telnet", host, port)
	cmd.Env = append(os.Environ(), "TERM=xterm")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(patience, func() { cmd.Process.Kill() }).Stop()
	var out []byte
	for buf := make([]byte, 4096); ; {
		for prompt, answer := range map[string]string{"login: ": "joe\r", "Password: ": "sesame\r"} {
			if bytes.HasSuffix(out, []byte(prompt)) {
				io.WriteString(in, answer)
			}
		}
		n, err := said.Read(buf)
		if out = append(out, buf[:n]...); err != nil {
			break
		}
	}
	cmd.Wait() // 1, as the server closes
	return string(out)
}

// The mode telnet with busybox's telnetd: logging in by hand, and busybox's telnet through a
// watching tap, with as many commands as tshark sees. Both recordings replay however they are
// cut, and have no password.
func TestModeTelnet(t *testing.T) {
	address := startTelnetd(t)
	w, folder := keeper(t)
	c := w.mailTalk(t, "?mode=telnet", address)
	c.until(`"box login: "`)
	c.says("joe")
	c.until(`"Password: "`)
	c.says("sesame")
	c.until(`"24 80"`)
	c.linesToEnd()
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	workbenchDoes(t, "replay", "--recut", "10", file)
	if text, _ := os.ReadFile(file); bytes.Contains(text, []byte("sesame")) || !bytes.Contains(text, []byte(`"Welcome joe, 6 characters"`)) {
		t.Errorf("the recording:\n%s", text)
	}

	direct := telnetClient(t, address)
	tap := tapTo(t, address, "--mode", "telnet")
	if got := telnetClient(t, tap.address); got != direct || !strings.Contains(got, "Welcome joe, 6 characters") {
		t.Errorf("through the tap the client shows %q, and else %q", got, direct)
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, _ := os.ReadFile(file)
		if bytes.Contains(text, []byte("sesame")) {
			t.Errorf("the recording has the password:\n%s", text)
		}
		commands := bytes.Count(text, []byte("  telnet.cmd "))
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		if n := strings.Count(workbenchDoes(t, "decode", "--fields", "--mode", "telnet", capture), " telnet.cmd "); n != commands {
			t.Errorf("%d commands in the capture, and %d were seen by the tap", n, commands)
		}
		said, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(address)+",telnet", "-Y", "telnet.cmd", "-T", "fields", "-e", "telnet.cmd", "-E", "aggregator= ").Output()
		if all := len(strings.Fields(string(said))); err != nil || commands < 8 || all-strings.Count(string(said), "240") != commands {
			t.Errorf("%d commands, and tshark sees %d, %s, %v\n%s", commands, all, said, err, text)
		}
	}
}
