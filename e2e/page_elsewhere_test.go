//go:build linux

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// What a page on another port or of another name can do in a browser: open the
// workbench's page in a tab, and no more.
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
					return strings.Contains(w.stderr.String(), "path=/"+name+"/"+how+"\n") || strings.Contains(w.stderr.String(), "path=/websocket/"+name+"/"+how+"\n")
				})
			}
			evaluate[bool](p, fmt.Sprintf(`(() => { const a = document.createElement("a"); a.href = "http://%s/"; a.id = "link"; a.textContent = "link"; document.body.prepend(a); return true })()`, w.address))
			p.click("#link")
			p.wait("the list of modes", `document.querySelectorAll("#mode option").length > 1`)
		})
	}
}
