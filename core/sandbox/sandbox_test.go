package sandbox

import "testing"

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

func TestOff(t *testing.T) {
	for _, mode := range []Mode{"", Off} {
		s, err := Probe(t.Context(), Config{Mode: mode})
		if err != nil || s.Report() != nil || s.Missing() != nil {
			t.Errorf("%q: %v, %v", mode, s, err)
		}
	}
}
