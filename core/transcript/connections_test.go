package transcript

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A further first line of a header begins the next connection, wherever it stands but in a
// payload, and the lines are the file's.
func TestParseAll(t *testing.T) {
	const one, two = "workbench transcript v1\nmode a\n\n>> server \"x\\n\"\n          \"workbench transcript v1\\n\"\n", "workbench transcript v1 \nmode b\n\n# said\n>> server \"y\"\n"
	text := one + "# between\n" + two
	for _, c := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), "\ufeff" + text} {
		all, err := ParseAll("f", []byte(c))
		if err != nil || len(all) != 2 || all[0].Mode != "a" || all[1].Mode != "b" || all[1].Above != 6 || all[1].Entries[0].Line != 11 || all[1].Entries[0].N != 1 {
			t.Fatalf("%q: %+v %v", c, all, err)
		}
		again, err := ParseAll("f", AppendAll(nil, all))
		if err != nil || string(AppendAll(nil, again)) != string(AppendAll(nil, all)) {
			t.Errorf("printed: %q %v", AppendAll(nil, all), err)
		}
	}
	var bad *SyntaxError
	for _, c := range []struct {
		text, want string
		parse      func(string, []byte) error
	}{
		{one + "\n" + strings.Replace(two, ">>", "?", 1), "f:11: connection 2: expected", nil},
		{strings.Replace(one, "mode", "made", 1) + two, "f:2: connection 1: expected mode NAME", nil},
		{one + "workbench transcript v1\n", "f:7: connection 2: expected mode NAME, found the end", nil},
		{one + "~~ any\n" + two, "f:6: connection 1: expected", nil},
		{strings.Repeat(one, MaxConnections+1), fmt.Sprintf("f:%d: expected at most 256 connections", 5*MaxConnections+1), nil},
		{"workbench transcript v2\n", "f:1: expected", nil},
		{text, "f:7: expected one connection, and here another one begins", func(name string, data []byte) error {
			_, err := Parse(name, data)
			return err
		}},
	} {
		if c.parse == nil {
			c.parse = func(name string, data []byte) error {
				_, err := ParseAll(name, data)
				return err
			}
		}
		if err := c.parse("f", []byte(c.text)); !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if cut, err := ParseAll("f", []byte(one+two+">> server \"to")); err != nil || cut[0].CutOff || !cut[1].CutOff || len(cut[1].Entries) != 1 {
		t.Errorf("cut off: %+v %v", cut, err)
	}
}
