package mqtt

import (
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// mark marks where the next bytes of a side, which are the event or the last action, have
// secrets: also those of a packet of which more has to come.
func (m *machine) mark(side int, data []byte, ofAction bool, out *core.Out) {
	m.secrets(side, data, func(from, to int) { out.Secret(ofAction, from, to) })
}

// hides reports whether the next bytes of a side have a secret.
func (m *machine) hides(side int, data []byte) (yes bool) {
	m.secrets(side, data, func(_, _ int) { yes = true })
	return yes
}

// hasSecret reports whether packets of a type may have one.
func hasSecret(kind byte) bool { return kind == connect || kind == connack || kind == auth }

// secrets calls each with where the next bytes of a side have one. It looks at the fixed
// headers, and takes nothing apart but the rare packets that may have a secret.
func (m *machine) secrets(side int, data []byte, each func(from, to int)) {
	d, version := &m.sides[side], m.Version
	if d.Gap {
		return
	}
	for at := -d.Got; at < len(data); {
		begins := data[max(at, 0):]
		if at < 0 {
			begins = slices.Concat(d.Held[:min(len(d.Held), maxHeader)], data[:min(len(data), maxHeader)])
		}
		head, size, ok := header(begins)
		if !ok || size == 0 {
			return
		}
		if hasSecret(begins[0] >> 4) {
			kept := begins
			if at < 0 {
				kept = slices.Concat(d.Held, data[:min(len(data), maxKept-len(d.Held))])
			}
			var p parser
			p.parse(packet{size: size, kept: kept[:min(len(kept), size, maxKept)], header: head}, version)
			if p.kind == connect {
				version = p.version
			}
			for _, s := range p.secrets {
				if from, to := max(at+s.from, 0), min(at+s.to, len(data)); from < to {
					each(from, to)
				}
			}
		}
		at += size
	}
}
