package pluginproto

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var shout = core.Manifest{Name: "shout", Title: "Shout", Input: core.InputLine}

// join joins both ends of the calls with a pipe.
func join(t *testing.T, s *Server) *Client {
	t.Helper()
	ours, theirs := net.Pipe()
	var serving sync.WaitGroup
	server := &plugin.RPCServer{Plugins: Set(s), Stdout: strings.NewReader(""), Stderr: strings.NewReader("")}
	serving.Go(func() { server.ServeConn(theirs) })
	calls, err := plugin.NewRPCClient(ours, Set(&Client{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		calls.Close()
		serving.Wait()
	})
	c, err := calls.Dispense(Key)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Client)
}

// An answer about executed code crosses; a plugin that counts nothing says so.
func TestCoverageCrosses(t *testing.T) {
	got, err := join(t, &Server{Coverage: func() ([]byte, error) { return []byte("counts"), nil }}).Coverage()
	if err != nil || string(got) != "counts" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := join(t, &Server{}).Coverage(); err == nil {
		t.Errorf("without: %q", got)
	}
}

func TestManifestCrosses(t *testing.T) {
	m := shout
	m.Options = []core.Option{{Name: "loud", Type: core.OptionBool, Default: "true", Help: "How."}}
	got, err := join(t, &Server{Manifest: m}).Manifest()
	if err != nil || got.Name != "shout" || len(got.Options) != 1 || got.Options[0].Help != "How." {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadManifest(t *testing.T) {
	if _, err := join(t, &Server{Manifest: core.Manifest{Name: "no name"}}).Manifest(); err == nil || !strings.Contains(err.Error(), "name") {
		t.Errorf("a manifest without a valid name: %v", err)
	}
	long := shout
	long.Sends = strings.Repeat("x", MaxManifest)
	if _, err := join(t, &Server{Manifest: long}).Manifest(); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a manifest over the bound: %v", err)
	}
}

// A plugin says how busy it is; one that does not is alive all the same, and one that
// is gone is not.
func TestLoadCrosses(t *testing.T) {
	want := wire.Load{Serving: []wire.Served{{Stream: 7, For: time.Second}}, Waiting: 3, Longest: time.Minute}
	got, err := join(t, &Server{Manifest: shout, Load: func() wire.Load { return want }}).Load()
	if err != nil || got == nil || len(got.Serving) != 1 || got.Serving[0] != want.Serving[0] || got.Waiting != 3 || got.Longest != time.Minute {
		t.Errorf("got %+v, %v", got, err)
	}
	c := join(t, &Server{Manifest: shout})
	if got, err := c.Load(); got != nil || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	c.calls.Close()
	if got, err := c.Load(); got != nil || err == nil {
		t.Errorf("of one that is gone: %+v, %v", got, err)
	}
}

// Each session has its own stream.
func TestSessions(t *testing.T) {
	c := join(t, &Server{Manifest: shout, Log: slog.New(slog.DiscardHandler), Session: func(stream net.Conn, _ uint32) {
		defer stream.Close()
		io.Copy(stream, stream)
	}})
	streams := make([]net.Conn, 20)
	for i := range streams {
		var err error
		if streams[i], _, err = c.Session(); err != nil {
			t.Fatal(err)
		}
		defer streams[i].Close()
	}
	for i, s := range streams {
		want := string(rune('a' + i))
		io.WriteString(s, want)
		got := make([]byte, 1)
		if _, err := io.ReadFull(s, got); err != nil || string(got) != want {
			t.Errorf("stream %d: %q, %v", i, got, err)
		}
	}
}

// shrinker counts how often it is told to release its buffer.
type shrinker struct {
	net.Conn
	shrunk int
}

func (s *shrinker) Read(b []byte) (int, error) { return len(b), nil }
func (s *shrinker) Shrink()                    { s.shrunk++ }

func TestStreamGivesItsBufferUp(t *testing.T) {
	inner := &shrinker{}
	s := &Stream{Conn: inner}
	for _, step := range []struct{ read, shrunk int }{{keepBuffer, 0}, {5, 0}, {5, 1}, {100, 1}, {keepBuffer, 1}, {1, 2}} {
		s.Read(make([]byte, step.read))
		if inner.shrunk != step.shrunk {
			t.Fatalf("after %d bytes more it has shrunk %d times, not %d", step.read, inner.shrunk, step.shrunk)
		}
	}
}
