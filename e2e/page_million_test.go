//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Each of very many lines can be reached, by scrolling and by find, though the page
// holds few of them. With WORKBENCH_LONG=1 there are 1,000,000.
func TestPageMillion(t *testing.T) {
	lines, tries := in(60_000, 150_000), 3
	if os.Getenv("WORKBENCH_LONG") != "" {
		lines, tries = 1_000_000, 10
	} else {
		t.Parallel()
	}
	chromium := browser(t)
	s := serve(t, func(conn net.Conn) {
		out := bufio.NewWriterSize(conn, 64<<10)
		for n := range lines {
			fmt.Fprintf(out, "line %07d of many\r\n", n)
		}
		out.Flush()
		hold(conn)
	})
	p := visit(t, chromium, "http://"+start(t).address)
	p.connect(s.address)
	began := time.Now()
	p.within(4*time.Minute, "the last line", fmt.Sprintf(`document.querySelector("#console")?.textContent.includes("%07d")`, lines-1))
	took := time.Since(began)
	heap := p.heap()
	t.Logf("%d lines in %v, JS heap %.0f MiB", lines, took.Round(time.Millisecond), heap)
	if heap > 150 {
		t.Errorf("the heap has %.0f MiB", heap)
	}
	if got := p.text("#console-title ~ .dropped"); got != "" {
		t.Errorf("the lane says %q", got)
	}

	// Drags the bar about to where a line should be, and turns the wheel until it is there.
	p.run(`window.inSight = (k, lane) => [...document.querySelectorAll("#" + lane + " .row")].find((row) => {
		const [one, box] = [row.getBoundingClientRect(), document.querySelector("#" + lane).getBoundingClientRect()];
		return row.textContent.includes("line " + String(k).padStart(7, "0")) && one.bottom > box.top && one.top < box.bottom;
	});
	window.reach = async (k, of) => {
		window.reaching = k;
		const box = document.querySelector("#console");
		const frame = () => new Promise(requestAnimationFrame);
		box.scrollTop = (box.scrollHeight - box.clientHeight) * k / of;
		for (let turns = 0; turns < 3000 && !inSight(k, "console"); turns++) {
			await frame();
			if (window.reaching !== k) return;
			const seen = [...box.querySelectorAll(".row .payload")].map((node) => Number(/line (\\d+)/.exec(node.textContent)?.[1] ?? NaN)).filter(Number.isInteger);
			if (seen.length < 5) continue; // not loaded yet
			const middle = seen[seen.length >> 1];
			const height = box.querySelector(".line").offsetHeight;
			box.scrollTop += Math.max(-box.clientHeight, Math.min(box.clientHeight, (k - middle) * height));
		}
	}`)
	for range tries {
		k := rand.IntN(lines)
		began := time.Now()
		p.run(fmt.Sprintf(`void window.reach(%d, %d)`, k, lines))
		p.within(time.Minute, fmt.Sprintf("line %d by scrolling", k), fmt.Sprintf(`window.inSight(%d, "console")`, k))
		t.Logf("line %d by scrolling in %v", k, time.Since(began).Round(time.Millisecond))
	}
	p.run("window.reaching = -1")
	p.run(`document.querySelector(".follow").click()`)
	p.wait("the newest", fmt.Sprintf(`window.inSight(%d, "console")`, lines-1))
	for range tries {
		k := rand.IntN(lines)
		p.fill("#find", fmt.Sprintf("line %07d", k))
		began := time.Now()
		p.press(kb.Enter)
		p.within(2*time.Minute, fmt.Sprintf("line %d by find", k), fmt.Sprintf(`document.querySelector("#wire mark.here") && window.inSight(%d, "console")?.querySelector("mark.hit")`, k))
		t.Logf("line %d by find in %v", k, time.Since(began).Round(time.Millisecond))
	}
	p.fill("#find", "nowhere")
	p.press(kb.Enter)
	if !within(3*time.Minute, func() bool { return p.text(".found-count") == "none" }) {
		t.Errorf("after all rows it counts %q", p.text(".found-count"))
	}
	heap = p.heap()
	if t.Logf("then JS heap %.0f MiB", heap); heap > 150 {
		t.Errorf("the heap has %.0f MiB", heap)
	}
}

// A search through what is not in memory can be stopped.
func TestPageStopsSeeking(t *testing.T) {
	t.Parallel()
	p := visit(t, browser(t), "http://"+shared.address)
	s := serve(t, func(conn net.Conn) {
		out := bufio.NewWriterSize(conn, 64<<10)
		for n := range 120_000 {
			fmt.Fprintf(out, "line %07d\r\n", n)
		}
		out.Flush()
		hold(conn)
	})
	p.connect(s.address)
	p.within(time.Minute, "the last line", `document.querySelector("#console")?.textContent.includes("0119999")`)
	p.do(chromedp.Evaluate[chromedp.Void](`{ // the workbench takes its time
		const ask = window.fetch;
		window.asked = 0;
		window.fetch = (url, ...rest) => (String(url).includes("/entries?") && ++window.asked > 1 ? new Promise(() => {}) : ask(url, ...rest));
	}`))
	p.fill("#find", "nowhere")
	p.press(kb.Enter)
	p.wait("how far it is", `/ %$/.test(document.querySelector(".found-count").textContent) && window.asked > 1`)
	p.press(kb.Escape)
	p.wait("that it stopped", `!document.querySelector("#stop-seeking") && document.querySelector(".found-count").textContent === "none yet"`)
	if got := evaluate[string](p, `document.querySelector("#find").value`); got != "nowhere" {
		t.Errorf("the field has %q", got)
	}
}
