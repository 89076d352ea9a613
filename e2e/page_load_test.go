//go:build linux

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A first visit is small and fast.
func firstLoad(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+start(t).address)
	measure := func(expression string) float64 { return evaluate[float64](p, expression) }
	requests := measure(`performance.getEntriesByType("resource").length + 1`)
	size := measure(`performance.getEntriesByType("resource").reduce((sum, r) => sum + r.encodedBodySize, performance.getEntriesByType("navigation")[0].encodedBodySize)`)
	interactive := measure(`performance.getEntriesByName("interactive")[0]?.startTime ?? -1`)
	t.Logf("%.0f requests, %.0f bytes, interactive after %.0f ms", requests, size, interactive)
	if requests > 40 || size > 300<<10 {
		t.Errorf("the first visit makes %.0f requests for %.0f bytes", requests, size)
	}
	if interactive < 0 {
		t.Error("the page does not say when it is interactive")
	}
	outside := evaluate[[]string](p, `performance.getEntriesByType("resource").map((r) => r.name).filter((name) => !name.startsWith(location.origin))`)
	if len(outside) > 0 {
		t.Errorf("the page asks elsewhere: %q", outside)
	}
}

// A hundred answers that try to become a part of the page. None runs, and none is
// rendered, in any view.
func injections(t *testing.T, chromium context.Context) {
	var corpus []string
	for _, payload := range []string{"window.ran=1", "alert(1)", "document.title='ran'", "fetch('/ran')", "top.ran=1"} {
		for _, form := range []string{
			`<script>%s</script>`, `<ScRiPt>%s</sCrIpT>`, `<img src=x onerror="%s">`, `<svg onload="%s">`, `<svg><script>%s</script></svg>`,
			`<body onload="%s">`, `<iframe srcdoc="<script>%s</script>">`, `<a href="javascript:%s" id=planted>x</a>`, `<input autofocus onfocus="%s">`,
			`<details open ontoggle="%s">`, `<math><mtext><img src onerror="%s">`, `</div></section><marquee onstart="%s">`, `"><img src=x onerror="%s">`,
			`'-(%s)-'`, `${%s}`, `{{%s}}`, `&lt;script&gt;%s&lt;/script&gt;`, "\x1b]0;%s\x07<style>*{display:none}</style>", "\u202e<object data=\"javascript:%s\">",
			`<template><script>%s</script></template><meta http-equiv=refresh content="0;url=javascript:1">`,
		} {
			corpus = append(corpus, strings.Replace(form, "%s", payload, 1))
		}
	}
	if len(corpus) != 100 {
		t.Fatalf("there are %d answers", len(corpus))
	}
	s := serve(t, func(conn net.Conn) { fmt.Fprint(conn, strings.Join(corpus, "\r\n")+"\r\n") })
	p := visit(t, chromium, "http://"+shared.address)
	clean := func(where string) {
		t.Helper()
		if evaluate[bool](p, `window.ran !== undefined || document.title === "ran" ||
			document.querySelector("#planted, main :is(script, img, iframe, object, marquee, style, template, meta, math, svg:not(.ladder svg, .minimap svg, .lucide))") !== null ||
			performance.getEntriesByType("resource").some((r) => r.name.endsWith("/ran"))`) {
			t.Errorf("%s: an answer became a part of the page", where)
		}
	}
	for _, mode := range []string{"http-line", "raw"} {
		p.choose("#mode", mode)
		p.connect(s.address)
		p.status("Disconnected: the server closed")
		for _, lane := range []string{"console", "wire", "ladder"} {
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=lanes][value=` + lane + `]").click()`))
			p.wait(lane, `document.querySelector("#`+lane+` .row, .`+lane+` path.arrow")`)
			for at := 0; at <= 100 && lane != "ladder"; at += 10 { // all of it, as it is scrolled by
				p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{ const box = document.querySelector("#%s"); box.scrollTop = box.scrollHeight * %d / 100; }`, lane, at)))
				p.wait("rows", `document.querySelector(".row")`)
				clean(mode + ", " + lane)
			}
			clean(mode + ", " + lane)
		}
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=lanes][value=both]").click()`))
	}
}

// Rows that arrive fast leave the page time for its user. With PAGE_LOAD=1 the whole test
// runs, on an otherwise idle machine: 5,000 rows a second for 20 s, then 1,000,000 lines.
func underLoad(t *testing.T, chromium context.Context) {
	seconds, lines, bar := 2, in(20_000, 60_000), 200.0 // ms a frame: other tests run beside this one
	if os.Getenv("PAGE_LOAD") != "" {
		seconds, lines, bar = 20, 1_000_000, 16
	}
	s := serve(t, func(conn net.Conn) {
		out := bufio.NewWriter(conn)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; n < seconds*5000; {
			<-tick.C
			for range 50 {
				fmt.Fprintf(out, "%07d 5,000 of these come in a second\r\n", n)
				n++
			}
			out.Flush()
		}
	})
	p := visit(t, chromium, "http://"+shared.address)
	p.do(chromedp.Evaluate[chromedp.Void](`{
		window.tasks = [];
		const channel = new MessageChannel();
		let last = performance.now();
		const frame = () => {
// The main thread's share of a frame, from its start until it is free again.
			const began = performance.now();
			channel.port1.onmessage = () => window.tasks.push(performance.now() - began);
			requestAnimationFrame(frame);
			channel.port2.postMessage(0);
		};
		requestAnimationFrame(frame);
	}`))
	p.connect(s.address)
	p.within(time.Duration(seconds+40)*time.Second, "the last row", fmt.Sprintf(`document.querySelector("#console")?.textContent.includes("%07d")`, seconds*5000-1))
	p95 := evaluate[float64](p, `window.tasks.sort((a, b) => a - b)[Math.floor(window.tasks.length * 0.95)]`)
	t.Logf("5,000 rows a second for %d s: %.0f frames, main thread %.1f ms a frame at p95", seconds, evaluate[float64](p, "window.tasks.length"), p95)
	if p95 > bar {
		t.Errorf("the main thread takes %.1f ms a frame at p95; the bar is %.0f", p95, bar)
	}

	many := serve(t, func(conn net.Conn) {
		out := bufio.NewWriterSize(conn, 64<<10)
		for n := range lines {
			fmt.Fprintf(out, "line %07d of very many\r\n", n)
		}
		out.Flush()
	})
	p.connect(many.address)
	began := time.Now()
	p.within(4*time.Minute, "the last line", fmt.Sprintf(`document.querySelector("#console")?.textContent.includes("%07d")`, lines-1))
	took := time.Since(began)
	heap := p.heap()
	t.Logf("%d lines in %v, JS heap %.0f MiB", lines, took.Round(time.Millisecond), heap)
	if heap > 150 {
		t.Errorf("the heap has %.0f MiB", heap)
	}
	p.fill("#command", "still alive") // the session is over; the page is not
	p.press(kb.Enter)
	p.wait("words", `document.querySelector("#command-hint .problem")`)
}

// within waits until an expression is true, for longer than patience.
func (p *page) within(limit time.Duration, what, expression string) {
	p.t.Helper()
	if !within(limit, func() bool { return evaluate[bool](p, "Boolean("+expression+")") }) {
		p.t.Fatalf("waited %v in vain for %s", limit, what)
	}
}
