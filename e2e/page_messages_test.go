//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A record whose group has three items, and an item that is cut off.
const wrongRecord = "\x00\x0e\x10\x0a\x01\x02ok\x02\x02\x01\x00\x10\x00\x07\x01"

// What a user's own line mode recognises stands in a lane beside the bytes, unfolds, is
// filtered and copied, by mouse and by keys.
func TestPageMessages(t *testing.T) {
	t.Parallel()
	s := serve(t, func(conn net.Conn) {
		for {
			var size [2]byte
			if _, err := io.ReadFull(conn, size[:]); err != nil {
				return
			}
			text := make([]byte, int(size[0])<<8|int(size[1]))
			io.ReadFull(conn, text)
			answer := wrongRecord
			if bytes.HasSuffix(text, []byte("nothing")) {
				answer = "\x00\x00"
			}
			io.WriteString(conn, answer)
		}
	})
	w := start(t, "--plugin-dir", "../examples/starlark/records")
	p := visit(t, browser(t), "http://"+w.address)
	p.size(1280, 800)
	p.choose("#mode", "records")
	p.connect(s.address)
	p.status("Connected")
	if evaluate[bool](p, `document.querySelector("[name=lanes][value=messages]") !== null`) {
		t.Error("there is a lane for messages before there are any")
	}
	for _, line := range []string{"hi", "nothing"} {
		p.fill("#command", line)
		p.press(kb.Enter)
	}
	p.wait("messages", `document.querySelector("[name=lanes][value=messages]") && document.querySelector("#console").textContent.includes("an empty record")`)
	p.click("[name=lanes][value=messages] + span")
	p.wait("four messages", `document.querySelectorAll("#messages .message").length === 4`)
	if got := p.texts("#messages .summary"); !slices.Equal(got, []string{"text hi", "group, unknown", "text nothing", "an empty record"}) {
		t.Errorf("the summaries are %q", got)
	}
	if got := p.texts("#messages .flow"); !slices.Equal(got, []string{"to server", "from server", "to server", "from server"}) {
		t.Errorf("the flows are %q", got)
	}
	if got := evaluate[string](p, `[...document.querySelectorAll("#messages .answers")].map((one) => /^↩ [\d.]+ m?s$/.test(one.textContent) + " " + one.title.replace(/, [\d.]+ m?s/, "")).join()`); got != `true Answers to server 0, “text hi” after it,true Answers to server 6, “text nothing” after it` {
		t.Errorf("the answers are %q", got)
	}

	// By keys: to the second, in, down to the text of its group.
	p.run(`document.querySelector("#messages").focus()`)
	p.press(kb.Home)
	p.press(kb.ArrowDown)
	p.press(kb.ArrowRight)
	p.wait("its fields", `document.querySelectorAll("#messages .field").length === 6`)
	if got := p.text("#messages .field.wrong"); !strings.Contains(got, "unknown") || !strings.Contains(got, "wrong: it has 0 bytes, and says 1") {
		t.Errorf("the wrong field is %q", got)
	}
	for range 3 {
		p.press(kb.ArrowDown)
	}
	marked := func(want string) {
		t.Helper()
		p.wait(want+" marked on the wire", fmt.Sprintf(`[...document.querySelectorAll("#wire .hex mark.pointed")].map((one) => one.textContent).join(" ") === %q`, want))
	}
	marked("01 02 6f 6b")
	if got := evaluate[string](p, `document.getElementById(document.querySelector("#messages").getAttribute("aria-activedescendant")).ariaLabel`); got != "text: ok, bytes 4 to 8" {
		t.Errorf("what is marked is read as %q", got)
	}
	p.axe("messages")
	p.keep("messages-keys")
	for range 2 { // out of the group, and fold it
		p.press(kb.ArrowLeft)
	}
	p.wait("the group to fold", `document.querySelectorAll("#messages .field").length === 3`)
	p.press(kb.Escape)
	p.wait("no mark", `!document.querySelector("#wire mark.pointed, #messages [aria-selected=true]")`)

	// The pointer on a message marks its bytes, and on bytes their message.
	at := evaluate[[]float64](p, `(({ left, top, height }) => [left + 40, top + height / 2])(document.querySelector("#messages .field.wrong").getBoundingClientRect())`)
	p.do(chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[1]))
	marked("07 01")
	at = evaluate[[]float64](p, `(({ left, top, height }) => [left + 2, top + height / 2])(document.querySelector("#wire .received .hex").getBoundingClientRect())`)
	p.do(chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[1]))
	p.wait("the field of the byte", `document.querySelector("#messages .field.under .field-name")?.textContent === "size"`)
	p.do(chromedp.MouseEvent(chromedp.MousePressed, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)), chromedp.MouseEvent(chromedp.MouseReleased, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)))
	p.wait("it stays marked", `document.querySelector("#messages .field[aria-selected=true] .field-name")?.textContent === "size"`)

	// A filter, and what is wrong with one.
	shows := func(filter string, want ...string) {
		t.Helper()
		p.fill("#message-filter", filter)
		list, _ := json.Marshal(want)
		p.wait(filter, fmt.Sprintf(`JSON.stringify([...document.querySelectorAll("#messages .summary")].map((one) => one.textContent)) === %q`, list))
	}
	shows("size = 4", "text hi")
	shows("text ~ ^noth", "text nothing")
	shows("record", "an empty record")
	p.fill("#message-filter", "size =")
	p.reads("#message-problem", "After size = comes a value, as in size = error.")
	p.axe("a filter that is wrong")
	p.keep("messages-wrong-filter")
	shows("", "text hi", "group, unknown", "text nothing", "an empty record")
	p.click("#message-wrong")
	p.wait("only what is wrong", `document.querySelectorAll("#messages .message").length === 1`)

	// Copies.
	p.run(`Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => void (window.copied = text) } })`)
	p.click("#message-copy")
	p.wait("the menu", `document.querySelector("#copy-message")`)
	p.keep("messages-copy")
	p.click("#copy-message")
	p.wait("a copy", `window.copied`)
	var entry struct {
		N       int
		Dir     string
		Kind    string
		Message struct {
			Flow     string
			From, To int
			Answers  struct{ Flow string }
			Fields   []struct{ Name string }
		}
	}
	copied := evaluate[string](p, `window.copied`)
	if err := json.Unmarshal([]byte(copied), &entry); err != nil || entry.Kind != "message" || entry.Dir != "<<" || entry.N != 2 || entry.Message.To != 16 || entry.Message.Answers.Flow != "to-server" || len(entry.Message.Fields) != 3 {
		t.Errorf("what is copied is %s: %v", copied, err)
	}
	p.click("#message-wrong")
	p.wait("all", `document.querySelectorAll("#messages .message").length === 4`)
	p.run(`window.copied = ""`)
	p.click("#message-copy")
	p.wait("the menu", `document.querySelector("#copy-messages")`)
	p.click("#copy-messages")
	p.wait("four lines", `window.copied.trim().split("\n").map((line) => JSON.parse(line).message.summary).join() === "text hi,group, unknown,text nothing,an empty record"`)

	for _, theme := range []string{"light", "dark"} {
		p.look(theme)
		for _, width := range []int64{1280, 1024, 360} {
			p.size(width, 800)
			p.keep(fmt.Sprintf("messages-%d-%s", width, theme))
		}
	}
	p.look("")
	p.isNarrow("messages")
	p.axe("messages on a phone")
}

// A hundred thousand messages, with -short a tenth, scroll and are filtered. How fast that
// is depends on what else the machine does, so it is logged.
func TestPageManyMessages(t *testing.T) {
	many, each, limit := 100_000, 100, 4*time.Minute
	if testing.Short() {
		many = 10_000
	}
	t.Parallel()
	folder, began := t.TempDir(), time.Now().UTC().Add(-time.Hour) // older recordings are removed
	id := began.Format("20060102-150405") + "-000-s1-records"
	var b strings.Builder
	fmt.Fprintf(&b, "workbench transcript v1\nmode records\ntarget \"127.0.0.1:1\"\n\n-- recorded %s, session s1\n", began.Format(time.RFC3339))
	for n := 0; n < many; n += each {
		at := float64(n) / 1000
		fmt.Fprintf(&b, "%.3f >> server %q\n", at, strings.Repeat("\x00\x04\x01\x02ab", each))
		for k := n; k < n+each; k++ {
			fmt.Fprintf(&b, "%.3f << message from-server %d-%d \"record %d\"\n  size %d-%d \"4\"\n  text %d-%d \"ab\"\n    length %[7]d-%[8]d \"%[9]d\"\n", at, 6*k, 6*k+6, k, 6*k, 6*k+2, 6*k+2, 6*k+6, k%1000)
		}
	}
	b.WriteString("100.000 -- ended: the client closed\n")
	if err := os.WriteFile(filepath.Join(folder, id+".transcript"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	w := start(t, "--transcripts", folder, "--plugin-dir", "../examples/starlark/records")
	p := visit(t, browser(t), "http://"+w.address)
	p.run(`{ // how long the main thread is busy with each frame: until it takes up something else, or the next frame
		window.tasks = [];
		let last;
		const over = (one, now) => one.took ??= now - one.began;
		const frame = () => {
			const one = { began: performance.now() };
			if (last) over(last, one.began);
			window.tasks.push(last = one);
			requestAnimationFrame(frame);
			scheduler.postTask(() => over(one, performance.now()), { priority: "user-blocking" });
		};
		requestAnimationFrame(frame);
		window.p95 = () => {
			const took = window.tasks.filter((one) => one.took !== undefined).map((one) => one.took).sort((a, b) => a - b);
			return took[Math.floor(took.length * 0.95)].toFixed(1) + " ms of " + took.length;
		};
	}`)
	p.run(`location.hash = "#/transcripts/` + id + `"`)
	p.within(limit, "the recording", `document.querySelector("#scrubber")?.value === document.querySelector("#scrubber")?.max && document.querySelector("[name=lanes][value=messages]")`)
	p.run(`{
		const began = performance.now();
		document.querySelector("[name=lanes][value=messages]").click();
		const look = () => requestAnimationFrame(() => document.querySelectorAll("#messages .message").length > 5 ? requestAnimationFrame(() => (window.painted = performance.now() - began)) : look());
		look();
	}`)
	p.within(limit, "the first messages", "window.painted")
	p.within(limit, "the last one", fmt.Sprintf(`document.querySelector("#messages").textContent.includes("record %d")`, many-1))
	t.Logf("first paint after %.0f ms", evaluate[float64](p, "window.painted"))

	p.run(`{ // scrolls through all of it
		window.tasks.length = 0;
		window.scrolled = false;
		const box = document.querySelector("#messages");
		let turn = 0;
		const step = () => {
			box.scrollTop = (box.scrollHeight - box.clientHeight) * ((turn * 37) % 300) / 300;
			if (++turn < 300) requestAnimationFrame(step);
			else window.scrolled = true;
		};
		requestAnimationFrame(step);
	}`)
	p.within(limit, "300 frames", "window.scrolled")
	t.Logf("scrolling, main thread a frame at p95: %s", evaluate[string](p, "window.p95()"))
	for _, filter := range []struct {
		text string
		left int
	}{{"length = 7", many / 1000}, {"length ~ ^99[0-4]$", many / 200}} {
		// It is pasted: between the keys of somebody who types Chromium takes up no posted
		// task, and a frame in which it idles would count as busy to its end.
		p.fill("#message-filter", "")
		p.run("document.querySelector('#message-filter').focus(); window.tasks.length = 0")
		p.run(fmt.Sprintf(`document.execCommand("insertText", false, %q)`, filter.text))
		p.run(`document.querySelector("#message-copy").focus()`)
		p.within(limit, filter.text, fmt.Sprintf(`document.querySelector("#messages .sizer").offsetHeight === %d * document.querySelector("#messages .line")?.offsetHeight`, filter.left))
		t.Logf("%s, main thread a frame at p95: %s", filter.text, evaluate[string](p, "window.p95()"))
	}

	// The bytes of any message are found.
	p.fill("#message-filter", fmt.Sprintf(`"record %d"`, many/2+321))
	p.wait("it", `document.querySelectorAll("#messages .message").length === 1`)
	p.click("#messages .message .summary")
	p.wait("its bytes", `[...document.querySelectorAll("#wire .hex mark.pointed")].map((one) => one.textContent).join(" ").replaceAll("  ", " ") === "00 04 01 02 61 62"`)
}
