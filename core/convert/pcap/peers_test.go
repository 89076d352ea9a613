//go:build linux

package pcap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// talk is one conversation with a server, recorded by its client.
type talk struct {
	conn           net.Conn
	in             *bufio.Reader
	sent, received bytes.Buffer
}

func dial(t *testing.T, addr string) *talk {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			k := &talk{conn: conn}
			k.in = bufio.NewReader(io.TeeReader(conn, &k.received))
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			return k
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func (k *talk) say(t *testing.T, text string) {
	t.Helper()
	k.sent.WriteString(text)
	if _, err := io.WriteString(k.conn, text); err != nil {
		t.Fatal(err)
	}
}

// line reads a line, and more as long as they continue as SMTP's do.
func (k *talk) line(t *testing.T, begin string) {
	t.Helper()
	for {
		line, err := k.in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, begin) {
			t.Fatalf("got %q, %v; want %s…", line, err, begin)
		}
		if len(line) < 4 || line[3] != '-' {
			return
		}
	}
}

// rest reads to the end of the stream.
func (k *talk) rest(t *testing.T) {
	t.Helper()
	if _, err := io.Copy(io.Discard, k.in); err != nil {
		t.Fatal(err)
	}
	k.conn.Close()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start runs a program until the test ends.
func start(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", name, out.String())
		}
	})
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func startNginx(t *testing.T) string {
	port, dir := freePort(t), t.TempDir()
	os.Chmod(dir, 0o755)
	os.Chmod(filepath.Dir(dir), 0o755)
	if err := os.WriteFile(filepath.Join(dir, "big"), bytes.Repeat([]byte("0123456789abcdef\n"), 20_000), 0o644); err != nil {
		t.Fatal(err)
	}
	conf := file(t, "nginx.conf", fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen 127.0.0.1:%[2]s; root %[1]s; } }`, dir, port))
	start(t, program(t, "nginx", "nginx-light"), "-c", conf)
	return "127.0.0.1:" + port
}

func startRedis(t *testing.T) string {
	port := freePort(t)
	start(t, program(t, "redis-server", "redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	return "127.0.0.1:" + port
}

// startSMTP runs OpenSMTPD with its own run and spool folders, so that it needs and
// changes nothing on this machine.
func startSMTP(t *testing.T) string {
	port := freePort(t)
	conf := file(t, "smtpd.conf", fmt.Sprintf("listen on 127.0.0.1 port %s\naction \"drop\" mda \"/bin/cat > /dev/null\"\nmatch from any for any action \"drop\"\n", port))
	start(t, program(t, "unshare", "util-linux"), "-m", "--propagation", "unchanged", "sh", "-c",
		`{ ! mountpoint -q / || mount --make-rprivate /; } && # in a chroot it need not be one
		mount -t tmpfs -o mode=755 tmpfs /run && mount -t tmpfs -o mode=755 tmpfs /var/spool && mkdir -m 711 /var/spool/smtpd && exec "$0" -d -f "$1"`,
		program(t, "smtpd", "opensmtpd"), conf)
	return "127.0.0.1:" + port
}

// capture runs tcpdump on the ports and imports its output as it is written. wait
// blocks until so many connections have ended.
type capture struct {
	mu    sync.Mutex
	texts map[string]*bytes.Buffer // by the client's address
	ended chan struct{}
	stop  func() Report
}

type sink struct {
	c    *capture
	text *bytes.Buffer
}

func (s sink) Write(p []byte) (int, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.text.Write(p)
}

func (s sink) Close() error {
	s.c.ended <- struct{}{}
	return nil
}

func startCapture(t *testing.T, addrs ...string) *capture {
	t.Helper()
	filter := ""
	for i, a := range addrs {
		_, port, _ := net.SplitHostPort(a)
		if i > 0 {
			filter += " or "
		}
		filter += "tcp port " + port
	}
	cmd := exec.Command(program(t, "tcpdump", "tcpdump"), "-i", "lo", "-U", "--immediate-mode", "-B", "65536", "-w", "-", filter)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	packets, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	words, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(words)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("tcpdump captures nothing: %s (a capture wants root, which scripts/test.sh asks sudo for)", line)
		}
		if strings.Contains(line, "listening on") {
			break
		}
	}
	c := &capture{texts: map[string]*bytes.Buffer{}, ended: make(chan struct{}, 100)}
	var report Report
	done := make(chan error, 1)
	go func() {
		var err error
		report, err = Import(context.Background(), packets, Options{Name: "lo", Mode: "raw", Opening: rawOpening, Create: func(k Connection) (io.WriteCloser, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			text := &bytes.Buffer{}
			c.texts[k.Client.String()] = text
			return sink{c, text}, nil
		}})
		io.Copy(io.Discard, packets)
		done <- err
	}()
	c.stop = sync.OnceValue(func() Report {
		cmd.Process.Signal(os.Interrupt)
		io.Copy(io.Discard, lines)
		err := errors.Join(<-done, cmd.Wait())
		if err != nil {
			t.Error(err)
		}
		return report
	})
	t.Cleanup(func() { c.stop() })
	return c
}

// What tcpdump captures of real servers becomes transcripts that say what the peers
// said. Like all tests named TestRoot, this one needs root.
func TestRootRealServers(t *testing.T) {
	nginx, redis, smtp := startNginx(t), startRedis(t), startSMTP(t)
	for _, addr := range []string{nginx, redis, smtp} { // wait until they listen, uncaptured
		dial(t, addr).conn.Close()
	}
	c := startCapture(t, nginx, redis, smtp)

	mail := dial(t, smtp) // the server speaks first
	web := dial(t, nginx)
	store := dial(t, redis)
	half := dial(t, nginx)
	for _, s := range []string{"220", "EHLO client.example\r\n", "250", "MAIL FROM:<a@example.org>\r\n", "250", "RCPT TO:<root@localhost>\r\n", "250",
		"DATA\r\n", "354", "Subject: hello\r\n\r\n..a dot\r\n.\r\n", "250", "QUIT\r\n", "221"} {
		if s[0] >= '2' && s[0] <= '3' {
			mail.line(t, s)
		} else {
			mail.say(t, s)
		}
	}
	mail.rest(t)
	web.say(t, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
	web.say(t, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	web.rest(t)
	value := strings.Repeat("\x00\xff", 50_000)
	store.say(t, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n"+fmt.Sprintf("$%d\r\n%s\r\n", len(value), value))
	store.line(t, "+OK")
	store.say(t, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nQUIT\r\n")
	store.rest(t)
	half.say(t, "GET / HTTP/1.0\r\n\r\n")
	half.conn.(*net.TCPConn).CloseWrite()
	half.rest(t)

	all := []*talk{mail, web, store, half}
	for range all {
		<-c.ended
	}
	report := c.stop()
	if len(report.Written) != len(all) || report.LeftOut != 0 || report.Truncated {
		t.Errorf("%+v", report)
	}
	for i, k := range all {
		text := c.texts[k.conn.LocalAddr().String()]
		if text == nil {
			t.Errorf("talk %d has no transcript", i)
			continue
		}
		tr := parsed(t, text.Bytes())
		sent, received := said(tr)
		if tr.Target != k.conn.RemoteAddr().String() || !bytes.Equal(sent, k.sent.Bytes()) || !bytes.Equal(received, k.received.Bytes()) {
			t.Errorf("talk %d: the transcript has %d and %d bytes with %s, %d and %d were said with %s", i,
				len(sent), len(received), tr.Target, k.sent.Len(), k.received.Len(), k.conn.RemoteAddr())
		}
		if last := tr.Entries[len(tr.Entries)-1]; last.Event.Kind != core.ServerEOF {
			t.Errorf("talk %d ends in %s", i, transcript.AppendEntry(nil, &last))
		}
	}
}
