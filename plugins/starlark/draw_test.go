package starlark

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

const nonces = `
manifest = {"name": "nonces", "title": "Nonces", "seeded": True}

def open(options, target, out, session):
    out.note("%s %d" % (session.start, session.start_ns))
    return {"seed": session.seed, "n": 0}

def handle(state, event, out):
    if event.name == "client text":
        state["n"] += 1
        out.server(octets.hex(chance.draw(state["seed"], "nonce %d" % state["n"], 8)))
`

// What is drawn depends on the header alone; without a seed and a start they are zero.
func TestDraw(t *testing.T) {
	d := load(t, "nonces.star", nonces)
	plugintest.Script(t, d, `
		seed 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
		start 2026-07-01T12:00:00.25Z

		<< note "2026-07-01T12:00:00.25Z 1782907200250000000"
		>> client text "a"
		<< server "527a1bd75209993a"
		>> client text "b"
		<< server "ca84e8f02b867dd1"
	`)
	plugintest.Script(t, d, `
		<< note "0001-01-01T00:00:00Z -62135596800000000000"
		>> client text "a"
		<< server "c3c1e4bdcf8c2064"
	`)
}

func TestDrawOutOfBounds(t *testing.T) {
	for call, want := range map[string]string{
		`chance.draw(state["seed"], "a", 8161)`:      "8161 bytes; 0 to 8160 can be drawn for one name",
		`chance.draw(state["seed"], "a", -1)`:        "-1 bytes",
		`chance.draw("short", "a", 1)`:               "the seed has 5 bytes, not 32",
		`chance.draw(state["seed"], "a" * 1025, 16)`: "the name has 1025 bytes; it may have 1024",
	} {
		d := load(t, "nonces.star", strings.Replace(nonces, `chance.draw(state["seed"], "nonce %d" % state["n"], 8)`, call, 1))
		m, err := d.Open(core.Opening{}, new(core.Out))
		if err != nil {
			t.Fatal(err)
		}
		err = m.Handle(core.Event{Kind: core.ClientText}, new(core.Out))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", call, err, want)
		}
	}
}
