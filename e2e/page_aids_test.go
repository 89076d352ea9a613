//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// What helps along a session: hints, the palette, macros.
func TestPageAids(t *testing.T) {
	chromium := browser(t)
	t.Run("a hint when nothing comes", func(t *testing.T) { hints(t, chromium) })
	t.Run("the palette", func(t *testing.T) { palette(t, chromium) })
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

// Everything is run by its name, with keys only.
func palette(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	open := func() {
		t.Helper()
		p.run(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "k", code: "KeyK", ctrlKey: true, bubbles: true, cancelable: true }))`)
		p.wait("the palette", `document.activeElement.id === "palette-field"`)
	}
	run := func(typed, first string) {
		t.Helper()
		open()
		p.press(typed)
		p.wait(first, fmt.Sprintf(`document.querySelector("#palette-list [aria-selected=true]")?.textContent.includes(%q)`, first))
		p.press(kb.Enter)
		p.wait("the palette to go", `!document.querySelector("#palette")`)
	}
	run("mode raw", "Raw bytes")
	p.wait("the mode", `document.querySelector("#mode").value === "raw"`)
	run("practice echo", "Practice echo")
	run("connect disc", "Connect or disconnect")
	p.status("Connected")
	p.wait("the field", `document.activeElement.id === "command"`)
	p.press("for the palette\\r\\n")
	p.press(kb.Enter)
	p.shows("for the palette")
	run("connect disc", "Connect or disconnect")
	p.status("Disconnected")
	run("ladder", "ladder")
	p.wait("the ladder", `document.querySelector(".ladder .arrow")`)
	run("both lanes", "Both lanes")
	open()
	p.wait("a recording", `[...document.querySelectorAll("#palette-list li")].length > 20`)
	p.axe("the palette")
	p.pictures("palette")
	p.press("recording raw")
	p.wait("a recording", `document.querySelector("#palette-list [aria-selected=true]")?.textContent.includes("Recording")`)
	p.press(kb.Enter)
	p.wait("its playback", `document.querySelector("#scrubber")`)
	run("keys", "list of keys")
	p.wait("the keys", `document.querySelector("#keys[open]")?.textContent.includes("Ctrl K")`)
	p.pictures("keys")
	p.press(kb.Escape)
	p.wait("no keys", `!document.querySelector("#keys")`)
	run("settng larg type", "Large type")
	p.wait("large type", `document.documentElement.classList.contains("presenting")`)
	p.click("#palette-button")
	p.wait("the palette", `document.activeElement.id === "palette-field"`)
	p.press(kb.Escape)
	p.wait("the palette to go", `!document.querySelector("#palette") && document.activeElement.id === "palette-button"`)
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
