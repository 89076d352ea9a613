package gateway

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/convert/formats"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/login"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/store"
)

// served is a gateway with everything that it can have, in a bubble of fake time.
type served struct {
	*Gateway
	t  *testing.T
	at pipes
	id string // of a transcript

	streamed chan struct{} // gets one when the stream below /api/dev/ has ended
}

// inBubble runs a test in a bubble, with a gateway served there. The gateway has a
// transcript of at least the given size.
func inBubble(t *testing.T, size int, test func(t *testing.T, s served)) {
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	held, err := class.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	id := store.NewID(time.Now(), "s1", "raw")
	w, err := folder.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	const line = ">> server \"a line of a transcript\"\n"
	_, err = io.WriteString(w, "workbench transcript v1\nmode raw\n\n"+strings.Repeat(line, size/len(line)+1))
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		config := testGateway().Config
		config.Transcripts, config.Class, config.EndClass = folder, held, func() {}
		config.Page = fstest.MapFS{"index.html": {Data: []byte("a page")}}
		config.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") })
		config.Docs = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "documentation") })
		config.Listen = func(netip.AddrPort) (net.Listener, error) { return make(nobody), nil }
		config.Lessons = func() []*lesson.Source { return []*lesson.Source{teapot()} }
		streamed := make(chan struct{}, 1)
		config.Dev = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).Flush()
			<-r.Context().Done() // as a stream of events is, without one
			streamed <- struct{}{}
		})
		s := served{New(config), t, make(pipes), id, streamed}
		ended := make(chan error)
		go func() { ended <- s.Serve(s.at) }()
		test(t, s)
		s.Stop(context.Background())
		if err := <-ended; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}

// pipes is a listener for connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return atPort{conn}, nil
}

// nobody is a listener to which nobody comes; it is closed twice.
type nobody chan struct{}

func (n nobody) Accept() (net.Conn, error) { <-n; return nil, net.ErrClosed }
func (n nobody) Addr() net.Addr            { return &net.TCPAddr{} }
func (n nobody) Close() error {
	select {
	case <-n:
	default:
		close(n)
	}
	return nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return nil }

type atPort struct{ net.Conn }

func (atPort) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000} }

func (s served) connect() net.Conn {
	near, far := net.Pipe()
	s.at <- far
	return near
}

// head is a request's head, without its last line end.
func (s served) head(rt route) string {
	method, path, _ := strings.Cut(rt.pattern, " ")
	path = strings.NewReplacer("{id}", s.id, "{name}", "teapot").Replace(path)
	head := method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
	if strings.HasPrefix(path, "/websocket") {
		head += "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	}
	return head
}

// slack covers the half second that the server waits after its answer.
const slack = time.Second

func TestASlowBodyOnEachRoute(t *testing.T) {
	for _, length := range []string{"Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"} {
		for _, rt := range everyRoute() {
			t.Run(rt.pattern+" "+length[:7], func(t *testing.T) {
				inBubble(t, 0, func(t *testing.T, s served) {
					conn := s.connect()
					defer conn.Close()
					go io.Copy(io.Discard, conn)
					began := time.Now()
					_, err := io.WriteString(conn, s.head(rt)+length+"\r\n")
					for err == nil && time.Since(began) < time.Hour {
						time.Sleep(time.Second)
						_, err = io.WriteString(conn, "1")
					}
					if took := time.Since(began); err == nil || took > bodyLimit+2*slack {
						t.Errorf("the request lasted %v: %v", took, err)
					}
				})
			})
		}
	}
}

func TestASlowHead(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, s served) {
		conn := s.connect()
		defer conn.Close()
		go io.Copy(io.Discard, conn)
		began := time.Now()
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\n")
		for err == nil && time.Since(began) < time.Hour {
			time.Sleep(time.Second)
			_, err = io.WriteString(conn, "X: y\r\n")
		}
		if took := time.Since(began); took > headLimit+2*slack {
			t.Errorf("the request lasted %v", took)
		}
	})
}

func TestAnAnswerThatIsNotRead(t *testing.T) {
	for _, rt := range everyRoute() {
		t.Run(rt.pattern, func(t *testing.T) {
			inBubble(t, 1<<20, func(t *testing.T, s served) {
				conn := s.connect()
				defer conn.Close()
				head := s.head(rt)
				if rt.maxBody > 0 {
					head += "Content-Length: 2\r\n\r\n{}"
				} else {
					head += "\r\n"
				}
				if _, err := io.WriteString(conn, head); err != nil {
					t.Fatal(err)
				}
				time.Sleep(stall.Limit + slack)
				if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
					t.Errorf("still answers: %.100q, %v", rest, err)
				}
			})
		})
	}
}

// A slow reader gets the whole answer.
func TestASlowDownload(t *testing.T) {
	for _, query := range []string{"", "?format=jsonl", "?golden=1"} {
		inBubble(t, 100<<10, func(t *testing.T, s served) {
			conn := s.connect()
			defer conn.Close()
			io.WriteString(conn, "GET /api/transcripts/"+s.id+query+" HTTP/1.0\r\nHost: 127.0.0.1:8000\r\n\r\n") // which has no chunks
			var answer bytes.Buffer
			for began := time.Now(); ; time.Sleep(stall.Limit - time.Second) {
				if n, err := io.CopyN(&answer, conn, 1000); err == io.EOF && n == 0 || err != nil && err != io.EOF {
					break
				}
				if time.Since(began) > 24*time.Hour {
					t.Fatal("it does not end")
				}
			}
			if n := strings.Count(answer.String(), "a line of a transcript"); n != 100<<10/len(">> server \"a line of a transcript\"\n")+1 {
				t.Errorf("%q: %d lines came", query, n)
			}
		})
	}
}

// Whoever reads slowly what was made in turn holds up nobody.
func TestASlowReaderHoldsUpNobody(t *testing.T) {
	of := func(path string) string { return "GET /api/transcripts/ID" + path + " HTTP/1.1\r\n" }
	heads := []string{of("?golden=1"), of("/diff?with=ID")}
	for _, name := range formats.Names() {
		heads = append(heads, of("/export?as="+name))
	}
	for _, path := range []string{"/api/compare", "/api/transcripts/ID/replay", "/api/lessons/teapot/check"} {
		body := `{"transcript":"ID","runs":[{"mode":"raw"}],"mode":"raw"}`
		if strings.HasSuffix(path, "check") {
			body = `{"step":1,"transcripts":["ID"]}`
		}
		heads = append(heads, "POST "+path+" HTTP/1.1\r\nContent-Type: application/json\r\nBODY"+body)
	}
	for _, head := range heads {
		t.Run(strings.Fields(head)[1], func(t *testing.T) {
			inBubble(t, 100<<10, func(t *testing.T, s served) {
				slow, next := s.connect(), s.connect()
				defer slow.Close()
				defer next.Close()
				head, body, _ := strings.Cut(strings.ReplaceAll(head, "ID", s.id), "BODY")
				io.WriteString(slow, fmt.Sprintf("%sHost: 127.0.0.1:8000\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body))
				if _, err := io.ReadFull(slow, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				asked := time.Now()
				io.WriteString(next, strings.ReplaceAll(of("?golden=1"), "ID", s.id)+"Host: 127.0.0.1:8000\r\n\r\n")
				answer, err := http.ReadResponse(bufio.NewReader(next), nil)
				if err != nil || answer.StatusCode != http.StatusOK || time.Since(asked) > slack {
					t.Errorf("the next one has %v, %v after %v", answer, err, time.Since(asked))
				}
			})
		})
	}
}

// The limit for a request does not end long work; only its client does.
func TestTheLimitsEndWithTheRequest(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, s served) {
		conn := s.connect()
		io.WriteString(conn, "POST /api/dev/ HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Length: 0\r\n\r\n")
		if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		got := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, conn)
			got <- err
		}()
		time.Sleep(time.Hour)
		if synctest.Wait(); len(got) > 0 {
			t.Errorf("it ended: %v", <-got)
		}
		conn.Close()
		<-got
	})
}

// A client that asks for the head of a stream, then for something else, and leaves, is
// not noticed; the stream ends all the same.
func TestTheHeadOfAStream(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, s served) {
		conn := s.connect()
		io.WriteString(conn, "HEAD /api/dev/ HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n")
		if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, conn)
		io.WriteString(conn, "G")
		conn.Close()
		select {
		case <-s.streamed:
		case <-time.After(headAnswerLimit + slack):
			t.Error("it goes on")
		}
	})
}

// nowhere has no provider in it.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, net.ErrClosed }

// everyRoute returns the routes of a gateway that has them all.
func everyRoute() []route {
	config := testGateway().Config
	config.Transcripts = (*store.Folder)(nil)
	config.Page = fstest.MapFS{}
	config.Listen = func(netip.AddrPort) (net.Listener, error) { return make(nobody), nil }
	config.Login, config.Class, config.EndClass = login.New(login.Config{}, nowhere{}), new(class.Class), func() {}
	config.Lessons = func() []*lesson.Source { return []*lesson.Source{teapot()} }
	config.Metrics, config.Profiles, config.Dev = http.NotFoundHandler(), http.NotFoundHandler(), http.NotFoundHandler()
	config.Docs = http.NotFoundHandler()
	return New(config).routes()
}
