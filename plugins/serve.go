package plugins

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Serve runs the discipline as a plugin process and never returns. The process
// ends when the workbench that started it does, with status 1 when the
// manifest is not valid or when a person started it by hand; standard error
// then says why, and what to do.
//
// A machine that panics ends its own session and no other. Serve makes the
// logger of log/slog and log one that the workbench understands.
//
// Sessions take turns, event by event, and the time-out of an event begins when
// its turn comes.
func Serve(d core.Discipline) { ServeCounting(d, counters) }

// ServeCounting is Serve for a discipline that counts itself which of its code is
// executed; coverage returns the counts. For Go code, which the compiler makes
// count, Serve is enough.
func ServeCounting(d core.Discipline, coverage func() ([]byte, error)) {
	// Twice the processors: an event that takes long leaves room for short ones.
	turns := wire.NewTurns(2 * runtime.GOMAXPROCS(0))
	serve(d, turns.Load, coverage, func(stream net.Conn, number uint32, log *slog.Logger) {
		session(stream, d, turns.Join(number), log)
	})
}

// Adapter is a discipline whose machines live in another program, which takes
// their events in turns of its own.
type Adapter struct {
	Manifest core.Manifest
	// Open opens the machine of the session on the stream of that number.
	Open func(number uint32, o core.Opening, out *core.Out) (core.Machine, error)
	// Load says which sessions have their turn, by these numbers.
	Load func() wire.Load
}

// ServeAdapter is Serve for adapters.
func ServeAdapter(a Adapter) {
	on := func(number uint32) core.Discipline {
		return core.Discipline{Manifest: a.Manifest, Open: func(o core.Opening, out *core.Out) (core.Machine, error) {
			return a.Open(number, o, out)
		}}
	}
	serve(on(0), a.Load, nil, func(stream net.Conn, number uint32, log *slog.Logger) {
		session(stream, on(number), nil, log)
	})
}

func serve(d core.Discipline, load func() wire.Load, coverage func() ([]byte, error), each func(stream net.Conn, number uint32, log *slog.Logger)) {
	cookie := os.Getenv(pluginproto.Handshake.MagicCookieKey)
	if debugSocket() != "" {
		cookie = pluginproto.Handshake.MagicCookieValue // a person may start it then
	}
	if words := refusal(d, cookie); words != "" {
		fmt.Fprint(os.Stderr, words)
		os.Exit(1)
	}
	// go-plugin is about to put a pipe of its own in os.Stderr's place; log
	// lines take the shorter way.
	log := logger(os.Stderr)
	slog.SetDefault(log)
	if socket := debugSocket(); socket != "" {
		serveDebug(d, socket, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}
	go endWithHost(os.Stdin)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: pluginproto.Handshake,
		// Nobody needs what go-plugin logs below a warning.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
		VersionedPlugins: pluginproto.Sets(&pluginproto.Server{
			Manifest: d.Manifest,
			Session:  func(stream net.Conn, number uint32) { each(stream, number, log) },
			Load:     load,
			Coverage: coverage,
			Lanes:    lanes,
			Log:      log,
		}),
	})
	os.Exit(0)
}

// refusal returns what to tell whoever started the process when it cannot
// serve, or "".
func refusal(d core.Discipline, cookie string) string {
	m := d.Manifest
	if err := m.Validate(); err != nil {
		return fmt.Sprintf("The manifest of this plugin is not valid: %v.\nIts author has to correct what main gives to plugins.Serve.\n", err)
	}
	if d.Open == nil {
		return fmt.Sprintf("The plugin %s has no Open function.\nIts author has to set Open in what main gives to plugins.Serve.\n", m.Name)
	}
	if cookie == pluginproto.Handshake.MagicCookieValue {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "This program is %q, a line mode of the Protocol Workbench", m.Name)
	if m.Version != "" {
		fmt.Fprintf(&b, " (version %s)", m.Version)
	}
	fmt.Fprintf(&b, ": %s.\n", strings.TrimSuffix(m.Title, "."))
	if m.Summary != "" {
		fmt.Fprintln(&b, m.Summary)
	}
	fmt.Fprintf(&b, "It does nothing by itself: the workbench starts it.\nStart the workbench and pick the mode %s on its page.\n", m.Name)
	return b.String()
}

// session runs one session. The host was told what its machine did wrong; only a
// host that broke the protocol is left to log.
func session(conn net.Conn, d core.Discipline, turn *wire.Turn, log *slog.Logger) {
	var to io.ReadWriteCloser = &stream{pluginproto.Stream{Conn: conn}}
	if lane, ok := conn.(*pluginproto.Lane); ok {
		to = &lasting{stream{pluginproto.Stream{Conn: conn}}, lane}
	}
	if err := wire.Serve(to, d, turn, log); err != nil {
		log.Debug("a session's stream ended", "reason", err)
	}
}

// letGo is how long an answer may wait for the host to take it. The host reads
// while an answer is due, so one that does not has let the session go.
const letGo = 30 * time.Second

// stream gives the host letGo to take each answer.
type stream struct{ pluginproto.Stream }

func (s *stream) Write(b []byte) (int, error) {
	s.SetWriteDeadline(time.Now().Add(letGo))
	return s.Stream.Write(b)
}

// lasting is a stream that carries one session after the other.
type lasting struct {
	stream
	wire.Lasting
}

// endWithHost ends the process when the pipe that the host holds does: by
// then no one is left who could end it.
func endWithHost(lifeline io.Reader) {
	io.Copy(io.Discard, lifeline)
	os.Exit(0)
}

// logger writes JSON lines with the keys that go-plugin's family of tools
// uses.
func logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: slog.LevelDebug, // the workbench decides what is shown
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) > 0 {
				return a
			}
			switch a.Key {
			case slog.LevelKey:
				return slog.String("@level", strings.ToLower(a.Value.String()))
			case slog.MessageKey:
				a.Key = "@message"
			case slog.TimeKey:
				return slog.String("@timestamp", a.Value.Time().Format("2006-01-02T15:04:05.000000Z07:00"))
			}
			return a
		},
	}))
}
