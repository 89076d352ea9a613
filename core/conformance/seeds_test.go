package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// shop is a machine of commands that no generated session says, which the faults
// below spoil. It sends the client's lines, keeps what follows PASS secret, and
// tells the user, the items and what a list of the server's holds.
type shop struct {
	fault string
	user  string
	items int
	held  []byte
	due   int // elements of a list that is being read
}

func (m *shop) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.say(ev.Data, out)
	case core.ServerBytes:
		lines := bytes.Split(append(m.held, ev.Data...), []byte("\n"))
		for _, line := range lines[:len(lines)-1] {
			m.hear(string(line), out)
		}
		m.held = bytes.Clone(lines[len(lines)-1])
		if len(m.held) > 1<<10 {
			return errors.New("a line is too long")
		}
	case core.ServerEOF, core.ServerFailed:
		if len(m.held) > 0 {
			m.hear(string(m.held), out)
		}
	}
	return nil
}

func (m *shop) say(line []byte, out *core.Out) {
	out.Server(line, []byte("\r\n"))
	command, argument, _ := strings.Cut(string(line), " ")
	if m.fault != "a lower-case command is not starred" && m.fault != lowerCaseByValue {
		command = strings.ToUpper(command)
	}
	switch {
	case command == "PASS" && argument != "" && m.fault == lowerCaseByValue:
		out.SecretBytes([]byte(argument))
	case command == "PASS" && argument != "":
		out.Secret(false, len("PASS "), len(line))
		out.Secret(true, len("PASS "), len(line))
	case command == "USER":
		m.user = strings.ToValidUTF8(argument, "?")
	case command == "WHO":
		out.Note("this is " + m.user)
	case command == "ITEM" && m.items < 1000:
		m.items++
	case command == "COUNT":
		out.Note(fmt.Sprintf("%d items", m.items))
	}
}

// hear shows a list of the server's: *3 and three lines.
func (m *shop) hear(line string, out *core.Out) {
	line = strings.TrimRight(strings.ToValidUTF8(line, "?"), "\r")
	if count, list := strings.CutPrefix(line, "*"); list && m.due == 0 {
		if m.fault == "the width of a count is one digit" {
			count = count[:min(len(count), 1)]
		}
		m.due, _ = strconv.Atoi(count)
		out.Text([]byte("a list"))
		return
	}
	if m.due > 0 {
		m.due--
		out.Text([]byte("- "), []byte(line))
		return
	}
	out.Text([]byte(line))
}

func (m *shop) Checkpoint(dst []byte) ([]byte, error) {
	items := strconv.Itoa(m.items)
	if m.fault == "a checkpoint has one digit for a count" {
		items = items[:1]
	}
	user := m.user
	if m.fault == "a checkpoint without one field" {
		user = ""
	}
	return fmt.Appendf(dst, "%q %s %d %q", user, items, m.due, m.held), nil
}

func (m *shop) Restore(state []byte) error {
	_, err := fmt.Sscanf(string(state), "%q %d %d %q", &m.user, &m.items, &m.due, &m.held)
	return err
}

const lowerCaseByValue = "a lower-case command's value is not starred"

const head = "workbench transcript v1\nmode subject\n\n"

// shopGoldens hold a session of each command, and show none of the faults.
var shopGoldens = map[string]string{
	"pass.golden":  head + ">> client text \"PASS swordfish\"\n<< server \"PASS swordfish\\r\\n\"\n<< secret event 5 14\n<< secret action 5 14\n",
	"user.golden":  head + ">> client text \"USER anna\"\n<< server \"USER anna\\r\\n\"\n>> client closed\n",
	"who.golden":   head + ">> client text \"WHO\"\n<< server \"WHO\\r\\n\"\n<< note \"this is \"\n>> client text \"OK\"\n<< server \"OK\\r\\n\"\n",
	"items.golden": head + ">> client text \"ITEM\"\n<< server \"ITEM\\r\\n\"\n>> client text \"COUNT\"\n<< server \"COUNT\\r\\n\"\n<< note \"1 items\"\n",
	"list.golden":  head + ">> server \"*2\\r\\none\\r\\ntwo\\r\\n\"\n<< client text \"a list\"\n<< client text \"- one\"\n<< client text \"- two\"\n>> server eof\n",
}

func shopSeeds(t *testing.T, fault string) []Seed {
	t.Helper()
	var all []Seed
	for _, name := range []string{"items.golden", "list.golden", "pass.golden", "user.golden", "who.golden"} {
		text := shopGoldens[name]
		if fault == lowerCaseByValue {
			text = strings.Replace(text, "<< secret event 5 14\n<< secret action 5 14\n", "<< secret value 9\n", 1)
		}
		g, err := transcript.Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Seed{name, g})
	}
	return all
}

func aShop(fault string) Subject {
	return InProcess(discipline(func(core.Opening, *core.Out) core.Machine { return &shop{fault: fault} }), silent)
}

// changedGoldens returns what the check that starts from goldens comes to.
func changedGoldens(t *testing.T, s Subject) Result {
	t.Helper()
	s.Short = testing.Short()
	var last Result
	if _, err := runChecks(context.Background(), s, []check{checks[0], checks[checkAt("changed goldens")]}, func(r Result) { last = r }); err != nil {
		t.Fatal(err)
	}
	return last
}

func TestFaultsThatGoldensMiss(t *testing.T) {
	for fault, want := range map[string]string{
		"a lower-case command is not starred":    `pass.golden:4: changed goldens: a secret goes into recordings when there are lower-case letters in event 1 (>> client text "pass swordfish")`,
		lowerCaseByValue:                         `pass.golden:4: changed goldens: a secret goes into recordings when there are lower-case letters in event 1 (>> client text "pass swordfish")`,
		"a checkpoint without one field":         "changed goldens: checkpoint: a machine restored",
		"a checkpoint has one digit for a count": "changed goldens: checkpoint: a machine restored",
		"the width of a count is one digit":      "what line 1 counts in event 1 10 times the answers are of another shape than with 8 and with 9",
		"":                                       "",
	} {
		t.Run(fault, func(t *testing.T) {
			s := aShop(fault)
			s.Short = testing.Short()
			s.Seeds.Time = time.Hour // on a busy machine too
			for _, g := range shopSeeds(t, fault) {
				r, err := Golden(t.Context(), s, g.File, g.Transcript)
				if err != nil || len(r.Findings) > 0 {
					t.Fatalf("the golden shows it: %v %v", err, r.Findings)
				}
			}
			generated := []check{checks[0], checks[checkAt("read boundaries")], checks[checkAt("recovery")], checks[checkAt("checkpoint")]}
			if found, err := runChecks(t.Context(), s, generated, func(Result) {}); err != nil || len(found) > 0 {
				t.Fatalf("generated sessions show it: %v %v", err, found)
			}
			s.Seeds.Goldens = shopSeeds(t, fault)
			r := changedGoldens(t, s)
			var got strings.Builder
			for _, f := range append(r.Findings, r.Advice...) {
				got.WriteString(f.String())
				if f.Do == "" || f.Session == "" {
					t.Errorf("it does not say what to do, or show the session: %+v", f)
				}
			}
			if t.Log(got.String()); (want == "") != (got.Len() == 0) || !strings.Contains(got.String(), want) {
				t.Errorf("want %q", want)
			}
			if t.Log(r.About, r.Skipped); len(r.Findings) == 0 && !strings.Contains(r.About, " seed 1") {
				t.Errorf("it does not say how many: %q", r.About)
			}
		})
	}
}
