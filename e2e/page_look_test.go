//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// The frame around the data: how one begins, the line of a session and the form that folds
// into it, the tabs.
func TestPageFrame(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"three ways to begin":      threeWaysToBegin,
		"the form folds":           theFormFolds,
		"a failure shows the form": aFailureShowsTheForm,
		"tabs have names":          tabsHaveNames,
		"tabs tell of new data":    tabsTellOfNewData,
	} {
		t.Run(name, func(t *testing.T) { test(t, chromium) })
	}
}

func (p *page) focused(selector string) {
	p.t.Helper()
	p.wait("the focus at "+selector, fmt.Sprintf("document.activeElement.matches(%q)", selector))
}

func threeWaysToBegin(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	form := `document.querySelector("#mode").value + " " + ` + fields
	p.choose("#mode", "raw")
	p.click("#start-web")
	p.wait("a web server", form+` === "http-line example.com 80"`)
	p.focused("#host")
	p.wait("an example to be typed over", `getSelection().toString() === "example.com"`)
	p.click("#start-mail")
	p.wait("a mail server", form+` === "http-line mail.example.com 25"`)
	p.focused("#host")
	p.click("#start-practice")
	p.focused("#connect-button")
	p.press(kb.Enter)
	p.status("Connected")
	p.focused("#command")
	p.press("hello")
	p.press(kb.Enter)
	p.shows("hello")
	if evaluate[bool](p, `document.querySelector(".start") !== null`) {
		t.Error("the ways to begin are there after one has begun")
	}
}

func theFormFolds(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.choose("#option-eol", "lf")
	p.connect(shared.echo)
	p.status("Connected")
	for _, want := range []string{shared.echo, "HTTP lines", "eol lf"} {
		if got := p.text(".session-bar .identity"); !strings.Contains(got, want) {
			t.Errorf("the session's line has %q, without %q", got, want)
		}
	}
	folded := func() { t.Helper(); p.wait("the form to be folded", `document.querySelector(".panel.folded")`) }
	open := func() { t.Helper(); p.wait("the form", `document.querySelector(".panel:not(.folded)")`) }
	folded()
	p.alt("KeyE")
	open()
	p.focused("#host")
	if !evaluate[bool](p, `document.querySelector("#host").readOnly && !document.querySelector("#connect-button")`) {
		t.Error("the form can be changed while the session lives")
	}
	p.press(kb.Escape)
	folded()
	p.focused("#edit-button")
	p.click("#disconnect-button")
	p.status("Disconnected")
	folded()
	p.focused("#reconnect-button")
	p.click("#edit-button")
	open()
	p.click("#fold-button")
	folded()
	p.click("#reconnect-button")
	p.status("Connected")
	p.say("again")
}

func aFailureShowsTheForm(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.say("of the first")
	p.click("#disconnect-button")
	p.status("Disconnected")
	address := freePort(t)
	p.connect(address)
	p.status("Could not connect")
	p.focused("#host")
	if got := p.text(".panel:not(.folded) .why"); !strings.Contains(got, "connection refused by "+address) {
		t.Errorf("the form gives as the reason %q", got)
	}
	if got := p.texts(".lane > h2"); len(got) != 2 || !strings.Contains(got[0]+got[1], "earlier, with "+shared.echo) {
		t.Errorf("above rows of another session stands %q", got)
	}
	host, port, _ := net.SplitHostPort(shared.echo)
	p.replace(host)
	p.fill("#port", port)
	p.press(kb.Enter)
	p.status("Connected")
	if got := p.texts(".lane > h2"); strings.Contains(strings.Join(got, " "), "earlier") {
		t.Errorf("above the session's own rows stands %q", got)
	}
}

func tabsHaveNames(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	shown := func(name string) {
		t.Helper()
		p.wait("the tab "+name, fmt.Sprintf(`document.querySelector(".tab.shown .tab-title")?.textContent === %q`, name))
	}
	p.press(kb.F2)
	p.focused(".tab .name")
	p.replace("first")
	p.press(kb.Enter)
	shown("first")
	p.focused("#host, .tab-title") // where it was
	p.alt("KeyN")
	shown("New session")
	p.run(`document.querySelector(".tab.shown .tab-title").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }))`)
	p.focused(".tab .name")
	p.replace("second")
	p.press(kb.Escape)
	shown("New session")
	p.focused("#command") // the mouse began
	p.run(`document.querySelector(".tab.shown .tab-title").focus()`)
	p.press(kb.F2)
	p.focused(".tab .name")
	p.press(kb.Escape)
	p.focused(".tab.shown .tab-title")
	p.press(kb.F2)
	p.focused(".tab .name")
	p.replace("second")
	p.run(`document.activeElement.blur()`)
	shown("second")
	p.alt("Digit1")
	shown("first")
	p.alt("Digit9")
	shown("first")
	p.alt("Digit2")
	shown("second")
	p.connect(shared.echo)
	p.status("Connected")
	shown("second")
	for _, lane := range []string{"wire", "wire", "console", "both"} {
		p.click("[name=lanes][value=" + lane + "] + span")
		p.focused("#command")
	}
	p.run(`document.querySelector("[name=lanes]:checked").focus()`)
	p.press(kb.ArrowRight)
	p.focused("[name=lanes][value=console]")
}

func tabsTellOfNewData(t *testing.T, chromium context.Context) {
	speak := make(chan string)
	s := serve(t, func(conn net.Conn) {
		for line := range speak {
			conn.Write([]byte(line + "\r\n"))
		}
	})
	t.Cleanup(func() { close(speak) })
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(s.address)
	p.status("Connected")
	speak <- "while it shows"
	p.shows("while it shows")
	p.alt("KeyN")
	p.wait("another tab", `document.querySelectorAll(".tab").length === 2`)
	if got := p.text(".tab:first-child [role=status]"); got != "" {
		t.Errorf("with nothing new it says %q", got)
	}
	speak <- "while it does not"
	p.wait("the dot", `document.querySelector(".tab:first-child.fresh")`)
	if got := p.text(".tab:first-child [role=status]"); got != "New data in "+s.address {
		t.Errorf("with new data it says %q", got)
	}
	p.alt("Digit1")
	p.wait("no dot", `!document.querySelector(".tab.fresh")`)
}
