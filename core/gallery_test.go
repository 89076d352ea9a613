package core

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page's tests read the same table.
func TestPropose(t *testing.T) {
	data, err := os.ReadFile("testdata/propose.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Modes []Manifest
		Cases []struct {
			About, First, Mode, Name, Begins string
			Port                             int
			Options                          map[string]string
		}
	}
	if err := json.Unmarshal(data, &table); err != nil || len(table.Cases) == 0 {
		t.Fatal(err)
	}
	for _, c := range table.Cases {
		var first []byte
		for _, r := range c.First {
			first = append(first, byte(r))
		}
		got, ok := Propose(table.Modes, c.Port, first)
		if want := (Proposal{c.Mode, c.Name, c.Begins, c.Options}); !cmp.Equal(got, want) || ok != (c.Mode != "") {
			t.Errorf("%s: %+v, %v; want %+v", c.About, got, ok, want)
		}
	}
}

func TestGalleryOfAManifest(t *testing.T) {
	greeting := func(begins string) []Greeting { return []Greeting{{begins, "X"}} }
	for want, change := range map[string]func(*Manifest){
		"": func(m *Manifest) {
			m.Group, m.Brief, m.Ports, m.Greetings = "stores", "for Redis", []UsualPort{{Port: 1, Name: "X", Options: map[string]string{"size": "2"}}, {Port: 65535, Name: "X"}}, greeting("\u00ff\r")
		},
		`group is "shops"; it must be web, mail, files, stores, devices, raw`: func(m *Manifest) { m.Group = "shops" },
		"brief has 81 bytes; at most 80 fit":                                  func(m *Manifest) { m.Brief = strings.Repeat("x", 81) },
		"the brief has U+000A":                                                func(m *Manifest) { m.Brief = "a\nb" },
		"33 ports; at most 32 fit":                                            func(m *Manifest) { m.Ports = make([]UsualPort, 33) },
		"port 0; it must be from 1 to 65535":                                  func(m *Manifest) { m.Ports = []UsualPort{{Port: 0, Name: "X"}} },
		"port 65536; it must":                                                 func(m *Manifest) { m.Ports = []UsualPort{{Port: 65536, Name: "X"}} },
		"port 7 given twice":                                                  func(m *Manifest) { m.Ports = []UsualPort{{Port: 7, Name: "X"}, {Port: 7, Name: "Y"}} },
		"the name of port 7 has 0 bytes":                                      func(m *Manifest) { m.Ports = []UsualPort{{Port: 7, Name: ""}} },
		`port 7: mode m has no option "x"`: func(m *Manifest) {
			m.Ports = []UsualPort{{Port: 7, Name: "X", Options: map[string]string{"x": "1"}}}
		},
		"port 7: option size of mode m: ": func(m *Manifest) {
			m.Ports = []UsualPort{{Port: 7, Name: "X", Options: map[string]string{"size": "many"}}}
		},
		"option text of port 7 has U+001B": func(m *Manifest) {
			m.Ports = []UsualPort{{Port: 7, Name: "X", Options: map[string]string{"text": "\x1b]0;x"}}}
		},
		"33 greetings; at most 32 fit":            func(m *Manifest) { m.Greetings = make([]Greeting, 33) },
		"greeting 1 has 1 bytes; 2 to 32 fit":     func(m *Manifest) { m.Greetings = greeting("+") },
		"greeting 1 has 33 bytes; 2 to 32":        func(m *Manifest) { m.Greetings = greeting(strings.Repeat("\u00ff", 33)) },
		"greeting 1 has a character above U+00FF": func(m *Manifest) { m.Greetings = greeting("Ā!") },
		"the name of greeting 1 has U+001B":       func(m *Manifest) { m.Greetings = []Greeting{{"+OK", "\x1b[1m"}} },
	} {
		m := Manifest{Name: "m", Title: "M", Input: InputLine, Options: []Option{{Name: "size", Type: OptionInt, Default: "1"}, {Name: "text", Type: OptionText}}}
		change(&m)
		switch err := m.Validate(); {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v; want %s", err, want)
		}
	}
}
