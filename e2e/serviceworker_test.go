//go:build linux

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/protocol-workbench/workbench/core/access"
)

// The page that another program of this machine leaves in a browser for its address. Its
// service worker answers what is opened there, writes down each request that it sees,
// passes it on to whatever is there by then, and writes down the answer.
const (
	squattersPage   = `<!doctype html><title>squatter</title><link rel="icon" href="data:,"><p>not the workbench</p>`
	squattersWorker = `
		self.addEventListener("install", (event) => event.waitUntil(skipWaiting()));
		self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
		self.addEventListener("fetch", (event) => event.respondWith((async () => {
			let answer = "none";
			try {
				const got = await fetch(event.request.clone());
				answer = got.type + " " + got.status + " " + got.url + " " + JSON.stringify([...got.headers]) + " " + await got.text();
			} catch (error) {
				answer = String(error);
			}
			const seen = await caches.open("seen");
			const line = event.request.mode + " " + event.request.url + " " + JSON.stringify([...event.request.headers]) + " -> " + answer;
			await seen.put("/seen/" + crypto.randomUUID(), new Response(line));
			return new Response(` + "`" + squattersPage + "`" + `, { headers: { "Content-Type": "text/html" } });
		})()));`
	// What the worker has seen, and what its page gets by itself: a frame is opened for
	// what a navigation gets.
	squattersHaul = `(async () => {
		const frame = document.createElement("iframe");
		frame.src = "/?frame";
		await new Promise((done) => { frame.onload = done; document.body.append(frame); });
		const seen = await caches.open("seen");
		const lines = await Promise.all((await seen.keys()).map(async (key) => (await seen.match(key)).text()));
		return lines.join("\n");
	})()`
	// How the page's own requests end, past the worker.
	squattersTries = `(async () => {
		const socket = new Promise((done) => {
			const s = new WebSocket("ws://" + location.host + "/websocket/ws");
			s.onopen = () => done("open");
			s.onerror = () => done("refused");
		});
		await fetch("/api/modes?squatter", { credentials: "include" });
		await fetch("/api/transcripts?squatter", { credentials: "include", headers: { "X-Workbench": "1" } });
		return socket;
	})()`
)

var linkLine = regexp.MustCompile(`(?m)^Open the page: (http://\S+/\?code=\S+)$`)

// visitor is a browser with one tab, which keeps what it was left.
type visitor struct {
	opens    func(url string)               // goes to an address
	until    func(what, expression string)  // waits
	evaluate func(expression string) string // of a promise
}

// A browser in which another program has left a service worker for the workbench's
// address is shown the page all the same by the printed link. The worker, which lives on
// at 127.0.0.1, sees nothing of it, and can do nothing with the user's rights.
func TestServiceWorkerOfAnother(t *testing.T) {
	t.Run("Chromium", func(t *testing.T) {
		ctx, cancel := chromedp.NewContext(browser(t), chromedp.WithNewBrowserContext())
		t.Cleanup(cancel)
		p := &page{t: t, ctx: ctx}
		outliveSquatter(t, visitor{
			func(url string) { p.do(chromedp.Navigate(url)) }, p.wait,
			func(expression string) string {
				value, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatalf("%s: %v", expression, err)
				}
				return value
			},
		})
	})
	t.Run("Firefox", func(t *testing.T) {
		f := startFirefox(t)
		tab := &foxTab{t: t, f: f}
		var created struct{ Context string }
		f.must(t, &created, "browsingContext.create", object{"type": "tab"})
		tab.context = created.Context
		outliveSquatter(t, visitor{
			func(url string) {
				tab.do(nil, "browsingContext.navigate", object{"context": tab.context, "url": url, "wait": "complete"})
			}, tab.wait,
			func(expression string) string { return foxEvaluate[string](tab, expression) },
		})
	})
}

func outliveSquatter(t *testing.T, v visitor) {
	const modes = `document.querySelectorAll("#mode option").length > 1`
	squatter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/worker.js" {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, squattersWorker)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, squattersPage)
	}))
	t.Cleanup(squatter.Close)
	at := squatter.Listener.Addr().String()
	v.opens(squatter.URL)
	v.evaluate(`navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(() => "")`)
	v.until("the worker", "navigator.serviceWorker.controller")
	v.evaluate(`caches.delete("seen").then(String)`)
	squatter.CloseClientConnections()
	squatter.Close()

	w := start(t, "--listen", at)
	link := linkLine.FindStringSubmatch(w.stdout.String())
	if link == nil {
		t.Fatalf("no link is printed: %s", w.stdout)
	}
	v.opens(link[1])
	v.until("the real page", modes)
	v.evaluate(`fetch("/api/transcripts").then((answer) => answer.text())`)
	if got := v.evaluate(`navigator.serviceWorker.getRegistrations().then((all) => String(all.length))`); got != "0" {
		t.Errorf("the page has %s service workers", got)
	}
	name := ofState(t, access.OpenOrigin)
	if got := v.evaluate("Promise.resolve(location.hostname)"); got != name {
		t.Errorf("the page is at %s, not at %s", got, name)
	}

	v.opens("http://" + at)
	v.until("the squatter's page, which is the threat", `document.title === "squatter"`)
	if got := v.evaluate(squattersTries); got != "refused" {
		t.Errorf("the worker's page opens a WebSocket: %s", got)
	}
	haul := v.evaluate(squattersHaul)
	for _, request := range []string{"navigate http://" + at + "/ ", "navigate http://" + at + "/?frame ", "/api/modes?squatter", "/api/transcripts?squatter"} {
		if !strings.Contains(haul, request) {
			t.Errorf("the worker has not seen %q, so this test tests nothing", request)
		}
	}
	for line := range strings.Lines(haul) {
		if strings.Contains(line, "/api/") && !strings.Contains(line, " -> basic 401 ") {
			t.Errorf("the worker got: %s", line)
		}
	}
	key, err := ofState(t, access.OpenKey).Token()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{key, name, "code=", "workbench-", "http-line", `id="mode"`, "app.js"} {
		if strings.Contains(haul, secret) {
			t.Errorf("the worker has seen %q:\n%s", secret, haul)
		}
	}
}

// Another address of this machine alone has no name: the printed link opens the page by it,
// and a session.
func TestLinkToAnotherLoopbackAddress(t *testing.T) {
	t.Parallel()
	w := start(t, "--listen", "127.0.0.2:0")
	link := linkLine.FindStringSubmatch(w.stdout.String())
	if link == nil || !strings.HasPrefix(link[1], "http://127.0.0.2:") {
		t.Fatalf("the link is %q", link)
	}
	ctx, cancel := chromedp.NewContext(browser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	p.do(chromedp.Navigate(link[1]))
	p.wait("the modes", `document.querySelectorAll("#mode option").length > 1`)
	p.connect(w.echo)
	p.status("Connected")
	p.say("hello")
}
