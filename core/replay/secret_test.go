package replay_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
)

// passes marks what follows "PASS " by value, and fails at "FAIL ".
type passes struct{}

func (passes) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind != core.ClientText {
		return nil
	}
	out.Server(ev.Data, []byte("\n"))
	if word, password, ok := bytes.Cut(ev.Data, []byte(" ")); ok {
		out.SecretBytes(password)
		if string(word) == "FAIL" {
			return errors.New("no " + string(password))
		}
	}
	return nil
}

// A recording in which '*' stand for a secret replays: of its value the length
// is compared.
func TestRecordingsWithSecretsReplay(t *testing.T) {
	d := mode(lines{})
	d.Open = func(core.Opening, *core.Out) (core.Machine, error) { return passes{}, nil }
	open, modes := inProcess(d)
	const head = "workbench transcript v1\nmode test\n\n"
	const pass = ">> client text \"PASS *******\"\n<< server \"PASS *******\\n\"\n"
	const fail = ">> client text \"FAIL ****\"\n"
	for text, same := range map[string]bool{
		pass + "<< secret value 7\n": true,
		pass + "<< secret value 6\n": false,
		pass:                         false,
		fail + "<< secret value 4\n<< failed \"no ****\"\n": true,
		fail + "<< failed \"no ****\"\n":                    true, // of before marks outlived a failure
		fail + "<< secret value 5\n<< failed \"no ****\"\n": false,
	} {
		g := golden(t, "x.golden", parse(t, "x.golden", head+text), modes)
		if r := whole(t, g, open); r.Same != same {
			t.Errorf("%s: the same is %v\n%s", text, r.Same, r.Diff)
		} else if !same && !strings.Contains(r.Diff, "+ << secret value ") {
			t.Errorf("%s: the difference is\n%s", text, r.Diff)
		}
	}
	// Brought up to date it tells the length alone.
	g := golden(t, "x.golden", parse(t, "x.golden", head+">> client text \"PASS hunter2\"\n"), modes)
	after, err := g.Update(whole(t, g, open))
	if err != nil || !strings.HasSuffix(string(after.Append(nil)), "<< secret value 7\n") {
		t.Errorf("%v\n%s", err, after.Append(nil))
	}
	for cuts := range replay.Plan(3, 1) {
		if r, err := g.Recut(t.Context(), open, whole(t, g, open), cuts); err != nil || !r.Same {
			t.Errorf("%s: %v", cuts, err)
		}
	}
}
