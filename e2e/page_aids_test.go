//go:build linux

package e2e

import (
	"context"
	"os"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// What helps along a session: hints, the palette, macros.
func TestPageAids(t *testing.T) {
	chromium := browser(t)
	t.Run("a hint when nothing comes", func(t *testing.T) { hints(t, chromium) })
}

// A server of HTTP waits for the empty line, and the page says so until an answer comes.
func hints(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(serve(t, redirect).address)
	p.status("Connected")
	before := evaluate[float64](p, `document.querySelector("#command").getBoundingClientRect().top`)
	p.fill("#command", "GET / HTTP/1.0")
	p.press(kb.Enter)
	p.wait("the hint", `document.querySelector(".session-hint [role=status]")?.textContent.includes("may wait for an empty line")`)
	if now := evaluate[float64](p, `document.querySelector("#command").getBoundingClientRect().top`); now != before {
		t.Errorf("the hint moves the field from %v to %v", before, now)
	}
	p.axe("a hint")
	p.pictures("hint")
	p.click(".session-hint button")
	p.wait("the hint to go", `document.querySelector(".session-hint [role=status]").textContent === "" && document.activeElement.id === "command"`)
	p.press(kb.Enter)
	p.shows("302 Found")
}

// pictures shows how it looks, wide and narrow, light and dark, if AIDS names a folder.
func (p *page) pictures(name string) {
	p.t.Helper()
	folder := os.Getenv("AIDS")
	if folder == "" {
		return
	}
	for _, theme := range []string{"light", "dark"} {
		p.look(theme)
		p.size(1280, 800)
		p.picture(folder, name+"-"+theme)
		p.size(360, 740)
		p.picture(folder, name+"-phone-"+theme)
	}
	p.look("")
	p.size(1200, 900)
}
