//go:build linux

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What a scheme promises is kept, in the handshake and on the page.
func TestSchemeInTheHandshake(t *testing.T) {
	t.Parallel()
	cert := newCertificate(t, authority, "127.0.0.1")
	s := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{*cert.Certificate}})
	c := shared.join(t, "", "imaps://"+s.address)
	c.say("over TLS")
	c.hears("over TLS")
	for target, word := range map[string]string{
		"foo://" + s.address:                "foo://",
		"unix:/run/x.sock":                  "Unix socket",
		"imaps://me:secret@" + s.address:    "no password",
		"imaps://exa\u200bmple.invalid:993": "U+200B",
	} {
		c := shared.open(t, "")
		c.say(target)
		c.refused(word)
	}
}

// What the page finds in its fields, in its address and in the browser's storage is
// understood as intended, or the page says why not, and goes on.
func TestPageTakes(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"a pasted scheme":          pastedScheme,
		"an address with a mode":   addressWithMode,
		"anything that was kept":   anythingKept,
		"a component that breaks":  brokenComponent,
		"ten tabs of a plugin dev": tenTabs,
	} {
		t.Run(name, func(t *testing.T) { test(t, chromium) })
	}
}

func pastedScheme(t *testing.T, chromium context.Context) {
	cert := newCertificate(t, authority, "127.0.0.1")
	s := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{*cert.Certificate}})
	host, port, _ := net.SplitHostPort(s.address)
	p := visit(t, chromium, "http://"+shared.address)
	notice := func(want string) {
		t.Helper()
		p.wait("the notice "+want, fmt.Sprintf(`document.querySelector("#notice")?.textContent.includes(%q)`, want))
	}
	p.paste("#host", "imaps://mail.example")
	p.wait("TLS and its port", fields+` === "mail.example 993 tls"`)
	notice("imaps:// means TLS")
	p.paste("#host", "imaps://me:secret@"+s.address)
	p.wait("no user", fields+` === "`+host+" "+port+` tls"`)
	notice("before @ was left out")
	p.click("#connect-button")
	p.status("Connected to tls://" + s.address)
	p.say("over TLS")
	if kept := evaluate[string](p, `JSON.stringify(localStorage)`); !strings.Contains(kept, port) || strings.Contains(kept, "secret") {
		t.Errorf("the browser keeps %s", kept)
	}
	p.click("#disconnect-button")
	p.status("Disconnected")

	for address, words := range map[string]string{
		"foo://" + s.address: "Unknown scheme foo://",
		"unix:run/x.sock/":   "The path of a Unix socket is absolute",
		"a:b:c":              "a:b:c is neither host:port nor an IPv6 address",
		"exa\u202emple.com":  "U+202E",
	} {
		p.paste("#host", address)
		notice(words)
		p.press(kb.Enter)
		p.click("#connect-button")
		p.status("Could not connect: ")
		if got := p.text("#status"); !strings.Contains(got, words) {
			t.Errorf("%q: the status is %q", address, got)
		}
		if got := evaluate[string](p, `document.querySelector("#host").value`); got != address {
			t.Errorf("%q became %q", address, got)
		}
	}
}

func addressWithMode(t *testing.T, chromium context.Context) {
	form := `[document.querySelector("#mode").value, document.querySelector("#option-eol")?.value, ` + fields + `].join(" ")`
	p := visit(t, chromium, "http://"+shared.address+"/?mode=http-line&option.eol=lf&target=imaps://mail.example#/")
	p.wait("the form as the address has it", form+` === "http-line lf mail.example 993 tls"`)
	p.status("Disconnected")

	p = visit(t, chromium, "http://"+shared.address+"/?mode=http-line&option.eol=lf&option.nosuch=1&connect=yes")
	host, port, _ := net.SplitHostPort(shared.echo)
	p.wait("the rest of the address", form+` === "http-line lf `+host+" "+port+`"`)
	p.wait("what there is not", `/no option "nosuch".*"connect"/.test(document.querySelector("#notice").textContent)`)

	p = visit(t, chromium, "http://"+shared.address+"/?mode=nosuch")
	p.wait("the mode that there is not", `document.querySelector("#notice")?.textContent.includes('no line mode "nosuch"')`)
	p.click("#connect-button")
	p.status("Connected")
}

func anythingKept(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	for _, value := range []string{
		`5`, `"x"`, `true`, `null`, `{}`, `[]`, `[5]`, `[null]`, `[{}]`, `{"list":[5],"values":[[5]]}`, `{"list":5,"values":5}`, `{not JSON`,
		`[{"host":"h","port":"1","tls":1,"mode":{},"options":5,"name":{}}]`,
	} {
		for _, key := range []string{"lanes", "hex", "controls", "time", "details", "typehex", "presenting", "presenter", "theme", "history", "targets", "credentials", "snippets"} {
			p.run(fmt.Sprintf(`localStorage.setItem("workbench." + %q, %q)`, key, value))
		}
		p.do(chromedp.Navigate(atHome(t, "http://"+shared.address)))
		p.wait("the page with "+value, `document.querySelectorAll("#mode option").length > 1 && document.querySelector(".lanes")`)
		p.run(`if (document.documentElement.classList.contains("presenter")) document.querySelector("#leave-presenter").click()`)
		p.run(`document.querySelector("#targets-menu").click()`)
		p.wait("the targets with "+value, `document.querySelector(".sheet .name-it")`)
		p.run(`document.querySelector("#targets-menu").click()`)
		p.click("#connect-button")
		p.status("Connected")
		p.say("hello")
		p.run(`document.querySelector("#command").dispatchEvent(new KeyboardEvent("keydown", { key: "j", ctrlKey: true, bubbles: true, cancelable: true }))`)
		p.wait("the snippets with "+value, `document.querySelector("#keep-snippet")`)
		if broken := p.text(".broken"); broken != "" {
			t.Errorf("with %s: %s", value, broken)
		}
		p.press(kb.Escape)
		p.click("#disconnect-button")
		p.click(".tab .close") // or the page would come back to it
	}
}

// tab opens the page in its own tab, beside those of the browser or of another tab.
// Unlike with visit, the browser may complain.
func tab(t *testing.T, beside context.Context, url string, options ...chromedp.ContextOption) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(beside, options...)
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	p.enter(url)
	return p
}

func brokenComponent(t *testing.T, chromium context.Context) {
	p := tab(t, chromium, "http://"+shared.address, chromedp.WithNewBrowserContext())
	p.click("#theme-button")
	p.click("#connect-button")
	p.status("Connected")
	p.say("hello")
	p.run(`window.before = Number.prototype.toLocaleString; Number.prototype.toLocaleString = () => { throw new Error("it is broken") }`)
	p.fill("#find", "hello") // counts what it finds, as people write numbers
	p.wait("what broke", `document.querySelector(".broken")?.textContent.includes("it is broken")`)
	if !evaluate[bool](p, `document.querySelector("#host") !== null && document.querySelector("#command") !== null && document.querySelector(".tab") !== null`) {
		t.Error("the rest of the page is gone, too")
	}
	p.run(`Number.prototype.toLocaleString = window.before`)
	p.run(`[...document.querySelectorAll(".broken button")].find((button) => button.textContent === "Reset settings").click()`)
	p.wait("all of the page", `!document.querySelector(".broken") && document.querySelector("#console")`)
	p.wait("its first look", `document.documentElement.dataset.theme === ""`)
	p.say("again")
}

func tenTabs(t *testing.T, chromium context.Context) {
	file := filepath.Join(t.TempDir(), "counter.star")
	save(t, file, counter(0, noEnd))
	w := startCommand(t, []string{"plugin", "dev", file})
	first := tab(t, chromium, "http://"+w.address, chromedp.WithNewBrowserContext())
	tabs := []*page{first}
	for range 9 {
		tabs = append(tabs, tab(t, first.ctx, "http://"+w.address))
	}
	told := func(build int) {
		t.Helper()
		for i, p := range tabs {
			p.wait(fmt.Sprintf("build %d in tab %d", build, i), fmt.Sprintf(`document.querySelector(".dev-banner")?.textContent.includes("build %d ")`, build))
		}
	}
	told(1)
	save(t, file, counter(1, noEnd))
	told(2)

	// Neither a tab that leaves nor one that comes back loses the others' changes.
	tabs[3].do(chromedp.Navigate("about:blank"))
	tabs[4].do(chromedp.Navigate(atHome(t, "http://"+w.address+"/?again")))
	tabs = append(tabs[:3], tabs[4:]...)
	save(t, file, counter(2, noEnd))
	told(3)
}
