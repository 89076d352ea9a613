package telnet

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/telnet") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/telnet") }

// open makes a machine of a client end, which is watched if it is a stream.
func open(t testing.TB, client core.ClientEnd) *machine {
	t.Helper()
	d := Discipline()
	options, err := d.Manifest.ParseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Open(core.Opening{Client: client, Watch: client == core.Stream, Options: options}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

var serverEOF = core.Event{Kind: core.ServerEOF}

// What does not end is bounded, and what follows it is read as usual.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct{ begins, more, ends, want string }{
		"a line":           {"x", strings.Repeat("x", 60_000), "\r\nok\r\n", `"ok"`},
		"a subnegotiation": {"\xff\xfa\x18", strings.Repeat("x", 60_000), "\r\nok\r\n", `"ok"`},
		"bytes of 255":     {"\xff\xfa\x1f", strings.Repeat("\xff", 60_000), "\xff\xf0\r\nok\r\n", `"ok"`},
		"NULs and CRs":     {"", strings.Repeat("\x00\r", 30_000), "\r\nok\r\n", `"ok"`},
		"empty lines":      {"", strings.Repeat("\n", core.MaxDecodedEvent), "ok\r\n", `"ok"`},
		"wishes":           {"", strings.Repeat("\xff\xfb\x01\xff\xfc\x01", 10_000), "ok\r\n", `"ok"`},
		"commands":         {"", strings.Repeat("\xff\x00", 30_000), "ok\r\n", `"ok"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, core.Messages)
			plugintest.Answers(t, m, server(c.begins))
			rounds := 3
			if testing.Short() && c.begins == "" {
				rounds = 1
			}
			for range rounds {
				plugintest.Answers(t, m, server(c.more))
				if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
					t.Fatalf("a checkpoint of %d bytes, %v", len(state), err)
				}
			}
			if got := strings.Join(plugintest.Answers(t, m, server(c.ends)), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("%.200q", got)
			}
		})
	}
}

// A message of a person that asks for much at once is sent whole, and has some messages.
func TestTooMuchTyped(t *testing.T) {
	size := core.MaxEventPayload
	if testing.Short() {
		size /= 4
	}
	for name, text := range map[string]string{
		"lines":    strings.Repeat("\n", size/2-1),
		"commands": "=" + strings.Repeat(`\xff\xf1`, size/8-1),
		"secrets":  strings.Repeat("x\n", size/3-1),
	} {
		m := open(t, core.Messages)
		if name == "secrets" {
			plugintest.Answers(t, m, server("Password: "))
		}
		got := plugintest.Answers(t, m, typed(text))
		if len(got) != maxMade+2 || !strings.Contains(got[len(got)-1], "more have no message") {
			t.Errorf("%s: %d answers, the last is %.80q", name, len(got), got[len(got)-1])
		}
	}
	if got := plugintest.Answers(t, open(t, core.Messages), typed(strings.Repeat("\n", core.MaxEventPayload))); len(got) != 2 || !strings.HasPrefix(got[0], "nothing was sent: ") {
		t.Errorf("%.100q", got)
	}
}

// However much is secret, so many values are kept for the session.
func TestManySecrets(t *testing.T) {
	m, out := open(t, core.Messages), core.Out{}
	values := 0
	for range 100 {
		for _, ev := range []core.Event{server("Password: "), typed("secret"), server("\r\n")} {
			out.Reset()
			if err := m.Handle(ev, &out); err != nil {
				t.Fatal(err)
			}
			for i := range out.Len() {
				if out.Action(i).Kind == core.SecretBytes {
					values++
				}
			}
		}
	}
	if values != maxValues {
		t.Errorf("%d values", values)
	}
}

func TestView(t *testing.T) {
	for line, want := range map[string]string{
		"plain":                          "plain",
		"\x1b[1;31mred\x1b[0m":           "red",
		"\x1b]0;title\x07$ ":             "$ ",
		"\x1b]0;title\x1b\\$ ":           "$ ",
		"\x1bPq#0\x1b[1mx":               "x",
		"\x1b(Bx\x1b7y\x1b=z":            "xyz",
		"a\x1b":                          "a",
		"a\x1b[3":                        "a",
		"\x1b[?25l\x1b[2J\x1b[Hhome":     "home",
		"\x1b\x1b[mx":                    "x",
		"\x1b[1é":                        "é",
		"\r\x00Loading\r":                "Loading",
		"\xff and \xc3":                  "\uFFFD and \uFFFD",
		"\x1b%Gutf\x1b#8":                "utf",
		"\x1b\x07bell":                   "\x07bell",
		"\x1b]8;;http://x\x1b\\link\x1b": "link",
	} {
		if got := string(view([]byte(line), true)); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
	if got := string(view([]byte("\x1b[1mx"), false)); got != "\x1b[1mx" {
		t.Errorf("escapes that are to be seen: %q", got)
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages)
	plugintest.Answers(t, m, server("\xff\xfb\x01\xff\xfd\x1flogin: \xff\xfa\x18ab"), typed("joe"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":18`, `"At":-1`}, {`"State":4`, `"State":9`}, {`"SubLen":2`, `"SubLen":1`}, {`"Side":0`, `"Side":2`}, {`"State":2`, `"State":7`}, {`"State":2`, `"State":0`},
		{`"LineAt":6`, `"LineAt":60`}, {`"Lost":0`, `"Lost":7`}, {`"Width":80`, `"Width":-1`}, {`{`, ``}, {`{`, `{"X":1,`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if open(t, core.Messages).Restore([]byte(changed)) == nil && r[1] != `"State":0` {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// held holds a machine that watches to this: events in pieces of the sizes that size returns,
// with the machine restored from its checkpoint after each, get the answers that they get whole.
func held(t *testing.T, size func() int, events ...core.Event) {
	t.Helper()
	var want, got []string
	whole, m := open(t, core.Stream), open(t, core.Stream)
	for _, ev := range append(events, core.Event{Kind: core.ClientEOF}, serverEOF) {
		want = append(want, plugintest.Answers(t, whole, ev)...)
		if !ev.Kind.IsStream() {
			got = append(got, plugintest.Answers(t, m, ev)...)
			continue
		}
		for data := ev.Data; len(data) > 0; {
			n := min(len(data), size())
			got = append(got, plugintest.Answers(t, m, core.Event{Kind: ev.Kind, Data: data[:n]})...)
			data = data[n:]
			state, err := m.Checkpoint(nil)
			if err != nil {
				t.Fatal(err)
			}
			m = open(t, core.Stream)
			if err := m.Restore(state); err != nil {
				t.Fatalf("%v: %s", err, state)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q whole and in pieces (-whole +pieces):\n%s", events, diff)
	}
}

// Whatever follows whatever, also after something was missed, where it was cut means nothing.
func TestPieces(t *testing.T) {
	words := []string{
		"\xff", "\xff\xff", "\xfa", "\xf0", "\xff\xf0", "\xff\xfa", "\r", "\n", "\x00", "\r\n", "\r\x00", "a", "bc", "password: ", "\xff\xfb\x00", "\xff\xfd\x00",
		"\xff\xfc\x00", "\xff\xfe\x00", "\xff\xfb\x01", "\xff\xfb\x03", "\x1f", "\x18\x01", "\x1b[1m", "\xff\xf9", "\xff\xfa\x18\x00x\xff\xf0",
	}
	sessions := 2000
	if testing.Short() {
		sessions = 100
	}
	for seed := range sessions {
		r := rand.New(rand.NewPCG(1, uint64(seed)))
		var events []core.Event
		for range 1 + r.IntN(6) {
			said := ""
			for range r.IntN(12) {
				said += words[r.IntN(len(words))]
			}
			events = append(events, core.Event{Kind: []core.EventKind{core.ServerBytes, core.ClientBytes}[r.IntN(2)], Data: []byte(said)})
			if r.IntN(10) == 0 {
				events = append(events, core.Event{Kind: []core.EventKind{core.ServerUnseen, core.ClientUnseen}[r.IntN(2)], Data: []byte("7")})
			}
		}
		held(t, func() int { return 1 + r.IntN(3) }, events...)
	}
}

// FuzzBoth has a machine watch what the fuzzer says as client and as server.
func FuzzBoth(f *testing.F) {
	f.Add([]byte("\xff\xfb\x1f\xff\xfa\x1f\x00P\xff\xff\x18\xff\xf0joe\r\x00pass\r\nx\ry\n"), []byte("\xff\xfd\x18\xff\xfb\x01Password: \xff\xf9\r\r\n\rlogin\xff\xff:\x00"), uint8(3))
	f.Add([]byte("\xff\xfb\x00\r\x00\r\nab\r"), []byte("\xff\xfd\x00\xff\xfb\x00a\r\x00b\r\n\xff\xfa\x18\x01\xff\xf1\xff\xf0\xff\x01"), uint8(1))
	f.Fuzz(func(t *testing.T, asks, says []byte, size uint8) {
		asks, says = asks[:min(len(asks), core.MaxDecodedEvent)], says[:min(len(says), core.MaxDecodedEvent)]
		held(t, func() int { return 1 + int(size%32) }, server(string(says)), client(string(asks)), server(string(says)))
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("/DO ECHO", "\xff\xfb\x01Password: ")
	f.Add("=\\xff\\xfa\\x18\\x01", "\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0x\r\n")
	f.Add("a\r\nb\rc\n", "\xff\xfd\x1f\xff\xfe\x1f\x1b[1mx\r\x00")
	f.Fuzz(func(t *testing.T, text, said string) {
		if !utf8.ValidString(text) {
			t.Skip() // no client can send it
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		plugintest.Events(t, Discipline(), nil, append(events, typed(text), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch lines that are typed and answered, in 16 at once.
func BenchmarkWatch(b *testing.B) {
	for name, of := range map[string][2]string{
		"lines":   {"ls -l\r\n", "-rw-r--r-- 1 joe users  4096 Nov 29 22:54 a-name-of-a-file.txt\r\n"},
		"options": {"\xff\xfd\x01\xff\xfe\x01", "\xff\xfb\x01\xff\xfc\x01"},
		"long":    {"cat\r\n", strings.Repeat("0123456789abcdef", 250) + "\r\n"},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream), core.Out{}
			asks, says := client(strings.Repeat(of[0], 16)), server(strings.Repeat(of[1], 16))
			b.SetBytes(int64(len(asks.Data) + len(says.Data)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(says, &out)
			}
			b.ReportMetric(float64(out.Len()*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
