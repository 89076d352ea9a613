package sandbox

import (
	"reflect"
	"testing"
)

func TestMode(t *testing.T) {
	var m Mode
	for _, name := range []string{"strict", "best-effort", "off"} {
		if err := m.Set(name); err != nil || m.String() != name {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	if err := m.Set("on"); err == nil || m != Off {
		t.Errorf("%v, %v", m, err)
	}
}

func TestOrder(t *testing.T) {
	for _, want := range []order{
		{memory: 5, grant: Grant{Sockets: "/a b", Read: []string{"--x", "/y z"}, Calls: []string{"acct", "open"}}, abi: 3, refusals: "/r s"},
		{probe: true, without: []string{Landlock, Seccomp}, threads: 7},
	} {
		program := []string{"--", "/bin/echo", "-n", "--memory=1"}
		got, rest, err := parseOrder(append(want.args(), program...))
		if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(rest, program[1:]) {
			t.Errorf("got %+v %q %v, want %+v", got, rest, err, want)
		}
	}
	for _, bad := range [][]string{{}, {"--"}, {"--memory=much", "--", "x"}, {"--unknown", "--", "x"}} {
		if _, _, err := parseOrder(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestOff(t *testing.T) {
	for _, mode := range []Mode{"", Off} {
		s, err := Probe(t.Context(), Config{Mode: mode})
		if err != nil || s.Report() != nil || s.Missing() != nil {
			t.Errorf("%q: %v, %v", mode, s, err)
		}
	}
}
