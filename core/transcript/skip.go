package transcript

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// MaxSkips bounds the conditions of one file.
const MaxSkips = 16

// Skip is a condition of the header, under which the transcript says nothing of a line mode
// and is not replayed through it.
type Skip struct {
	Capability string // one of core.Capabilities; "": it is about the version
	Lacks      bool   // skip if the mode lacks the capability; else, if it has it
	Compare    string // of versions: <, <=, =, >= or >
	Version    string // numbers with points between them
	Line       int    // in the file, from 1
}

var comparisons = []string{"<", "<=", "=", ">=", ">"}

// String returns the condition as it follows skip-if.
func (s *Skip) String() string {
	words := string(s.words())
	if s.Capability != "" {
		words += " " + strconv.Quote(s.Capability)
	}
	return words
}

func (s *Skip) words() []byte {
	switch {
	case s.Capability == "":
		return fmt.Appendf(nil, "mode-version %s %s", s.Compare, s.Version)
	case s.Lacks:
		return []byte("no capability")
	}
	return []byte("capability")
}

// Applies reports whether the condition holds of a mode. An error says that it cannot be
// told: the mode's version is not made of numbers.
func (s *Skip) Applies(m *core.Manifest) (bool, error) {
	if s.Capability != "" {
		return m.Has(s.Capability) != s.Lacks, nil
	}
	have, ok := parseVersion(m.Version)
	if !ok {
		return false, fmt.Errorf("expected a mode whose version is numbers with points between them, to compare it; that of %s is %q", m.Name, m.Version)
	}
	want, _ := parseVersion(s.Version)
	for len(have) < len(want) { // 2 is 2.0
		have = append(have, 0)
	}
	for len(want) < len(have) {
		want = append(want, 0)
	}
	c := slices.Compare(have, want)
	switch s.Compare {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case "=":
		return c == 0, nil
	case ">=":
		return c >= 0, nil
	}
	return c > 0, nil
}

// parseVersion reads numbers with points between them.
func parseVersion(s string) (numbers []int, ok bool) {
	if len(s) > core.MaxName {
		return nil, false
	}
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, int(n))
	}
	return numbers, true
}

// skip takes what follows skip-if.
func (p *parser) skip(rest string, number int) *SyntaxError {
	if len(p.t.SkipIf) == MaxSkips {
		return final("expected at most %d lines skip-if", MaxSkips)
	}
	s := Skip{Line: number}
	word, after := cutWord(rest)
	if word == "no" {
		s.Lacks = true
		word, after = cutWord(after)
	}
	switch {
	case word == "capability":
		name, err := p.value(after, core.MaxName)
		if err != nil {
			return err
		}
		if all := core.Capabilities(); !slices.Contains(all, name) {
			return errorf("expected a capability that there is: %s; found %s", strings.Join(all, ", "), shown(name))
		}
		s.Capability = name
	case word == "mode-version" && !s.Lacks:
		s.Compare, s.Version = cutWord(after)
		if _, ok := parseVersion(s.Version); !ok || !slices.Contains(comparisons, s.Compare) {
			return errorf("expected skip-if mode-version, one of %s, and numbers, such as skip-if mode-version < 2.1; found %s", strings.Join(comparisons, " "), shown(rest))
		}
	default:
		return errorf(`expected skip-if capability "NAME", skip-if no capability "NAME" or skip-if mode-version < NUMBERS; found %s`, shown(rest))
	}
	p.t.SkipIf = append(p.t.SkipIf, s)
	return nil
}
