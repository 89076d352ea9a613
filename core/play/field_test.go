package play

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// lineDecoder says a message for each line: its code, and below it the code's first digit.
type lineDecoder struct {
	held   [core.Server + 1]string
	at     [core.Server + 1]int64
	broken string // fails at a line with this
}

func (d *lineDecoder) Decode(from core.Side, data []byte) (all []core.Message, err error) {
	d.held[from] += string(data)
	for {
		line, rest, ended := strings.Cut(d.held[from], "\n")
		if !ended {
			return all, nil
		}
		if d.broken != "" && strings.Contains(line, d.broken) {
			return all, errors.New("it is broken")
		}
		flow, begin := core.FromServer, d.at[from]
		if from == core.Client {
			flow = core.FromClient
		}
		d.at[from] += int64(len(line) + 1)
		d.held[from] = rest
		m := core.Message{Flow: flow, From: begin, To: d.at[from], Summary: line}
		if code, _, ok := strings.Cut(line, " "); ok {
			m.Fields = []core.Field{{Name: "status", Value: code, Fields: []core.Field{{Name: "status.class", Value: code[:min(1, len(code))]}}}}
		}
		all = append(all, m)
	}
}

// decodedTalk is a talk whose line mode said each line as a message.
const decodedTalk = `>> client text "HELO"
<< server "HELO a\n"
<< message to-server 0-7 "HELO a"
  status 0-4 "HELO"
%s>> server "250 hi\n251 more\nplain\n"
<< message from-server 0-7 "250 hi"
  status 0-3 "250"
    status.class 0-1 "2"
<< message from-server 7-16 "251 more"
  status 7-10 "251"
<< message from-server 16-22 "plain"
`

// hearWith plays a side with a decoder, and returns what differed.
func hearWith(s *Script, d Decoder, as core.Side, said string, size int) string {
	p := s.PlayWith(as, d)
	for {
		if _, due := p.Next(); !due {
			break
		}
	}
	var all []string
	for len(said) > 0 {
		n := min(size, len(said))
		for rest := []byte(said[:n]); len(rest) > 0; {
			var m *Mismatch
			if rest, m = p.Take(rest); m != nil {
				all = append(all, fmt.Sprintf("%d at %d want %s got %s", m.Line, m.Offset, m.Want, m.Got))
			}
		}
		said = said[n:]
		for {
			if _, due := p.Next(); !due {
				break
			}
		}
	}
	if m := p.TakeEnd(""); m != nil {
		all = append(all, "end: "+m.Got)
	}
	return strings.Join(all, "; ")
}

// A rule about a field takes the message there, whatever else is in it, and says what the
// field is instead. How the peer's bytes are cut means nothing.
func TestMatchField(t *testing.T) {
	const status, class = "~~ match field status \"2..\"\n", "~~ match field status.class \"2\"\n"
	for _, c := range []struct {
		rules, said, broken, want string
	}{
		{status, "250 hi\n251 more\nplain\n", "", ""},
		{status, "299 anything, at any length\n200 x\nplain\n", "", ""},
		{status, "299 a\n300 x\nplain\n", "", `9 at 6 want match field status "2.." got status "300"`},
		{status, "2500 a\n251 x\nplain\n", "", `9 at 0 want match field status "2.." got status "2500"`},
		{status, "none\n251 x\nplain\n", "", `9 at 0 want match field status "2.." got a message without a field status: "none"`},
		{status, "250 a\n251 b\nother\n", "", `9 at 12 want "plain\n" got "o"`},
		{status, "250 a", "", `end: the end of the server's stream`},
		{status, "250 bad\n251 b\nplain\n", "bad", `9 at 0 want match field status "2.." got nothing that the line mode understands: it is broken`},
		{class, "211 a\n251 more\nplain\n", "", ""},
		{class, "211 a\n299 more\nplain\n", "", `9 at 7 want "251 more\n" got "29"`},
		{status + class, "211 a\n222 more\nplain\n", "", ""},
		{"~~ match \"pl[a-z]+\\n\"\n" + status, "211 a\n222 more\nplenty\n", "", ""},
	} {
		line := 8 + strings.Count(c.rules, "\n")
		s := script(t, fmt.Sprintf(decodedTalk, c.rules))
		want := strings.ReplaceAll(c.want, "9 at", fmt.Sprint(line)+" at")
		for size := 1; size <= len(c.said); size++ {
			got := hearWith(s, &lineDecoder{broken: c.broken}, core.Client, c.said, size)
			if got != want && !strings.HasPrefix(got, want+"; ") || want == "" && got != "" {
				t.Errorf("%sheard %q by %d: %s\nwant %s", c.rules, c.said, size, got, want)
			}
		}
	}
}

// Played as the server, what the client says is compared.
func TestMatchFieldOfTheClient(t *testing.T) {
	const talk = `>> server "220 hi\n"
~~ match field status "HELO|EHLO"
<< server "HELO a\n"
<< message to-server 0-7 "HELO a"
  status 0-4 "HELO"
`
	s := script(t, talk)
	for said, want := range map[string]string{
		"EHLO somebody\n": "",
		"NOOP a\n":        `6 at 0 want match field status "HELO|EHLO" got status "NOOP"`,
	} {
		for size := 1; size <= len(said); size++ {
			if got := hearWith(s, new(lineDecoder), core.Server, said, size); got != want {
				t.Errorf("%q by %d: %s, want %s", said, size, got, want)
			}
		}
	}
	if s.Play(core.Server).side() != core.Server || !s.NeedsMode() || s.WithoutMode() == nil {
		t.Error("it needs no mode")
	}
	if _, err := NewPool([]*Script{s}, false); err == nil || !strings.HasPrefix(err.Error(), "f:5: expected no match field here") {
		t.Errorf("a pool takes it: %v", err)
	}
}

func TestMatchFieldErrors(t *testing.T) {
	entries := func(rules string) string { return fmt.Sprintf(decodedTalk, rules) }
	for in, want := range map[string]string{
		entries("~~ match field status \"(\"\n"):                       "f:8: expected a regexp that can be used",
		entries("~~ match field other \"2\"\n"):                        "f:8: expected a message with a field other in the bytes below",
		entries("~~ match field status \"3..\"\n"):                     `f:8: expected a field that matches as recorded; it is status "250"`,
		entries("~~ match \"hi\\n\"\n~~ match field status \"2..\"\n"): "f:9: expected a message of which no rule above it has taken a part",
		"~~ match field a \"b\"\n>> server \"x\"\n":                    "f:4: expected a message with a field a",
		"~~ match field 1 \"b\"\n>> server \"x\"\n":                    `f:4: expected the name of a field, as in match field http.status "2.."`,
		"~~ match field \"b\"\n>> server \"x\"\n":                      `f:4: expected the name of a field`,
		"~~ match field a\n>> server \"x\"\n":                          "f:4: expected a quoted string",
		"~~ match field a \"\"\n>> server \"x\"\n":                     "f:4: expected something between the quotes of match",
		">> server \"2\"\n~~ match field a \"b\"\n>> server \"5\\n\"\n<< message from-server 0-3 \"\"\n  a 0-1 \"b\"\n":                       "f:5: expected a message that lies in one entry",
		">> client start-tls\n>> server tls \"x\"\n~~ match field a \"b\"\n>> server \"5\"\n<< message from-server 0-1 \"\"\n  a 0-1 \"b\"\n": "f:6: expected no match field here: this recording upgrades to TLS",
	} {
		if _, err := parse(in); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s%v\nwant %s", in, err, want)
		}
	}
}
