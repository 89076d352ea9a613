//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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

// colourful is what a program prints for a terminal.
const colourful = "\x1b]0;a title\x07\x1b[1;34mfolder\x1b[0m  \x1b[01;32mprogram\x1b[0m  plain\r\n" +
	"\x1b[31mred\x1b[0m \x1b[33myellow\x1b[0m \x1b[92mgreen\x1b[0m \x1b[7minverse\x1b[0m \x1b[4munderlined\x1b[0m \x1b[38;5;208morange\x1b[0m \x1b[38;2;10;20;60mnavy\x1b[0m\r\n" +
	"\x1b[41;97m on red \x1b[44;30m black on blue \x1b[103m on yellow \x1b[0m \x1b[2J\x1b[1;1Hmoved\r\n" +
	"\x1b[36mcyan from here\r\nto here\x1b[0m, and no further\r\n"

// Terminal colours are a view that one asks for. Sequences other than colours do nothing.
func TestPageColours(t *testing.T) {
	s := serve(t, func(conn net.Conn) {
		fmt.Fprint(conn, colourful)
		hold(conn)
	})
	chromium := browser(t)
	for _, mode := range []string{"http-line", "raw"} {
		p := visit(t, chromium, "http://"+shared.address)
		p.choose("#mode", mode)
		p.connect(s.address)
		p.shows("no further")
		if evaluate[bool](p, `document.querySelector("#console .ansi, #console .sgr") !== null`) {
			t.Errorf("%s: there are colours that nobody asked for", mode)
		}
		p.click("#view-menu")
		p.wait("the menu", `document.querySelector("#colours")`)
		p.click("#colours")
		p.press(kb.Escape)
		p.wait("colours", `document.querySelector("#console .ansi.bold")`)
		for text, want := range map[string]string{"folder": "bold", "underlined": "underlined", "inverse": "", "plain": ""} {
			class := evaluate[string](p, fmt.Sprintf(`[...document.querySelectorAll("#console .ansi")].find((one) => one.textContent.trim().startsWith(%q))?.className ?? "none"`, text))
			if strings.TrimSpace(strings.TrimPrefix(class, "ansi")) != want {
				t.Errorf("%s: %s is shown as %q", mode, text, class)
			}
		}
		if got := evaluate[[]string](p, `["red", "to here", ", and no"].map((text) => getComputedStyle([...document.querySelectorAll("#console .ansi")].find((one) => one.textContent.startsWith(text))).color)`); got[0] == got[2] || got[1] == got[2] {
			t.Errorf("%s: the colours are %q", mode, got)
		}
		if evaluate[bool](p, `document.title.includes("a title") || [...document.querySelectorAll("#console .sgr")].some((one) => one.checkVisibility())`) {
			t.Errorf("%s: a sequence did something, or those of colours show", mode)
		}
		if got := p.texts("#console .escape"); !slices.Equal(got, []string{"␛]0;a title␇", "␛[2J", "␛[1;1H"}) {
			t.Errorf("%s: other sequences are %q", mode, got)
		}
		p.fill("#find", "orange")
		p.press(kb.Enter)
		p.wait("what is found", `document.querySelector("#console .ansi mark.hit")?.textContent === "orange"`)
		p.axe(mode)
		for _, theme := range []string{"light", "dark"} {
			p.look(theme)
			p.keep("colours-" + mode + "-" + theme)
		}
	}
}

// keep writes a picture for a person to look at, where one is asked for.
func (p *page) keep(name string) {
	if folder := os.Getenv("LOOK"); folder != "" {
		p.picture(folder, name)
	}
}

// A long session has a map, which leads to any part of it.
func TestPageMap(t *testing.T) {
	s := serve(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for part := 1; ; part++ {
			for n := range 150 {
				fmt.Fprintf(conn, "line %d of part %d%s\r\n", n, part, strings.Repeat(" more", n%7))
			}
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
		}
	})
	p := visit(t, browser(t), "http://"+shared.address)
	p.size(1280, 800)
	p.connect(s.address)
	p.shows("line 149 of part 1")
	p.frames(30)
	if evaluate[bool](p, `document.querySelector(".minimap") !== null`) {
		t.Error("a short session has a map")
	}
	for part := 2; part <= 3; part++ {
		p.fill("#command", "go on")
		p.press(kb.Enter)
		p.shows(fmt.Sprintf("line 149 of part %d", part))
	}
	p.wait("the map", `document.querySelector(".minimap path.sent")?.getAttribute("d") && document.querySelector(".minimap path.received").getAttribute("d").split("M").length > 3`)
	p.wait("it to have a gap", `document.querySelector(".minimap path.silence").getAttribute("d")`)
	p.axe("the map")

	shows := func(text string) {
		t.Helper()
		p.wait(text+" in sight", fmt.Sprintf(`(() => {
			const box = document.querySelector("#console").getBoundingClientRect();
			return [...document.querySelectorAll("#console .row")].some((row) => row.textContent.includes(%q) && row.getBoundingClientRect().top >= box.top - 5 && row.getBoundingClientRect().top < box.bottom);
		})()`, text))
	}
	wireAtStart := `document.querySelector("#wire").scrollTop < 50`
	p.do(chromedp.Focus(chromedp.CSS("#minimap-bar")))
	p.press(kb.Home)
	shows("line 0 of part 1")
	p.wait("the wire's start", wireAtStart)
	p.wait("what is said of it", `/^0:00 of \d+:\d\d/.test(document.querySelector("#minimap-bar").ariaValueText)`)
	if now := evaluate[string](p, `document.querySelector("#minimap-bar").ariaValueNow`); now != "0" {
		t.Errorf("the value is %s at the start", now)
	}
	inPart2 := `[...document.querySelectorAll("#console .payload")].some((one) => one.textContent.includes("of part 2"))`
	for presses := 0; !evaluate[bool](p, inPart2); presses++ { // on through part 1, then over the silence
		if presses == 8 {
			t.Fatal("the right arrow does not lead to what came after the silence")
		}
		p.press(kb.ArrowRight)
		p.frames(5)
	}
	p.press(kb.End)
	shows("line 149 of part 3")
	p.wait("both lanes to follow", `!document.querySelector(".follow")`)

	at := evaluate[[]float64](p, `(({ left, right, top }) => [left + 1, right - 1, top + 5])(document.querySelector("#minimap-bar").getBoundingClientRect())`)
	p.do(chromedp.MouseEvent(chromedp.MousePressed, at[1], at[2], chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[2], chromedp.ButtonLeft))
	shows("line 0 of part 1")
	p.wait("the wire's start", wireAtStart)
	p.do(chromedp.MouseEvent(chromedp.MouseReleased, at[0], at[2], chromedp.ButtonLeft))
	p.fill("#find", "of part 2")
	p.wait("what is found", `document.querySelector(".minimap path.found").getAttribute("d")`)
	p.click("#console .row")
	p.wait("what is picked", `document.querySelector(".minimap path.picked")`)
	for _, theme := range []string{"light", "dark"} {
		p.look(theme)
		for _, width := range []int64{1280, 1024, 360} {
			p.size(width, 768)
			p.keep(fmt.Sprintf("map-%d-%s", width, theme))
		}
	}
	if evaluate[bool](p, `document.querySelector(".minimap").checkVisibility()`) {
		t.Error("there is a map on a phone")
	}
	p.size(1024, 768)
	p.click("#view-menu")
	p.wait("the menu", `document.querySelector("#minimap")`)
	p.click("#minimap")
	p.wait("no map", `!document.querySelector(".minimap")`)
	p.keep("view-menu")
}

// In presenter view, what picked bytes mean is as large as the rest, and whole.
func TestPagePresentsInspector(t *testing.T) {
	s := serve(t, func(conn net.Conn) {
		fmt.Fprint(conn, "HTTP/1.0 200 OK\r\n")
		hold(conn)
	})
	p := visit(t, browser(t), "http://"+shared.address)
	p.connect(s.address)
	p.shows("200 OK")
	p.alt("KeyP")
	p.wait("presenter view", `document.documentElement.classList.contains("presenter")`)
	for _, size := range [][2]int64{{1024, 768}, {1280, 800}} {
		p.size(size[0], size[1])
		p.click("#wire .received")
		p.wait("what is picked", `document.querySelector(".inspector dd")`)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#wire").focus()`))
		for range 8 {
			p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true }))`))
		}
		p.wait("numbers", `document.querySelector(".inspector td")`)
		p.frames(5)
		if small := evaluate[[]string](p, `[...document.querySelectorAll(".inspector :is(p, th, td, dt, dd)")].filter((one) => parseFloat(getComputedStyle(one).fontSize) < 18).map((one) => one.outerHTML)`); len(small) > 0 {
			t.Errorf("%d wide: small are %q", size[0], small)
		}
		if cut := evaluate[[]string](p, `[...document.querySelectorAll(".inspector, .inspector *")].filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth > 0 && getComputedStyle(one).display !== "inline").map((one) => one.outerHTML.slice(0, 200))`); len(cut) > 0 {
			t.Errorf("%d wide: cut are %q", size[0], cut)
		}
		p.keep(fmt.Sprintf("inspector-%d", size[0]))
	}
}
