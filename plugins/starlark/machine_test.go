package starlark

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
)

// Each kind of event comes under the words that a transcript has for it.
func TestEventWords(t *testing.T) {
	m := open(t, `
def handle(state, event, out):
    out.note("%s|%r|%r|%s" % (event.name, event.data, event.text, event.timer))
`)
	for _, c := range []struct {
		event core.Event
		want  string
	}{
		{core.Event{Kind: core.ClientText, Data: []byte("é")}, `client text|b"é"|"é"|`},
		{core.Event{Kind: core.ClientBinary, Data: []byte("a\xff\xfe")}, `client binary|b"a\xff\xfe"|"a��"|`},
		{core.Event{Kind: core.ClientEOF}, `client eof|b""|""|`},
		{core.Event{Kind: core.ClientClosed}, `client closed|b""|""|`},
		{core.Event{Kind: core.ServerBytes, Data: []byte("\r\n")}, `server|b"\r\n"|"\r\n"|`},
		{core.Event{Kind: core.ServerEOF}, `server eof|b""|""|`},
		{core.Event{Kind: core.ServerFailed, Data: []byte("reset")}, `server failed|b"reset"|"reset"|`},
		{core.Event{Kind: core.TimerFired, Data: []byte("idle")}, `timer|b""|""|idle`},
	} {
		var out core.Out
		if err := m.Handle(c.event, &out); err != nil {
			t.Fatal(err)
		}
		if got := string(out.Action(0).Data); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestActionWords(t *testing.T) {
	m := open(t, `
def handle(state, event, out):
    out.server("a", b"\xff", "")
    out.text("t", "u")
    out.binary(b"b")
    out.note("n")
    out.timer("idle", "250ms")
    out.timer("idle", 2)
    out.timer("idle", after=0.5)
    out.stop_timer("idle")
    out.secret("event", 0, 1)
    out.secret("action", 1, 2)
    out.secret_bytes("hun", b"ter2")
    out.secret_bytes("")
    out.pass_through("client")
    out.pass_through("server")
    out.finish_server()
    out.close("bye")
`)
	want := `server "a\xff"
client text "tu"
client binary "b"
note "n"
timer idle 250ms
timer idle 2s
timer idle 500ms
timer idle off
secret event 0 1
secret action 1 2
secret value 7
pass-through client
pass-through server
server eof
close "bye"`
	if diff := cmp.Diff(want, answer(t, m, "x")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A state is changed in place, or replaced by what handle returns.
func TestState(t *testing.T) {
	for name, source := range map[string]string{
		"in place": `
def handle(state, event, out):
    state["n"] = state.get("n", 0) + 1
    out.note(str(state["n"]))`,
		"returned": `
def open(options, target, out):
    return 0
def handle(state, event, out):
    out.note(str(state + 1))
    return state + 1`,
	} {
		m := open(t, source)
		if got := answer(t, m, "") + answer(t, m, ""); got != `note "1"note "2"` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestOpen(t *testing.T) {
	d := load(t, "o.star", `manifest = {"name": "o", "title": "O", "options": [
    {"name": "count", "type": "int", "default": 3},
    {"name": "loud", "type": "bool", "default": True},
    {"name": "who", "type": "text", "default": "me"},
    {"name": "eol", "type": "choice", "default": "lf", "choices": ["lf", "cr"], "help": "line end"},
]}
def open(options, target, out):
    out.text("%r to %s" % (options, target))
    if options["count"] < 0:
        fail("count is negative")
def handle(state, event, out):
    state["seen"] = 1
`)
	options, err := d.Manifest.ParseOptions(map[string]string{"count": "4"})
	if err != nil {
		t.Fatal(err)
	}
	var out core.Out
	m, err := d.Open(core.Opening{Options: options, Target: "h:1"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out.Action(0).Data), `{"count": 4, "loud": True, "who": "me", "eol": "lf"} to h:1`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	answer(t, m, "open returned None, so the state is a dict")
	options["count"] = "-1"
	if _, err := d.Open(core.Opening{Options: options}, &out); err == nil || err.Error() != "o.star:10: fail: count is negative" {
		t.Error(err)
	}
}

// An error ends the session with the script's line, and the log has the calls
// that led there.
func TestErrorsHaveLines(t *testing.T) {
	var log lockedBuffer
	keepLog(t, &log)
	for source, want := range map[string]string{
		"    return inner(event)\ndef inner(e):\n    return e.text[5]": "m.star:5: index 5 out of range: empty string",
		"    out.server(1)":                               "m.star:3: out.server: expected a str or bytes, not a value of type int; str(x) makes a text of any value",
		"    out.server(text=1)":                          "m.star:3: out.server: it takes texts and bytes, and nothing by name",
		"    out.timer('a b', 1)":                         "m.star:3: " + core.ErrTimerName.Error(),
		"    out.timer('a', 'soon')":                      `m.star:3: out.timer: expected a time such as "2s" or "100ms", not "soon"`,
		"    out.timer('a', 1e300)":                       "m.star:3: " + core.ErrTimerBounds.Error(),
		"    out.timer('a', None)":                        `m.star:3: out.timer: expected a time such as "2s", or a number of seconds, not a value of type NoneType`,
		"    out.pass_through('me')":                      `m.star:3: out.pass_through: expected "client" or "server", not "me"`,
		"    out.secret('me', 1, 2)":                      `m.star:3: out.secret: expected "event" or "action", not "me"`,
		"    out.quiet('1s')":                             "m.star:3: out.quiet: only open may ask for silences, once for the session",
		"    out.secret('event', 2, 1)":                   "m.star:3: " + core.ErrSpan.Error(),
		"    out.secret_bytes(7)":                         "m.star:3: out.secret_bytes: expected a str or bytes, not a value of type int; str(x) makes a text of any value",
		"    out.secret_bytes('x' * 65537)":               "m.star:3: " + core.ErrSecretTooBig.Error() + ": 65537 bytes",
		"    out.server('x' * (2 << 20))":                 "m.star:3: " + core.ErrActionTooBig.Error() + ": 2097152 bytes",
		"    out.shout()":                                 "m.star:3: out has no .shout field or method",
		"    event.dat":                                   "m.star:3: event has no .dat field or method (did you mean .data?)",
		"    handle(state, event, out)":                   "m.star:3: function handle called recursively; there is no recursion in Starlark: use a loop, and a list for what is still to do",
		"    G.append(1)\nG = []":                         "m.star:3: append: cannot append to frozen list",
		"    x = 1\n    x *= 'a' * 3\n    return 'a' % 1": "m.star:5: too many arguments for format string",
		"    return 'a' * 'b'":                            "m.star:3: unknown binary op: string * string",
	} {
		m := open(t, "def handle(state, event, out):\n"+source)
		got := fails(t, m, "")
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", source, got, want)
		}
	}
	if got := log.String(); !strings.Contains(got, `m.star:3:17: in handle\n  m.star:5:18: in inner`) {
		t.Errorf("no backtrace in the log:\n%s", got)
	}
}

// What a script's error says is in no log once it has marked a secret.
func TestErrorsDoNotLogSecrets(t *testing.T) {
	var log lockedBuffer
	keepLog(t, &log)
	m := open(t, "def handle(state, event, out):\n    out.secret_bytes(event.data)\n    fail('no ' + event.text)")
	if got := fails(t, m, "hunter2"); !strings.Contains(got, "no hunter2") {
		t.Errorf("the session ends with %q", got)
	}
	if got := log.String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "left out: the script has marked a secret") || !strings.Contains(got, "m.star:4:9: in handle") {
		t.Errorf("the log has\n%s", got)
	}
}

func TestPrintGoesToTheLog(t *testing.T) {
	var log lockedBuffer
	keepLog(t, &log)
	answer(t, open(t, "def handle(state, event, out):\n    print('got', event.text)"), "this")
	if got := log.String(); !strings.Contains(got, `msg="got this" script=m.star line=3`) {
		t.Errorf("the log has\n%s", got)
	}
}

// The same events have the same answers in every session, and sessions at the
// same time share nothing.
func TestSessionsShareNothing(t *testing.T) {
	d := load(t, "m.star", head+`
SEEN = {"z": 1, "a": 2}
def handle(state, event, out):
    state[event.text] = len(state)
    s = set(["b", "a", event.text]) | set(state)
    out.note("%r %r %r %d" % (state, s, sorted(SEEN), hash(event.text)))
`)
	answers := make([]string, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			m, err := d.Open(core.Opening{}, new(core.Out))
			if err != nil {
				t.Error(err)
				return
			}
			var out core.Out
			for _, text := range strings.Fields("q w e r t y u i o p") {
				if err := m.Handle(core.Event{Kind: core.ClientText, Data: []byte(text)}, &out); err != nil {
					t.Error(err)
				}
			}
			for n := range out.Len() {
				answers[i] += string(out.Action(n).Data) + "\n"
			}
		})
	}
	all.Wait()
	for _, a := range answers[1:] {
		if a != answers[0] || a == "" {
			t.Errorf("one session says\n%sanother\n%s", answers[0], a)
		}
	}
}

func TestDiscipline(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.star")
	if _, err := Discipline(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	os.WriteFile(path, bytes.Repeat([]byte("#"), MaxSource+1), 0o600)
	if _, err := Discipline(path); err == nil || !strings.HasPrefix(err.Error(), "a.star:1:1: the script has over 1048576 bytes") {
		t.Error(err)
	}
}

// BenchmarkUpper measures lines through the example for upper case.
func BenchmarkUpper(b *testing.B) {
	d, err := Discipline(examples + "/upper/upper.star")
	if err != nil {
		b.Fatal(err)
	}
	m, err := d.Open(core.Opening{}, new(core.Out))
	if err != nil {
		b.Fatal(err)
	}
	for name, ev := range map[string]core.Event{
		"client": {Kind: core.ClientText, Data: []byte("a line of text as a person types it")},
		"server": {Kind: core.ServerBytes, Data: []byte("a line of text as a server sends it\r\n")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var out core.Out
			for b.Loop() {
				out.Reset()
				if err := m.Handle(ev, &out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

func keepLog(t *testing.T, w *lockedBuffer) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(w, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
