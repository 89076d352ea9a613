package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what a manifest says for the mode picker.
const (
	MaxBrief     = 80 // bytes
	MaxPorts     = 32
	MaxGreetings = 32
	MaxGreeting  = 32 // bytes of the beginning of a stream
)

// Groups are the groups of line modes, in the order in which they are listed. A mode
// without a group comes after them.
var Groups = [...]string{"web", "mail", "files", "stores", "devices", "raw"}

// UsualPort is a port on which servers that a mode is for usually listen.
type UsualPort struct {
	Port int    `json:"port"`
	Name string `json:"name"` // of the protocol, for people: "Redis"
	// Options are those of the mode's with which it speaks that protocol, if the defaults
	// do not.
	Options map[string]string `json:"options,omitempty"`
}

// Usage is the port and what speaks there, for people: "502 (Modbus, preset=modbus-tcp)".
func (p *UsualPort) Usage() string {
	words := []string{p.Name}
	for _, name := range slices.Sorted(maps.Keys(p.Options)) {
		words = append(words, name+"="+p.Options[name])
	}
	return fmt.Sprintf("%d (%s)", p.Port, strings.Join(words, ", "))
}

// Greeting is how the stream of a server begins that a mode is for.
type Greeting struct {
	// Begins are the first 2 to MaxGreeting bytes, each as the character of its number:
	// U+00FF is byte 255.
	Begins string `json:"begins"`
	Name   string `json:"name"` // of the protocol, for people
}

// matches reports whether what came begins so.
func (g *Greeting) matches(first []byte) bool {
	for _, r := range g.Begins {
		if len(first) == 0 || first[0] != byte(r) {
			return false
		}
		first = first[1:]
	}
	return true
}

func (g *Greeting) size() int { return utf8.RuneCountInString(g.Begins) }

// Proposal is a line mode for a server.
type Proposal struct {
	Mode    string
	Name    string            // of the protocol
	Begins  string            // the greeting that was recognised; "" if the port alone tells
	Options map[string]string // of the mode's, if the port alone tells
}

// ProposeByPort returns the first of the modes that names a port as usual. The page has
// the same in web/model/propose.js; testdata/propose.json holds them together.
func ProposeByPort(modes []Manifest, port int) (Proposal, bool) {
	for i := range modes {
		if p := modes[i].usual(port); p != nil {
			return Proposal{Mode: modes[i].Name, Name: p.Name, Options: p.Options}, true
		}
	}
	return Proposal{}, false
}

// ProposeByGreeting returns the first of the modes that names how a stream begins, if all
// such modes name the same protocol: a server that begins with 220 may be of FTP or SMTP.
func ProposeByGreeting(modes []Manifest, first []byte) (Proposal, bool) {
	var found Proposal
	for i := range modes {
		for j := range modes[i].Greetings {
			g := &modes[i].Greetings[j]
			switch {
			case !g.matches(first):
			case found.Mode == "":
				found = Proposal{Mode: modes[i].Name, Name: g.Name, Begins: g.Begins}
			case found.Name != g.Name:
				return Proposal{}, false
			}
		}
	}
	return found, found.Mode != ""
}

// Propose returns the mode for a server on a port of which the first bytes are known: one
// that names how they begin. If several do, those that name the port too come before the
// others, then the longer greeting counts, and then the order of the modes. If none does,
// the port tells.
func Propose(modes []Manifest, port int, first []byte) (Proposal, bool) {
	var best *Greeting
	var mode *Manifest
	bestUsual := false
	for i := range modes {
		m := &modes[i]
		usual := m.usual(port) != nil
		for j := range m.Greetings {
			g := &m.Greetings[j]
			if !g.matches(first) {
				continue
			}
			if best == nil || usual && !bestUsual || usual == bestUsual && g.size() > best.size() {
				best, mode, bestUsual = g, m, usual
			}
		}
	}
	if best == nil {
		return ProposeByPort(modes, port)
	}
	return Proposal{Mode: mode.Name, Name: best.Name, Begins: best.Begins}, true
}

// usual returns the entry of a port, or nil if the mode is not for it.
func (m *Manifest) usual(port int) *UsualPort {
	i := slices.IndexFunc(m.Ports, func(p UsualPort) bool { return p.Port == port })
	if i < 0 {
		return nil
	}
	return &m.Ports[i]
}

// checkGallery reports the first error in what the mode picker shows.
func (m *Manifest) checkGallery() error {
	switch {
	case m.Group != "" && !slices.Contains(Groups[:], m.Group):
		return fmt.Errorf("group is %q; it must be %s, or be left out", CutWords(m.Group, MaxName), strings.Join(Groups[:], ", "))
	case len(m.Brief) > MaxBrief:
		return fmt.Errorf("brief has %d bytes; at most %d fit, so that it stays one line", len(m.Brief), MaxBrief)
	case len(m.Ports) > MaxPorts:
		return fmt.Errorf("%d ports; at most %d fit", len(m.Ports), MaxPorts)
	case len(m.Greetings) > MaxGreetings:
		return fmt.Errorf("%d greetings; at most %d fit", len(m.Greetings), MaxGreetings)
	}
	for i, p := range m.Ports {
		if p.Port < 1 || p.Port > 65535 {
			return fmt.Errorf("port %d; it must be from 1 to 65535", p.Port)
		}
		if slices.ContainsFunc(m.Ports[:i], func(q UsualPort) bool { return q.Port == p.Port }) {
			return fmt.Errorf("port %d given twice", p.Port)
		}
		if err := checkProtocol(p.Name); err != nil {
			return fmt.Errorf("the name of port %d %w", p.Port, err)
		}
		if _, err := m.ParseOptions(p.Options); err != nil {
			return fmt.Errorf("port %d: %w", p.Port, err)
		}
		for name, value := range p.Options {
			if err := checkWords(value); err != nil {
				return fmt.Errorf("the value of option %s of port %d %w", name, p.Port, err)
			}
		}
	}
	for i := range m.Greetings {
		g := &m.Greetings[i]
		if n := g.size(); n < 2 || n > MaxGreeting {
			return fmt.Errorf("greeting %d has %d bytes; 2 to %d fit", i+1, n, MaxGreeting)
		}
		if strings.ContainsFunc(g.Begins, func(r rune) bool { return r > 0xff }) {
			return fmt.Errorf("greeting %d has a character above U+00FF: each stands for the byte of its number", i+1)
		}
		if err := checkProtocol(g.Name); err != nil {
			return fmt.Errorf("the name of greeting %d %w", i+1, err)
		}
	}
	return nil
}

// checkProtocol reports why words cannot be the name of a protocol.
func checkProtocol(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("has %d bytes; 1 to %d fit", len(name), MaxName)
	}
	return checkWords(name)
}
