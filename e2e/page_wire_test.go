//go:build linux

package e2e

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The lane of the wire is as good as a hex editor.
func TestWire(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	connected := func(t *testing.T, answer string) *page {
		t.Helper()
		s := serve(t, func(conn net.Conn) {
			conn.Write([]byte(answer))
			hold(conn)
		})
		p := visit(t, chromium, "http://"+shared.address)
		p.choose("#mode", "raw")
		p.connect(s.address)
		p.status("Connected")
		p.wait("the answer", `document.querySelector("#wire .received .hex") && document.querySelector("#console .received")`)
		return p
	}

	t.Run("a cell for each byte", func(t *testing.T) {
		p := connected(t, "a\x00é\r☕b\r\n")
		p.size(1280, 800)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=lanes][value=wire]").click()`))
		p.wait("16 bytes in a line", `document.querySelector("#wire .received .hex16")`)
		// The b is the ninth byte. The names of CR and LF at the end are whole.
		wrong := evaluate[string](p, `{
			const text = document.querySelector("#wire .received .cells");
			const [range, left] = [document.createRange(), text.getBoundingClientRect().left];
			range.selectNode([...text.childNodes].find((node) => node.textContent === "b"));
			const at = range.getBoundingClientRect();
			const badges = [...text.querySelectorAll(".wide")];
			const names = badges.map((one) => one.firstChild.dataset.name).join(" ");
			const cut = badges.filter((one) => one.scrollWidth > one.clientWidth);
			const cells = (at.left - left) / at.width;
			Math.abs(cells - 8) > 0.05 ? "b is in cell " + cells : names !== "CR LF" ? names : cut.length ? "a name is cut" : "";
		}`)
		if wrong != "" {
			t.Error(wrong)
		}
		if got := p.texts("#wire .received .cells"); !slices.Equal(got, []string{"a␀é␍☕b␍␊"}) {
			t.Errorf("the text is %q", got)
		}
		p.click("#view-menu")
		p.wait("the choice", `document.querySelector("[name=columns]")`)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=columns][value='8']").click()`))
		p.wait("8 bytes in a line", `document.querySelector("#wire .received .hex8") && document.querySelectorAll("#wire .received .line").length === 2`)
	})

	t.Run("in a narrow room the time goes, then columns, and no name is cut", func(t *testing.T) {
		p := connected(t, strings.Repeat("0123456789abcdef", 2)+"\r\n")
		p.do(chromedp.Evaluate[chromedp.Void](`document.dispatchEvent(new KeyboardEvent("keydown", { key: "p", code: "KeyP", altKey: true, bubbles: true }))`))
		p.wait("the presenter view", `document.documentElement.classList.contains("presenting")`)
		for _, size := range []struct {
			width, height int64
			hex           string
		}{{1280, 800, "hex8"}, {1024, 768, "hex4"}, {360, 740, "hex4"}} {
			p.size(size.width, size.height)
			p.wait(fmt.Sprint(size), `document.querySelector("#wire .received .`+size.hex+`") && document.querySelector("#wire [data-time=none]")`)
			if cut := evaluate[string](p, `[...document.querySelectorAll("#wire .line, #console .line, .wide")].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent).join("\n")`); cut != "" {
				t.Errorf("at %d it cuts %q", size.width, cut)
			}
		}
	})

	t.Run("every byte of a long message is there, and found", func(t *testing.T) {
		p := connected(t, "ready\r\n")
		p.do(chromedp.Evaluate[chromedp.Void](`{
			const field = document.querySelector("#command");
			field.value = "long ".repeat(60_000) + "needle";
			field.dispatchEvent(new Event("input", { bubbles: true }));
		}`))
		p.click("#send-button")
		p.wait("the message", `document.querySelector("#console .sent") && document.querySelector("#wire .sent")`)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#console").scrollTop = 0`))
		p.fill("#find", "needle")
		p.press(kb.Enter)
		p.wait("its end in both lanes", `["console", "wire"].every((lane) => document.querySelector("#" + lane + " .sent mark.hit"))`)
	})

	t.Run("a lane higher than any element scrolls to both ends", func(t *testing.T) {
		p := connected(t, "first"+strings.Repeat("\x00", 5<<20)+"!")
		top := func(at string) {
			p.do(chromedp.Evaluate[chromedp.Void](`{ const box = document.querySelector("#wire"); box.scrollTop = ` + at + ` }`))
		}
		p.within(time.Minute, "the end", `[...document.querySelectorAll("#wire .cells")].at(-1)?.textContent.endsWith("!")`)
		if got := evaluate[float64](p, `document.querySelector("#wire .sizer").offsetHeight`); got > 8e6 {
			t.Errorf("the element is %.0f pixels high", got)
		}
		top("0")
		p.wait("the beginning", `document.querySelector("#wire .cells").textContent.startsWith("first")`)
		top("1000")
		p.wait("the rows after it", `!document.querySelector("#wire .cells").textContent.startsWith("first") && document.querySelectorAll("#wire .line").length > 10`)
		top("box.scrollHeight")
		p.wait("the end again", `[...document.querySelectorAll("#wire .cells")].at(-1).textContent.endsWith("!")`)
	})

	t.Run("bytes are picked, explained and copied one way", func(t *testing.T) {
		p := connected(t, "ab\x00\x00\x01\x2c\r\n")
		p.fill("#command", `to the server`)
		p.press(kb.Enter)
		p.wait("what was sent", `document.querySelector("#wire .sent")`)
		// A drag over the hex: from the third byte to the sixth.
		p.do(chromedp.Evaluate[chromedp.Void](`{
			const hex = document.querySelector("#wire .received .hex");
			const [at, char] = [hex.getBoundingClientRect(), hex.getBoundingClientRect().width / 25];
			const event = (kind, column) => hex.dispatchEvent(new PointerEvent(kind, { bubbles: true, buttons: 1, clientX: at.left + column * char, clientY: at.top + 2 }));
			event("pointerdown", 6.5);
			event("pointermove", 12.5);
			event("pointermove", 17);
			hex.dispatchEvent(new MouseEvent("click", { bubbles: true }));
		}`))
		p.wait("the panel", `document.querySelector(".inspector td")`)
		if got := p.text(".inspector tbody"); !strings.HasPrefix(got, "Unsigned, 32 bits300738263040") {
			t.Errorf("the panel says %q", got)
		}
		if got := p.texts("#wire .hex mark"); !slices.Equal(got, []string{"00 00 01", "2c"}) { // the last is under the pointer
			t.Errorf("picked are %q", got)
		}
		p.axe("the panel")
		p.do(chromedp.Focus(chromedp.CSS("#wire")))
		p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true }))`))
		p.wait("a byte more", `document.querySelector(".inspector header").textContent.includes("5 bytes")`)
		p.click(".inspector header button")
		p.wait("no panel", `!document.querySelector(".inspector")`)

		p.do(chromedp.Evaluate[chromedp.Void](`window.copied = [],
			Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => void window.copied.push(text) } }),
			document.querySelector("#wire").dispatchEvent(new KeyboardEvent("keydown", { key: "a", ctrlKey: true, bubbles: true }))`))
		for _, way := range []string{"sent", "received"} {
			p.click("#copy-menu")
			p.wait("the ways", `document.querySelector("[name=copied-way]")`)
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=copied-way][value=` + way + `]").click()`))
			p.wait("the way", `document.querySelector("[name=copied-way][value=`+way+`]").checked`)
			p.click("[data-form=hex]")
			p.wait("the word of it", `document.querySelector(".copied[role=status]")`)
		}
		if got := evaluate[[]string](p, "window.copied"); !slices.Equal(got, []string{"74 6f 20 74 68 65 20 73 65 72 76 65 72", "61 62 00 00 01 2c 0d 0a"}) {
			t.Errorf("it copied %q", got)
		}
	})

	t.Run("copying without navigator.clipboard", func(t *testing.T) {
		p := connected(t, "one\r\n")
		p.do(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(navigator, "clipboard", { value: undefined }),
			document.addEventListener("copy", () => (window.copied = document.activeElement.value))`))
		p.click("#copy-menu")
		p.click("[data-form=hex]")
		p.wait("the text", `window.copied?.endsWith("6f 6e 65 0d 0a") || document.querySelector(".sheet .problem")`)
		if problem := p.text(".sheet .problem"); problem != "" {
			t.Error(problem)
		}
	})

	t.Run("one direction as a stream, and what went each way", func(t *testing.T) {
		more := make(chan string)
		s := serve(t, func(conn net.Conn) {
			for text := range more {
				fmt.Fprint(conn, text)
			}
			hold(conn)
		})
		p := visit(t, chromium, "http://"+shared.address)
		p.choose("#mode", "raw")
		p.connect(s.address)
		p.status("Connected")
		for i, text := range []string{"HTTP/1.0 2", "00 OK\r\nA", ": b\r\n"} {
			more <- text
			p.wait("the row", fmt.Sprintf(`document.querySelectorAll("#wire .received").length === %d`, i+1))
		}
		close(more)
		p.choose(".wire-head select", "received")
		p.wait("its lines", `document.querySelectorAll("#wire .row").length === 1`)
		if got := strings.Join(p.texts("#wire .cells"), ""); got != "HTTP/1.0 200 OK␍␊A: b␍␊" {
			t.Errorf("the stream is %q", got)
		}
		if got := p.texts("#wire .offset"); !slices.Equal(got, []string{"0000", "0008", "0010", "0011"}) && !slices.Equal(got, []string{"0000", "0010", "0011"}) {
			t.Errorf("the offsets are %q", got)
		}
		if got := p.texts(".traffic.received b"); !slices.Equal(got[:2], []string{"3", "23 B"}) {
			t.Errorf("it counts %q", got)
		}
		p.fill("#find", "200")
		p.press(kb.Enter)
		p.wait("what lies across rows", `document.querySelector("#wire .cells mark.here")?.textContent === "200"`)
		p.axe("a stream")
	})
}
