//go:build linux

package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/protocol-workbench/workbench/core/pluginproto"
)

// transports begin a process in this one whose sessions echo. end ends it; they
// tell by down or by the streams.
var transports = map[string]func(t *testing.T) (way transport, end func()){
	"yamux":           func(t *testing.T) (transport, func()) { return reflecting(t, 0) },
	"lanes":           func(t *testing.T) (transport, func()) { return reflecting(t, 100) },
	"lanes and yamux": func(t *testing.T) (transport, func()) { return reflecting(t, 7) },
	"attached": func(t *testing.T) (transport, func()) {
		a := &Attached{Name: "echo", Socket: filepath.Join(shortDir(t), "socket")}
		listener, err := net.Listen("unix", a.Socket)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := json.Marshal(echo("echo").Manifest)
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		var serving sync.WaitGroup
		var mu sync.Mutex
		var all []net.Conn
		serving.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				mu.Lock()
				all = append(all, conn)
				mu.Unlock()
				conn.Write(append(manifest, '\n'))
				serving.Go(func() { reflect(conn, over) })
			}
		})
		return a, func() {
			close(over)
			listener.Close()
			mu.Lock()
			for _, conn := range all {
				conn.Close()
			}
			mu.Unlock()
			serving.Wait()
		}
	},
}

// reflecting begins a process that takes so many lanes.
func reflecting(t *testing.T, most int) (transport, func()) {
	ours, theirs := net.Pipe()
	over, dir := make(chan struct{}), shortDir(t)
	dead, die := context.WithCancel(context.Background())
	var sessions, serving sync.WaitGroup
	server := &pluginproto.Server{Manifest: echo("echo").Manifest, Log: slog.New(slog.DiscardHandler)}
	server.Session = func(stream net.Conn, _ uint32) {
		sessions.Go(func() {
			defer context.AfterFunc(dead, func() { stream.Close() })()
			reflect(stream, over)
		})
	}
	end := func() {}
	if most > 0 {
		listener, err := net.Listen("unix", filepath.Join(dir, pluginproto.LaneName))
		if err != nil {
			t.Fatal(err)
		}
		server.Lanes = func() (pluginproto.Lanes, error) { return pluginproto.Lanes{Listener: listener, Most: most}, nil }
		end = func() { listener.Close() }
	}
	serving.Go(func() {
		s := &plugin.RPCServer{Plugins: pluginproto.Set(server), Stdout: strings.NewReader(""), Stderr: strings.NewReader("")}
		s.ServeConn(theirs)
	})
	m := &muxed{link: newLink(ours)}
	if err := m.begin(newOutput(slog.New(slog.DiscardHandler))); err != nil {
		t.Fatal(err)
	}
	way, err := withLanes(t.Context(), m, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := way.(*laned); ok != (most > 0) {
		t.Fatalf("with room for %d lanes the transport is a %T", most, way)
	}
	return way, func() {
		end()
		theirs.Close()
		close(over)
		die() // a lane ends with its process
		sessions.Wait()
		serving.Wait()
	}
}

// reflect keeps its half open when the other is closed: a Close has to end a
// Read without its help.
func reflect(stream net.Conn, over <-chan struct{}) {
	io.Copy(stream, stream)
	<-over
	stream.Close()
}

// Whatever the way to a process, it keeps what transport promises.
func TestTransports(t *testing.T) {
	for name, begin := range transports {
		t.Run(name, func(t *testing.T) {
			way, end := begin(t)
			end = sync.OnceFunc(end)
			t.Cleanup(end)
			t.Cleanup(way.close)
			if _, err := way.ping(); err != nil {
				t.Error(err)
			}
			var streams []net.Conn
			for i := range 20 {
				stream, _, err := way.open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				streams = append(streams, stream)
				if _, err := io.WriteString(stream, strconv.Itoa(i)+strings.Repeat(".", 1<<14)); err != nil {
					t.Fatal(err)
				}
			}
			for i, stream := range streams {
				want := strconv.Itoa(i) + strings.Repeat(".", 1<<14)
				got := make([]byte, len(want))
				if _, err := io.ReadFull(stream, got); err != nil || string(got) != want {
					t.Errorf("stream %d: %.20q…, %v", i, got, err)
				}
			}
			streams[0].SetReadDeadline(time.Now())
			var timeout net.Error
			if _, err := streams[0].Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("a deadline that passes: %v", err)
			}
			reads := func(stream net.Conn) <-chan error {
				ended := make(chan error, 1)
				go func() {
					_, err := stream.Read(make([]byte, 1))
					ended <- err
				}()
				return ended
			}
			closed, gone := reads(streams[1]), reads(streams[2])
			streams[1].Close()
			if err := <-closed; err == nil {
				t.Error("a Read of a stream that was closed brought something")
			}
			end()
			if err := <-gone; err == nil {
				t.Error("a Read brought something when the process was gone")
			}
			for _, stream := range streams {
				stream.Close()
				stream.Close() // again: it frees one place
			}
			if l, ok := way.(*laned); ok && l.inUse.Load() != 0 {
				t.Errorf("%d lanes count as used when all are closed", l.inUse.Load())
			}
		})
	}
}

// What one file knows no other has to: another transport is another file.
func TestTransportsHaveAFileEach(t *testing.T) {
	where := map[string][]string{}
	files, _ := filepath.Glob("*.go")
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			where[i.Path.Value] = append(where[i.Path.Value], file)
		}
	}
	for path, want := range map[string][]string{
		`"github.com/hashicorp/go-plugin"`:        {"runner.go", "yamux.go"},
		`"github.com/hashicorp/go-plugin/runner"`: {"runner.go"},
	} {
		if !slices.Equal(where[path], want) {
			t.Errorf("%s is imported by %v, not %v", path, where[path], want)
		}
	}
}

// A lane carries one session after the other, as long as each ends in an orderly way.
func TestLanesAreUsedAgain(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	open(t, h, "echo").must(t, "ready", "ready")
	p, err := h.process("echo")
	if err != nil {
		t.Fatal(err)
	}
	way := p.way.(*laned)
	free := func() []net.Conn {
		way.mu.Lock()
		defer way.mu.Unlock()
		return slices.Clone(way.free)
	}
	s := open(t, h, "echo")
	s.must(t, "one", "one")
	if err := s.Bye(); err != nil {
		t.Fatal(err)
	}
	before := free()
	if len(before) != 1 {
		t.Fatalf("%d lanes wait after a session that ended in order", len(before))
	}
	s = open(t, h, "echo")
	s.must(t, "two", "two")
	s.Bye()
	if after := free(); !slices.Equal(before, after) {
		t.Errorf("the next session had another lane: %v, %v", before, after)
	}
	s = open(t, h, "echo")
	s.must(t, "three", "three")
	s.Close()
	if after := free(); len(after) != 0 {
		t.Errorf("%d lanes wait after a session that was cut off", len(after))
	}
}
