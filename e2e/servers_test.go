//go:build linux

package e2e

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a TCP server of the test's own.
type server struct {
	address  string
	listener net.Listener
}

// serve listens on a free port and passes each connection to handle. A connection is
// closed when handle returns and when the test ends.
func serve(t testing.TB, handle func(net.Conn)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, handle)
}

func serveOn(t testing.TB, listener net.Listener, handle func(net.Conn)) *server {
	var running sync.WaitGroup
	ended := make(chan struct{})
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				done := make(chan struct{})
				defer close(done)
				running.Go(func() {
					select {
					case <-ended:
						conn.Close()
					case <-done:
					}
				})
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		close(ended)
		listener.Close()
		running.Wait()
	})
	return &server{listener.Addr().String(), listener}
}

// echo sends back what it gets, whatever it is.
func echo(conn net.Conn) { io.Copy(conn, conn) }

// hold reads and sends nothing until the other end closes or resets.
func hold(conn net.Conn) { io.Copy(io.Discard, conn) }

// reset ends a connection with RST.
func reset(conn net.Conn) {
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// untouched is an address that must not be dialled: see nobodyCame.
func untouched(t testing.TB) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &server{listener.Addr().String(), listener}
}

// nobodyCame checks that a connection made now is the first one in the queue.
func (s *server) nobodyCame(t testing.TB) {
	t.Helper()
	ours, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	first, err := s.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != ours.LocalAddr().String() {
		t.Error("the workbench dialled the target")
	}
}

// deaf returns an address where a connection is neither accepted nor refused: its queue
// is full, and the kernel drops what arrives.
func deaf(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	err = errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0))
	if err != nil {
		t.Fatal(err)
	}
	address := boundTo(t, fd)
	conn, err := net.Dial("tcp", address) // a queue of length 0 holds one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return address
}

// freePort returns an address where nothing listens. The port is bound, so that no other
// program gets it by chance; a program that asks for it may have it.
func freePort(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	err = errors.Join(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	if err != nil {
		t.Fatal(err)
	}
	return boundTo(t, fd)
}

func boundTo(t testing.TB, fd int) string {
	t.Helper()
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}

const homePage = "<title>home</title>\n<p>Hello, visitor.</p>\n"

// goHTTP starts Go's HTTP server, over TLS when there is a certificate.
func goHTTP(t testing.TB, certificate *tls.Certificate) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, homePage)
		}),
		ErrorLog: discard,
	}
	address := listener.Addr().String()
	if certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(listener)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return address
}

// nginx starts Debian's nginx, which serves the home page, and returns its addresses.
func nginx(t testing.TB) (plain, secure string) {
	t.Helper()
	plain, secure = freePort(t), freePort(t)
	startNginx(t, t.TempDir(), plain, secure)
	eventually(t, "nginx taking connections", func() bool { return isListened("tcp", secure) })
	return plain, secure
}

// nginxOnSockets is nginx, and returns the paths of its Unix sockets.
func nginxOnSockets(t testing.TB) (plain, secure string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "wb") // short: paths of sockets must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	plain, secure = filepath.Join(dir, "plain"), filepath.Join(dir, "secure")
	startNginx(t, dir, "unix:"+plain, "unix:"+secure)
	eventually(t, "nginx taking connections", func() bool { return isListened("unix", secure) })
	return plain, secure
}

func isListened(network, address string) bool {
	conn, err := net.Dial(network, address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// isFree reports whether an address can be listened on.
func isFree(address string) bool {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
	}
	return err == nil
}

// startNginx starts nginx in a folder, listening without TLS and with it.
func startNginx(t testing.TB, dir, plain, secure string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // which is not in every user's PATH
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("nginx is missing: install it, as in: apt-get install nginx-light")
	}
	cert := newCertificate(t, authority, "127.0.0.1")
	cert.write(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	writeFile(t, filepath.Join(dir, "index.html"), homePage)

	also := "" // who resolves localhost may take ::1 of it
	if _, port, err := net.SplitHostPort(secure); err == nil && isFree("[::1]:"+port) {
		also = "listen [::1]:" + port + " ssl;"
	}
	config := strings.NewReplacer("DIR", dir, "PLAIN", plain, "SECURE", secure, "ALSO", also).Replace(nginxConfig)
	writeFile(t, filepath.Join(dir, "nginx.conf"), config)
	cmd := exec.Command(program, "-c", filepath.Join(dir, "nginx.conf"), "-p", dir, "-e", filepath.Join(dir, "error.log"))
	p, err := run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) {
			t.Error("nginx did not stop")
			p.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			words, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx wrote:\n%s%s", p.stderr, words)
		}
	})
}

const nginxConfig = `
daemon off;
master_process off;
pid DIR/pid;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	types { text/html html; }
	server {
		listen PLAIN;
		listen SECURE ssl;
		ALSO
		ssl_certificate DIR/cert.pem;
		ssl_certificate_key DIR/key.pem;
		root DIR;
		location /api { default_type application/json; return 200 '{"ok":true}'; }
	}
}
`

var practiceLine = regexp.MustCompile(`practice echo server on (127\.0\.0\.1:\d+) `)

// cmdEcho starts cmd/echo and returns its address.
func cmdEcho(t testing.TB) string {
	t.Helper()
	p, err := run(exec.Command(echoBinary, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) || p.exitCode() != 0 {
			t.Errorf("cmd/echo did not stop well: %s", p.stderr)
		}
	})
	var line []string
	eventually(t, "the address of cmd/echo", func() bool {
		line = practiceLine.FindStringSubmatch(p.stdout.String())
		return line != nil
	})
	return line[1]
}

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// receive takes a value that is due.
func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited %v in vain for: %s", patience, what)
		panic("not reached")
	}
}
