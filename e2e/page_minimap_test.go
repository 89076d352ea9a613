//go:build linux

package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// One turn of the wheel, as little as a touchpad makes, stops a lane that follows the
// newest row, however fast rows come.
func TestPageWheel(t *testing.T) {
	server, _, _ := counting(t)
	p := visit(t, browser(t), "http://"+shared.address)
	p.connect(server)
	p.status("Connected")
	p.wait("rows", `document.querySelector("#wire").scrollHeight > 3000`)
	at := evaluate[[]float64](p, `(({ left, top }) => [left + 50, top + 50])(document.querySelector("#wire").getBoundingClientRect())`)
	for range 5 {
		p.do(chromedp.MouseEvent(chromedp.MouseWheel, at[0], at[1], func(e *input.DispatchMouseEventParams) { e.DeltaX, e.DeltaY = 1e-6, -10 }))
		p.frames(20)
		if !evaluate[bool](p, `document.querySelector(".lane.wire .follow") !== null`) {
			t.Fatal("the lane follows the newest row after a turn of the wheel")
		}
		p.click(".lane.wire .follow")
		p.wait("it to follow", `!document.querySelector(".lane.wire .follow")`)
	}
}

// frames lets the page draw so many.
func (p *page) frames(n int) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
		window.left = %d;
		const frame = () => --window.left > 0 && requestAnimationFrame(frame);
		requestAnimationFrame(frame);
	}`, n)))
	p.wait("frames", "window.left <= 0")
}

// What a tab shows outlives a reload: one direction as a stream, and the filter.
func TestPageKeepsView(t *testing.T) {
	server, _, _ := counting(t)
	p := visit(t, browser(t), "http://"+shared.address)
	p.connect(server)
	p.status("Connected")
	p.choose(".wire-head select", "received")
	p.wait("the stream", `document.querySelector("#wire .in-sight[data-stream]")`)
	p.click("#filter-button")
	p.fill("#filter-text", "7")
	p.do(chromedp.Reload())
	p.status("Connected")
	p.wait("the stream again", `document.querySelector("#wire .in-sight[data-stream]") && document.querySelector(".wire-head select").value === "received"`)
	p.wait("the filter again", `document.querySelector("#filter-text").value === "7" && document.querySelector("#console .row")`)
	p.wait("only rows that fit it", `[...document.querySelectorAll("#console .payload")].every((one) => one.textContent.includes("7"))`)
}
