package replay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// everything replays whole and cut anew, and returns the first result that
// differs, or nil.
func everything(t *testing.T, g *replay.Golden, open replay.Opener) *replay.Result {
	t.Helper()
	w := whole(t, g, open)
	if !w.Same {
		return w
	}
	for cuts := range replay.Plan(20, 1) {
		r, err := g.Recut(t.Context(), open, w, cuts)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Same {
			return r
		}
	}
	return nil
}

func TestGoodMachine(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	for _, file := range files(t, "testdata/*.golden") {
		if r := everything(t, golden(t, file, load(t, file), modes), open); r != nil {
			t.Errorf("%s %s: %v %v\n%s", file, r.Cuts, r.Where, r.Faults, r.Diff)
		}
	}
}

func TestDefects(t *testing.T) {
	for _, tt := range []struct {
		name  string
		file  string
		m     lines
		cut   string   // the cuts that catch it; "" is the whole replay
		fault string   // line and words, or "" when the diff alone tells
		diff  []string // lines of the diff
	}{
		{"a message per read", "lines", lines{perRead: true}, "", "",
			[]string{`- << client text "one"`, `+ << client binary "one"`}},
		{"a line end must end a read", "closes", lines{shortCut: true}, "", "",
			[]string{`- << client text "one"`, `+ << client text "one\n"`}},
		{"drops bytes at the end of the stream", "lines", lines{dropsEnd: true}, "", "",
			[]string{"  >> server eof", `- << client text "th"`}},
		{"breaks its promise", "passes", lines{badCopy: true}, "",
			"10: the machine passes the server's bytes through, but its answer is no copy of them",
			[]string{`- << client binary "\x00b"`, `+ << client binary "B"`}},
		{"an extra note", "lines", lines{extraNote: true}, "", "",
			[]string{`  << server "hi\n"`, `+ << note "sent"`}},
		{"the timer was not set", "lines", lines{noTimer: true}, "",
			"20: the timer idle cannot fire: the machine has not set it",
			[]string{"- << timer idle 2s", "- >> timer idle", `- << note "idle"`}},
		{"the timer was turned off", "lines", lines{timerOff: true}, "",
			"20: the timer idle cannot fire: the machine has not set it", []string{"+ << timer idle off", "- >> timer idle"}},
		{"closes early", "lines", lines{closesEarly: true}, "",
			"12: nothing is fed any more: the machine closed the session in its answer to line 8",
			[]string{`+ << close "enough"`, `- >> client text "wait"`}},
		{"panics", "lines", lines{panics: true}, "",
			"19: nothing is fed any more: the machine failed in its answer to line 16",
			[]string{`- << server "wait\n"`, `+ << failed "panic: no"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			open, modes := inProcess(mode(tt.m))
			file := "testdata/" + tt.file + ".golden"
			r := everything(t, golden(t, file, load(t, file), modes), open)
			if r == nil {
				t.Fatal("it was not caught")
			}
			check(t, r, tt.cut, tt.fault, tt.diff)
		})
	}
}

func check(t *testing.T, r *replay.Result, cut, fault string, diff []string) {
	t.Helper()
	if r.Cuts.Name != cut {
		t.Errorf("caught when cut %q, want %q", r.Cuts, cut)
	}
	if got := fmt.Sprint(r.Faults); fault == "" && len(r.Faults) > 0 || !strings.Contains(got, "{"+strings.Replace(fault, ": ", " ", 1)) && fault != "" {
		t.Errorf("faults %v, want %q", r.Faults, fault)
	}
	for _, line := range diff {
		if !strings.Contains(r.Diff, line+"\n") {
			t.Errorf("the diff lacks %q:\n%s", line, r.Diff)
		}
	}
}

// What the file's own reads hide, other cuts show.
func TestRecutCatches(t *testing.T) {
	const head = "workbench transcript v1\nmode test\n\n"
	for _, tt := range []struct {
		name, text string
		m          lines
		cut        string
		line       int
		where      string
		diff       []string
	}{
		{"joined", ">> server \"one\\n\"\n<< client text \"one\"\n>> server \"two\\n\"\n<< client text \"two\"\n",
			lines{shortCut: true}, "joined", 4, "a run of 8 bytes, in one piece",
			[]string{`- << client text "one"`, `- << client text "two"`, `+ << client text "one\n"`, `+                "two"`}},
		{"byte by byte", ">> server \"tick\"\n<< client binary \"ti\"\n<< client binary \"ck\"\n",
			lines{perRead: true}, "byte by byte", 4, "a run of 4 bytes, cut after 1, 2, 3",
			[]string{`- << client binary "ti"`, `+ << client binary "t"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			open, modes := inProcess(mode(tt.m))
			r := everything(t, golden(t, "x.golden", parse(t, "x.golden", head+tt.text), modes), open)
			if r == nil {
				t.Fatal("it was not caught")
			}
			check(t, r, tt.cut, "", tt.diff)
			if r.Where != (replay.Finding{Line: tt.line, Words: tt.where}) {
				t.Errorf("where: %v", r.Where)
			}
		})
	}
}

// onePerEvent is a machine that answers each event with one action.
type onePerEvent struct{}

func (onePerEvent) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientBytes:
		out.Server(ev.Data)
	case core.ServerBytes:
		out.Note(fmt.Sprintf("%d bytes", len(ev.Data)))
	}
	return nil
}

// What an end that keeps boundaries has said is never cut or joined, whatever becomes of
// each piece; what a stream has said is.
func TestRecutLeavesDatagramsAlone(t *testing.T) {
	open, modes := inProcess(core.Discipline{
		Manifest: core.Manifest{
			Name: "test", Title: "Test", Input: core.InputLine, Boundaries: true,
			Clients: []string{"messages", "stream", "datagrams"}, Events: []string{"client bytes"},
		},
		Open: func(core.Opening, *core.Out) (core.Machine, error) { return onePerEvent{}, nil },
	})
	for head, same := range map[string]bool{
		"client datagrams\nserver datagrams\n": true, "client datagrams\nserver messages\n": true,
		"client datagrams\n": false, "client stream\nserver datagrams\n": false, "client stream\n": false,
	} {
		for seed := range uint64(20) {
			tr := parse(t, "x", "workbench transcript v1\nmode test\n"+head+"\n"+talk(rand.New(rand.NewPCG(seed, 0))))
			r := everything(t, golden(t, "x", tr, modes), open)
			if same != (r == nil) {
				t.Errorf("%q, seed %d: %+v", head, seed, r)
			}
		}
	}
}

// talk returns what a session of onePerEvent may be: datagrams of both sides, some of
// them empty, with two in a row of each.
func talk(r *rand.Rand) string {
	var b strings.Builder
	for i := range 20 {
		data := strings.Repeat("x", r.IntN(4)*(i%3))
		if (i/2)%2 == 0 {
			fmt.Fprintf(&b, ">> client bytes %q\n<< server %q\n", data, data)
		} else {
			fmt.Fprintf(&b, ">> server %q\n<< note \"%d bytes\"\n", data, len(data))
		}
	}
	return b.String()
}

// Without boundaries only the bytes count, of each kind.
func TestRecutJoinsWithoutBoundaries(t *testing.T) {
	d := mode(lines{perRead: true})
	d.Manifest.Boundaries = false
	open, modes := inProcess(d)
	tr := parse(t, "x", "workbench transcript v1\nmode test\n\n>> server \"tick\"\n<< client binary \"ti\"\n<< client binary \"ck\"\n")
	if r := everything(t, golden(t, "x", tr, modes), open); r != nil {
		t.Errorf("%s: %v\n%s", r.Cuts, r.Faults, r.Diff)
	}
}

// A timer fires once.
func TestTimerIsSetAgain(t *testing.T) {
	const text = "workbench transcript v1\nmode test\n\n" +
		">> client text \"wait\"\n<< server \"wait\\n\"\n<< timer idle 2s\n>> timer idle\n<< note \"idle\"\n" +
		">> client text \"wait\"\n<< server \"wait\\n\"\n<< timer idle 2s\n>> timer idle\n<< note \"idle\"\n"
	open, modes := inProcess(mode(lines{}))
	if r := whole(t, golden(t, "x", parse(t, "x", text), modes), open); !r.Same {
		t.Errorf("%v\n%s", r.Faults, r.Diff)
	}
	open, modes = inProcess(mode(lines{timerOnce: true}))
	r := whole(t, golden(t, "x", parse(t, "x", text), modes), open)
	check(t, r, "", "12: the timer idle cannot fire: the machine has not set it", []string{"- << timer idle 2s", "- >> timer idle"})
}

// The lines before a failure count only when they came in a read of their own,
// which no cut can be blamed for.
func TestFailureInALongRun(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	line := strings.Repeat("a", 70<<10)
	text := "workbench transcript v1\nmode test\n\n>> server \"" + line + "\\nfail\\n\"\n<< failed \"the server sent fail\"\n"
	if r := everything(t, golden(t, "x", parse(t, "x", text), modes), open); r != nil {
		t.Errorf("%s: %.2000s", r.Cuts, r.Diff)
	}
}

// A transcript that replays the same costs little beside itself.
func TestMemoryOfAReplay(t *testing.T) {
	const events = 100_000
	open, modes := inProcess(mode(lines{}))
	g := golden(t, "f", parse(t, "f", "workbench transcript v1\nmode test\n"+strings.Repeat(">> server \"a\"\n", events)), modes)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := whole(t, g, open)
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) / events; !r.Same || used > 150 {
		t.Errorf("same: %v, %d bytes an event\n%.300s", r.Same, used, r.Diff)
	}
}

// What a replay holds of the answers has a bound, if one is set.
func TestAnswersAreBounded(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	for _, file := range files(t, "testdata/lines.golden") {
		g := golden(t, file, load(t, file), modes)
		g.MaxAnswers = 100
		if _, err := g.Whole(t.Context(), open); err == nil || !strings.Contains(err.Error(), "the answers have more than") {
			t.Error(err)
		}
		g.MaxAnswers = 1 << 20
		whole(t, g, open)
	}
}

// The sides of a replay have the numbers of its events.
func TestSides(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	for _, file := range files(t, "testdata/lines.golden") {
		tr := load(t, file)
		g := golden(t, file, tr, modes)
		want, got := g.Sides(whole(t, g, open))
		fed := slices.DeleteFunc(slices.Clone(tr.Entries), func(e transcript.Entry) bool { return e.Dir == transcript.Remark })
		if len(want) != len(fed) || transcript.Diff(want, got) != "" {
			t.Errorf("%s:\n%s", file, transcript.Diff(want, got))
		}
		for i := range want {
			if want[i].N != fed[i].N {
				t.Errorf("%s: entry %d has the number %d, want %d", file, i, want[i].N, fed[i].N)
			}
		}
	}
}

func TestUnusable(t *testing.T) {
	_, modes := inProcess(mode(lines{}))
	for _, tt := range []struct{ text, want string }{
		{"# which?\n\nmode other\n", `x.golden:4: expected the name of a line mode that there is; "other" is none`},
		{"mode test\noption size \"1\"\n# lines\noption eol \"cr\"\n",
			`x.golden:5: expected an option that the mode takes: option eol of mode test: "cr" is not a choice; the choices are lf, crlf`},
		{"mode test\noption color \"red\"\n", `x.golden:3: expected an option that the mode takes: mode test has no option "color"; its options are eol, size`},
		{"mode test\nstart 2026-07-01T12:00:00Z\n", "x.golden:2: expected a mode that takes a seed and a start (seeded, in its manifest); test does not"},
		{"mode test\n\n>> server eof\n>> client text \"a\"\n<< server \"a\\n\"\n",
			"x.golden:6: expected no action: the session ended in line 4, and nothing is fed or answered after that"},
		{"mode test\n\n<< close \"no\"\n>> client text \"a\"\n<< server \"a\\n\"\n",
			"x.golden:6: expected no action: the session ended in line 4, and nothing is fed or answered after that"},
	} {
		_, err := replay.New("x.golden", parse(t, "x.golden", "workbench transcript v1\n"+tt.text), modes)
		var syntax *transcript.SyntaxError
		if !errors.As(err, &syntax) || err.Error() != tt.want {
			t.Errorf("%q: %v\n want %s", tt.text, err, tt.want)
		}
	}
}

// Of a file that was cut off, the actions of the last event are a beginning.
func TestCutOff(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	text := "workbench transcript v1\nmode test\n\n>> server \"one\\n\"\n          \"two\\n\"\n<< client text \"one\"\n<< client te"
	g := golden(t, "x", parse(t, "x", text), modes)
	if r := everything(t, g, open); r != nil {
		t.Errorf("%s\n%s", r.Cuts, r.Diff)
	}
	if _, err := g.Update(whole(t, g, open)); !errors.Is(err, replay.ErrUpdate) {
		t.Errorf("update: %v", err)
	}
	g = golden(t, "x", parse(t, "x", strings.Replace(text, `text "one"`, `text "One"`, 1)), modes)
	if r := everything(t, g, open); r == nil || !strings.Contains(r.Diff, `- << client text "One"`) {
		t.Errorf("a wrong beginning: %+v", r)
	}
}

func TestUpdateKeepsAllButActions(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	const before = `workbench transcript v1
# above the mode
mode test

# of the event
0.100 >> client text "a"
# of a wrong action
0.200 << server "b\n"
-- a remark
# of a right one
0.400 << note "gone"
0.500 >> server "one\n"
                "two\n"
# of two
0.600 << client text "two"
>> client closed
# the end
`
	const after = `workbench transcript v1
# above the mode
mode test

# of the event
0.100 >> client text "a"
# of a wrong action
-- a remark
# of a right one
<< server "a\n"
0.500 >> server "one\n"
                "two\n"
<< client text "one"
# of two
0.600 << client text "two"
>> client closed
# the end
`
	g := golden(t, "x", parse(t, "x", before), modes)
	updated, err := g.Update(whole(t, g, open))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(updated.Append(nil)); got != after {
		t.Errorf("got\n%s", got)
	}
	if r := whole(t, golden(t, "x", updated, modes), open); !r.Same {
		t.Errorf("it differs still:\n%s", r.Diff)
	}
}

func TestUpdateRefusesFaults(t *testing.T) {
	for _, m := range []lines{{noTimer: true}, {closesEarly: true}, {panics: true}} {
		open, modes := inProcess(mode(m))
		g := golden(t, "x", load(t, "testdata/lines.golden"), modes)
		if _, err := g.Update(whole(t, g, open)); !errors.Is(err, replay.ErrUpdate) {
			t.Errorf("%+v: %v", m, err)
		}
	}
}

// A process that dies is a difference at the event that it left unanswered.
func TestLostMachine(t *testing.T) {
	_, modes := inProcess(mode(lines{}))
	g := golden(t, "x", load(t, "testdata/lines.golden"), modes)
	open := func(context.Context, string) (*wire.Conn, error) {
		var conn *wire.Conn
		d := mode(lines{})
		inner := d.Open
		d.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
			m, err := inner(o, out)
			return dying{m, func() { conn.Lose(errors.New("the plugin was killed")) }}, err
		}
		conn = wire.Pipe(d, slog.New(slog.DiscardHandler))
		return conn, nil
	}
	r := whole(t, g, open)
	if r.Same || len(r.Faults) != 1 || r.Faults[0].Words != "there was no answer: the plugin was killed" {
		t.Errorf("%+v", r)
	}
}

type dying struct {
	core.Machine
	die func()
}

func (m dying) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.TimerFired {
		m.die()
	}
	return m.Machine.Handle(ev, out)
}

func TestOpenerFails(t *testing.T) {
	_, modes := inProcess(mode(lines{}))
	g := golden(t, "x", load(t, "testdata/lines.golden"), modes)
	no := errors.New("no")
	open := func(context.Context, string) (*wire.Conn, error) { return nil, no }
	if _, err := g.Whole(t.Context(), open); !errors.Is(err, no) {
		t.Error(err)
	}
}

// A machine that hangs is left when the context ends.
func TestCancel(t *testing.T) {
	d := mode(lines{})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	inner := d.Open
	d.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		m, err := inner(o, out)
		return dying{m, func() { cancel(); <-gone }}, err
	}
	open, modes := inProcess(d)
	g := golden(t, "x", load(t, "testdata/lines.golden"), modes)
	_, err := g.Whole(ctx, open)
	close(gone)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A machine's failure is kept only where the file has it fail already.
func TestUpdateRefusesFailures(t *testing.T) {
	open, modes := inProcess(mode(lines{panics: true}))
	for text, refused := range map[string]bool{
		"":                          true,
		"<< note \"x\"\n":           true,
		"<< failed \"otherwise\"\n": false,
	} {
		tr := parse(t, "x", "workbench transcript v1\nmode test\n\n>> client text \"wait\"\n"+text)
		g := golden(t, "x", tr, modes)
		r := whole(t, g, open)
		if r.Same || !strings.Contains(r.Diff, "+ << failed") {
			t.Fatalf("%q: %+v", text, r)
		}
		if _, err := g.Update(r); refused != errors.Is(err, replay.ErrUpdate) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A difference has the line of the first entry that is not answered so.
func TestDifferenceHasALine(t *testing.T) {
	open, modes := inProcess(mode(lines{}))
	text, err := os.ReadFile("testdata/lines.golden")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.SplitAfter(string(text), "\n")
	tried := 0
	for i, line := range all {
		if !strings.HasPrefix(line, "<< client text \"") {
			continue
		}
		tried++
		above := i // of what is answered
		for strings.HasPrefix(all[above], "<<") || strings.HasPrefix(all[above], " ") {
			above--
		}
		changed := strings.Join(all[:i], "") + "<< client text \"other\"\n" + strings.Join(all[i+1:], "")
		missing := strings.Join(all[:i], "") + strings.Join(all[i+1:], "")
		r := whole(t, golden(t, "x", parse(t, "x", changed), modes), open)
		if r.Same || r.Line != i+1 {
			t.Errorf("line %d changed: %d\n%s", i+1, r.Line, r.Diff)
		}
		if r := whole(t, golden(t, "x", parse(t, "x", missing), modes), open); r.Same || r.Line != i+1 && r.Line != above+1 {
			t.Errorf("line %d missing: %d\n%s", i+1, r.Line, r.Diff)
		}
	}
	if tried == 0 {
		t.Error("nothing was tried")
	}
}
