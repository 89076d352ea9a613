package starlark

import (
	"bytes"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// A session that breaks a bound ends with the line, and the other sessions of
// the script go on. Memory is looked at from time to time, so the line may be any
// of the loop's.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"steps":            {"    n = 0\n    while True:\n        n += 1", ":4: this took 10000040 steps, more than it may; do less for one event"},
		"steps of nothing": {"    n = True\n\n    while True:\n        pass", ":5: this took 10000040 steps"},
		"steps of while 1": {"    n = True\n\n    while (1):\n        n = None", ":5: this took 10000040 steps"},
		"a doubled text":   {"    s = event.text\n    while True:\n        s += s", "one event made over 128 MiB of values"},
		"a doubled list":   {"    l = [0]\n    while True:\n        l = l + l", "one event made over 128 MiB of values"},
		"a list, in place": {"    l = [0]\n    while True:\n        l += l", "one event made over 128 MiB of values"},
		"an extended list": {"    l = [0]\n    while True:\n        l.extend(l)", "one event made over 128 MiB of values"},
		"in a bracket":     {"    l = [[0]]\n    while True:\n        l[len(l) - 1] += l[0]", "one event made over 128 MiB of values"},
		"a list of texts":  {"    l = []\n    s = event.text * 1000000\n    while True:\n        l.append(s.upper())", "one event made over 128 MiB of values"},
		"a long text":      {"    return 'a' * (1 << 29)", ":3: 1 bytes, 536870912 times over, would be too much; at most 8388608 bytes are made at once"},
		"in place":         {"    s = 'a'\n    s *= 1 << 29", ":4: 1 bytes, 536870912 times over"},
		"in a dict":        {"    d = {'a': 'a'}\n    d['a'] *= 1 << 29", ":4: 1 bytes, 536870912 times over"},
		"the other way":    {"    return (1 << 29) * b'ab'", ":3: 2 bytes, 536870912 times over"},
		"a long list":      {"    return [0] * (1 << 29)", ":3: 1 elements, 536870912 times over, would be too much; at most 1048576 elements"},
		"a long tuple":     {"    return (0, 1) * (1 << 60)", ":3: 2 elements, 1152921504606846976 times over"},
		"a long range":     {"    return list(range(1 << 40))", ":3: a range of 1099511627776 numbers is too long; it may have 1048576"},
		"a large number":   {"    n = 3\n    while True:\n        n = n * n", ":5: the product would have"},
		"a number as text": {"    return int('9' * 5000)", ":3: the number has 5000 digits; at most 4300 are read"},
		"a large state":    {"    state['s'] = ['a' * 1000000] * 9\n    for _ in range(9999):\n        pass", "m.star: the state of the session has over 8 MiB"},
		"a deep state":     {"    l = []\n    for _ in range(10000):\n        l = [l]\n    state['l'] = l", "m.star: the state of the session has over 8 MiB, holds itself, or is nested over 64 deep"},
		"a state in itself": {"    state['s'] = state\n    for _ in range(9999):\n        pass",
			"m.star: the state of the session has over 8 MiB, holds itself, or is nested over 64 deep"},
		"a state in a function": {"    s = ['a' * 1000000] * 9\n    state['f'] = lambda: s\n    for _ in range(9999):\n        pass", "m.star: the state of the session has over 8 MiB"},
		"too many actions":      {"    while True:\n        out.server('a' * 1000000)", ":4: " + core.ErrAnswerTooBig.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			d := load(t, "m.star", head+"def handle(state, event, out):\n    if event.text == '': return\n"+c.body)
			want := c.want
			if strings.HasPrefix(want, ":") { // a line was put before
				line, rest, _ := strings.Cut(want[1:], ":")
				want = "m.star:" + string(line[0]+1) + ":" + rest
			}
			bad, err := d.Open(core.Opening{}, new(core.Out))
			if err != nil {
				t.Fatal(err)
			}
			good, err := d.Open(core.Opening{}, new(core.Out))
			if err != nil {
				t.Fatal(err)
			}
			if got := fails(t, bad, "a"); !strings.Contains(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			answer(t, good, "")
		})
	}
}

// A state that grows by little is noticed soon after the bound, though it is
// not measured at each event.
func TestStateGrowsSlowly(t *testing.T) {
	m := open(t, "def handle(state, event, out):\n    state[len(state)] = event.data")
	ev := core.Event{Kind: core.ServerBytes, Data: make([]byte, 1000)}
	n, err := 0, error(nil)
	for ; err == nil && n < 20000; n++ {
		err = m.Handle(ev, new(core.Out))
	}
	if most := MaxState/(1000+2*valueSize) + 64; n < 7000 || n > most || !strings.Contains(err.Error(), "the state of the session has over 8 MiB") {
		t.Errorf("after %d events of at most %d: %v", n, most, err)
	}
}

// Steps are counted for each event anew.
func TestStepsAreOfOneEvent(t *testing.T) {
	m := open(t, "def handle(state, event, out):\n    for _ in range(200000):\n        pass")
	for range 15 { // more than one event may
		answer(t, m, "")
	}
}

// A read that is all line ends is not a loop that does not end.
func TestStepsGrowWithTheEvent(t *testing.T) {
	m := open(t, "def handle(state, event, out):\n    for line in octets.split(event.data, b'\\n'):\n        if line != b'' and len(line) > 5:\n            return 1")
	answerTo(t, m, core.Event{Kind: core.ServerBytes, Data: bytes.Repeat([]byte("\n"), core.MaxEventPayload)})
}

// What was dropped does not count as growth.
func TestGarbageIsNotGrowth(t *testing.T) {
	m := open(t, "def handle(state, event, out):\n    s = 'a' * 1000000\n    for _ in range(1000):\n        s = s.upper()")
	answer(t, m, "")
}

// The code at the top level has the same bounds.
func TestBoundsOfLoading(t *testing.T) {
	for source, want := range map[string]string{
		"N = [0]\nwhile True:\n    N[0] += 1":                       "m.star:3:6: this took 10000000 steps",
		"X = 1\n\nwhile True:\n    pass":                            "m.star:3:1: this took 10000000 steps",
		"S = 'a' * (1 << 29)":                                       "m.star:1:9: 1 bytes, 536870912 times over",
		"S = 'a'\nL = []\nwhile True:\n    L.append('a' * 1000000)": "over 128 MiB of values",
	} {
		if _, err := Load("m.star", []byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// Guarded operations answer as Starlark's own do.
func TestGuardChangesNothing(t *testing.T) {
	m := open(t, `
def handle(state, event, out):
    n = 6
    n *= 7
    d = {"n": [1, 2]}
    d["n"][1 * 1] *= 5
    d["n"][len("a")] *= 1
    s = "%d-%s"
    s %= (n, "x")
    l = [1]
    k = l
    k += (2, 3)
    k.extend([4])
    n += 0.5
    out.note(repr([
        n - 0.5, l, (1,) + (2,), "a" + "b", b"a" + b"b", 1 + 2.5, d, s, 7 % 4, -7 % 4, 2.5 * 2, 1 << 100 * 2, "ab" * 2, 2 * [1], (1,) * 3, b"a" * 3, "a" * -1, "" * 5,
        "-".join(["a", "b"]), "aXa".replace("X", "y"), "aXaX".replace("X", "y", 1), "{} {b}".format(1, b=2),
        "%(k)s" % {"k": 1}, "%s" % [1], "%%" % (), str(b"\xff"), int("-0x1f", 0), int("77", base=8), list(range(3)), zip([1], [2]),
        getattr("a", "upper")(), getattr("a", "nope", None), [x * x for x in [1, 2] if x % 2], (lambda a=2 * 2: a * a)(), max(*[1, 2]),
    ]))
`)
	want := `note "[42.0, [1, 2, 3, 4], (1, 2), \"ab\", b\"ab\", 3.5, {\"n\": [1, 10]}, \"42-x\", 3, 1, 5.0, 1606938044258990275541962092341162602522202993782792835301376, ` +
		`\"abab\", [1, 1], (1, 1, 1), b\"aaa\", \"\", \"\", \"a-b\", \"aya\", \"ayaX\", \"1 2\", \"1\", \"[1]\", \"%\", \"�\", -31, 63, [0, 1, 2], [(1, 2)], ` +
		`\"A\", None, [1], 16, 2]"`
	if got := answer(t, m, ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, err := Load("m.star", []byte(head+"def handle(s, e, o):\n    (s, e) *= 2"))
	if err == nil || !strings.HasPrefix(err.Error(), "m.star:3:6: can't use tuple expression in augmented assignment") {
		t.Error(err)
	}
}
