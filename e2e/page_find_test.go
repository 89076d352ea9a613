//go:build linux

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Find finds text where it is, and copy copies all of it.
func TestFind(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	connected := func(t *testing.T, answer string) *page {
		t.Helper()
		s := serve(t, func(conn net.Conn) {
			conn.Write([]byte(answer))
			hold(conn)
		})
		p := visit(t, chromium, "http://"+shared.address)
		p.connect(s.address)
		p.status("Connected")
		p.wait("the answer", `document.querySelector("#wire .received") && document.querySelector("#console .received")`)
		return p
	}
	within := func(selector string) string { // whether it is in sight in its lane
		return fmt.Sprintf(`[...document.querySelectorAll(%q)].some((node) => {
			const [one, lane] = [node.getBoundingClientRect(), node.closest(".rows").getBoundingClientRect()];
			return one.top >= lane.top && one.bottom <= lane.bottom;
		})`, selector)
	}

	t.Run("far down in one row, in both lanes", func(t *testing.T) {
		p := connected(t, strings.Repeat("one of many lines\r\n", 1500)+"the needle\r\n"+strings.Repeat("one of many lines\r\n", 1500))
		p.click("[name=lanes][value=wire] + span")
		p.fill("#find", "needle")
		p.press(kb.Enter)
		p.wait("the line in sight", within("#wire mark.here"))
		if got := p.text(".found-count"); got != "1/1" {
			t.Errorf("it counts %s", got)
		}
		p.click("[name=lanes][value=both] + span")
		p.do(chromedp.Focus(chromedp.CSS("#find")))
		p.press(kb.Enter)
		p.wait("the line in both lanes", within("#console mark.hit")+" && "+within("#wire mark.hit"))
	})

	t.Run("bytes", func(t *testing.T) {
		p := connected(t, "a\r\nb\r\n")
		p.fill("#find", "0d 0a")
		p.wait("the marks", `document.querySelectorAll("#wire .received .hex mark.hit").length === 2`)
		if got := p.texts("#wire .received .hex mark.hit"); !slices.Equal(got, []string{"0d 0a", "0d 0a"}) {
			t.Errorf("marked are %q", got)
		}
	})

	t.Run("what is found can be read", func(t *testing.T) {
		p := connected(t, "found\r\n")
		p.fill("#find", "found")
		p.wait("the marks", `document.querySelector("#wire .received .payload mark.hit")`)
		for _, theme := range []string{"light", "dark"} {
			worst := evaluate[float64](p, fmt.Sprintf(`{
				document.documentElement.dataset.theme = %q;
				const light = (colour) => colour.match(/\d+/g).slice(0, 3).map((c) => c / 255)
					.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
					.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0.05);
				Math.min(...[...document.querySelectorAll("mark.hit")].map((node) => {
					const { color, backgroundColor } = getComputedStyle(node);
					const [a, b] = [light(color), light(backgroundColor)];
					return Math.max(a, b) / Math.min(a, b);
				}))
			}`, theme))
			if worst < 4.5 { // WCAG 1.4.3
				t.Errorf("%s: the contrast is %.2f", theme, worst)
			}
		}
	})

	t.Run("regular expressions", func(t *testing.T) {
		p := connected(t, strings.Repeat("a", 30)+"!\r\nb\r\n")
		p.click(`.find [aria-pressed]`)
		p.fill("#find", "(")
		p.wait("what is wrong", `document.querySelector("#find-problem").textContent.includes("not a regular expression")`)
		p.fill("#find", "^a+!$|^b$")
		p.press(kb.Enter)
		p.wait("the hit", `document.querySelector("#console mark.here")`)
		// These expressions take forever. The page goes on, and says so.
		p.fill("#find", "(a+)+$")
		p.click("#filter-button")
		p.click(".filter-bar .switch input")
		p.fill("#filter-text", "(a+)+$")
		p.wait("the reason", `document.querySelector("#find-problem").textContent.includes("too long")`)
		p.wait("the filter's reason", `document.querySelector(".filter-bar .problem")?.textContent.includes("too long") && document.querySelector("#console .received")`)
		p.fill("#filter-text", "^b")
		p.wait("the one row", `document.querySelectorAll("#console .row").length === 1`)
	})

	t.Run("a copy is whole, and told", func(t *testing.T) {
		text := strings.Repeat("x", 100_000)
		p := connected(t, text+"\r\n") // the console shows it once its end has come
		p.do(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => (window.copied = text) } })`))
		p.do(chromedp.Focus(chromedp.CSS("#copy-menu")))
		p.press(kb.Enter)
		p.wait("the focus in the menu", `document.activeElement.dataset.form === "text"`)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-form=hex]").click()`))
		p.wait("the word of it", `/^Copied \d+ rows? as Hex\.$/.test(document.querySelector(".copied[role=status]")?.textContent)`)
		if got := evaluate[string](p, `window.copied.replaceAll(" ", "")`); got != strings.Repeat("78", len(text))+"0d0a" {
			t.Errorf("it copied %d hex digits of %d", len(got), 2*len(text))
		}
	})

	t.Run("a file that is not text is not sent as lines", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "latin.txt")
		if err := os.WriteFile(file, []byte("first\ncaf\xe9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		p := connected(t, "ready\r\n")
		p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
		p.wait("the question", `document.activeElement.textContent === "Send the file"`)
		p.press(kb.Enter)
		p.wait("the reason", `document.querySelector(".send-file .problem")?.textContent.includes("not UTF-8")`)
		if got := p.texts("#console .sent .payload"); len(got) != 0 {
			t.Errorf("it sent %q", got)
		}
	})
}
