package lines

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// scpiServer is an instrument that keeps the last block that it was sent.
const scpiServer = `
import socket
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
f = l.accept()[0].makefile("rwb")
kept = b""
while True:
    c = f.read(1)
    if not c:
        break
    line = c
    while not line.endswith((b"\n", b"#")):
        line += f.read(1)
    if line == b"DATA #":
        kept = f.read(int(f.read(int(f.read(1)))))
        f.readline()
    elif line == b"DATA?\n":
        f.write(b"#2%02d%s\n" % (len(kept), kept))
    elif line == b"*IDN?\n":
        f.write(b"Example,Meter,1,1.0\n")
    f.flush()
`

// start starts a server, which the test ends, and dials address, or the port that it prints.
func start(t *testing.T, address string, name string, arg ...string) net.Conn {
	t.Helper()
	cmd := exec.Command(name, arg...)
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if address == "" {
		port, err := bufio.NewReader(said).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		address = "127.0.0.1:" + strings.TrimSpace(port)
	}
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial(network, address)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			conn.SetDeadline(time.Now().Add(time.Minute))
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen: %v", name, err)
		}
	}
}

// session is one by hand.
type session struct {
	*machine
	t     *testing.T
	conn  net.Conn
	shown string // since the last look
}

func (s *session) handle(ev core.Event) {
	s.t.Helper()
	var out core.Out
	if err := s.machine.Handle(ev, &out); err != nil || out.Err() != nil {
		s.t.Fatal(string(ev.Data), err, out.Err())
	}
	for i := range out.Len() {
		switch a := out.Action(i); a.Kind {
		case core.SendServer:
			if _, err := s.conn.Write(a.Data); err != nil {
				s.t.Fatal(err)
			}
		case core.SendText:
			s.shown += string(a.Data) + "\n"
		}
	}
}

// until reads until the server has said what is wanted.
func (s *session) until(want string) {
	s.t.Helper()
	buf := make([]byte, 64<<10)
	for !strings.Contains(s.shown, want) {
		n, err := s.conn.Read(buf)
		if err != nil {
			s.t.Fatalf("%v; %q is shown, want %q", err, s.shown, want)
		}
		s.handle(server(string(buf[:n])))
	}
}

// The session in the mode's page goes as it says there.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/lines.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	lines, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	socket := filepath.Join(t.TempDir(), "s")
	s := &session{t: t, conn: start(t, socket, "memcached", "-u", "root", "-s", socket), machine: open(t, core.Messages, "memcached")}
	want := ""
	look := func() {
		t.Helper()
		if s.until(want); s.shown != want {
			t.Errorf("%q is shown, and the page says %q", s.shown, want)
		}
		s.shown, want = "", ""
	}
	for line := range strings.Lines(lines) {
		if said, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> "); ok {
			look()
			s.handle(typed(said))
			continue
		}
		want += line
	}
	look()
}

// An instrument is sent a block that holds line ends, and returns it.
func TestInstrument(t *testing.T) {
	s := &session{t: t, conn: start(t, "", "/usr/bin/python3", "-c", scpiServer), machine: open(t, core.Messages, "scpi")}
	s.handle(typed("*IDN?"))
	s.until("Example,Meter,1,1.0\n")
	s.handle(typed(`=DATA #15a\nb\r\n\n`))
	s.handle(typed("DATA?"))
	s.until("#205a\nb\n")
	if len(s.Pending) != 0 {
		t.Errorf("%d are not answered", len(s.Pending))
	}
}

const ngircdConf = `[Global]
Name = irc.example
Info = test
Listen = 127.0.0.1
Ports = PORT
[Limits]
ConnectRetry = 5
PingTimeout = 1
PongTimeout = 20
[Options]
DNS = no
Ident = no
PAM = no
`

// A server's PING, which ngircd sends after a second of silence, is answered by itself.
func TestIRCServer(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the server's timer")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	conf := filepath.Join(t.TempDir(), "ngircd.conf")
	if err := os.WriteFile(conf, []byte(strings.Replace(ngircdConf, "PORT", port, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, conn: start(t, "127.0.0.1:"+port, "/usr/sbin/ngircd", "-n", "-f", conf), machine: open(t, core.Messages, "irc")}
	s.handle(typed("NICK ann\nUSER ann 0 * :Ann"))
	s.until(" 001 ann ")
	s.until("PING ")
	s.handle(typed("JOIN #room"))
	s.until(" JOIN :#room")
	s.handle(typed("QUIT"))
	s.until("ERROR ")
}
