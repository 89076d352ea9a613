package play

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// serve plays a script as the server and returns its address and what it told.
func serve(t *testing.T, s *Server) (address string, told func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []string
	goOn := s.Mismatch
	s.Mismatch = func(client net.Addr, m *Mismatch) bool {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, m.Error())
		return goOn != nil && goOn(client, m)
	}
	s.Ended = func(_ net.Addr, _ string, err error) {
		mu.Lock()
		defer mu.Unlock()
		var told *Mismatch
		if err != nil && !errors.As(err, &told) {
			all = append(all, err.Error())
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func dial(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

const long = time.Minute // of a test that hangs

// A hundred clients at once hear from the played server what was recorded, of
// every golden and of large recordings.
func TestHundredClients(t *testing.T) {
	scripts := map[string]*Script{
		"both send much": script(t, strings.Repeat("<< server \""+strings.Repeat("x", 100_000)+"\"\n>> server \""+strings.Repeat("y", 100_000)+"\"\n", 5)+">> server eof\n"),
		"large messages": large(t),
		"a half-close":   script(t, ">> client binary \"a\"\n<< server \"a\"\n>> client eof\n>> server \"b\"\n>> server eof\n"),
	}
	files, _ := filepath.Glob("../../testdata/*/*.golden")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := transcript.ParseAll(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for i, tr := range all {
			if lacksBytes(tr) || hasLinks(tr) {
				continue
			}
			s, err := New(file, tr)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(wire(s), "S!") && !s.Datagrams() && !s.Upgrades() { // a reset can come before connect is done
				scripts[fmt.Sprint(file, i)] = s
			}
		}
	}
	for name, s := range scripts {
		address, told := serve(t, &Server{Script: s, Fast: true})
		clients := 100
		if strings.Contains(name, "golden") || name == "large messages" {
			clients = 10
		}
		var all sync.WaitGroup
		for range clients {
			conn := dial(t, address)
			all.Go(func() {
				p := s.Play(core.Client)
				if err := (Talk{Fast: true, Timeout: long}).Over(t.Context(), conn, p); err != nil {
					t.Errorf("%s: %v\n%s", name, err, p.Diff())
				}
			})
		}
		all.Wait()
		if said := told(); len(said) > 0 {
			t.Errorf("%s: the server told %v", name, said)
		}
	}
}

// large is a recording in which both sides send megabytes without waiting.
func large(t *testing.T) *Script {
	tr := &transcript.Transcript{Mode: "raw"}
	for i := range 4 {
		tr.Entries = append(tr.Entries,
			transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: bytes.Repeat([]byte{byte(i)}, 1<<20)}},
		)
	}
	for i := range 4 {
		tr.Entries = append(tr.Entries,
			transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: bytes.Repeat([]byte{byte(i)}, 1<<20)}})
	}
	s, err := New("large", tr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A client that ends its stream early, as nc does, is answered all the same.
func TestServerAnswersAHalfClosedClient(t *testing.T) {
	s := script(t, ">> client text \"GET\"\n<< server \"GET\\n\"\n>> server \"200\\n\"\n>> server eof\n")
	address, told := serve(t, &Server{Script: s})
	conn := dial(t, address)
	conn.Write([]byte("GET\n"))
	conn.CloseWrite()
	answer, err := io.ReadAll(conn)
	if string(answer) != "200\n" || err != nil || len(told()) > 0 {
		t.Errorf("%q, %v, %v", answer, err, told())
	}
}

func TestServerSpeaksFirst(t *testing.T) {
	s := script(t, ">> server \"220 hello\\r\\n\"\n>> client text \"QUIT\"\n<< server \"QUIT\\r\\n\"\n>> server \"221 bye\\r\\n\"\n>> server eof\n")
	address, _ := serve(t, &Server{Script: s})
	conn := dial(t, address)
	if got := read(t, conn, len("220 hello\r\n")); got != "220 hello\r\n" {
		t.Error(got)
	}
	conn.Write([]byte("QUIT\r\n"))
	if rest, err := io.ReadAll(conn); string(rest) != "221 bye\r\n" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

func read(t *testing.T, conn net.Conn, n int) string {
	t.Helper()
	b := make([]byte, n)
	conn.SetReadDeadline(time.Now().Add(long))
	if _, err := io.ReadFull(conn, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMismatch(t *testing.T) {
	s := script(t, ">> client text \"a\"\n<< server \"HELO a\\r\\n\"\n>> server \"250\\r\\n\"\n>> client text \"q\"\n<< server \"QUIT\\r\\n\"\n>> server \"221\\r\\n\"\n")
	const want = `f:5: byte 5 of the client's stream: expected "HELO a\r\n", got "HELO b"`

	address, told := serve(t, &Server{Script: s})
	conn := dial(t, address)
	conn.Write([]byte("HELO b\r\nQUIT\r\n"))
	if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
		t.Errorf("a client that differs got %q, %v", rest, err)
	}
	if got := told(); len(got) != 1 || got[0] != want {
		t.Errorf("told %q", got)
	}

	address, told = serve(t, &Server{Script: s, Mismatch: func(net.Addr, *Mismatch) bool { return true }})
	conn = dial(t, address)
	conn.Write([]byte("HELO b\r\nQUIT\r\n"))
	if got := read(t, conn, 10); got != "250\r\n221\r\n" {
		t.Errorf("got %q", got)
	}
	conn.Close()
	if got := told(); len(got) != 1 || got[0] != want {
		t.Errorf("told %q", got)
	}
}

// What broke when it was recorded breaks when it is played.
func TestBreaks(t *testing.T) {
	s := script(t, ">> server \"a\"\n>> client text \"x\"\n<< server \"x\"\n>> server failed \"connection reset by the server\"\n")
	address, _ := serve(t, &Server{Script: s})
	conn := dial(t, address)
	read(t, conn, 1)
	conn.Write([]byte("x"))
	if _, err := conn.Read(make([]byte, 1)); inWords(err) != "connection reset" {
		t.Errorf("it ended with %v", err)
	}
	p := s.Play(core.Client)
	if err := (Talk{Timeout: long}).Over(t.Context(), dial(t, address), p); err != nil {
		t.Errorf("%v\n%s", err, p.Diff())
	}
}

// The recorded pauses are kept, and Fast leaves them out.
func TestPauses(t *testing.T) {
	s := script(t, "0.0 >> server \"a\"\n0.2 >> server \"b\"\n0.3 >> server eof\n")
	for _, fast := range []bool{false, true} {
		address, _ := serve(t, &Server{Script: s, Fast: fast})
		start := time.Now()
		io.ReadAll(dial(t, address))
		if took := time.Since(start); !fast && took < 300*time.Millisecond || fast && took > 250*time.Millisecond {
			t.Errorf("fast %v: %v", fast, took)
		}
	}
}

// A live server that changes one byte, anywhere, or says less or more, is
// found out.
func TestChangedByteIsFound(t *testing.T) {
	s := script(t, ">> server \"220 hi\\r\\n\"\n<< server \"EHLO\\r\\n\"\n~~ match \"id [0-9]+\\r\\n\"\n>> server \"250-id 7\\r\\n250 ok\\r\\n\"\n<< server \"QUIT\\r\\n\"\n>> server \"221 bye\\r\\n\"\n>> server eof\n")
	answers := "220 hi\r\n250-id 7\r\n250 ok\r\n221 bye\r\n"
	honest, _ := serve(t, &Server{Script: s, Fast: true})
	for at := range answers {
		t.Run(fmt.Sprint("byte ", at), func(t *testing.T) {
			t.Parallel()
			p := s.Play(core.Client)
			err := (Talk{Fast: true, Timeout: time.Second}).Over(t.Context(), dial(t, changing(t, honest, at)), p)
			var m *Mismatch
			digit := answers[at] == '7'
			if errors.As(err, &m) == digit {
				t.Error(err)
			}
			if !digit && !strings.Contains(p.Diff(), "\n+") {
				t.Errorf("%v\n%s", err, p.Diff())
			}
		})
	}
}

// changing passes everything on to an address, but for one byte of what comes
// back: a digit becomes another, anything else a '#'.
func changing(t *testing.T, to string, at int) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		client, err := l.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer server.Close()
		var up sync.WaitGroup
		up.Go(func() { io.Copy(server, client); server.(*net.TCPConn).CloseWrite() })
		defer up.Wait()
		buf := make([]byte, 4096)
		for offset := 0; ; {
			n, err := server.Read(buf)
			if i := at - offset; i >= 0 && i < n {
				if buf[i] == '7' {
					buf[i] = '8'
				} else {
					buf[i] = '#'
				}
			}
			offset += n
			client.Write(buf[:n])
			if err != nil {
				client.(*net.TCPConn).CloseWrite()
				return
			}
		}
	}()
	return l.Addr().String()
}

// A server that says nothing is waited for no longer than was asked, and what
// was awaited is told.
func TestTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := script(t, ">> server \"220 \"\n~~ match \"[0-9]+\\n\"\n>> server \"12\\n\"\n")
	p := s.Play(core.Client)
	conn := dial(t, l.Addr().String())
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	peer.Write([]byte("220 7"))
	err = (Talk{Timeout: 50 * time.Millisecond}).Over(t.Context(), conn, p)
	const want = `f:6: byte 4 of the server's stream: expected match "[0-9]+\n", got nothing more within 50ms`
	if fmt.Sprint(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if d := p.Diff(); !strings.Contains(d, `+ >> server "220 7"`) {
		t.Error(d)
	}
}

// stopped is a connection whose process is stopped for an hour when it begins to read for
// the nth time.
type stopped struct {
	net.Conn
	nth int
}

func (s *stopped) Read(b []byte) (int, error) {
	if s.nth--; s.nth == 0 {
		time.Sleep(time.Hour)
	}
	return s.Conn.Read(b)
}

func (s *stopped) CloseWrite() error { return s.Close() }

// What the server says while this process is stopped is heard, however long that is and
// whenever it begins.
func TestTimeoutAfterAStop(t *testing.T) {
	for nth := 1; nth <= limit.Parts; nth++ {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				time.Sleep(time.Minute)
				io.WriteString(far, "hello\n")
				far.Close()
			}()
			p := script(t, ">> server \"hello\\n\"\n").Play(core.Client)
			if err := (Talk{Timeout: 3 * time.Second}).Over(t.Context(), &stopped{near, nth}, p); err != nil {
				t.Errorf("stopped in part %d: %v", nth, err)
			}
		})
	}
}

func TestContextEndsTalk(t *testing.T) {
	s := script(t, "<< server \"never\"\n>> server \"a\"\n")
	address, _ := serve(t, &Server{Script: s})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	p := script(t, ">> server \"a\"\n").Play(core.Client)
	go func() { over <- Talk{Timeout: long}.Over(ctx, dial(t, address), p) }()
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
