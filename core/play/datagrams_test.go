package play

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func datagrams(t *testing.T, entries string) *Script {
	t.Helper()
	tr, err := transcript.Parse("f", []byte("workbench transcript v1\nmode raw\nserver datagrams\n\n"+entries))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New("f", tr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A datagram that comes is one that was recorded: not half of it, nor two in one.
func TestDatagrams(t *testing.T) {
	const talk = ">> client binary \"q\"\n<< server \"q\"\n>> server \"one\"\n>> server \"\"\n>> server \"two\"\n"
	for name, c := range map[string]struct {
		entries string
		come    []string
		want    string // of the mismatch; "": there is none
	}{
		"as they were":         {talk, []string{"one", "two"}, ""},
		"an empty one between": {talk, []string{"one", "", "two"}, ""},
		"two in one":           {talk, []string{"onetwo"}, `f:9: byte 3 of the server's stream: expected the end of the datagram, got "t"`},
		"half of one":          {talk, []string{"on", "e"}, `f:7: byte 2 of the server's stream: expected "one", got the end of the datagram`},
		"another":              {talk, []string{"onE"}, `f:7: byte 2 of the server's stream: expected "one", got "onE"`},
		"more than the last":   {talk, []string{"one", "two", "three"}, ""}, // the client has left
		"a rule":               {">> client binary \"q\"\n<< server \"q\"\n~~ match \"[0-9]+\"\n>> server \"id 12\"\n>> server \"x\"\n", []string{"id 7", "x"}, ""},
		"a rule, two in one":   {">> client binary \"q\"\n<< server \"q\"\n~~ match \"[0-9]+\"\n>> server \"id 12\"\n>> server \"x\"\n", []string{"id 7x"}, "expected the end of the datagram"},
		"until, not yet":       {">> client binary \"q\"\n<< server \"q\"\n~~ until \";\"\n>> server \"12;\"\n", []string{"1234", ";"}, "got the end of the datagram"},
	} {
		p := datagrams(t, c.entries).Play(core.Client)
		if o, due := p.Next(); !due || string(o.Data) != "q" {
			t.Fatalf("%s: %v %q", name, due, o.Data)
		}
		var first *Mismatch
		for _, data := range c.come {
			rest, m := p.Take([]byte(data))
			if len(rest) > 0 {
				t.Errorf("%s: %q is left", name, rest)
			}
			if first == nil {
				first = m
			}
		}
		switch {
		case first == nil && c.want == "":
			if !p.Heard() {
				t.Errorf("%s: more is waited for", name)
			}
		case first == nil || c.want == "" || !strings.Contains(first.Error(), c.want):
			t.Errorf("%s: %v, want %q", name, first, c.want)
		}
	}
}
