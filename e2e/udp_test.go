//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// echoDatagrams serves UDP on this machine: each datagram comes back.
func echoDatagrams(t testing.TB) (address string) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1<<16); ; {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			c.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
	return c.LocalAddr().String()
}

// A person's session by UDP: each message is a datagram, empty ones and large ones too; a
// refusal is a remark, after which the session goes on; and the recording replays the same
// however it is cut.
func TestDatagrams(t *testing.T) {
	t.Parallel()
	w, folder := keeper(t)
	c := w.join(t, "?mode=raw", "udp://"+echoDatagrams(t))
	for _, say := range []string{"one", "", "three", strings.Repeat("x", 65_507)} {
		c.send(websocket.BinaryMessage, []byte(say))
		if kind, got := c.next(); kind != websocket.BinaryMessage || string(got) != say {
			t.Fatalf("%d bytes came back as %d (kind %d)", len(say), len(got), kind)
		}
	}
	c.send(websocket.BinaryMessage, []byte("two in")) // a row
	c.send(websocket.BinaryMessage, []byte(" a row"))
	for _, want := range []string{"two in", " a row"} {
		if _, got := c.next(); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	c.linesToEnd()
	id := w.recorded(t)
	file := filepath.Join(folder, id+".transcript")
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text, []byte("server datagrams\n")) || !bytes.Contains(text, []byte(">> server \"two in\"\n")) || !bytes.Contains(text, []byte(">> server \"\"\n")) {
		t.Errorf("%v:\n%.2000s", err, text)
	}
	if out := workbenchDoes(t, "replay", "--recut", "20", file); !strings.Contains(out, "1 same") {
		t.Errorf("replay: %s", out)
	}
}

// What the system tells of a datagram is shown, and ends nothing.
func TestDatagramsThatDoNotArrive(t *testing.T) {
	t.Parallel()
	w := start(t)
	gone, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := gone.LocalAddr().(*net.UDPAddr)
	gone.Close()
	c := w.join(t, "?mode=raw", "udp://"+address.String(), "workbench.v1")
	remarked := func(words string) {
		t.Helper()
		for {
			for _, e := range c.entries() {
				if remark, _ := e["text"].(string); e["code"] == "undelivered" && strings.Contains(remark, words) {
					return
				}
			}
		}
	}
	c.say(`{"text":"anybody?"}`)
	remarked("refused a datagram: nothing listens there")
	c.send(websocket.BinaryMessage, make([]byte, 65_508))
	remarked("a datagram of 65508 bytes was not sent")
	server, err := net.ListenUDP("udp4", address)
	if err != nil {
		t.Fatal("the port is another's by now: ", err)
	}
	defer server.Close()
	c.say(`{"text":"now?"}`)
	server.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 100)
	if n, _, err := server.ReadFromUDPAddrPort(buf); err != nil || string(buf[:n]) != "now?" {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

func TestDatagramsAreRefusedTLSAndProxies(t *testing.T) {
	t.Parallel()
	w := start(t, "--proxy", "socks5://127.0.0.1:1")
	for _, c := range []struct{ query, target, words string }{
		{"", "tls+udp://127.0.0.1:1", "there is no TLS over UDP here"},
		{"?starttls=on", "udp://127.0.0.1:1", "starttls=on is for targets that can speak TLS"},
		{"?tls.name=x", "udp://127.0.0.1:1", "there is no TLS to udp://127.0.0.1:1"},
		{"?via=socks5://127.0.0.1:1", "udp://127.0.0.1:1", "via is for hosts by TCP"},
		{"", "udp://192.0.2.1:53", "proxies lead to TCP only"},
	} {
		s := w.open(t, c.query)
		s.say(c.target)
		s.refused(c.words)
	}
}

// dnsmasq serves names of its own, and asks nobody.
func dnsmasq(t *testing.T) (address string) {
	t.Helper()
	path, err := exec.LookPath("dnsmasq")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/dnsmasq"); err != nil {
			t.Fatal("dnsmasq is missing: run scripts/deps.sh")
		}
	}
	_, port, err := net.SplitHostPort(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p, err := run(exec.Command(path, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-poll",
		"--listen-address=127.0.0.1", "--bind-interfaces", "--port="+port, "--pid-file="+filepath.Join(dir, "pid"), "--user=", "--group=",
		"--address=/bench.example/192.0.2.7", "--txt-record=text.example,hello"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
	})
	address = "127.0.0.1:" + port
	eventually(t, "dnsmasq", func() bool { // it also serves TCP
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil || p.gone()
	})
	if p.gone() {
		t.Fatalf("dnsmasq ended: %s", p.stderr)
	}
	return address
}

// A real client of a real server notices no tap, whether the line mode watches or is in
// the path. What was recorded replays the same.
func TestTapDNS(t *testing.T) {
	t.Parallel()
	server := dnsmasq(t)
	for _, flags := range [][]string{{}, {"--through"}} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			tap := tapDatagrams(t, "udp://"+server, flags...)
			for _, name := range []string{"A bench.example", "TXT text.example"} {
				kind, name, _ := strings.Cut(name, " ")
				dig := func(address string) string {
					return outputOf(t, address, "", "dig", "+short", "+tries=1", "+time=20", "@HOST", "-p", "PORT", kind, name)
				}
				if want, got := dig(server), dig(tap.address); got != want || !regexp.MustCompile(`192\.0\.2\.7|hello`).MatchString(got) {
					t.Errorf("%s %s: %q through the tap, and %q without", kind, name, got, want)
				}
			}
			var files []string
			eventually(t, "the line mode has answered, whose process may start late", func() bool {
				files, _ = filepath.Glob(filepath.Join(tap.folder, "*.transcript"))
				return len(files) == 2 && !slices.ContainsFunc(files, func(file string) bool {
					text, err := os.ReadFile(file)
					return err != nil || !bytes.Contains(text, []byte("<< pass-through server"))
				})
			})
			tap.signal(syscall.SIGINT)
			if !tap.wait(patience) || tap.exitCode() != 0 {
				t.Fatalf("the tap did not end: %s", tap.stderr)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil || !bytes.Contains(text, []byte("client datagrams\nserver datagrams\n")) || bytes.Count(text, []byte(">> client bytes ")) != 1 || bytes.Count(text, []byte(">> server ")) != 1 {
					t.Errorf("%v:\n%s", err, text)
				}
				if out := workbenchDoes(t, "replay", "--recut", "20", file); !strings.Contains(out, "1 same") {
					t.Errorf("replay: %s", out)
				}
			}
		})
	}
}

// tapDatagrams runs workbench tap in front of a server by UDP.
func tapDatagrams(t testing.TB, target string, flags ...string) *tapped {
	t.Helper()
	tap := tapTo(t, target, append([]string{"--listen", "udp://127.0.0.1:0"}, flags...)...)
	tap.address = strings.TrimPrefix(tap.address, "udp://")
	return tap
}

// One client ends its session by silence, and the tap with it.
func TestTapDatagramsOnce(t *testing.T) {
	t.Parallel()
	golden := filepath.Join(t.TempDir(), "echo.golden")
	tap := tapDatagrams(t, "udp://"+echoDatagrams(t), "--once", "--golden", golden)
	c, err := net.Dial("udp4", tap.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	buf := make([]byte, 1<<16)
	for _, say := range []string{"ping", "", strings.Repeat("y", 65_507)} {
		if _, err := c.Write([]byte(say)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != say {
			t.Errorf("%d bytes came back as %d: %v", len(say), n, err)
		}
	}
	if !tap.wait(2*patience) || tap.exitCode() != 0 || !strings.Contains(tap.stdout.String(), "no datagram crossed for 30s") {
		t.Fatalf("it did not end by silence: %s%s", tap.stdout, tap.stderr)
	}
	if out := workbenchDoes(t, "replay", "--recut", "5", golden); !strings.Contains(out, "1 same") {
		t.Errorf("replay: %s", out)
	}
}

// A stream and datagrams do not mix, and a mode that takes no datagrams is refused by name.
func TestTapRefusesWhatIsNoDatagram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		listen, to, words string
		flags             []string
	}{
		{"udp://127.0.0.1:0", "127.0.0.1:1", "--listen is udp:// and --to is not", nil},
		{"127.0.0.1:0", "udp://127.0.0.1:1", "--to is udp:// and --listen is not", nil},
		{"udp://0.0.0.0:0", "udp://127.0.0.1:1", "can be reached from other machines", nil},
		{"udp://127.0.0.1:0", "udp://127.0.0.1:1", "line mode http-line serves no client that sends datagrams; try --mode raw", []string{"--mode", "http-line"}},
		{"udp://127.0.0.1:0", "udp://127.0.0.1:1", "--proxy is for hosts by TCP", []string{"--proxy", "socks5://127.0.0.1:1"}},
	} {
		out, err := exec.Command(workbenchBinary, append([]string{"tap", "--listen", c.listen, "--to", c.to, "--no-record"}, c.flags...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.words) {
			t.Errorf("%s to %s: %s; want %q in it", c.listen, c.to, out, c.words)
		}
	}
}
