package starlark

import (
	"testing"

	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

const linkScript = `
manifest = {
    "name": "links", "title": "Links",
    "events": ["link listening", "link connected", "link failed", "link bytes", "link eof", "link closed"],
}

def open(options, target, out):
    return {}

def handle(state, event, out):
    if event.name == "client text":
        out.connect("data", event.text)
        out.accept("more")
        out.accept(link="third", address="127.0.0.1:4000")
        out.send_link("data", "a", b"\x00", "b")
    elif event.name == "link bytes":
        out.send_link(event.link, event.data)
        out.finish_link(event.link)
    elif event.name == "link eof":
        out.close_link(event.link)
    elif event.link:
        out.note(event.name + " " + event.link + " " + event.text)
    else:
        out.note(event.name + ", of no link")
`

// A script orders links, and each of their events has the name.
func TestLinks(t *testing.T) {
	plugintest.Script(t, load(t, "links.star", linkScript), `
		>> client text "h:1"
		<< connect data "h:1"
		<< accept more ""
		<< accept third "127.0.0.1:4000"
		<< data bytes "a\x00b"
		>> more listening "192.0.2.9:4000"
		<< note "link listening more 192.0.2.9:4000"
		>> data connected "192.0.2.7:20"
		<< note "link connected data 192.0.2.7:20"
		>> third failed "in vain"
		<< note "link failed third in vain"
		>> data bytes "\xff"
		<< data bytes "\xff"
		<< data eof
		>> data eof
		<< data close
		>> data closed
		<< note "link closed data "
		>> server eof
		<< note "server eof, of no link"
	`)
}
