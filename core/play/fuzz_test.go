package play

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// FuzzMatcher lets a peer say anything to any script: whatever the cut, the
// verdict is the same, and no rule holds more than it may.
func FuzzMatcher(f *testing.F) {
	f.Add("~~ match \"id=(?P<id>[0-9]+);\"\n>> server \"id=12;\\n\"\n~~ use id\n<< server \"12\"\n~~ use id\n>> server \"12.\"\n", "id=9;\n9.", uint16(3), false)
	f.Add("~~ until \"\\r\\n\"\n>> server \"a\\r\\nb\"\n~~ any 1 2\n<< server \"abc\"\n>> server eof\n", "\r\r\nb", uint16(1), true)
	f.Add("~~ match \"(?s).*\"\n<< server \"x\"\n>> client eof\n>> server failed \"x\"\n", "\xff\xc3", uint16(1), true)
	f.Add("~~ match field status \"2..\"\n>> server \"250 hi\\nx\"\n<< message from-server 0-7 \"\"\n  status 0-3 \"250\"\n", "222 no\nx", uint16(2), true)
	f.Add("~~ any-order\n~~ any 0 1\n>> server \"xa\"\n~~ any-order\n~~ match \"(?P<n>[0-9]+);\"\n>> server \"1;\"\n~~ any-order\n>> server \"xb\"\n~~ use n\n<< server \"1\"\n", "22;xbya", uint16(1), true)
	f.Add("~~ any-order a\n~~ until \";\"\n>> server \"a;\"\n~~ any-order a\n>> server \"b;\"\n>> server eof\n", "b;b;c", uint16(2), true)
	f.Add("~~ match size 2..5\n>> server \"abc\"\n>> server \"\\r\\n\"\n<< server \"x\"\n~~ match size 0..9\n>> server \"y\"\n>> server eof\n", "abcd\r\nzzz", uint16(1), true)
	f.Fuzz(func(t *testing.T, entries, said string, cut uint16, end bool) {
		if len(entries) > 1<<12 || len(said) > 1<<10 {
			return
		}
		s, err := parse(entries)
		if err != nil {
			var syntax *transcript.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		var cuts []int
		for at := int(cut%64) + 1; at < len(said); at += int(cut%64) + 1 {
			cuts = append(cuts, at)
		}
		for _, as := range []core.Side{core.Client, core.Server} {
			whole, pieces := hear(s, as, said, end), hear(s, as, said, end, cuts...)
			if sorted(whole) != sorted(pieces) {
				t.Fatalf("whole\n%s\ncut after %v\n%s", strings.Join(whole, "\n"), cuts, strings.Join(pieces, "\n"))
			}
		}
		for _, as := range []core.Side{core.Client, core.Server} {
			if s.Datagrams() || s.Upgrades() || said == "" {
				break
			}
			whole, pieces := hearWith(s, new(lineDecoder), as, said, len(said)), hearWith(s, new(lineDecoder), as, said, int(cut%64)+1)
			if whole != pieces {
				t.Fatalf("with a line mode, whole\n%s\nby %d\n%s", whole, cut%64+1, pieces)
			}
		}
		meet(t, s, int(cut%64)+1)
	})
}

// FuzzRegexp compares any regexp with any stream: it finds what was recorded,
// or is refused.
func FuzzRegexp(f *testing.F) {
	f.Add("Date: [^\r\n]*\r\n", "Date: x\r\n")
	f.Add("(?i)(a|ab)(?P<n>c|bcd)*?d", "abcd")
	f.Add("(((a{30}){30})", strings.Repeat("a", 900))
	f.Fuzz(func(t *testing.T, text, data string) {
		if len(text) > 1<<8 || len(data) > 1<<10 {
			return
		}
		p, err := compile(text, characters)
		if err != nil {
			return
		}
		for _, at := range p.find([]byte(data))[:min(1, len(p.find([]byte(data))))] {
			s := p.begin()
			for _, b := range []byte(data)[at[0]:] {
				if s.done() {
					break
				}
				s.feed(b)
			}
			s.finish()
			if s.end != at[1]-at[0] {
				t.Fatalf("%q on %q: ends at %d, want %v", text, data, s.end, at)
			}
			for i, value := range p.named([]byte(data), at) {
				from, to := s.at[2*i], s.at[2*i+1]
				if (from < 0) != (value == nil) || from >= 0 && !slices.Equal([]byte(data)[at[0]+from:at[0]+to], value) {
					t.Fatalf("%q on %q: captured %d to %d, want %q", text, data, from, to, value)
				}
			}
		}
	})
}
