//go:build linux

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A page that was away while 2,000 lines a second came has them all when it is back: none
// lost, doubled or reordered, at the same place and with what was being typed. With
// STORM_SECONDS it is away for so long; else for a second, and only in the way that no
// other test has.
func TestPageAway(t *testing.T) {
	chromium := browser(t)
	for name, away := range map[string]func(a *absence){
		"reloads": func(a *absence) {
			for a.goOn(5 * time.Second) {
				a.p.do(chromedp.Reload())
				a.p.status("Connected")
			}
		},
		"closed": func(a *absence) {
			link := evaluate[string](a.p, "location.href")
			a.p.do(chromedp.Navigate("about:blank"))
			a.last()
			a.p.do(chromedp.Navigate(link))
		},
		"frozen": func(a *absence) {
			a.p.window(cdpbrowser.WindowStateMinimized) // a page that shows is not put to sleep
			a.p.lifecycle(cdppage.SetWebLifecycleStateStateFrozen)
			a.last()
			a.p.lifecycle(cdppage.SetWebLifecycleStateStateActive)
			a.p.window(cdpbrowser.WindowStateNormal)
		},
		"network cut": func(a *absence) {
			a.way.cut(true)
			a.p.status("Coming back")
			a.last()
			a.way.cut(false)
		},
	} {
		if thorough() || name == "frozen" {
			t.Run(name, func(t *testing.T) { awayFor(t, chromium, away) })
		}
	}
}

// absence is the time for which a page is away: until the server has sent so many lines.
type absence struct {
	p     *page
	way   *cuttable
	total func() int
	until int
}

// last waits for its end.
func (a *absence) last() {
	for a.goOn(time.Hour) {
	}
}

// goOn waits for a part of it, and reports whether there is more.
func (a *absence) goOn(part time.Duration) bool {
	a.p.t.Helper()
	to := min(a.total()+int(part/time.Second)*2000, a.until)
	if !within(stormTime(a.p.t)+patience, func() bool { return a.total() >= to }) {
		a.p.t.Fatalf("the server could send %d lines, not %d", a.total(), to)
	}
	return to < a.until
}

func awayFor(t *testing.T, chromium context.Context, away func(a *absence)) {
	server, heard, total := counting(t)
	way := newCuttable(t)
	w := start(t, "--host", way.address, "--transcripts", t.TempDir())
	way.lead(w.address)
	p := visit(t, chromium, "http://"+way.address)
	p.expects = "WebSocket connection|net::ERR_"
	p.choose("#mode", "http-line")
	p.connect(server)
	p.status("Connected")
	p.sendLine("before")
	receive(t, heard, "a line")
	p.wait("rows", `document.querySelector("#wire").scrollHeight > 5000`)
	p.wait("the lane in its middle", `document.querySelector(".lane.wire .follow") || (document.querySelector("#wire").scrollTop = 1000, false)`)
	p.wait("rows that stand still", `document.querySelector("#wire .line:not(.passing)")`)
	const top = `document.querySelector("#wire .line")?.textContent`
	place := evaluate[string](p, top)
	p.fill("#command", "half a li")

	seconds := 1
	if thorough() {
		seconds = int(stormTime(t) / time.Second)
	}
	began, before := time.Now(), total()
	away(&absence{p, way, total, before + seconds*2000})
	t.Logf("away for %v, in which the server sent %d lines", time.Since(began).Round(time.Millisecond), total()-before)
	p.status("Connected")
	p.wait("the draft", `document.querySelector("#command").value === "half a li"`)
	p.wait("the place", fmt.Sprintf("%s === %q", top, place))
	p.do(chromedp.Focus(chromedp.CSS("#command")))
	p.press(kb.End)
	p.press("ne")
	p.press(kb.Enter)
	if got := receive(t, heard, "a line"); got != "half a line" {
		t.Errorf("the server heard %q", got)
	}
	p.sendLine("stop")
	sent := -1
	eventually(t, "the server to stop", func() bool {
		before := sent
		sent = total()
		time.Sleep(500 * time.Millisecond) // fifty times as long as between what it sends
		return sent == before
	})
	p.isWhole(sent)
	recorded(t, w, evaluate[string](p, "tabsOfTheTest.current.value.session.value.hello.value.transcript"), sent)
}

// recorded checks that a transcript has each line of counting once, in order.
func recorded(t *testing.T, w *workbench, id string, total int) {
	t.Helper()
	answer, err := httpClient.Get("http://" + w.address + "/api/transcripts/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	n := 0
	for _, line := range regexp.MustCompile(`<< client text "number (\d+)"`).FindAllSubmatch(text, -1) {
		if n++; string(line[1]) != strconv.Itoa(n) {
			t.Fatalf("line %d of the recording is %s", n, line[0])
		}
	}
	if n != total {
		t.Errorf("the recording has %d lines of %d", n, total)
	}
}

// window minimizes the page's window, or brings it back.
func (p *page) window(state cdpbrowser.WindowState) {
	p.t.Helper()
	at, err := chromedp.Call(p.ctx, cdpbrowser.GetWindowForTarget, cdpbrowser.GetWindowForTargetParams{})
	if err == nil {
		_, err = chromedp.Call(p.ctx, cdpbrowser.SetWindowBounds, cdpbrowser.SetWindowBoundsParams{WindowID: at.WindowID, Bounds: &cdpbrowser.Bounds{WindowState: state}})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// lifecycle freezes the page, as a browser does with one that it puts to sleep, or wakes it.
func (p *page) lifecycle(state cdppage.SetWebLifecycleStateState) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, cdppage.SetWebLifecycleState, cdppage.SetWebLifecycleStateParams{State: state}); err != nil {
		p.t.Fatal(err)
	}
}
