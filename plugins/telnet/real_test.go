//go:build linux

package telnet

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// login asks for a name and, without an echo, for a password, and then is a shell.
const login = `#!/bin/sh
printf 'box login: '
read -r name
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\n'
[ "$password" = secret ] || { echo 'Login incorrect'; exit 1; }
printf '\033[1mWelcome\033[0m %s\n' "$name"
PS1='$ ' exec sh -i
`

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

// telnetd has busybox's telnetd answer on a port, with that for a log-in, and returns the
// address.
func telnetd(t *testing.T) (address string) {
	t.Helper()
	dir := t.TempDir()
	script, issue := filepath.Join(dir, "login"), filepath.Join(dir, "issue")
	if err := os.WriteFile(script, []byte(login), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(issue, []byte("A box to practise on\n"), 0o600); err != nil {
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
			socket, err := conn.(*net.TCPConn).File()
			if err == nil {
				cmd := exec.CommandContext(t.Context(), program, "telnetd", "-i", "-l", script, "-f", issue)
				cmd.Stdin, cmd.Stdout = socket, socket
				if err = cmd.Start(); err == nil {
					all.Go(func() { cmd.Wait() }) // it ends with its connection
				}
				socket.Close()
			}
			conn.Close()
			if err != nil {
				t.Errorf("%v; scripts/deps.sh installs what the tests need", err)
			}
		}
	})
	return l.Addr().String()
}

// byHand is a session with a server, of which the machine gets so many bytes at once.
type byHand struct {
	t     *testing.T
	conn  net.Conn
	m     *machine
	size  int
	shown []string // lines, and a prompt after them
	part  bool     // the last is a prompt
	sent  strings.Builder
}

func dial(t *testing.T, address string, size int) *byHand {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(time.Minute))
	return &byHand{t: t, conn: conn, m: open(t, core.Messages), size: size}
}

func (b *byHand) event(ev core.Event) {
	b.t.Helper()
	var out core.Out
	if err := b.m.Handle(ev, &out); err != nil || out.Err() != nil {
		b.t.Fatal(err, out.Err())
	}
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendServer:
			b.sent.Write(a.Data)
			if _, err := b.conn.Write(a.Data); err != nil {
				b.t.Fatal(err)
			}
		case core.SendText, core.ShowPart:
			if b.part {
				b.shown = b.shown[:len(b.shown)-1]
			}
			b.shown, b.part = append(b.shown, string(a.Data)), a.Kind == core.ShowPart
		}
	}
}

// until reads until what is shown ends so.
func (b *byHand) until(end string) {
	b.t.Helper()
	b.reads(end, func() bool { return strings.HasSuffix("\n"+strings.Join(b.shown, "\n"), "\n"+end) })
}

// reads reads until that is so.
func (b *byHand) reads(what string, so func() bool) {
	b.t.Helper()
	for buf := make([]byte, b.size); ; {
		if b.event(core.Event{Kind: core.ServerQuiet}); so() {
			return
		}
		n, err := b.conn.Read(buf)
		if err != nil {
			b.t.Fatalf("no %q comes: %v; shown is %q", what, err, b.shown)
		}
		b.event(core.Event{Kind: core.ServerBytes, Data: buf[:n]})
	}
}

// Logging in is the same however the server's bytes are cut.
func TestLogin(t *testing.T) {
	address := telnetd(t)
	most := 40
	if testing.Short() {
		most = 1
	}
	for size := 1; size <= most; size++ {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := dial(t, address, size)
			defer b.conn.Close()
			b.until("box login: ")
			b.event(typed("joe"))
			b.until("Password: ")
			b.event(typed("secret"))
			b.until("Welcome joe\n$ ")
			b.event(typed("stty size"))
			b.until("24 80\n$ ")
			b.event(typed(`printf '\377%s' x | od -An -tx1; exit`))
			want := []string{"", "A box to practise on", "box login: joe", "Password: ", "Welcome joe", "$ stty size", "24 80",
				`$ printf '\377%s' x | od -An -tx1; exit`, " ff 78"}
			b.until(want[len(want)-1])
			if got := strings.Join(b.shown, "\n"); got != strings.Join(want, "\n") {
				t.Errorf("it shows\n%s", got)
			}
			if sent := b.sent.String(); !strings.Contains(sent, "\xff\xfa\x1f\x00P\x00\x18\xff\xf0") || !strings.Contains(sent, "joe\r\nsecret\r\n") {
				t.Errorf("it has sent %q", sent)
			}
		})
	}
}

// The session in the mode's page goes as it says there.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/telnet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	said, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	b := dial(t, telnetd(t), 4096)
	defer b.conn.Close()
	var shown []string // since the last line was typed
	from := 0
	hold := func() {
		want := strings.Join(shown, "\n")
		b.reads(want, func() bool { return strings.Join(b.shown[from:], "\n") == want })
		if from, shown = len(b.shown), nil; b.part { // it is replaced by what follows it
			from--
		}
	}
	lines := 0
	for line := range strings.Lines(said) {
		line = strings.TrimSuffix(line, "\n")
		text, isTyped := strings.CutPrefix(line, "> ")
		if !isTyped {
			shown = append(shown, line)
			continue
		}
		if len(shown) > 0 {
			hold()
		}
		b.event(typed(text))
		lines++
	}
	if hold(); lines < 3 {
		t.Errorf("%d lines are typed in it", lines)
	}
}
