//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chromium is the browser that the tests share. The first test that asks starts it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func() error
	err  error
}

// browser returns the Chromium that the tests share, in which each has browser contexts of
// its own: a start takes as long as a short test.
func browser(t testing.TB) context.Context {
	t.Helper()
	chromium.once.Do(func() { chromium.ctx, chromium.stop, chromium.err = startBrowser() })
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return chromium.ctx
}

// browserWith starts a Chromium with more options, until the end of the test.
func browserWith(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, stop, err := startBrowser(more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return ctx
}

// startBrowser starts Chromium with its own profile, which stop removes. It reaches only
// this machine, unless more options say otherwise.
func startBrowser(more ...chromedp.ExecAllocatorOption) (ctx context.Context, stop func() error, err error) {
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		return nil, nil, errors.New("Chromium is missing: install it, as in: apt-get install chromium")
	}
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		return nil, nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-renderer-backgrounding", true), // a tab behind another is as fast
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-dev-shm-usage", true), // /dev/shm is small in containers
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP "+elsewhere+" 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE 127.0.0.2"),
		chromedp.WindowSize(1200, 900),
		chromedp.WSURLReadTimeout(patience),
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop = func() error {
		chromedp.Cancel(ctx) // closes the browser and waits
		cancel()
		stopAllocator()
		// Chromium's helpers write to the profile until they have ended too.
		if !within(patience, func() bool { return os.RemoveAll(profile) == nil }) {
			return fmt.Errorf("%s cannot be removed", profile)
		}
		return nil
	}
	if err := chromedp.Do(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("Chromium does not start: %w", err), stop())
	}
	return ctx, stop, nil
}

// page is the workbench's page in its own tab. Complaints of the browser fail the
// test.
type page struct {
	t       testing.TB
	ctx     context.Context
	expects string // a regular expression of complaints that belong to what the test does; "": none
}

// visit opens the page in a fresh browser context, without history or stored data.
func visit(t testing.TB, browser context.Context, url string) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	messages := chromedp.Console(ctx)
	t.Cleanup(func() { p.checkConsole(messages) })
	p.enter(url)
	return p
}

// enter opens the page, or what an address of it names, in a browser that the workbench
// need not know.
func (p *page) enter(url string) {
	p.t.Helper()
	link, same := linkTo(p.t, url)
	p.do(chromedp.Navigate(link))
	p.wait("the list of modes", `document.querySelectorAll("#mode option").length > 1`)
	if !same {
		p.do(chromedp.Navigate("about:blank"))
		p.do(chromedp.Navigate(atHome(p.t, url)))
		p.wait("the list of modes", `document.querySelectorAll("#mode option").length > 1`)
	}
}

// checkConsole looks for what a page should not cause: errors and warnings,
// exceptions, missing files, violations of the policy. They arrive in order, so all of
// them come before the message that it writes itself.
func (p *page) checkConsole(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	const last = "this is the last message"
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("console.debug(%q)", last)))
	for m, err := range messages {
		switch {
		case err != nil:
			p.t.Errorf("the console cannot be read: %v", err)
			return
		case m.Text == last:
			return
		case p.expects != "" && regexp.MustCompile(p.expects).MatchString(m.Text):
		case m.Type != "debug" && m.Type != "log" && m.Type != "info":
			p.t.Errorf("the browser complains: %s: %s %s", m.Type, m.Text, m.URL)
		}
	}
}

// do runs actions, for at most patience.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx := p.ctx
	if chromedp.FromContext(ctx).Target != nil { // a limit on the first would be the tab's own
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	err := chromedp.Do(ctx, actions...)
	for ctx.Err() == nil && err != nil && strings.Contains(err.Error(), "Could not find node") { // the page has drawn it anew meanwhile
		err = chromedp.Do(ctx, actions...)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// heap returns how many MiB the page's objects take, without what is garbage by now.
func (p *page) heap() float64 {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		p.t.Fatal(err)
	}
	return evaluate[float64](p, "performance.memory.usedJSHeapSize") / (1 << 20)
}

// evaluate evaluates an expression, or what it promises, outside the page, so its policy
// does not apply.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// wait waits until an expression is true. Meanwhile the page may navigate, which ends
// an evaluation with an error.
func (p *page) wait(what, expression string) {
	p.t.Helper()
	if !within(patience, func() bool {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		defer cancel()
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && is
	}) {
		p.t.Fatalf("waited in vain for %s; the page shows:\n%s", what, evaluate[string](p, "document.body.innerText"))
	}
}

// text returns a node's text, with white space collapsed.
func (p *page) text(selector string) string {
	p.t.Helper()
	text := evaluate[string](p, fmt.Sprintf("document.querySelector(%q)?.textContent ?? ''", selector))
	return strings.Join(strings.Fields(text), " ")
}

// texts returns the texts of all matching nodes.
func (p *page) texts(selector string) []string {
	p.t.Helper()
	return evaluate[[]string](p, fmt.Sprintf("[...document.querySelectorAll(%q)].map((node) => node.textContent)", selector))
}

// shows waits until the console shows a text as received.
func (p *page) shows(text string) {
	p.t.Helper()
	p.wait(text, fmt.Sprintf(`[...document.querySelectorAll("#console .received .payload")].some((node) => node.textContent.includes(%q))`, text))
}

// status waits until the status line begins with words, and returns all of it.
func (p *page) status(begin string) string {
	p.t.Helper()
	p.wait("the status "+begin, fmt.Sprintf(`document.querySelector("#status").textContent.trim().startsWith(%q)`, begin))
	return p.text("#status")
}

// unfold opens the connection form if a control in it is meant.
func (p *page) unfold(selector string) {
	p.t.Helper()
	if evaluate[bool](p, fmt.Sprintf(`document.querySelector(%q)?.closest(".panel.folded") != null`, selector)) {
		p.run(`document.querySelector("#edit-button").click()`)
		p.wait("the form", `document.querySelector(".panel:not(.folded)")`)
	}
}

func (p *page) click(selector string) {
	p.t.Helper()
	p.unfold(selector)
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// fill replaces the text of a field.
func (p *page) fill(selector, value string) {
	p.t.Helper()
	p.unfold(selector)
	p.do(chromedp.Focus(chromedp.CSS(selector)))
	if evaluate[string](p, fmt.Sprintf("document.querySelector(%q).select(), document.querySelector(%[1]q).value", selector)) != "" {
		p.do(chromedp.KeyEvent(kb.Backspace))
	}
	p.do(chromedp.KeyEvent(value))
}

// press presses a key where the focus is.
func (p *page) press(key string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(key))
}

// choose picks an option by its value, with the events of a user's choice.
func (p *page) choose(selector, value string) {
	p.t.Helper()
	p.wait(selector, fmt.Sprintf("document.querySelector(%q)", selector))
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
		const field = document.querySelector(%q);
		field.value = %q;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		field.dispatchEvent(new Event("change", { bubbles: true }));
	}`, selector, value)))
}

// connect fills in host and port and presses Connect.
func (p *page) connect(address string) {
	p.t.Helper()
	host, port, _ := strings.Cut(address, ":")
	p.fill("#host", host)
	p.fill("#port", port)
	p.click("#connect-button")
}
