//go:build linux

package e2e

import (
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
