package step

import (
	"reflect"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOrder(t *testing.T) {
	for _, want := range []Order{
		{Memory: 5, Sockets: "/a b", Read: []string{"--x", "/y z"}, Calls: []string{"acct", "open"}, ABI: 3, Refusals: "/r s"},
		{Probe: true, Without: []string{Landlock, Seccomp}, Threads: 7},
	} {
		program := []string{"--", "/bin/echo", "-n", "--memory=1"}
		got, rest, err := Parse(append(want.Args(), program...))
		if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(rest, program[1:]) {
			t.Errorf("got %+v %q %v, want %+v", got, rest, err, want)
		}
	}
	for _, bad := range [][]string{{}, {"--"}, {"--memory=much", "--", "x"}, {"--unknown", "--", "x"}} {
		if _, _, err := Parse(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
