//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Servers to practise on are picked from a menu, the start's card and the palette.
func TestPracticesOnThePage(t *testing.T) {
	w := start(t, "--practice", "--no-record")
	p := visit(t, browser(t), "http://"+w.address)
	p.run(`document.querySelector("#palette-button").click()`)
	p.wait("the palette", `document.querySelector("#palette[open]")`)
	p.fill("#palette-field", "practice frames")
	p.wait("the server", `document.querySelector("#palette-0")?.textContent.includes("Practice frames 127.0.0.1:")`)
	p.press(kb.Enter)
	p.wait("its mode", `document.activeElement.id === "connect-button" && document.querySelector("#host").value === "127.0.0.1" && document.querySelector("#mode").value === "raw"`)
	p.click("#start-practice")
	p.wait("the servers", `document.querySelector('[data-practice="http"]')`)
	p.axe("the servers to practise on")
	p.pictures("practices")
	if first := p.text(".practices li:first-child"); !strings.Contains(first, "echo") || !strings.Contains(first, w.echo) {
		t.Errorf("first is %q", first)
	}
	p.do(chromedp.Focus(chromedp.CSS(`[data-practice="http"]`)))
	target := p.text(`[data-practice="http"] .muted`)
	p.press(kb.Enter)
	p.wait("the focus on Connect", `document.activeElement.id === "connect-button"`)
	p.wait("its target", fmt.Sprintf(`document.querySelector("#host").value + ":" + document.querySelector("#port").value === %q`, target))
	p.wait("its line mode", `document.querySelector("#mode").value === "http-line"`)
	p.press(kb.Enter)
	p.status("Connected")
	p.types("GET /about HTTP/1.0", "")
	p.shows("200 OK")
	p.wait("the tab's name", fmt.Sprintf(`document.querySelector(".tab-title").textContent === "http :%s"`, target[strings.Index(target, ":")+1:]))
}

// types types lines, each with Enter.
func (p *page) types(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		p.wait("the field to type in", `document.querySelector("#command") && !document.querySelector("#command").disabled`)
		p.fill("#command", line)
		p.press(kb.Enter)
	}
}

// verdict waits until the verdict on the step begins with words.
func (p *page) verdict(begin string) {
	p.t.Helper()
	p.wait("the verdict "+begin, fmt.Sprintf(`document.querySelector("#lesson-verdict")?.textContent.startsWith(%q)`, begin))
}

// begins starts the step's session.
func (p *page) begins() {
	p.t.Helper()
	p.click("#lesson-start")
	p.status("Connected")
	p.wait("the focus where one types", `document.activeElement.id === "command"`)
}

// A student takes the first lesson, wrong and right; another browser goes on where the
// first was, and so does a workbench that was killed.
func TestLessonOnThePage(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	folder := t.TempDir()
	w := start(t, "--practice", "--transcripts", folder)
	chromium := browser(t)
	p := visit(t, chromium, "http://"+w.address)
	p.click(`.views a[href="#/lessons"]`)
	p.wait("the lesson", `document.querySelector('.lessons a[href="#/lessons/http-by-hand"]')`)
	p.axe("the lessons")
	p.pictures("lessons")
	p.click(`.lessons a[href="#/lessons/http-by-hand"]`)
	p.wait("its first step", `document.querySelector("#step-title")?.textContent === "Ask for a page" && location.hash.endsWith("?step=1")`)
	p.axe("a lesson before the session")
	p.pictures("lesson")

	// In small letters, which HTTP does not know.
	p.begins()
	p.types("get /about http/1.0")
	p.verdict("Not yet: ")
	p.wait("the hint that names the mistake", `document.querySelector("#lesson-verdict").textContent.includes("write GET in capitals")`)
	if got := p.texts(`.lesson-check[data-state="fails"] .hint-words`); len(got) == 0 || !strings.Contains(got[0], "HTTP knows no get") {
		t.Errorf("the hints are %q", got)
	}
	if text := p.text("body"); strings.Contains(text, `^GET`) {
		t.Errorf("the page shows a condition: %s", text)
	}
	p.wait("the end", `document.querySelector("#status").dataset.state !== "connected"`)
	p.axe("a lesson with a hint")
	p.pictures("lesson-hint")

	p.begins()
	p.types("GET /about HTTP/1.0", "")
	p.verdict("Done: 5 of 5 points.")
	p.axe("a step that is done")
	p.pictures("lesson-done")
	p.run(`document.querySelector(".onward .primary").click()`)
	p.wait("the focus on the next step's title", `document.activeElement.id === "step-title" && document.activeElement.textContent === "Say who you are"`)

	word := p.text(".prose p:last-of-type code:last-of-type")
	p.begins()
	p.types("GET / HTTP/1.0", "User-Agent: "+word, "")
	p.verdict("Done: 3 of 3 points.")

	p.click(".onward .primary")
	p.wait("the last step", `document.querySelector("#step-title")?.textContent === "What comes next?"`)
	p.click(".quiz label:nth-of-type(1) input")
	p.click("#lesson-check")
	p.wait("the hint", `document.querySelector(".hint-words")?.textContent.includes("404")`)
	p.axe("a quiz")
	p.pictures("quiz")
	p.run(`location.reload()`)
	p.wait("the same step after a reload", `document.querySelector("#step-title")?.textContent === "What comes next?"`)
	p.click(".quiz label:nth-of-type(2) input")
	p.click("#lesson-check")
	p.verdict("Done: 2 of 2 points.")
	p.wait("the end of the lesson", `document.querySelector("#lesson-done")?.textContent.includes("10 of 10 points")`)

	other := visit(t, chromium, "http://"+w.address)
	other.open("lessons", `document.querySelector(".lessons .good")?.textContent.includes("done, 10 of 10 points")`)

	w.signal(syscall.SIGKILL)
	w.wait(patience)
	again := start(t, "--practice", "--transcripts", folder)
	p = visit(t, chromium, "http://"+again.address)
	p.open("lessons/http-by-hand?step=2", `document.querySelector("#lesson-sum")?.textContent === "10 of 10 points"`)
	p.verdict("Done: 3 of 3 points.") // by the recording, which is there
	if got := p.text(".prose p:last-of-type code:last-of-type"); got != word {
		t.Errorf("the word is %q, not %q", got, word)
	}
}

// At the width of a phone the text and the session stand one under the other, and
// nothing is wider than the window.
func TestLessonOnAPhone(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	w := start(t, "--practice", "--transcripts", t.TempDir())
	p := visit(t, browser(t), "http://"+w.address)
	p.size(360, 740)
	p.open("lessons/http-by-hand", `document.querySelector("#lesson-start")`)
	p.begins()
	p.types("GET /about HTTP/1.0", "")
	p.verdict("Done: 5 of 5 points.")
	p.wait("the session under the text", `document.querySelector(".lesson-session").getBoundingClientRect().top >= document.querySelector(".lesson-text").getBoundingClientRect().bottom`)
	if wide := evaluate[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d pixels wide", wide)
	}
	p.axe("a lesson on a phone")
}

// The student's own server is played to from the page: one that does not listen, one that
// is wrong, and an echo.
func TestOwnServerOnThePage(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	w := start(t, "--transcripts", t.TempDir())
	p := visit(t, browser(t), "http://"+w.address)
	p.open("lessons/write-your-own-server", `document.querySelector("#play-stages")`)
	p.axe("a step with the student's own server")
	p.pictures("own-server")
	plays := func(address string) {
		t.Helper()
		p.fill("#your-port", address[strings.Index(address, ":")+1:])
		p.press(kb.Enter)
	}
	p.expects = "422" // the browser logs what failed
	plays(freePort(t))
	p.wait("that nobody listens", `document.querySelector(".lesson-with .problem")?.textContent.includes("connection refused")`)
	plays(serve(t, func(conn net.Conn) { io.WriteString(conn, "I heard you\r\n"); hold(conn) }).address)
	p.wait("the hint", `document.querySelector("#lesson-verdict").textContent.includes("That is the answer of the example")`)
	plays(serve(t, echo).address)
	p.verdict("Done: ")
}
