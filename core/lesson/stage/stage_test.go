package stage

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const archive = `-- lesson.md --
# T
## S
` + "```lesson" + `
your server 2000
stage 2 a line comes back
  plays one.golden
hint It has come in another form.
  server sent .
stage 1 the server says so when the client ends
  plays end.golden
  server closed
check 1 all of it went over two connections
  client sent ^one$
  another connection
  client sent ^two$
` + "```" + `
-- one.golden --
workbench transcript v1
mode raw

<< server "one\n"
>> server "one\n"
-- end.golden --
workbench transcript v1
mode raw
server-eof stay

<< server "two\n"
>> server "two\n"
>> client eof
>> server "bye\n"
>> server eof
`

// serve answers each connection as a student's server would.
func serve(t *testing.T, answer func(net.Conn)) Dial {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answer(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return func(context.Context) (play.Conn, error) {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return nil, err
		}
		return conn.(*net.TCPConn), nil
	}
}

func theLesson(t *testing.T) *lesson.Lesson {
	t.Helper()
	source, err := lesson.OpenArchive([]byte(archive), "t", nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := source.For("anna")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Servers right and wrong get their points, also when the transcripts are read again.
func TestPlay(t *testing.T) {
	t.Parallel()
	echo := func(change func(string) string, end string) func(net.Conn) {
		return func(conn net.Conn) {
			buf := make([]byte, 100)
			for {
				n, err := conn.Read(buf)
				if err != nil {
					break
				}
				io.WriteString(conn, change(string(buf[:n])))
			}
			io.WriteString(conn, end)
		}
	}
	same := func(s string) string { return s }
	for _, c := range []struct {
		name     string
		server   func(net.Conn)
		patience time.Duration
		points   int
		holds    string // of each check
	}{
		{"right", echo(same, "bye\n"), time.Minute, 4, "yyy"},
		{"no end", echo(same, ""), time.Minute, 3, "yny"},
		{"capitals", echo(strings.ToUpper, "bye\n"), time.Minute, 1, "nny"},
		{"closes at once", func(conn net.Conn) { conn.Read(make([]byte, 1)) }, time.Minute, 1, "nny"},
		{"says nothing", echo(func(string) string { return "" }, ""), 50 * time.Millisecond, 1, "nny"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := theLesson(t)
			played, err := Play(t.Context(), &l.Steps[0], "a:1", c.patience, serve(t, c.server))
			if err != nil || len(played) != 2 {
				t.Fatalf("got %v, %v", played, err)
			}
			for range 2 {
				v := l.Judge(lesson.Attempt{Connections: played})
				holds := ""
				for _, check := range v.Steps[0].Checks {
					holds += map[bool]string{true: "y", false: "n"}[check.Holds]
				}
				if v.Points != c.points || holds != c.holds {
					t.Errorf("got %d points, %s; want %d, %s\n%+v", v.Points, holds, c.points, c.holds, v)
				}
				for i := range played {
					log, err := transcript.Parse("again", played[i].Log.Append(nil))
					if err != nil {
						t.Fatal(err)
					}
					played[i].Log = log
				}
			}
		})
	}
}

func TestPlayNobody(t *testing.T) {
	t.Parallel()
	l := theLesson(t)
	refused := errors.New("refused")
	played, err := Play(t.Context(), &l.Steps[0], "a:1", time.Second, func(context.Context) (play.Conn, error) { return nil, refused })
	if played != nil || !errors.Is(err, refused) {
		t.Errorf("got %v, %v", played, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	hang := serve(t, func(conn net.Conn) { cancel(); io.Copy(io.Discard, conn) })
	if _, err := Play(ctx, &l.Steps[0], "a:1", time.Minute, hang); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A server that sends without end is heard, and kept up to a bound.
func TestPlayBound(t *testing.T) {
	t.Parallel()
	l := theLesson(t)
	flood := serve(t, func(conn net.Conn) {
		data := make([]byte, 64<<10)
		for range 2 * lesson.MaxJudged / len(data) {
			if _, err := conn.Write(data); err != nil {
				return
			}
		}
	})
	played, err := Play(t.Context(), &l.Steps[0], "a:1", time.Minute, flood)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, e := range played[0].Log.Entries {
		size += len(e.Event.Data)
	}
	if size == 0 || size > lesson.MaxJudged+1000 {
		t.Errorf("kept %d bytes", size)
	}
}
