//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What a user means by the address, the fields and the keys is what happens.
func TestPageMeans(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"a port in Host rules":       portInHost,
		"lanes outlive a failure":    lanesOutliveAFailure,
		"targets that connected":     targetsThatConnected,
		"practice comes back":        practiceComesBack,
		"windows share targets":      windowsShareTargets,
		"keys act on what is seen":   keysActOnWhatIsSeen,
		"focus and titles":           focusAndTitles,
		"the address moves playback": theAddressMovesPlayback,
	} {
		t.Run(name, func(t *testing.T) { test(t, chromium) })
	}
}

const fields = `["#host", "#port"].map((id) => document.querySelector(id).value).join(" ") + (document.querySelector("#tls").checked ? " tls" : "")`

func portInHost(t *testing.T, chromium context.Context) {
	s := serve(t, func(conn net.Conn) { hold(conn) })
	host, port, _ := net.SplitHostPort(s.address)
	p := visit(t, chromium, "http://"+shared.address)
	p.paste("#host", "https://"+s.address+"/x")
	p.wait("the parts of what was pasted", fields+` === "`+host+" "+port+` tls"`)
	p.fill("#host", "http://example.com/")
	p.press(kb.Tab)
	p.wait("the parts of what was typed", fields+` === "example.com "`)
	p.fill("#port", "1")
	p.fill("#host", s.address)
	p.press(kb.Enter)
	if got := p.status("Connected"); !strings.Contains(got, s.address) {
		t.Errorf("the status is %q, not to %s", got, s.address)
	}
	p.wait("the port in its field", fields+` === "`+host+" "+port+`"`)
}

// paste replaces the text of a field, with the events of a paste.
func (p *page) paste(selector, text string) {
	p.t.Helper()
	p.unfold(selector)
	p.run(fmt.Sprintf(`{
		const field = document.querySelector(%q);
		field.value = %q;
		field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
	}`, selector, text))
}

func (p *page) run(script string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](script))
}

// alt presses a key of the page's own.
func (p *page) alt(code string) {
	p.t.Helper()
	p.run(fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { code: %q, altKey: true, bubbles: true, cancelable: true }))`, code))
}

// say sends a line and waits for its echo.
func (p *page) say(line string) {
	p.t.Helper()
	p.fill("#command", line)
	p.press(kb.Enter)
	p.shows(line)
}

func lanesOutliveAFailure(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.say("to be kept")
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.connect(freePort(t))
	p.status("Could not connect: connection refused")
	p.shows("to be kept")
	p.fill("#port", "99999")
	p.click("#connect-button")
	p.status("Could not connect: A port")
	p.wait("no clock of another session", `!document.querySelector(".clock")`)
	p.shows("to be kept")
	p.connect(shared.echo)
	p.status("Connected")
	p.wait("the new session's rows alone", `!document.querySelector("#console .received")`)
}

func targetsThatConnected(t *testing.T, chromium context.Context) {
	s := serve(t, func(conn net.Conn) { hold(conn) })
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(freePort(t))
	p.status("Could not connect")
	p.fill("#host", s.address)
	p.click("#connect-button")
	p.status("Connected")
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.click("#targets-menu")
	p.wait("the one that connected", `[...document.querySelectorAll(".target b")].map((b) => b.textContent).join() === "`+s.address+`"`)
}

func practiceComesBack(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.choose("#option-eol", "lf")
	p.click("#connect-button")
	p.status("Connected")
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.choose("#option-eol", "cr")
	p.choose("#mode", "raw")
	p.fill("#host", "example.com")
	p.click(".chip")
	p.wait("the target, for the mode that is picked", `document.querySelector("#mode").value === "raw" && document.querySelector("#host").value === "127.0.0.1"`)
	p.fill("#host", "example.com")
	p.click("#targets-menu")
	p.wait("the menu", `document.querySelector(".sheet .item")`)
	p.click(".sheet .item")
	p.wait("the mode and the option", `document.querySelector("#mode").value === "http-line" && document.querySelector("#option-eol").value === "lf"`)
}

func windowsShareTargets(t *testing.T, chromium context.Context) {
	first := visit(t, chromium, "http://"+shared.address)
	ctx, cancel := chromedp.NewContext(first.ctx)
	t.Cleanup(cancel)
	second := &page{t: t, ctx: ctx}
	second.do(chromedp.Navigate(atHome(t, "http://"+shared.address)))
	second.wait("the list of modes", `document.querySelectorAll("#mode option").length > 1`)
	open := func(p *page) {
		t.Helper()
		p.run(`document.querySelector("#targets-menu").click()`)
		p.wait("the menu", `document.querySelector(".name-it input")`)
	}
	for name, p := range map[string]*page{"one": first, "two": second} {
		p.paste("#host", name+".example:1")
		open(p)
		p.paste(".name-it input", name)
		p.wait("that it may be kept", `!document.querySelector(".name-it button").disabled`)
		p.run(`document.querySelector(".name-it button").click()`)
		p.wait("the end of the menu", `!document.querySelector(".name-it")`)
	}
	for _, p := range []*page{first, second} {
		open(p)
		p.wait("both names", `[...document.querySelectorAll(".target b")].map((b) => b.textContent).sort().join() === "one,two"`)
	}
}

// Every connection that is lost is shown.
func keysActOnWhatIsSeen(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.run(`location.hash = "#/plugins"`)
	p.wait("the plugins", `document.querySelector(".plugin")`)
	p.alt("KeyC")
	p.status("Connected")
	p.say("still there")
	p.alt("KeyC")
	p.status("Disconnected")
	for _, key := range []string{"BracketLeft", "BracketRight"} {
		p.run(`location.hash = "#/plugins"`)
		p.wait("the plugins", `document.querySelector(".plugin")`)
		p.alt(key)
		p.wait("the session after "+key, `!document.querySelector(".plugin") && document.querySelector("#host")`)
	}
}

func focusAndTitles(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	title := func(want string) {
		t.Helper()
		p.wait("the title "+want, fmt.Sprintf(`document.title === %q`, want+" – Protocol Workbench"))
	}
	focus := func(what, selector string) {
		t.Helper()
		p.wait("the focus "+what, fmt.Sprintf("document.activeElement.matches(%q)", selector))
	}
	title("New session")
	p.connect(shared.echo)
	p.status("Connected")
	_, port, _ := net.SplitHostPort(shared.echo)
	title("echo :" + port)
	focus("where one types", "#command")
	p.alt("KeyN")
	focus("in the new tab", "#host")
	title("New session")
	p.click(".tab:first-child .close")
	focus("on the tab that is left", ".tab:only-child a")
	for hash, want := range map[string]string{"transcripts": "Transcripts", "plugins": "Plugins", "compare": "Compare"} {
		p.run(`location.hash = "#/` + hash + `"`)
		title(want)
	}
	p.alt("KeyN")
	focus("in the new tab", "#host")
}

func theAddressMovesPlayback(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.say("to be led to")
	p.fill("#command", "quit")
	p.press(kb.Enter)
	p.status("Disconnected")
	p.run(`location.hash = "#/transcripts?text=to+be+led+to"`)
	p.wait("the transcript", `document.querySelector(".transcripts tbody a")`)
	p.click(".transcripts tbody td a")
	p.shows("to be led to")
	p.wait("its title", `document.title === "Playback of `+shared.echo+` – Protocol Workbench"`)
	at := func(position string) {
		t.Helper()
		p.wait("the position "+position, `document.querySelector("#scrubber").value === "`+position+`" && document.querySelector(".at").textContent.includes("· `+position+` of")`)
	}
	open := func(query string) { t.Helper(); p.run(`location.hash = location.hash.split("?")[0] + "` + query + `"`) }
	open("?at=3")
	at("3")
	open("?at=1")
	at("1")
	p.run(`history.back()`)
	at("3")
	p.click("#step")
	at("4")
	open("?at=3.7")
	at("3")
	open("")
	p.shows("to be led to")

	p.run(`location.hash = location.hash.replace("#/transcripts/", "#/compare?transcript=")`)
	p.wait("what differs", `document.querySelector("#verdict")`)
	for label, value := range map[string]string{"From": "3", "To": "2"} {
		p.run(fmt.Sprintf(`{
			const field = document.querySelector("[aria-label='%s event']");
			field.value = %q;
			field.dispatchEvent(new Event("change", { bubbles: true }));
		}`, label, value))
		p.wait("the "+label, fmt.Sprintf(`document.querySelector("[aria-label='%s event']").value === %q`, label, value))
	}
	p.wait("that there is none", `!document.querySelector("#verdict") && document.querySelector(".problem")?.textContent.includes("no event from 3 to 2")`)
}
