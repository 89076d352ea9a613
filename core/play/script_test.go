package play

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const head = "workbench transcript v1\nmode raw\n\n" // entries begin in line 4

// script parses the entries of a transcript.
func script(t testing.TB, entries string) *Script {
	t.Helper()
	s, err := parse(entries)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(entries string) (*Script, error) {
	tr, err := transcript.Parse("f", []byte(head+entries))
	if err != nil {
		return nil, err
	}
	return New("f", tr)
}

// wire writes the steps: C and S said, C. and S. ended, S! broke.
func wire(s *Script) string {
	var all []string
	for _, e := range s.steps {
		who := map[core.Side]string{core.Client: "C", core.Server: "S"}[e.from]
		switch e.kind {
		case bytesStep:
			who += fmt.Sprintf("%q", e.data)
		case endStep:
			who += "."
		case breakStep:
			who += "!"
		case tlsStep:
			who = "TLS"
		case noTLSStep:
			who = "no TLS"
		}
		if e.pause > 0 {
			who = e.pause.String() + " " + who
		}
		all = append(all, who)
	}
	return strings.Join(all, " ")
}

func TestWire(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"a walk", ">> client text \"a\"\n<< server \"a\\r\\n\"\n>> server \"b\"\n<< client text \"b\"\n>> server eof\n", `C"a\r\n" S"b" S. C.`},
		{"the server first", ">> server \"hi\"\n>> client text \"x\"\n<< server \"x\"\n>> server eof\n<< server \"bye\"\n", `S"hi" C"x" S. C"bye" C.`},
		{"the opening", "<< server \"a\"\n>> server eof\n", `C"a" S. C.`},
		{"a half-close", ">> client eof\n<< server \"z\"\n>> server \"y\"\n>> server eof\n", `C"z" C. S"y" S.`},
		{"a half-close by the machine", ">> client text \"\"\n<< server eof\n<< server \"dropped\"\n>> server \"y\"\n", `C. S"y"`},
		{"the client left", ">> client closed\n<< server \"bye\"\n>> server \"unheard\"\n", `C"bye" C.`},
		{"the machine closed", ">> server \"a\"\n<< close \"done\"\n>> server \"unheard\"\n>> server eof\n", `S"a" C.`},
		{"the machine failed", ">> client text \"a\"\n<< server \"a\"\n>> client text \"b\"\n<< server \"void\"\n<< failed \"x\"\n", `C"a" C.`},
		{"the connection broke", ">> server \"a\"\n>> server failed \"reset\"\n", `S"a" S! C.`},
		{"pass-through", "<< pass-through client\n<< pass-through server\n>> client binary \"a\"\n>> server \"b\"\n>> client text \"c\"\n>> client eof\n", `C"a" S"b" C"c" C.`},
		{"pass-through from the next event on", ">> client binary \"a\"\n<< pass-through client\n<< server \"A\"\n>> client binary \"b\"\n<< server \"b\"\n>> client binary \"c\"\n", `C"A" C"b" C"c"`},
		{"times", "0.1 >> server \"a\"\n0.25 >> client text \"x\"\n0.3 << server \"b\"\n0.2 >> server \"c\"\n>> server \"d\"\n1.2 >> server eof\n",
			`S"a" 200ms C"b" S"c" S"d" 1s S. C.`},
		{"timers and notes", "<< timer a 2s\n>> timer a\n<< server \"tick\"\n<< note \"n\"\n-- remark\n", `C"tick"`},
	} {
		if got := wire(script(t, c.in)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Rules that cannot be used are told with their line before anything is
// played.
// A player compares streams, so what keeps boundaries is refused, and not played as if it
// had none.
func TestDatagramsAreNotPlayed(t *testing.T) {
	for _, end := range []core.ServerEnd{core.ServerStream, core.ServerDatagrams, core.ServerMessages} {
		tr := &transcript.Transcript{Mode: "raw", Server: end}
		s, err := New("f", tr)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Streams(); (err != nil) != (end != core.ServerStream) || err != nil && !strings.Contains(err.Error(), "in "+end.String()+" is not played here") {
			t.Errorf("%v: %v", end, err)
		}
	}
}

func TestRuleErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"~~ match \"b\"\n>> server \"a\"\n", "f:4: expected a rule that finds something in the bytes below it"},
		{"~~ until \"b\"\n>> server \"a\"\n", "f:4: expected a rule that finds"},
		{"~~ any\n~~ match \"a\"\n>> server \"a\"\n", "f:5: expected a rule that finds something in the bytes below it which no rule above it has taken"},
		{"~~ any 1 3\n>> server \"ab\"\n", "f:4: expected bytes that there are: below stand 2"},
		{"~~ match \"(\"\n>> server \"a\"\n", "f:4: expected a regexp that can be used: missing closing ) in \"(\""},
		{"~~ match \"a$\"\n>> server \"a\"\n", "f:4: expected a regexp that can be used: ^, $, "},
		{"~~ match \"((a{999}){999}){999}\"\n>> server \"a\"\n", "f:4: expected a regexp that can be used: "},
		{"~~ match \"(aaaaaaaaaa){999}\"\n>> server \"a\"\n", "f:4: expected a regexp that can be used: too large"},
		{"~~ match \"(?P<n>a)(?P<1>a)\"\n>> server \"aa\"\n", "f:4: expected a regexp that can be used: "},
		{"~~ match \"a*?\"\n>> server \"aaa\"\n", "f:4: expected a rule that finds something"},
		{"~~ use id\n>> server \"a\"\n", "f:4: expected a name that a match above has captured, as (?P<id>…) does"},
		{"~~ match \"(?P<id>a)\"\n>> server \"a\"\n~~ use id\n<< server \"b\"\n", `f:6: expected the bytes that id had captured, "a", somewhere in the bytes below`},
		{"~~ match \"a(?P<id>b)?\"\n>> server \"ac\"\n~~ use id\n<< server \"b\"\n", "f:6: expected a name with a value: id had captured nothing"},
		{"~~ match \"[a-z]+\"\n>> server \"abc\"\n<< server \"x\"\n", "f:4: expected a rule that tells where it ends"},
		{"~~ match \"[a-z]+\"\n>> server \"abc\"\n", "f:4: expected a rule that tells where it ends"},
		{"~~ match \"(?s).*\"\n>> server \"abc\"\n>> server \"def\"\n>> server eof\n", "f:4: expected rules that fit the recorded bytes, from the first to the last; those of line 6 do not: expected \"def\", got the end"},
		{"~~ any\n>> client text \"abc\"\n<< server \"abc\"\n", "f:4: expected the rule above the << server below"},
	} {
		_, err := parse(c.in)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
	tr, _ := transcript.Parse("f", []byte("workbench transcript v1\nmode x\nstate \"a\"\n\n"))
	if _, err := New("f", tr); err == nil || !strings.Contains(err.Error(), "goes on from a state") {
		t.Errorf("a state: %v", err)
	}
}

// Every golden of one connection can be played that has all that was said, and its two sides understand each other however
// their bytes are cut.
func TestGoldensPlay(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*/*.golden")
	if len(files) < 20 {
		t.Fatalf("%d goldens", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := transcript.ParseAll(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range all {
			s, err := New(file, tr)
			if lacksBytes(tr) {
				if err == nil || !strings.Contains(err.Error(), "expected a recording of all that was said") {
					t.Errorf("%s: %v", file, err)
				}
				continue
			}
			if hasLinks(tr) {
				if err == nil || !strings.Contains(err.Error(), "expected a recording of one connection") {
					t.Errorf("%s: %v", file, err)
				}
				continue
			}
			if err != nil {
				t.Error(err)
				continue
			}
			for _, size := range []int{1, 7, 1 << 20} {
				if s.Datagrams() && size < 1<<20 {
					continue // they come whole
				}
				meet(t, s, size)
			}
		}
	}
}

// hasLinks reports whether a line mode opened further connections, which the tests of
// links play.
func hasLinks(tr *transcript.Transcript) bool {
	return slices.ContainsFunc(tr.Entries, func(e transcript.Entry) bool { return e.Dir == transcript.Action && e.Action.Kind.IsLink() })
}

// lacksBytes reports whether a line mode that watched had not seen all, so that the recording
// is not played.
func lacksBytes(tr *transcript.Transcript) bool {
	return slices.ContainsFunc(tr.Entries, func(e transcript.Entry) bool {
		return e.Dir == transcript.Event && (e.Event.Kind == core.ClientUnseen || e.Event.Kind == core.ServerUnseen)
	})
}

// meet lets the two sides of a script talk, with so many bytes at a time.
func meet(t *testing.T, s *Script, size int) {
	t.Helper()
	client, server := s.Play(core.Client), s.Play(core.Server)
	for moved := true; moved; {
		moved = false
		for _, pair := range [][2]*Player{{client, server}, {server, client}} {
			o, due := pair[0].Next()
			if !due {
				continue
			}
			moved = true
			var m *Mismatch
			switch o.Kind {
			case Finish:
				m = pair[1].TakeEnd("")
			case Break:
				m = pair[1].TakeEnd("connection reset")
			case StartTLS:
				m = shakeHands(pair[1], pair[0], o)
			}
			for len(o.Data) > 0 && m == nil {
				n := min(size, len(o.Data))
				for rest := o.Data[:n]; len(rest) > 0 && m == nil; {
					rest, m = pair[1].Take(rest)
				}
				o.Data = o.Data[n:]
			}
			if m != nil {
				t.Fatal(m)
			}
		}
	}
	if c, o := client.Status(), server.Status(); !c.Said || !c.Heard || !o.Said || !o.Heard {
		t.Fatalf("%s: stuck: client at step %d, server at %d of %s", s.file, client.at, server.at, wire(s))
	}
}

func TestPauseIsNotNegative(t *testing.T) {
	s := script(t, "2.0 >> server \"a\"\n1.0 >> server \"b\"\n1.5 >> server \"c\"\n")
	if s.steps[1].pause != 0 || s.steps[2].pause != 500*time.Millisecond {
		t.Error(wire(s))
	}
}
