//go:build linux

package e2e

import (
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A line is kept, filled in and put in the field, with keys only; only Enter in the field
// sends it.
func TestSnippets(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../web/test/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	p := visit(t, browser(t), "http://"+shared.address)
	do := func(expression string) { t.Helper(); p.do(chromedp.Evaluate[chromedp.Void](expression)) }
	check := func(what string) {
		t.Helper()
		do(`window.violations = undefined, axe.run(document).then((r) => window.violations = r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join("\n")))`)
		p.wait("axe", `window.violations`)
		for _, v := range evaluate[[]string](p, "window.violations") {
			t.Errorf("%s: %s", what, v)
		}
	}
	open := `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "j", ctrlKey: true, bubbles: true, cancelable: true }))`
	do(string(source))
	p.connect(shared.echo)
	p.status("Connected")

	p.fill("#command", "USER {name} {{")
	do(open)
	p.wait("the focus where one keeps", `document.activeElement.id === "keep-snippet"`)
	p.press(kb.Enter)
	p.wait("the focus on the snippet", `document.activeElement.matches("#snippets button.item")`)
	check("the snippets")
	p.press(kb.Escape)
	p.wait("the focus back", `!document.querySelector("#snippets") && document.activeElement.id === "command"`)

	for _, name := range []string{"ann", ""} { // and then the last value is there
		p.fill("#command", "")
		do(`document.querySelector("#snippets-button").click()`)
		p.wait("the snippet", `document.activeElement.matches("#snippets button.item")`)
		p.press(kb.Enter)
		p.wait("the field of the name", `document.activeElement.matches("#snippets input")`)
		if name != "" {
			check("the placeholders")
			p.press(name)
		}
		p.press(kb.Enter)
		p.wait("the line in the field", `document.activeElement.id === "command" && document.activeElement.value === "USER ann {"`)
	}
	if got := p.texts("#console .sent .payload"); len(got) != 0 {
		t.Errorf("sent without Enter: %q", got)
	}
	p.press(kb.Enter)
	p.shows("USER ann {")

	do(`document.querySelector("#snippets-button").click()`)
	p.wait("the snippets", `document.querySelector("#snippets [aria-label^='Name ']")`)
	p.click("#snippets [aria-label^='Name ']")
	p.wait("the field", `document.activeElement.matches("#snippets .name-it input")`)
	p.press("log in")
	p.press(kb.Enter)
	p.wait("the name", `document.querySelector("#snippets [aria-label='Remove log in']")`)
	p.click("#snippets [aria-label='Remove log in']")
	p.wait("an empty list", `!document.querySelector("#snippets button.item")`)
	p.press(kb.Escape)
	p.wait("no snippets", `!document.querySelector("#snippets")`)
}

func TestPresenterView(t *testing.T) {
	t.Parallel()
	p := visit(t, browser(t), "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	toggle := `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { code: "KeyP", altKey: true, bubbles: true, cancelable: true }))`
	all := []string{".tools", ".hint-line", ".views", "#status", "#disconnect-button", "#console", "#command", "#leave-presenter"}
	seen := func() (seen []string) {
		for _, one := range all {
			if evaluate[bool](p, `document.querySelector("`+one+`")?.checkVisibility() ?? false`) {
				seen = append(seen, one)
			}
		}
		return seen
	}
	leave := map[string]func(){
		"Escape":     func() { p.press(kb.Escape) },
		"the button": func() { p.click("#leave-presenter") },
		"the key":    func() { p.do(chromedp.Evaluate[chromedp.Void](toggle)) },
	}
	for how, leave := range leave {
		p.click("#view-menu")
		p.wait("the menu", `document.querySelector("#presenter")`)
		p.click("#presenter")
		p.wait("the view", `document.querySelector("#leave-presenter") && document.activeElement.id === "command"`)
		if got := seen(); !slices.Equal(got, all[3:]) {
			t.Errorf("the presenter view shows %q", got)
		}
		p.fill("#command", "to the room")
		p.press(kb.Enter)
		p.shows("to the room")
		leave()
		p.wait("the end by "+how, `!document.querySelector("#leave-presenter") && document.activeElement.id === "command" && !document.querySelector("#presenter")`)
		if got := seen(); !slices.Equal(got, all[:7]) {
			t.Errorf("after %s the page shows %q", how, got)
		}
	}
}
