package transcript

import (
	"fmt"
	"strings"
	"testing"
)

func TestAlign(t *testing.T) {
	const head = "workbench transcript v1\nmode raw\n\n"
	read := func(lines ...string) []Entry {
		t.Helper()
		parsed, err := Parse("test", []byte(head+strings.Join(lines, "\n")+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Entries
	}
	say := func(e *Entry) string {
		if e == nil {
			return "none"
		}
		return string(e.Event.Data)
	}
	one := func(words string) string { return fmt.Sprintf("1.000 >> server %q", words) }
	for _, c := range []struct {
		a, b []string
		want string
	}{
		{[]string{one("x"), one("y")}, []string{`>> server "x"`, "# a comment", `2.000 >> server "y"`}, "x=x y=y"},
		{[]string{one("x"), one("y"), one("z")}, []string{one("x"), one("Y"), one("new"), one("z")}, "x=x y/Y none/new z=z"},
		{[]string{one("a"), one("b"), one("z")}, []string{one("z")}, "a/none b/none z=z"},
		{[]string{one("z")}, []string{one("a"), one("z"), one("b")}, "none/a z=z none/b"},
		{[]string{one(strings.Repeat("long", 100)), one("z")}, []string{one("z")}, strings.Repeat("long", 100) + "/none z=z"},
	} {
		var got []string
		for _, p := range Align(read(c.a...), read(c.b...)) {
			sign := "/"
			if p.Same {
				sign = "="
			}
			got = append(got, say(p.A)+sign+say(p.B))
		}
		if words := strings.Join(got, " "); words != c.want {
			t.Errorf("got %s, want %s", words, c.want)
		}
	}
}
