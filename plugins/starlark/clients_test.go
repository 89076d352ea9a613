package starlark

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

const ends = `
manifest = {
    "name": "ends", "title": "Ends", "clients": ["messages", "stream"], "events": ["client bytes"],
    "after_server_eof": True, "secrets": True,
}

def open(options, target, out, session):
    out.note("%s, %s, %s, %s" % (session.client, session.server, session.watch, session.server_eof))

def handle(state, event, out):
    if event.name == "client bytes":
        out.server(event.data)
    elif event.name == "server eof":
        out.note("the end")
`

func TestOpenIsToldOfTheClient(t *testing.T) {
	d := load(t, "ends.star", ends)
	if m := d.Manifest; !m.Serves(core.Stream) || !m.Secrets {
		t.Errorf("%+v", m)
	}
	plugintest.Script(t, d, `
		<< note "messages, stream, False, end"
		>> server eof
		<< note "the end"
	`)
	plugintest.Script(t, d, `
		server-eof stay
		client stream
		server datagrams

		<< note "stream, datagrams, False, stay"
		>> client bytes "x"
		<< server "x"
	`)
	plugintest.Script(t, d, `
		client stream
		watch

		<< note "stream, stream, True, end"
		>> client bytes "x"
		>> server eof
		<< note "the end"
	`)
}

func TestOpenTakesThreeOrFourParameters(t *testing.T) {
	for _, parameters := range []string{"a, b", "a, b, c, d, e"} {
		_, err := Load("m.star", []byte(strings.Replace(ends, "options, target, out, session):\n", parameters+"):\n    return None\ndef unused(out, session):\n", 1)))
		if err == nil || !strings.Contains(err.Error(), "expected def open(options, target, out)") {
			t.Errorf("open(%s): %v", parameters, err)
		}
	}
}
