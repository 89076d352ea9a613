//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Nothing on the page needs a mouse: the tutorial's nine steps with keys only.
func nineStepsByKeyboard(t *testing.T, chromium context.Context) {
	host, port, _ := net.SplitHostPort(goHTTP(t, nil))
	p := visit(t, chromium, "http://"+shared.address)
	p.tabTo("#host")
	p.replace(host)
	p.tabTo("#port")
	p.replace(port)
	p.press(kb.Enter) // in a field of the connect bar it connects
	p.status("Connected")
	p.wait("the focus where one types", `document.activeElement.id === "command"`)
	p.press("GET / HTTP/1.0")
	p.press(kb.Enter)
	p.press(kb.Enter)
	p.status("Disconnected: the server closed")
	p.shows("HTTP/1.0 200 OK")
	p.tabTo("#console") // back to the lane, and through its rows
	p.press(kb.Home)
	p.wait("a row that is picked", `document.querySelector("#console .row.picked")`)
	p.tabTo("#reconnect-button")
	p.press(kb.Enter)
	p.status("Connected")
}

// tabTo presses Tab until the focus is there.
func (p *page) tabTo(selector string) {
	p.t.Helper()
	for range 60 {
		if evaluate[bool](p, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		p.press(kb.Tab)
	}
	p.t.Fatalf("60 times Tab did not reach %s", selector)
}

// replace replaces the text of the field with the focus.
func (p *page) replace(text string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`))
	p.press(kb.Backspace)
	p.press(text)
}

func tabs(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.fill("#command", "in the first")
	p.press(kb.Enter)
	p.shows("in the first")
	p.click("#new-tab")
	p.status("Disconnected")
	p.click("#connect-button")
	p.status("Connected")
	p.fill("#command", "in the second")
	p.press(kb.Enter)
	p.shows("in the second")
	if got := p.texts(".tab-title"); len(got) != 2 || !strings.HasPrefix(got[0], "echo") {
		t.Errorf("the tabs are %q", got)
	}
	p.click(".tab:first-child .tab-title")
	p.shows("in the first")
	p.fill("#command", "still there")
	p.press(kb.Enter)
	p.shows("still there")
	p.click(".tab:first-child .close")
	p.shows("in the second")
}

func severalLines(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.do(chromedp.Evaluate[chromedp.Void](`{
		const field = document.querySelector("#command");
		field.value = "one\ntwo\r\n\nfour\n";
		field.dispatchEvent(new Event("input", { bubbles: true }));
	}`))
	p.wait("the count", `document.querySelector("#send-button").textContent.includes("Send 4 lines")`)
	p.click("#send-button")
	p.wait("the lines", `document.querySelectorAll("#console .sent").length === 4`)
	if got := p.texts("#console .sent .payload"); !slices.Equal(got, []string{"one", "two", "", "four"}) {
		t.Errorf("it sent %q", got)
	}
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#command").focus(), document.querySelector("#history-button").click()`))
	p.wait("the search", `document.activeElement.id === "history-field"`)
	p.press("two")
	p.press(kb.Enter)
	p.wait("the line that was found", `document.querySelector("#command").value.startsWith("one")`)
}

// Find, filter, and the bytes of one lane in the other.
func findAndFilter(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	for _, line := range []string{"apple", "pear", "apple pie"} {
		p.fill("#command", line)
		p.press(kb.Enter)
		p.shows(line)
	}
	p.fill("#find", "apple")
	p.press(kb.Enter)
	p.wait("the count", `document.querySelector(".found-count").textContent === "1/8"`)
	p.wait("the first hit", `document.querySelector(".row.found.sent")?.textContent.includes("apple")`)
	p.click("#filter-button")
	p.fill("#filter-text", "^pear")
	p.wait("no row", `document.querySelectorAll("#console .row").length === 0`)
	p.click(".filter-bar .switch input")
	p.wait("the pears", `document.querySelectorAll("#console .row").length === 2`)

	p.do(chromedp.Evaluate[chromedp.Void](`{
		const hex = document.querySelector("#wire .received .hex").getBoundingClientRect();
		document.querySelector("#wire .received .hex").dispatchEvent(
			new PointerEvent("pointermove", { bubbles: true, clientX: hex.left + 2, clientY: hex.top + 2 }));
	}`))
	p.wait("the byte in the other lane", `document.querySelector("#console .received.related mark.pointed")?.textContent === "p"`)
}

func aTranscriptPlays(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	if !evaluate[bool](p, `document.querySelector("#record") !== null`) {
		t.Fatal("this workbench does not record")
	}
	p.connect(shared.echo)
	p.status("Connected")
	p.fill("#command", "to be played")
	p.press(kb.Enter)
	p.shows("to be played")
	p.fill("#command", "quit")
	p.press(kb.Enter)
	p.status("Disconnected")
	p.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#/transcripts?text=to+be+played"`))
	p.wait("the transcript", `document.querySelector(".transcripts tbody a")`)
	p.click(".transcripts tbody td a")
	p.shows("to be played")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#scrubber").focus()`))
	p.press(kb.Home)
	p.wait("nothing yet", `document.querySelectorAll("#console .row").length === 0 && location.hash.includes("at=0")`)
	for range 3 { // two remarks, then what was typed
		p.click("#step")
	}
	p.wait("the first message", `document.querySelector("#console .sent .payload")?.textContent === "to be played"`)
	p.click("#play")
	p.wait("its end", `document.querySelector("#play").textContent.includes("Play") && location.hash.match(/at=(\d+)/)[1] === document.querySelector("#scrubber").max`)
	p.shows("to be played")

	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=lanes][value=ladder]").click()`))
	p.wait("the ladder", `document.querySelectorAll(".ladder path.arrow").length > 4`)
}

// axe finds no fault with any view, light and dark, on the screen of a desk and of a
// phone.
func axe(t *testing.T, chromium context.Context) {
	w := start(t, "--transcripts", t.TempDir()) // otherwise the list has the recordings of all tests
	for _, width := range []int64{1200, 360} {
		t.Run(fmt.Sprintf("%d wide", width), func(t *testing.T) { axeAt(t, chromium, w, width) })
	}
}

// axe checks what the page shows, in both themes.
func (p *page) axe(what string) {
	p.t.Helper()
	if !evaluate[bool](p, `"axe" in window`) {
		source, err := os.ReadFile("../web/test/axe.min.js")
		if err != nil {
			p.t.Fatal(err)
		}
		p.run(string(source))
	}
	// Only the colours differ in the other theme.
	for _, rules := range []string{`{}`, `{ runOnly: ["color-contrast", "link-in-text-block"] }`} {
		p.run(`document.querySelector("#theme-button").click()`)
		p.wait("the colours", `document.documentElement.dataset.theme`)
		p.run(`window.violations = undefined,
			axe.run(document, ` + rules + `).then((r) => window.violations = r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join("\n")))`)
		p.wait("axe", `window.violations`)
		for _, v := range evaluate[[]string](p, "window.violations") {
			p.t.Errorf("%s, %s: %s", what, evaluate[string](p, "document.documentElement.dataset.theme"), v)
		}
	}
	p.run(`document.querySelector("#theme-button").click()`) // as the system has them again
}

func axeAt(t *testing.T, chromium context.Context, w *workbench, width int64) {
	p := visit(t, chromium, "http://"+w.address)
	p.do(chromedp.EmulateViewport(width, 900))
	p.axe("the start")
	p.connect(shared.echo)
	p.status("Connected")
	p.fill("#command", "hello <b>\t")
	p.press(kb.Enter)
	p.shows("hello")
	p.fill("#find", "hello")
	p.wait("what was found", `document.querySelector("#console .sent mark.hit")`)
	check := p.axe
	evaluateVoid := func(expression string) { p.do(chromedp.Evaluate[chromedp.Void](expression)) }
	check("a session")
	evaluateVoid(`document.querySelector("#console .row").click(), document.querySelector("#filter-button").click(), document.querySelector("#view-menu").click()`)
	p.wait("the menu", `document.querySelector("#presenting")`)
	check("a menu")
	evaluateVoid(`document.querySelector("[name=lanes][value=ladder]").click()`)
	p.wait("the ladder", `document.querySelector(".ladder .arrow")`)
	check("the ladder")
	evaluateVoid(`document.querySelector("[name=lanes][value=both]").click()`)
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.click("#targets-menu")
	p.wait("the targets", `document.querySelector(".name-it")`)
	check("the end of a session")
	p.press(kb.Escape)
	p.connect(freePort(t))
	p.status("Could not connect")
	check("a failure")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#keys-button").click()`))
	p.wait("the keys", `document.querySelector("#keys[open]")`)
	check("the keys")
	evaluateVoid(`document.querySelector("#keys").close()`)
	for _, view := range []struct{ hash, ready string }{
		{"transcripts", `document.querySelector("#search-text")`},
		{"plugins", `document.querySelector(".plugin")`},
		{"compare", `document.querySelector("#compare-title") && document.querySelector(".searching, .nothing")`},
		{"compare?tab=1", `document.querySelector(".run")`},
	} {
		evaluateVoid(`location.hash = "#/` + view.hash + `"`)
		p.wait(view.hash, view.ready)
		check(view.hash)
	}
	evaluateVoid(`location.hash = "#/transcripts"`)
	if p.wait("the list", `document.querySelector(".transcripts tbody a, .nothing, .problem")`); evaluate[bool](p, `document.querySelector(".transcripts tbody a") !== null`) {
		p.click(".transcripts tbody td a")
		p.wait("the playback", `document.querySelector("#scrubber") && document.querySelector("#console .row")`)
		check("playback")
	}
}
