//go:build linux

package e2e

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// tapped is a running tap.
type tapped struct {
	*process
	address string
	folder  string // of its recordings
}

// tapTo runs workbench tap in front of a server.
func tapTo(t testing.TB, target string, flags ...string) *tapped {
	t.Helper()
	folder := t.TempDir()
	args := append([]string{"tap", "--listen", "127.0.0.1:0", "--to", target, "--transcripts", folder}, flags...)
	p, err := run(exec.Command(workbenchBinary, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
	})
	said := regexp.MustCompile(`Tap: (\S+) to `)
	eventually(t, "the tap: "+p.stderr.String(), func() bool { return said.MatchString(p.stdout.String()) || p.gone() })
	if p.gone() {
		t.Fatalf("the tap ended: %s", p.stderr)
	}
	return &tapped{p, said.FindStringSubmatch(p.stdout.String())[1], folder}
}

// ends waits until so many sessions have ended. One that is stopped sooner may not have been
// answered by its line mode.
func (p *tapped) ends(t testing.TB, sessions int) {
	t.Helper()
	eventually(t, "the end of the sessions", func() bool { return strings.Count(p.stdout.String(), "; transcript ") >= sessions })
}

// stop ends the tap, and returns its recordings once they are whole.
func (p *tapped) stop(t testing.TB) (files []string) {
	t.Helper()
	p.ends(t, 1)
	p.signal(syscall.SIGINT)
	if !p.wait(patience) || p.exitCode() != 0 {
		t.Fatalf("the tap did not end: %s", p.stderr)
	}
	files, err := filepath.Glob(filepath.Join(p.folder, "*.transcript"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no recordings: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte("-- ended: ")) {
			t.Errorf("%s is not whole: %v\n%s", file, err, text)
		}
	}
	return files
}

// workbenchDoes runs a command of the workbench, which must succeed.
func workbenchDoes(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(workbenchBinary, args...).CombinedOutput()
	if err != nil {
		t.Errorf("workbench %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// output returns what a client writes that connects to an address.
func outputOf(t testing.TB, address, input string, command ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range command {
		command[i] = strings.NewReplacer("HOST", host, "PORT", port).Replace(s)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return strings.ReplaceAll(string(out), address, "ADDRESS")
}

// Real clients notice no tap. What it records replays the same however it was cut, serves
// the same client again, and plays to the same server.
func TestTapRealClients(t *testing.T) {
	const commands = "SET greeting hello\nGET greeting\nLRANGE none 0 -1\nGET greeting now\n"
	for _, c := range []struct {
		server, input string
		command       []string
	}{
		{"redis", commands, []string{"redis-cli", "-h", "HOST", "-p", "PORT"}},
		{"smtp", "", []string{"swaks", "--server", "HOST:PORT", "--to", "bob@example.test", "--from", "ann@example.test", "--helo", "here", "--data", "Subject: hi\n\nbody\n", "--suppress-data", "--hide-informational"}},
		{"http", "", []string{"curl", "-sSi", "-H", "Host: example.test", "http://HOST:PORT/"}},
	} {
		for _, flags := range [][]string{{}, {"--mode", "http-line"}, {"--through"}} {
			t.Run(c.server+strings.Join(flags, " "), func(t *testing.T) {
				fresh := func() string { return practising(t, c.server, "--listen", "127.0.0.1:0")[c.server] }
				do := func(address string) string {
					return withoutDates(outputOf(t, address, c.input, append([]string{}, c.command...)...))
				}
				want := do(fresh())
				tap := tapTo(t, fresh(), flags...)
				if got := do(tap.address); got != want {
					t.Errorf("through the tap it wrote\n%s\nand without\n%s", got, want)
				}
				for _, file := range tap.stop(t) {
					if out := workbenchDoes(t, "replay", "--recut", "5", file); !strings.Contains(out, "1 same") {
						t.Errorf("replay: %s", out)
					}
					if c.server == "redis" { // the others say what time it is
						workbenchDoes(t, "play", "client", file, "--to", fresh())
					}
					played, err := run(exec.Command(workbenchBinary, "play", "server", "--fast", "--once", "--verify", "--listen", "127.0.0.1:0", file))
					if err != nil {
						t.Fatal(err)
					}
					at := regexp.MustCompile(`127\.0\.0\.1:\d+`)
					eventually(t, "play server", func() bool { return at.MatchString(played.stdout.String()+played.stderr.String()) || played.gone() })
					if got := do(at.FindString(played.stdout.String() + played.stderr.String())); c.server == "redis" && got != want {
						t.Errorf("played, it wrote\n%s\nwant\n%s", got, want)
					}
					if !played.wait(patience) {
						played.signal(syscall.SIGKILL)
						t.Error("play server waits for more")
					} else if c.server == "redis" && played.exitCode() != 0 {
						t.Errorf("play server: %s%s", played.stdout, played.stderr)
					}
				}
			})
		}
	}
}

func withoutDates(s string) string {
	return regexp.MustCompile(`(?m)Date: .*|\d\d:\d\d:\d\d|<[^>]*@[^>]*>|queued as \S+|\r`).ReplaceAllString(s, "")
}

// A large file arrives as it is in both directions and both roles, recorded as far as a
// recording goes.
func TestTapLargeFile(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() {
		size = 64 << 20
	}
	hash := func(r io.Reader) string {
		h := sha256.New()
		n, err := io.Copy(h, r)
		return fmt.Sprintf("%x of %d bytes, %v", h.Sum(nil), n, err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			io.WriteString(w, hash(r.Body))
			return
		}
		io.CopyN(w, new(pseudo), size)
	}))
	defer web.Close()
	want := hash(io.LimitReader(new(pseudo), size))
	for _, flags := range [][]string{{}, {"--mode", "http-line"}, {"--through"}} {
		tap := tapTo(t, web.Listener.Addr().String(), append(flags, "--max-recording", "4")...)
		curl := func(args ...string) *exec.Cmd {
			return exec.Command("curl", append(args, "-sS", "http://"+tap.address+"/")...)
		}
		down := curl()
		out, err := down.StdoutPipe()
		if err == nil {
			err = down.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := hash(out); got != want || down.Wait() != nil {
			t.Errorf("%v: another file came down: %s, not %s", flags, got, want)
		}
		up := curl("-T", "-")
		up.Stdin = io.LimitReader(new(pseudo), size)
		if got, err := up.Output(); err != nil || string(got) != want {
			t.Errorf("%v: another file went up: %s, not %s, %v", flags, got, want, err)
		}
		tap.stop(t)
	}
}

// pseudo is an endless stream of bytes that do not repeat soon.
type pseudo struct{ at int }

func (p *pseudo) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(p.at*p.at>>3 + p.at)
		p.at++
	}
	return len(b), nil
}

// A reset arrives as a reset, with what came before it, and an end as an end.
func TestTapEnds(t *testing.T) {
	for _, flags := range [][]string{{}, {"--through"}} {
		seen, heard := make(chan error, 1), make(chan bool, 3)
		s := serve(t, func(c net.Conn) {
			b := make([]byte, 100)
			n, _ := io.ReadAtLeast(c, b, len("reset"))
			if string(b[:n]) == "reset" {
				fmt.Fprint(c, "last words")
				c.Read(b) // the client has them
				c.(*net.TCPConn).SetLinger(0)
				return
			}
			heard <- true
			_, err := io.ReadAll(c)
			seen <- err
			fmt.Fprint(c, "and good bye")
		})
		tap := tapTo(t, s.address, flags...)
		dial := func() *net.TCPConn {
			c, err := net.Dial("tcp", tap.address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c.(*net.TCPConn)
		}
		c := dial()
		fmt.Fprint(c, "reset")
		b := make([]byte, 100)
		n, _ := io.ReadAtLeast(c, b, len("last words"))
		fmt.Fprint(c, "!")
		_, err := c.Read(b[n:])
		if string(b[:n]) != "last words" || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v: the client got %q and %v", flags, b[:n], err)
		}
		c = dial()
		fmt.Fprint(c, "hello")
		<-heard
		c.SetLinger(0)
		c.Close()
		if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v: the server saw %v", flags, err)
		}
		c = dial()
		fmt.Fprint(c, "hello")
		c.CloseWrite()
		text, err := io.ReadAll(c)
		if seen := <-seen; seen != nil || err != nil || string(text) != "and good bye" {
			t.Errorf("%v: the server saw %v, the client %q, %v", flags, seen, text, err)
		}
		tap.stop(t)
	}
}

// One connection is kept as a golden.
func TestTapOnce(t *testing.T) {
	s := serve(t, func(c net.Conn) { io.Copy(c, c) })
	file := filepath.Join(t.TempDir(), "ping.golden")
	tap := tapTo(t, s.address, "--once", "--golden", file)
	c, err := net.Dial("tcp", tap.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "ping")
	b := make([]byte, 4)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "ping" {
		t.Errorf("it got %q, %v", b, err)
	}
	c.(*net.TCPConn).CloseWrite()
	io.ReadAll(c)
	if !tap.wait(patience) || tap.exitCode() != 0 {
		t.Fatalf("the tap goes on: %s%s", tap.stdout, tap.stderr)
	}
	const want = "workbench transcript v1\nmode raw\ntarget \"ADDRESS\"\nserver-eof stay\nclient stream\nwatch\n\n" +
		"<< pass-through client\n<< pass-through server\n>> client bytes \"ping\"\n>> server \"ping\"\n>> client eof\n>> server eof\n"
	got, err := os.ReadFile(file)
	if err != nil || strings.ReplaceAll(string(got), s.address, "ADDRESS") != want {
		t.Errorf("the golden is %v\n%s", err, got)
	}
	workbenchDoes(t, "replay", "--recut", "3", file)
}

// What cannot be tapped is refused in words.
func TestTapRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"line mode echo-quit serves no client that is a program": {"--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--mode", "echo-quit"},
		"try --mode raw":               {"--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--mode", "echo-quit"},
		"say where clients connect":    {"--to", "127.0.0.1:1"},
		"say where they are":           {"--listen", "127.0.0.1:0"},
		"other machines":               {"--listen", "0.0.0.0:0", "--to", "127.0.0.1:1"},
		"exclude each other":           {"--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--golden", "x", "--no-record"},
		"unknown mode \"nonsense\"":    {"--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--mode", "nonsense"},
		"it must be NAME=VALUE":        {"--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--option", "x"},
		"mode raw has no option \"x\"": {"--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--option", "x=1"},
	} {
		out, err := exec.Command(workbenchBinary, append([]string{"tap"}, args...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("tap %v: %v, %s; want %q", args, err, out, want)
		}
	}
}
