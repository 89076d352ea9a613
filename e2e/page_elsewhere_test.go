//go:build linux

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// elsewhere is a name that leads to this machine in the browsers of the tests. A page that
// came by it over plain HTTP is as one from another machine: no secure context.
const elsewhere = "workbench.test"

// fromElsewhere is what Chromium says of a header that helps only a page in a secure context.
const fromElsewhere = "Cross-Origin-Opener-Policy header has been ignored"

// visited starts a workbench that is visited from elsewhere, and returns its address there.
func visited(t *testing.T, start func(flags ...string) *workbench) string {
	t.Helper()
	way := newCuttable(t)
	_, port, _ := net.SplitHostPort(way.address)
	name := net.JoinHostPort(elsewhere, port)
	way.lead(start("--host", name).address)
	return "http://" + name
}

// What the browser keeps from a page that came from another machine over plain HTTP the
// page does not use, or can do without.
func TestPageFromAnotherMachine(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	var near string
	far := visit(t, chromium, visited(t, func(flags ...string) *workbench {
		w := start(t, flags...)
		near = "http://" + w.address
		return w
	}))
	far.expects = fromElsewhere
	// Everything that can be named in a script, as "navigator.clipboard".
	const names = `["window", "navigator", "crypto", "performance", "document", "history", "location"].flatMap((object) => {
		const all = new Set();
		for (let at = globalThis[object]; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) Object.getOwnPropertyNames(at).forEach((name) => all.add(name));
		return [...all].map((name) => object + "." + name);
	})`
	has := map[string]bool{}
	for _, name := range evaluate[[]string](far, names) {
		has[name] = true
	}
	var hidden []string
	for _, name := range evaluate[[]string](visit(t, chromium, near), names) {
		if !has[name] {
			hidden = append(hidden, name)
		}
	}
	if !slices.Contains(hidden, "navigator.clipboard") || !slices.Contains(hidden, "crypto.randomUUID") {
		t.Fatalf("only in a secure context there are %q", hidden)
	}
	properties := map[string][]string{}
	for _, name := range hidden {
		object, property, _ := strings.Cut(name, ".")
		properties[object] = append(properties[object], property)
	}
	comment := regexp.MustCompile(`(?s:/\*.*?\*/)|(?m:(^|\s)//.*$)`)
	guarded := map[string]string{"../web/ui/clipboard.js": "navigator.clipboard"} // tried below
	files, err := filepath.Glob("../web/*/*.js")
	if err != nil || len(files) < 50 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "../web/app.js") {
		if strings.HasPrefix(file, "../web/vendor/") || strings.HasPrefix(file, "../web/test/") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code := comment.ReplaceAllString(string(source), "")
		for object, names := range properties {
			is := fmt.Sprintf(`\b%s\??\.(%s)\b`, object, strings.Join(names, "|"))
			if object == "window" {
				is = fmt.Sprintf(`\b(globalThis\.|window\.|new )(%s)\b|\b(%[1]s)[.(]`, strings.Join(names, "|"))
			}
			for _, use := range regexp.MustCompile(is).FindAllString(code, -1) {
				if use != guarded[file] {
					t.Errorf("%s has %s, which a page from another machine lacks", file, use)
				}
			}
		}
	}

	// Copying works all the same: what is pasted is what was copied.
	far.connect(shared.echo)
	far.status("Connected")
	far.say("to be copied")
	far.click("#console .received .payload")
	far.click("#copy-menu")
	far.click("[data-form=text]")
	far.wait("that it was copied", `document.querySelector(".copied[role=status]")?.textContent.startsWith("Copied 1 row")`)
	far.do(chromedp.Focus(chromedp.CSS("#command")))
	far.do(chromedp.KeyEvent("v", chromedp.KeyModifiers(chromedp.ModifierCtrl), func(p *input.DispatchKeyEventParams) {
		if p.Type == input.DispatchKeyEventTypeRawKeyDown || p.Type == input.DispatchKeyEventTypeKeyDown {
			p.Commands = []string{"paste"}
		}
	}))
	far.wait("the paste", `document.querySelector("#command").value.trim() === "to be copied"`)
}

// What a page on another port or of another name can do in a browser: lead to the
// workbench in a tab, where only a browser that is known has the page, and no more.
func TestAPageElsewhere(t *testing.T) {
	t.Parallel()
	w, b, other := start(t), browser(t), goHTTP(t, nil)
	_, port, _ := net.SplitHostPort(other)
	for _, origin := range []string{"http://" + other, "http://localhost:" + port} {
		t.Run(origin, func(t *testing.T) {
			ctx, cancel := chromedp.NewContext(b, chromedp.WithNewBrowserContext())
			t.Cleanup(cancel)
			p := &page{t: t, ctx: ctx}
			p.do(chromedp.Navigate(origin))
			name := fmt.Sprintf("probe-%d", len(origin)) // of these requests in the log
			for how, script := range map[string]string{
				"image":  `const e = new Image(); e.src = "http://ADDRESS/NAME/image"`,
				"script": `const e = document.createElement("script"); e.src = "http://ADDRESS/NAME/script"; document.body.append(e)`,
				"frame":  `const e = document.createElement("iframe"); e.src = "http://ADDRESS/NAME/frame"; document.body.append(e)`,
				"fetch":  `fetch("http://ADDRESS/NAME/fetch", { mode: "no-cors" }).catch(() => {})`,
				"head":   `fetch("http://ADDRESS/NAME/head", { mode: "no-cors", method: "HEAD" }).catch(() => {})`,
				"post":   `navigator.sendBeacon("http://ADDRESS/NAME/post", "x")`,
				"socket": `const e = new WebSocket("ws://ADDRESS/websocket/NAME/socket")`,
			} {
				evaluate[bool](p, "(() => {"+strings.NewReplacer("ADDRESS", w.address, "NAME", name).Replace(script)+"; return true; })()")
				eventually(t, "the refusal of "+how, func() bool {
					return strings.Contains(w.stderr.String(), "path=/"+name+"/"+how+" ") || strings.Contains(w.stderr.String(), "path=/websocket/"+name+"/"+how+" ")
				})
			}
			evaluate[bool](p, fmt.Sprintf(`(() => { const a = document.createElement("a"); a.href = "http://%s/"; a.id = "link"; a.textContent = "link"; document.body.prepend(a); return true })()`, w.address))
			p.click("#link")
			p.wait("where the page is", `document.body.innerText.includes("This address is for programs")`)
		})
	}
}
