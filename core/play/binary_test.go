package play

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// The two bytes of an ID are two bytes, whatever they are: when recorded, and
// when they come.
func TestIDsOfTwoBytes(t *testing.T) {
	for _, recorded := range []string{"\x12\x34", "ab", "\xc3\xa9", "\xff\xfe", "\xe2\x82", "\n\r", "\x00\x00"} {
		for kind, rules := range map[string][2]string{
			"binary": {`~~ match "id(?P<id>(?s:..))\\x81\\x80"`, "\x81\x80"},
			"asked":  {`~~ match bytes "id(?P<id>(?s:.{2}))."`, "!"},
			"NUL":    {`~~ match "id(?P<id>(?s:.)(?s:.))\\x00"`, "\x00"},
		} {
			in := rules[0] + "\n>> server " + string(transcript.AppendString(nil, []byte("id"+recorded+rules[1]))) + "\n~~ use id\n<< server " +
				string(transcript.AppendString(nil, []byte("<"+recorded+">"))) + "\n"
			s := script(t, in)
			for n := 0; n < 1<<16; n += 97 {
				id := string([]byte{byte(n >> 8), byte(n)})
				p := s.Play(core.Client)
				if _, m := p.Take([]byte("id" + id + rules[1])); m != nil {
					t.Fatalf("%s, recorded %q, came %q: %v", kind, recorded, id, m)
				}
				if o, due := p.Next(); !due || string(o.Data) != "<"+id+">" {
					t.Fatalf("%s, recorded %q, came %q: said %q", kind, recorded, id, o.Data)
				}
			}
		}
	}
}

func TestInBytes(t *testing.T) {
	for _, c := range []struct {
		in, want string // "" where only characters can match
	}{
		{`a.[^\r\n]*`, `a.[^\r\n]*`},
		{`é+`, `(?:\xc3\xa9)+`},
		{"\xff[\xfe-\xff]", `\xff[\xfe-\xff]`},
		{`[]é]`, ""}, {`[^]é]`, ""}, {`[[:alpha:]é]`, ""}, {`[a\]é]`, ""},
		{`[]]é`, `[]](?:\xc3\xa9)`}, {`[[:alpha:]]é`, `[[:alpha:]](?:\xc3\xa9)`}, {`[\]]é`, `[\]](?:\xc3\xa9)`},
		{`\[é]`, `\[(?:\xc3\xa9)]`},
		{`\pL`, ""}, {`\P{Greek}`, ""}, {`\x{100}`, ""}, {`\x{ff}`, `\x{ff}`}, {`\\pL`, `\\pL`},
		{`\Q[é\E`, ""}, {`\Q[\E.é`, `\Q[\E.(?:\xc3\xa9)`},
		{`\`, `\`}, {`[`, `[`},
	} {
		if got, ok := inBytes(c.in); ok != (c.want != "") || got != c.want {
			t.Errorf("%q: %q, %v", c.in, got, ok)
		}
	}
}

// Literal text above binary data means its bytes, and what only characters can
// match means what it always did.
func TestTextAboveBinary(t *testing.T) {
	for _, c := range []struct{ rule, came string }{
		{`é(?s:..)x`, "é\xff\xffx"},
		{`[éè]..x`, "èäöx"},
		{`\\pL(?s:..)x`, "Ä\xff\xffx"},
		{"\\xc3\\xa9(?s:..)x", "é\xc3\xa9x"},
	} {
		s := script(t, "~~ match \""+c.rule+"\"\n>> server \"\\x00éabx\"\n")
		if _, m := s.Play(core.Client).Take([]byte("\x00" + c.came)); m != nil {
			t.Errorf("%s: %v", c.rule, m)
		}
	}
}

// In bytes, too, the scan finds what package regexp finds.
func TestBytesScanIsRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genRegexp(3).Draw(t, "regexp")
		data := rapid.SliceOfN(rapid.SampledFrom([]byte("aabbc\xc3\x84\n\xff")), 0, 12).Draw(t, "data")
		p, err := compile(text, onlyBytes)
		if err != nil {
			t.Skip()
		}
		rewritten, _ := inBytes(text)
		wide, back := latin1(data)
		s := p.begin()
		for _, b := range data {
			if s.done() {
				break
			}
			s.feed(b)
		}
		s.finish()
		want := regexp.MustCompile(`\A(?:` + rewritten + `)`).FindIndex(wide)
		if want == nil && s.end >= 0 || want != nil && s.end != back[want[1]] {
			t.Fatalf("%q on %q: ends at %d, want %v", text, data, s.end, want)
		}
	})
}
