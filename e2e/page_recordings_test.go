//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What the command line does with recordings, the page does too.
func TestRecordingsOnThePage(t *testing.T) {
	t.Parallel()
	w := start(t, "--transcripts", t.TempDir())
	p := visit(t, browser(t), "http://"+w.address)
	t.Run("import", func(t *testing.T) { importsFiles(t, p.in(t)) })
	t.Run("compare two", func(t *testing.T) { comparesTwo(t, p.in(t)) })
	t.Run("replay", func(t *testing.T) { replays(t, p.in(t)) })
	t.Run("redact", func(t *testing.T) { redacts(t, p.in(t)) })
	t.Run("notes", func(t *testing.T) { takesNotes(t, p.in(t)) })
	t.Run("save as", func(t *testing.T) { savesAs(t, p.in(t)) })
}

// in is the page for a part of a test.
func (p *page) in(t *testing.T) *page {
	part := *p
	part.t = t
	return &part
}

// talk is a recording of a conversation with these lines, each answered by "ok" and itself.
func talk(lines ...string) string {
	var b strings.Builder
	b.WriteString("workbench transcript v1\nmode http-line\noption eol \"crlf\"\noption charset \"utf-8\"\ntarget \"mail.example:25\"\n\n")
	for i, line := range lines {
		fmt.Fprintf(&b, "%d.000 >> client text %q\n%d.000 << server %q\n", i, line, i, line+"\r\n")
		fmt.Fprintf(&b, "%d.500 >> server %q\n%d.500 << client text %q\n", i, "ok "+line+"\r\n", i, "ok "+line)
	}
	return b.String()
}

// drop drops a file on the page, as a user does; contents is an expression.
func (p *page) drop(name, contents string) {
	p.t.Helper()
	p.run(fmt.Sprintf(`{
		const dataTransfer = new DataTransfer();
		dataTransfer.items.add(new File([%s], %q));
		for (const type of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
	}`, contents, name))
}

func importsFiles(t *testing.T, p *page) {
	p.open("transcripts", `document.querySelector(".nothing")`)
	file := filepath.Join(t.TempDir(), "talk.txt")
	if err := os.WriteFile(file, []byte("C: HELO <b>x</b>\nand then\nS: 250 ok\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#import-file"), []string{file}))
	p.wait("the list", `document.querySelectorAll(".transcripts tbody tr").length === 1`)
	p.wait("what was imported", `document.querySelector(".imported").textContent.includes("1 recording from talk.txt")`)
	if got := p.text(".imported"); !strings.Contains(got, "2 events") || !strings.Contains(got, "1 lines begin with neither C: nor S:") {
		t.Errorf("it says %q", got)
	}
	p.axe("what was imported")
	p.drop("<i>big.pcap", `new Uint8Array(64 * 2 ** 20 + 1)`)
	p.wait("the refusal", `document.querySelector(".imported .problem")?.textContent.startsWith("Not imported: <i>big.pcap has 65 MiB")`)
	p.drop("a.transcript", fmt.Sprintf("%q", talk("HELO a", "QUIT")))
	p.wait("two", `document.querySelectorAll(".transcripts tbody tr").length === 2`)
	p.click(".imported a")
	p.shows("ok HELO a")
}

// Each format is an address that answers with a file.
func savesAs(t *testing.T, p *page) {
	p.open("transcripts", `document.querySelector(".transcripts tbody a")`)
	p.run(`window.saved = [], HTMLAnchorElement.prototype.click = function () { saved.push(this.href) }`)
	for range 7 {
		p.click(".transcripts tbody tr:first-child .save")
		p.wait("the formats", `document.querySelectorAll("#save-as[open] .item").length === 7`)
		p.run(`document.querySelectorAll("#save-as .item")[saved.length].focus()`)
		p.press(kb.Enter)
		p.wait("the focus back", `!document.querySelector("#save-as") && document.activeElement.matches(".save")`)
	}
	p.run(`Promise.all(saved.map(async (url) => {
		const answer = await fetch(url);
		return answer.headers.get("Content-Disposition").match(/^attachment; filename="[0-9]+-[-a-z0-9]+(\..*)"$/)[1] + " " + ((await answer.blob()).size > 50);
	})).then((all) => window.files = all.join(", "), (error) => window.files = String(error))`)
	p.wait("the files", "window.files")
	const want = ".transcript true, .golden true, .pcapng true, .html true, .txt true, .jsonl true, .cast true"
	if got := evaluate[string](p, "window.files"); got != want {
		t.Errorf("it saved %s", got)
	}
	p.click(".transcripts tbody tr:first-child .save")
	p.wait("the formats", `document.querySelector("#save-as[open]")`)
	p.axe("the formats")
	p.press(kb.Escape)
	p.wait("it is closed", `!document.querySelector("#save-as")`)
}

// keeps imports a recording and returns its row's place in the list, which is the first.
func (p *page) keeps(text string) {
	p.t.Helper()
	p.open("transcripts", `document.querySelector(".transcripts tbody a, .nothing")`)
	before := evaluate[int](p, `document.querySelectorAll(".transcripts tbody tr").length`)
	p.drop("kept.transcript", fmt.Sprintf("%q", text))
	p.wait("the recording", fmt.Sprintf(`document.querySelectorAll(".transcripts tbody tr").length === %d`, before+1))
}

func comparesTwo(t *testing.T, p *page) {
	var lines []string
	for i := range 60 {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	p.keeps(talk(lines...))
	lines[40], lines[50] = "line <b>forty</b>", "line fifty"
	p.keeps(talk(lines...))
	p.run(`document.querySelector(".transcripts tbody tr:nth-child(2) .pick input").focus()`)
	p.press(" ")
	p.wait("one is picked", `document.querySelector(".picked-two")?.textContent.includes("One picked")`)
	p.click(".transcripts tbody tr:nth-child(1) .pick input")
	p.wait("two are picked", `document.querySelector("#compare-two")`)
	p.axe("two are picked")
	p.click("#compare-two")
	p.wait("the differences", `document.querySelector("#verdict")?.textContent.includes("2 differences, the first at event 81")`)
	p.wait("the first one in sight", `(({ top, bottom }) => top > 0 && bottom < innerHeight)(document.querySelector("tr.first").getBoundingClientRect())`)
	if got := p.texts("tr.first mark.change"); len(got) != 2 || got[0] != "40" || got[1] != "<b>forty</b>" {
		t.Errorf("marked are %q", got)
	}
	if got := p.texts("tr.equal td:last-child"); len(got) != 3 || got[0] != "… 155 equal …" {
		t.Errorf("left out are %q", got)
	}
	p.axe("two recordings")
	p.click("#next-difference")
	p.wait("the second one", `document.querySelector("#verdict").textContent.includes("the one at event 101") && document.querySelector("tr.first").textContent.includes("fifty")`)
	p.open("diff", `document.querySelector(".problem")?.textContent === "Pick two recordings in the list first."`)
}

func replays(t *testing.T, p *page) {
	p.keeps(strings.Replace(talk("one", "two"), `client text "ok two"`, `client text "OK two"`, 1))
	p.click(".transcripts tbody td a")
	p.wait("the menu", `document.querySelector("#session-menu")`)
	p.click("#session-menu")
	p.click("#replay-button")
	p.wait("the difference", `document.querySelector("#verdict")?.textContent.includes("1 difference, the first at event 4")`)
	if got := p.texts("tr.first mark.change"); strings.Join(got, " ") != "OK ok" {
		t.Errorf("marked are %q", got)
	}
	p.axe("a replay")
	p.choose("#replay-mode", "http-line")
	p.choose("#replay-eol", "lf")
	p.wait("the other line end", `document.querySelector("#verdict").textContent.includes("3 differences")`)
}

func redacts(t *testing.T, p *page) {
	p.keeps(talk("USER me", "PASS hunter2", "PASS <b>other</b>"))
	p.click(".transcripts tbody td a")
	p.wait("the menu", `document.querySelector("#session-menu")`)
	p.click("#session-menu")
	p.click("#redact-button")
	p.fill("#secret", "hunter2")
	p.wait("what is found", `document.querySelector("#found-secrets")?.textContent === "4 places would be masked."`)
	if got := p.texts("tr.first td:last-child"); len(got) != 1 || !strings.Contains(got[0], "PASS *******") {
		t.Errorf("it would become %q", got)
	}
	p.axe("a redaction")
	p.click("#secret-regexp")
	p.fill("#secret", `PASS (.*?)[\r\n]`)
	p.wait("what is found", `document.querySelector("#found-secrets")?.textContent === "4 places would be masked."`) // of lines without an end there is no match
	p.fill("#secret", "mail.ex")
	p.wait("the refusal", `document.querySelector(".view [role=alert]")?.textContent.includes("the target") && document.querySelector("#keep-redacted").disabled`)
	p.fill("#secret", `PASS ([^\r\n]+)`)
	p.wait("what is found", `document.querySelector("#found-secrets")?.textContent === "8 places would be masked."`)
	p.click("#keep-redacted")
	p.wait("the copy", `document.querySelector("#kept-redacted a")`)
	p.click("#kept-redacted a")
	p.shows("ok PASS ************")
	p.do(chromedp.Evaluate[chromedp.Void](`history.back()`))
	p.wait("the view", `document.querySelector("#secret")`)
}

func takesNotes(t *testing.T, p *page) {
	p.keeps(talk("EHLO me", "QUIT"))
	row := `document.querySelector(".transcripts tbody tr:first-child")`
	p.wait("the name of its file", row+`.textContent.includes("kept.transcript")`)
	p.click(".transcripts tbody tr:first-child .name")
	p.wait("the form", `document.activeElement.id === "notes-title-field"`)
	p.axe("the form")
	p.fill("#notes-title-field", "A <b>farewell</b>")
	p.fill("#notes-tags", "smtp, lesson 3,smtp")
	p.fill("#notes-text", "Read this before the exam.")
	p.click("#save-notes")
	p.wait("the name", row+`.querySelector("td a").textContent === "A <b>farewell</b>" && !document.querySelector("#notes")`)
	if got := p.texts(".transcripts tbody tr:first-child .tag"); strings.Join(got, "|") != "smtp|lesson 3" {
		t.Errorf("the tags are %q", got)
	}
	p.axe("a list with tags")
	p.fill("#search-text", "before the EXAM")
	p.wait("it alone", `document.querySelectorAll(".transcripts tbody tr").length === 1 && `+row+`.textContent.includes("farewell")`)
	p.click(".transcripts tbody td a")
	p.wait("the notes", `document.querySelector(".playback-notes .note-text")?.textContent.includes("exam")`)
	p.run(`document.querySelectorAll("#console .row")[2].click()`) // what is said in event 3
	p.wait("its event", `document.querySelector("label[for=row-note]").textContent === "On event 3"`)
	p.fill("#row-note", "the end begins")
	p.press(kb.Enter)
	p.wait("the note", `document.querySelector(".playback-notes li span")?.textContent === "the end begins"`)
	p.axe("notes on a playback")
	p.run(`document.querySelector(".playback-notes li button").click()`)
	p.wait("its place", `location.hash.endsWith("at=6")`)
	p.do(chromedp.Evaluate[chromedp.Void](`window.before = true; location.reload()`))
	p.wait("the notes again", `!window.before && document.querySelector(".playback-notes li span")?.textContent === "the end begins"`)
	p.run(`document.querySelector(".playback-notes li .icon").click()`)
	p.wait("no note", `!document.querySelector(".playback-notes li")`)
}

// A playback of a session that runs takes a connection of the browser's six only while
// somebody sees it, and then has what was said meanwhile.
func TestPagePlaybackOutOfSight(t *testing.T) {
	t.Parallel()
	w, _ := keeper(t, "--pprof")
	c := w.join(t, "?mode=raw", w.echo)
	c.say("one\n")
	c.hearsBytes("one\n")
	p := visit(t, browser(t), "http://"+w.address)
	p.run(`location.hash = "#/transcripts/` + w.transcripts(t, "")[0].ID + `"`)
	shows := func(words string) string {
		return fmt.Sprintf(`document.querySelector("#wire")?.textContent.includes(%q)`, words)
	}
	p.wait("the first line", shows("one"))
	see := func(hidden bool) {
		p.run(fmt.Sprintf(`Object.defineProperty(document, "hidden", { value: %v, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`, hidden))
	}
	following := func() bool { return strings.Contains(w.get(t, "/debug/pprof/goroutine?debug=1"), "transcripts.follow") }
	eventually(t, "followed", following)
	see(true)
	eventually(t, "out of sight", func() bool { return !following() })
	c.say("two\n")
	c.hearsBytes("two\n")
	if evaluate[bool](p, shows("two")) {
		t.Error("what nobody sees is followed")
	}
	see(false)
	p.wait("the second line", shows("two"))
	c.say("three\n")
	p.wait("the third line", shows("three"))
}
