//go:build linux

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// What was sent is picked, changed and sent again.
func TestPageSendAgain(t *testing.T) {
	p := visit(t, browser(t), "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.fill("#command", "hello")
	p.press(kb.Enter)
	p.shows("hello")
	p.click("#console .sent .payload")
	p.click("#copy-menu")
	p.click("#send-again")
	p.wait("what was sent in the field", `document.querySelector("#command").value === "hello" && document.activeElement.id === "command"`)
	p.press(kb.End)
	p.press(" again")
	p.press(kb.Enter)
	p.shows("hello again")
}

// A recording whose session runs shows what comes.
func TestPageFollowsARecording(t *testing.T) {
	c := shared.join(t, "", shared.echo, "workbench.v1")
	id := c.entries()[0]["transcript"].(string)
	c.say(`{"text":"first"}`)
	p := visit(t, browser(t), "http://"+shared.address)
	eventually(t, "the first line in the recording", func() bool {
		return strings.Contains(evaluate[string](p, `globalThis.got ??= "", fetch("/api/transcripts/`+id+`").then((a) => a.text()).then((text) => { got = text; }), got`), "first")
	})
	p.run(`location.hash = "#/transcripts/` + id + `"`)
	p.shows("first")
	c.say(`{"text":"second"}`)
	p.shows("second")
	c.say(`{"text":"quit"}`)
	p.wait("the end", `!document.querySelector(".status .recording")`)
}
