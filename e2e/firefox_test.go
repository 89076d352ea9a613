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
)

// fox is what the tests in Firefox share.
type fox struct {
	*firefox
	w         *workbench
	near, far string // addresses of the page: in a secure context, and in none
	downloads string
}

// What people do most works in Firefox too. All of it shares one browser, each in a window
// with nothing stored; any complaint of the page fails it.
// It runs before the parallel tests, as TestPage does, and for the same reason.
func TestFirefox(t *testing.T) {
	f := fox{downloads: t.TempDir()}
	f.far = visited(t, func(flags ...string) *workbench {
		f.w = start(t, append(flags, "--transcripts", t.TempDir())...)
		return f.w
	})
	f.near = "http://" + f.w.address
	f.firefox = startFirefox(t)
	for _, one := range []struct {
		name string
		test func(*testing.T, fox)
		long bool // only in the long form: browsers hardly differ in it, and Chromium does it in other tests
	}{
		{"first load", foxFirstLoad, false},
		{"practice", foxPractice, false},
		{"HTTP lines", foxHTTPLines, false},
		{"raw bytes", foxRaw, true},
		{"echo until quit", foxEchoQuit, true},
		{"find", foxFind, true},
		{"filter", foxFilter, true},
		{"ladder", foxLadder, true},
		{"copy in a secure context", func(t *testing.T, f fox) { foxCopy(t, f, f.near, true) }, false},
		{"copy from another machine", func(t *testing.T, f fox) { foxCopy(t, f, f.far, false) }, false},
		{"view and colours", foxView, true},
		{"tabs and their names", foxTabs, true},
		{"reload", foxReload, false},
		{"two windows", foxTwoWindows, true},
		{"playback", foxPlayback, true},
		{"save as", foxSaveAs, false},
		{"compare two", foxCompareTwo, true},
		{"palette", foxPalette, true},
		{"macro", foxMacro, true},
		{"keyboard", foxKeyboard, false},
		{"axe", foxAxe, true},
		{"large type", foxLargeType, true},
	} {
		if one.long && testing.Short() {
			continue
		}
		t.Run(one.name, func(t *testing.T) { one.test(t, f) })
	}
}

func foxFirstLoad(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.status("Disconnected")
	if got := foxEvaluate[int](tab, `performance.getEntriesByType("resource").length + 1`); got > 40 {
		t.Errorf("the first visit makes %d requests", got)
	}
	if got := foxEvaluate[float64](tab, `performance.getEntriesByName("interactive")[0]?.startTime ?? -1`); got < 0 {
		t.Error("the page does not say when it is interactive")
	}
}

func foxPractice(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.click("#start-practice")
	tab.wait("the focus at Connect", `document.activeElement.id === "connect-button"`)
	tab.press("<Enter>")
	tab.status("Connected")
	tab.press("hello<Enter>")
	tab.shows("console", "sent", "hello")
	tab.shows("console", "received", "hello")
	tab.shows("wire", "sent", "hello␍␊")
	tab.shows("wire", "received", "hello␍␊")
	badges := `[...document.querySelectorAll("#wire .received .control")]`
	if got := foxEvaluate[string](tab, badges+`.map((one) => one.dataset.name).join(" ")`); got != "CR LF" {
		t.Errorf("the badges are %q", got)
	}
	if !foxEvaluate[bool](tab, badges+`.every((one) => one.getBoundingClientRect().width > 10)`) {
		t.Error("a badge has no width")
	}
}

func foxHTTPLines(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.connect("http-line", goHTTP(t, nil))
	tab.press("GET / HTTP/1.0<Enter><Enter>")
	tab.status("Disconnected")
	tab.shows("console", "received", "HTTP/1.0 200 OK")
	tab.shows("console", "received", "Hello, visitor.")
}

func foxRaw(t *testing.T, f fox) {
	heard := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		line := make([]byte, 16)
		n, _ := conn.Read(line)
		heard <- string(line[:n])
		conn.Write([]byte("ok \xff\r\n"))
		hold(conn)
	})
	tab := f.visit(t, f.near)
	tab.connect("raw", s.address)
	tab.press(`a\x00\r\n<Enter>`)
	if got := receive(t, heard, "the bytes at the server"); got != "a\x00\r\n" {
		t.Errorf("the server heard %q", got)
	}
	tab.shows("wire", "received", "ok ·␍␊")
	if got := foxEvaluate[string](tab, `document.querySelector("#wire .received .hex").textContent`); got != "6f 6b 20 ff 0d 0a" {
		t.Errorf("the bytes are %q", got)
	}
}

func foxEchoQuit(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.connect("echo-quit", f.w.echo)
	tab.press("hello<Enter>")
	tab.shows("console", "received", "hello")
	tab.press("quit<Enter>")
	tab.status("Disconnected")
}

// fruits is a session with three lines.
func fruits(t *testing.T, f fox, at string) *foxTab {
	t.Helper()
	tab := f.visit(t, at)
	tab.connect("http-line", f.w.echo)
	for _, line := range []string{"apple", "pear", "apple pie"} {
		tab.press(line + "<Enter>")
		tab.shows("console", "received", line)
	}
	return tab
}

func foxFind(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.fill("#find", "apple<Enter>")
	tab.wait("the count", `document.querySelector(".found-count").textContent === "1/8"`)
	tab.fill("#find", "0d 0a<Enter>")
	tab.wait("bytes", `document.querySelector(".found-count").textContent === "1/6"`)
}

func foxFilter(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.click("#filter-button")
	tab.fill("#filter-text", "pear")
	tab.wait("the pears", `document.querySelectorAll("#console .row").length === 2 && document.querySelectorAll("#wire .row").length === 2`)
}

func foxLadder(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.click("label:has([value=ladder])")
	tab.wait("the arrows", `document.querySelectorAll(".ladder path.arrow").length > 6`)
}

// What is copied is what a paste brings.
func foxCopy(t *testing.T, f fox, at string, secure bool) {
	tab := fruits(t, f, at)
	if got := foxEvaluate[bool](tab, `isSecureContext && Boolean(navigator.clipboard)`); got != secure {
		t.Fatalf("a secure context: %v", got)
	}
	tab.click("#console .row.received .payload")
	tab.click("#copy-menu")
	tab.click("[data-form=text]")
	tab.wait("that it was copied", `document.querySelector(".copied[role=status]")?.textContent.startsWith("Copied 1 row")`)
	tab.click("#command")
	tab.press("v", "Ctrl")
	tab.wait("the paste", `document.querySelector("#command").value.trim() === "apple"`)
}

func foxView(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.click("#theme-button")
	tab.wait("light", `document.documentElement.dataset.theme === "light"`)
	light := foxEvaluate[string](tab, `getComputedStyle(document.documentElement).backgroundColor`)
	tab.click("#theme-button")
	tab.wait("dark", `document.documentElement.dataset.theme === "dark"`)
	tab.wait("another colour", fmt.Sprintf(`getComputedStyle(document.documentElement).backgroundColor !== %q`, light))
	tab.click("#view-menu")
	tab.click("#hex")
	tab.wait("no hex", `!document.querySelector("#wire .hex")`)
	tab.press("<Escape>")
	tab.wait("the menu closed", `!document.querySelector(".sheet") && document.activeElement.id === "view-menu"`)
}

func foxTabs(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.press("<F2>")
	tab.wait("the field", `document.activeElement.matches(".tab .name")`)
	tab.press("a", "Ctrl")
	tab.press("fruits<Enter>")
	tab.wait("its name", `document.querySelector(".tab.shown .tab-title")?.textContent === "fruits"`)
	tab.press("n", "Alt")
	tab.wait("another tab", `document.querySelectorAll(".tab").length === 2 && document.querySelector(".tab.shown").textContent.includes("New session")`)
	tab.press("1", "Alt")
	tab.shows("console", "received", "apple pie")
	tab.click(".tab.shown .close")
	tab.click("#undo-close")
	tab.wait("it is back", `document.querySelectorAll(".tab").length === 2`)
}

func foxReload(t *testing.T, f fox) {
	server, heard, total := counting(t)
	tab := f.visit(t, f.near)
	tab.connect("http-line", server)
	tab.press("before<Enter>")
	tab.wait("rows", `document.querySelector("#wire").scrollHeight > 3000`)
	tab.press("half a li")
	tab.reload()
	tab.status("Connected")
	tab.wait("the draft", `document.querySelector("#command").value === "half a li"`)
	tab.press("ne<Enter>stop<Enter>")
	for _, want := range []string{"before", "half a line"} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	}
	tab.shows("console", "sent", "stop")
	tab.wait("the page's own module", `import("/ui/tabs.js").then((tabs) => { globalThis.tabsOfTheTest = tabs; return true; })`)
	received := `[...tabsOfTheTest.current.value.session.value.wire.rows()].filter((row) => row.kind === "received").map((row) => new TextDecoder().decode(row.bytes)).join("")`
	tab.wait("the last line", fmt.Sprintf(`%s.endsWith("number %d\r\n")`, received, total()))
	for n, line := range strings.Split(strings.TrimSuffix(foxEvaluate[string](tab, received), "\r\n"), "\r\n") {
		if line != fmt.Sprintf("number %d", n+1) {
			t.Fatalf("line %d is %q", n+1, line)
		}
	}
}

func foxTwoWindows(t *testing.T, f fox) {
	first := fruits(t, f, f.near)
	second := f.visit(t, foxEvaluate[string](first, "location.href"))
	second.status("Connected")
	second.shows("console", "received", "apple pie")
	second.click("#ask-keyboard")
	first.click("#give-keyboard")
	second.wait("the keyboard", `!document.querySelector("#ask-keyboard")`)
	second.click("#command")
	second.press("plum<Enter>")
	first.shows("console", "received", "plum")
	second.shows("console", "received", "plum")
}

// imports gives the list a recording, as a file that is dropped.
func (tab *foxTab) imports(name, text string) {
	tab.t.Helper()
	foxEvaluate[bool](tab, `(location.hash = "#/transcripts", true)`)
	tab.wait("the list", `document.querySelector(".transcripts tbody, .nothing")`)
	tab.drawn() // and a drop is heard
	foxEvaluate[bool](tab, fmt.Sprintf(`(() => {
		const dataTransfer = new DataTransfer();
		dataTransfer.items.add(new File([%q], %q));
		return ["dragover", "drop"].map((type) => document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })));
	})() !== null`, text, name))
	tab.wait("the recording", fmt.Sprintf(`document.querySelector(".transcripts tbody")?.textContent.includes(%q)`, name))
}

func foxPlayback(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.imports("played.transcript", talk("EHLO me", "QUIT"))
	tab.click(".transcripts tbody tr:first-child td a")
	tab.shows("console", "received", "ok QUIT")
	tab.click("#scrubber")
	tab.press("<Home>")
	tab.wait("nothing yet", `document.querySelectorAll("#console .row").length === 0 && location.hash.includes("at=0")`)
	tab.click("#play")
	tab.wait("its end", `document.querySelector("#play").textContent.includes("Play") && document.querySelector("#scrubber").value === document.querySelector("#scrubber").max`)
	tab.shows("console", "received", "ok QUIT")
}

func foxSaveAs(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	f.must(t, nil, "browser.setDownloadBehavior", object{"downloadBehavior": object{"type": "allowed", "destinationFolder": f.downloads}})
	tab.imports("saved.transcript", talk("EHLO me"))
	for format, ending := range map[string]string{"pcapng": ".pcapng", "html": ".html"} {
		tab.click(".transcripts tbody tr:first-child .save")
		tab.click("#save-" + format)
		eventually(t, "the file "+ending, func() bool {
			files, _ := filepath.Glob(f.downloads + "/*" + ending)
			return slices.ContainsFunc(files, func(file string) bool { info, err := os.Stat(file); return err == nil && info.Size() > 0 })
		})
		tab.wait("it is closed", `!document.querySelector("#save-as")`)
	}
}

func foxCompareTwo(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.imports("one.transcript", talk("EHLO me", "NOOP", "QUIT"))
	tab.imports("other.transcript", talk("EHLO me", "RSET", "QUIT"))
	tab.click(".transcripts tbody tr:nth-child(1) .pick input")
	tab.click(".transcripts tbody tr:nth-child(2) .pick input")
	tab.click("#compare-two")
	tab.wait("the first difference", `document.querySelector("#verdict")?.textContent.includes("the first at event 3") && document.querySelector("tr.first mark.change")`)
}

func foxPalette(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.press("k", "Ctrl")
	tab.wait("the palette", `document.activeElement.id === "palette-field"`)
	tab.press("ladder")
	tab.wait("the ladder", `document.querySelector("#palette-list [aria-selected=true]")?.textContent.includes("ladder")`)
	tab.press("<Enter>")
	tab.wait("the ladder", `document.querySelector(".ladder .arrow")`)
}

func foxMacro(t *testing.T, f fox) {
	tab := fruits(t, f, f.near)
	tab.click("#macros-button")
	tab.click("#new-macro")
	tab.wait("the form", `document.activeElement.id === "macro-name"`)
	tab.press("count")
	tab.fill(".macro-steps li:nth-child(1) .step-text", "number {n} {crc8}")
	tab.click("#keep-macro")
	tab.wait("the macro", `document.querySelector("#macro-editor .item")`)
	tab.press("<Escape>")
	tab.click(".macros button")
	tab.wait("its end", `document.querySelector(".macro-state")?.textContent === "count: done."`)
	tab.shows("console", "received", "number 1 ")
}

func foxKeyboard(t *testing.T, f fox) {
	host, port, _ := net.SplitHostPort(goHTTP(t, nil))
	tab := f.visit(t, f.near)
	to := func(selector string, with ...string) {
		t.Helper()
		for range 60 {
			if foxEvaluate[bool](tab, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
				return
			}
			tab.press("<Tab>", with...)
		}
		t.Fatalf("60 times Tab did not reach %s", selector)
	}
	to("#host")
	tab.press("a", "Ctrl")
	tab.press(host)
	to("#port")
	tab.press("a", "Ctrl")
	tab.press(port + "<Enter>")
	tab.status("Connected")
	tab.wait("the focus where one types", `document.activeElement.id === "command"`)
	tab.press("GET / HTTP/1.0<Enter><Enter>")
	tab.status("Disconnected")
	to("#console", "Shift") // after the last one the browser's own controls follow
	tab.press("<Home>")
	tab.wait("a row that is picked", `document.querySelector("#console .row.picked")`)
	to("#reconnect-button", "Shift")
	tab.press("<Enter>")
	tab.status("Connected")
}

// axe checks what shows, in both themes.
func (tab *foxTab) axe(what string) {
	tab.t.Helper()
	if !foxEvaluate[bool](tab, `"axe" in window`) {
		source, err := os.ReadFile("../web/test/axe.min.js")
		if err != nil {
			tab.t.Fatal(err)
		}
		foxEvaluate[bool](tab, "(() => {"+string(source)+"; return true; })()")
	}
	for _, rules := range []string{`{}`, `{ runOnly: ["color-contrast", "link-in-text-block"] }`} {
		foxEvaluate[bool](tab, `(document.querySelector("#theme-button").click(), true)`)
		for _, v := range foxEvaluate[[]string](tab, `axe.run(document, `+rules+`).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join("\n")))`) {
			tab.t.Errorf("%s: %s", what, v)
		}
	}
	foxEvaluate[bool](tab, `(document.querySelector("#theme-button").click(), true)`)
}

func foxAxe(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.axe("the start")
	tab.connect("http-line", f.w.echo)
	tab.press("hello\t<Enter>")
	tab.shows("console", "received", "hello")
	tab.axe("a session")
	for view, ready := range map[string]string{"transcripts": ".transcripts tbody a", "plugins": ".plugin", "compare?tab=1": ".run"} {
		foxEvaluate[bool](tab, fmt.Sprintf(`(location.hash = "#/%s", true)`, view))
		tab.wait(view, fmt.Sprintf(`document.querySelector(%q)`, ready))
		tab.axe(view)
	}
}

func foxLargeType(t *testing.T, f fox) {
	tab := f.visit(t, f.near)
	tab.size(1024, 768)
	tab.press("p", "Alt")
	tab.wait("presenter view", `document.querySelector("#leave-presenter")`)
	tab.connect("http-line", serve(t, greet).address)
	tab.press("EHLO me<Enter>NOOP<Enter>")
	tab.shows("console", "received", "250 OK")
	tab.drawn()
	for _, problem := range foxEvaluate[[]string](tab, cutOrCovered) {
		t.Error(problem)
	}
}
