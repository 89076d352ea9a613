package starlark

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// The module cuts as core/framing does, whose table this is, and its streams survive a
// checkpoint after each event.
func TestFraming(t *testing.T) {
	var table []struct {
		Name, Cut, Delimiter, Order, Counts, Data, Error string
		Size, Most, Gap, Missed                          int
		Frames                                           []string
	}
	data, err := os.ReadFile("../../core/framing/testdata/frames.json")
	if err == nil {
		err = json.Unmarshal(data, &table)
	}
	if err != nil || len(table) == 0 {
		t.Fatalf("%d cases: %v", len(table), err)
	}
	for _, c := range table {
		call := strings.ReplaceAll(c.Cut, "-", "_") + `(state["stream"], event.data`
		if c.Delimiter != "" {
			call += fmt.Sprintf(", delimiter=b%q", c.Delimiter)
		}
		if c.Size > 0 {
			call += fmt.Sprintf(", size=%d", c.Size)
		}
		for key, value := range map[string]string{"order": c.Order, "counts": c.Counts} {
			if value != "" {
				call += fmt.Sprintf(", %s=%q", key, value)
			}
		}
		if c.Most > 0 {
			call += fmt.Sprintf(", most=%d", c.Most)
		}
		call += ", plausible=words)"
		d := load(t, "m.star", `
manifest = {"name": "m", "title": "M", "events": ["client bytes", "server unseen"]}
def open(options, target, out):
    return {"stream": {}, "told": False}
def words(frame, whole):
    for byte in list(frame.elems())[1:]:
        if byte < 97 or byte > 122:
            return False
    return len(frame) > 1 or not whole and ord(frame[0]) > 0
def handle(state, event, out):
    if event.name == "server unseen":
        framing.resync(state["stream"], int(event.text))
        return
    for at, frame in framing.`+call+`:
        out.binary("%d " % at, frame)
    if "wrong" in state["stream"] and not state["told"]:
        state["told"] = True
        out.note(state["stream"]["wrong"])
`)
		want, stream := strings.Join(latin1(c.Frames...), "|"), latin1(c.Data)[0]
		for size := 1; size <= len(stream); size++ {
			got, wrong := framesOf(t, d, stream, size, c.Gap, c.Missed)
			if got != want || (wrong != "") != (c.Error != "") || !strings.Contains(wrong, c.Error) {
				t.Errorf("%s, by %d: %q %q, want %q %q", c.Name, size, got, wrong, want, c.Error)
			}
		}
	}
}

// framesOf feeds a stream in pieces, each to a machine that is restored before. After the
// first gap bytes, if there is a gap, so many are missed.
func framesOf(t *testing.T, d core.Discipline, stream string, size, gap, missed int) (frames, wrong string) {
	t.Helper()
	m := mustOpen(t, d)
	var all []string
	for fed := 0; len(stream) > 0; {
		n := min(size, len(stream))
		ev := core.Event{Kind: core.ServerBytes}
		if missed > 0 && fed == gap {
			ev = core.Event{Kind: core.ServerUnseen, Data: fmt.Append(nil, missed)}
			n, missed = 0, 0
		} else if missed > 0 {
			n = min(n, gap-fed)
		}
		if fed += n; n > 0 {
			ev.Data = []byte(stream[:n])
		}
		var out core.Out
		if err := m.Handle(ev, &out); err != nil {
			t.Fatal(err)
		}
		for i := range out.Len() {
			if a := out.Action(i); a.Kind == core.Note {
				wrong += string(a.Data)
			} else {
				all = append(all, string(a.Data))
			}
		}
		stream = stream[n:]
		state, err := m.(core.Checkpointer).Checkpoint(nil)
		if err != nil {
			t.Fatal(err)
		}
		m = mustOpen(t, d)
		if err := m.(core.Checkpointer).Restore(state); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(all, "|"), wrong
}

func mustOpen(t *testing.T, d core.Discipline) core.Machine {
	t.Helper()
	m, err := d.Open(core.Opening{}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// latin1 makes a byte of each character.
func latin1(texts ...string) []string {
	for i, text := range texts {
		var b []byte
		for _, r := range text {
			b = append(b, byte(r))
		}
		texts[i] = string(b)
	}
	return texts
}

func TestFramingArguments(t *testing.T) {
	areValues(t, map[string]string{
		`framing.lines({}, b"a\nb")`:                                 `[(0, b"a\n")]`,
		`framing.lines({"at": 7, "held": b"a"}, b"\n")`:              `[(7, b"a\n")]`,
		`framing.lines({"wrong": "x"}, b"\n")`:                       `[]`,
		`[framing.skip(s, 5) or s for s in [{"held": b"abc"}]][0]`:   `{"held": b"", "at": 8}`,
		`[framing.resync(s, 5) or s for s in [{"held": b"abc"}]][0]`: `{"held": b"", "at": 8, "search": "searching"}`,
		`framing.lines({"at": 7, "search": "searching"}, b"x\na\na\na\n", plausible=lambda frame, whole: ord(frame[0]) == 97)`: `[(9, b"a\n"), (11, b"a\n"), (13, b"a\n")]`,
		`[framing.lines(s, b"a\nb") and s for s in [{}]][0]`:                                                                   `{"at": 2, "held": b"b"}`,
		`[framing.lines(s, b"abc", most=2) or s for s in [{}]][0]`:                                                             `{"wrong": "a frame is longer than is taken: 2 bytes"}`,
		`framing.prefixed({}, b"\1\0a", 2, order="little")`:                                                                    `[(0, b"\x01\x00a")]`,
		`framing.after(stream={}, data=b"a;b;", delimiter=b";")[1]`:                                                            `(2, b"b;")`,
	})
	errorsOf(t, map[string]string{
		`framing.lines([], b"")`:                    "framing.lines: for parameter stream: got list, want dict",
		`framing.lines({"at": -1}, b"")`:            "framing.lines: a stream is a dict of the state",
		`framing.lines({"held": ""}, b"")`:          "framing.lines: a stream is a dict of the state",
		`framing.lines({}, "text")`:                 "framing.lines: for parameter data: got string, want bytes",
		`framing.lines({}, b"", most=0)`:            "framing.lines: most is 0; it is 1 or more",
		`framing.after({}, b"", b"")`:               "framing.after: there is nothing to cut after",
		`framing.prefixed({}, b"", 9)`:              "framing.prefixed: size is 9; it is 1 to 8",
		`framing.prefixed({}, b"", 2, order="x")`:   `framing.prefixed: order is "big" or "little", not "x"`,
		`framing.prefixed({}, b"", 2, counts="it")`: `framing.prefixed: counts is "rest"`,
		`framing.skip({}, -1)`:                      "framing.skip: n is -1; it is 0 or more",
		`framing.resync({}, -1)`:                    "framing.resync: n is -1; it is 0 or more",
		`framing.lines({"search": "found"}, b"a")`:  "framing.lines: after framing.resync it needs plausible",
		`framing.lines({"search": "lost"}, b"a")`:   "framing.lines: a stream is a dict of the state",
		`framing.lines({"search": "searching"}, b"a", plausible=lambda frame, whole: 1 // 0)`: "floored division by zero",
	})
	m := open(t, "S = {}\ndef handle(state, event, out):\n    framing.lines(S, b'a')")
	if got := fails(t, m, ""); !strings.Contains(got, "framing.lines: ") || !strings.Contains(got, "frozen") {
		t.Error(got)
	}
}
