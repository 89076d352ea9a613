package starlark

import (
	"testing"

	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

const prompts = `
manifest = {
    "name": "prompts", "title": "Prompts", "boundaries": True,
    "events": ["client part", "client raw", "server quiet"], "after_server_eof": True,
}

def open(options, target, out):
    out.quiet("300ms")
    return {"part": b"", "raw": 0}

def handle(state, event, out):
    if event.name == "client text":
        out.server(event.text, "\n")
    elif event.name == "client part":
        out.server(event.text)
    elif event.name == "client raw":
        state["raw"] += len(event.data)
        out.note("%d raw bytes" % state["raw"])
    elif event.name == "server":
        lines = octets.split(state["part"] + event.data, b"\n")
        state["part"] = lines.pop()
        for line in lines:
            out.text(str(line))
    elif event.name == "server quiet":
        if state["part"]:
            out.part(str(state["part"]))
    elif event.name == "server eof":
        if state["part"]:
            out.text(str(state["part"]))
            state["part"] = b""
`

func TestLaterEvents(t *testing.T) {
	d := load(t, "prompts.star", prompts)
	plugintest.Script(t, d, `
		quiet 300ms
		server-eof stay

		>> server "login: "
		>> server quiet
		<< client part "login: "
		>> client part "me"
		<< server "me"
		>> client raw "\r\n"
		<< note "2 raw bytes"
		>> server "x\n"
		<< client text "login: x"
		>> server eof
		>> client text "still here"
		<< server "still here\n"
		>> client eof
	`)
}
