package secret

import (
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// What is secret is covered in what messages say, however it is quoted there, and the
// messages stay messages.
func TestMessages(t *testing.T) {
	decoded := func(value string) core.Action {
		var out core.Out
		out.Message(core.Message{Flow: core.FromServer, To: 99, Summary: "of " + value, Fields: []core.Field{{Name: "a", From: 3, To: 9, Value: value + "!", Wrong: value}}})
		return out.Action(0)
	}
	const value = "p\"\x00ü"
	mark := core.Action{Kind: core.SecretBytes, Data: []byte(value)}
	for name, c := range map[string]struct {
		event   string
		actions []core.Action
		at      int
		want    string
	}{
		"marked by value":           {"x", []core.Action{decoded(value), mark}, 0, "from-server 0-99 \"of *********\"\n  a 3-9 \"*********!\" ! \"*********\""},
		"marked by value, before":   {"x", []core.Action{mark, decoded(value)}, 1, "from-server 0-99 \"of *********\"\n  a 3-9 \"*********!\" ! \"*********\""},
		"marked in the event":       {"a" + value, []core.Action{{Kind: core.Secret, Data: []byte("event 1 6")}, decoded(value)}, 1, "from-server 0-99 \"of *********\"\n  a 3-9 \"*********!\" ! \"*********\""},
		"a span of what is no text": {"x", []core.Action{decoded("abc"), {Kind: core.Secret, Data: []byte("action 0 9")}}, 0, "from-server 0-99 \"of abc\"\n  a 3-9 \"abc!\" ! \"abc\""},
	} {
		var s Streams
		actions := core.CloneActions(c.actions)
		s.Feed(core.Event{Kind: core.ServerBytes, Data: []byte(c.event)}, actions)
		got := string(actions[c.at].Data)
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if _, err := core.ParseMessage([]byte(got)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := Streams{}
	s.over = true
	all := []core.Action{decoded(value)}
	s.Feed(core.Event{Kind: core.ServerBytes, Data: []byte("x")}, all)
	if m, err := core.ParseMessage(all[0].Data); err != nil || m.Summary != "************" {
		t.Errorf("with too many values: %q, %v", m.Summary, err)
	}
}
