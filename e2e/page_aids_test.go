//go:build linux

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What helps along a session: hints, the palette, macros.
func TestPageAids(t *testing.T) {
	chromium := browser(t)
	t.Run("a hint when nothing comes", func(t *testing.T) { hints(t, chromium) })
	t.Run("macros", func(t *testing.T) { macros(t, chromium) })
	t.Run("an answer by itself", func(t *testing.T) { answers(t, chromium) })
	t.Run("a pasted dialogue", func(t *testing.T) { dialogue(t, chromium) })
	t.Run("a build that fails", func(t *testing.T) { failedBuild(t, chromium) })
	t.Run("for the ear", func(t *testing.T) { ear(t, chromium) })
	t.Run("the palette", func(t *testing.T) { palette(t, chromium) })
}

// A server of HTTP waits for the empty line, and the page says so until an answer comes.
func hints(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(serve(t, redirect).address)
	p.status("Connected")
	before := evaluate[float64](p, `document.querySelector("#command").getBoundingClientRect().top`)
	p.fill("#command", "GET / HTTP/1.0")
	p.press(kb.Enter)
	p.wait("the hint", `document.querySelector(".session-hint [role=status]")?.textContent.includes("may wait for an empty line")`)
	if now := evaluate[float64](p, `document.querySelector("#command").getBoundingClientRect().top`); now != before {
		t.Errorf("the hint moves the field from %v to %v", before, now)
	}
	p.axe("a hint")
	p.pictures("hint")
	p.click(".session-hint button")
	p.wait("the hint to go", `document.querySelector(".session-hint [role=status]").textContent === "" && document.activeElement.id === "command"`)
	p.press(kb.Enter)
	p.shows("302 Found")
}

// Everything is run by its name, with keys only.
func palette(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	open := func() {
		t.Helper()
		p.run(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "k", code: "KeyK", ctrlKey: true, bubbles: true, cancelable: true }))`)
		p.wait("the palette", `document.activeElement.id === "palette-field"`)
	}
	run := func(typed, first string) {
		t.Helper()
		open()
		p.press(typed)
		p.wait(first, fmt.Sprintf(`document.querySelector("#palette-list [aria-selected=true]")?.textContent.includes(%q)`, first))
		p.press(kb.Enter)
		p.wait("the palette to go", `!document.querySelector("#palette")`)
	}
	run("mode raw", "Raw bytes")
	p.wait("the mode", `document.querySelector("#mode").value === "raw"`)
	run("practice echo", "Practice echo")
	run("connect disc", "Connect or disconnect")
	p.status("Connected")
	p.wait("the field", `document.activeElement.id === "command"`)
	p.press("for the palette\\r\\n")
	p.press(kb.Enter)
	p.shows("for the palette")
	run("connect disc", "Connect or disconnect")
	p.status("Disconnected")
	run("ladder", "ladder")
	p.wait("the ladder", `document.querySelector(".ladder .arrow")`)
	run("both lanes", "Both lanes")
	open()
	p.wait("a recording", `[...document.querySelectorAll("#palette-list li")].length > 20`)
	p.axe("the palette")
	p.pictures("palette")
	p.press("recording raw")
	p.wait("a recording", `document.querySelector("#palette-list [aria-selected=true]")?.textContent.includes("Recording")`)
	p.press(kb.Enter)
	p.wait("its playback", `document.querySelector("#scrubber")`)
	playback := evaluate[string](p, `location.hash`)
	run("name tags", "Name, tags, note")
	p.wait("its form", `document.querySelector("#notes-form[open], dialog[open] input")`)
	p.press(kb.Escape)
	p.wait("no form", `!document.querySelector("dialog[open]")`)
	for part, field := range map[string]string{"server": "#play-port", "client": "#play-to"} {
		run("play as "+part, "Play as "+part)
		p.wait("the form to play as the "+part, fmt.Sprintf(`document.querySelector(%q)`, field))
		p.run(fmt.Sprintf(`location.hash = %q`, playback))
		p.wait("the playback again", `document.querySelector("#scrubber")`)
	}
	run("keys", "list of keys")
	p.wait("the keys", `document.querySelector("#keys[open]")?.textContent.includes("Ctrl K")`)
	p.pictures("keys")
	p.press(kb.Escape)
	p.wait("no keys", `!document.querySelector("#keys")`)
	run("settng larg type", "Large type")
	p.wait("large type", `document.documentElement.classList.contains("presenting")`)
	p.click("#palette-button")
	p.wait("the palette", `document.activeElement.id === "palette-field"`)
	p.press(kb.Escape)
	p.wait("the palette to go", `!document.querySelector("#palette") && document.activeElement.id === "palette-button"`)
}

// A macro is made, kept, run, and stops in words when its wait is in vain.
func macros(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.click("#macros-button")
	p.wait("the editor", `document.activeElement.id === "new-macro"`)
	p.axe("no macros")
	p.press(kb.Enter)
	p.wait("the form", `document.activeElement.id === "macro-name"`)
	p.press("greet")
	p.fill(".macro-steps li:nth-child(1) .step-text", "hello {n} {crc8}")
	p.choose(".macro-steps li:nth-child(2) select", "reply")
	p.fill(".macro-steps li:nth-child(2) .step-text", "^hello 2")
	p.fill(".macro-steps li:nth-child(2) .step-limit input", "0.5")
	p.axe("a macro")
	p.pictures("macro-editor")
	p.click("#keep-macro")
	p.wait("the macro", `document.querySelector("#macro-editor .item")`)
	p.pictures("macro-list")
	p.press(kb.Escape)
	p.wait("its button", `!document.querySelector("#macro-editor") && document.querySelector(".macros button")`)
	p.click(".macros button")
	p.wait("the step that waits", `document.querySelector(".macro-state").textContent.startsWith("greet: step 2 of 2 waits for ^hello 2")`)
	p.wait("the end", `document.querySelector(".macro-state.problem")?.textContent === "greet: Step 2 waited 0.5 s in vain for ^hello 2."`)
	p.shows("hello 1 ")
	p.axe("the strip of macros")
	p.pictures("macro-strip")

	p.do(chromedp.Evaluate[chromedp.Void](`location.reload()`))
	p.wait("it is kept", `document.querySelector(".macros button")?.textContent === "greet"`)
}

// What comes is answered, and not without a bound.
func answers(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.do(chromedp.Evaluate[chromedp.Void](`localStorage.setItem("workbench.macros", JSON.stringify([{ name: "pong", when: "^p[io]ng", steps: [{ do: "line", text: "pong {n}" }] }])), location.reload()`))
	p.wait("the switch", `document.querySelector(".macros input[role=switch]")`)
	flood := make(chan struct{})
	s := serve(t, func(conn net.Conn) {
		fmt.Fprint(conn, "ping\r\n")
		<-flood
		fmt.Fprint(conn, strings.Repeat("ping\r\n", 25))
		io.Copy(io.Discard, conn)
	})
	p.connect(s.address)
	p.status("Connected")
	p.shows("ping")
	p.click(".macros input[role=switch]")
	close(flood)
	p.wait("the bound", `document.querySelector(".macro-state.problem")?.textContent.includes("within a second, so it was switched off")`)
	p.wait("the last answer", `[...document.querySelectorAll("#console .sent .payload")].at(-1)?.textContent === "pong 20"`)
	if evaluate[bool](p, `document.querySelector(".macros input[role=switch]").checked`) {
		t.Error("the switch is still on")
	}
}

// What was copied from an account of SMTP goes line by line, each after the reply.
func dialogue(t *testing.T, chromium context.Context) {
	got := make(chan string, 10)
	s := serve(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		fmt.Fprint(conn, "220 mail ready\r\n")
		for body := false; ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			got <- strings.TrimSpace(line) + map[bool]string{true: " too early"}[in.Buffered() > 0 && !body]
			switch {
			case body && line != ".\r\n":
			case line == "DATA\r\n":
				body = true
				fmt.Fprint(conn, "354 go\r\n")
			default:
				body = false
				fmt.Fprint(conn, "250-one\r\n250 two\r\n")
			}
		}
	})
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(s.address)
	p.status("Connected")
	p.shows("220 mail ready")
	p.do(chromedp.Evaluate[chromedp.Void](`{
		const field = document.querySelector("#command");
		field.value = "HELO me\nDATA\nSubject: x\n\nText\n.\nQUIT\n";
		field.dispatchEvent(new Event("input", { bubbles: true }));
	}`))
	p.wait("the offer", `document.querySelector("#send-dialogue")`)
	p.axe("a dialogue")
	p.pictures("dialogue")
	p.click("#send-dialogue")
	p.wait("its end", `document.querySelector(".macro-state")?.textContent === "Pasted dialogue: done."`)
	for _, want := range []string{"HELO me", "DATA", "Subject: x", "", "Text", ".", "QUIT"} {
		if line := <-got; line != want {
			t.Errorf("the server got %q, not %q", line, want)
		}
	}
}

// Whoever develops a mode sees the error without a click.
func failedBuild(t *testing.T, chromium context.Context) {
	file := filepath.Join(t.TempDir(), "counter.star")
	save(t, file, counter(0, noEnd))
	w := startCommand(t, []string{"plugin", "dev", file})
	p := visit(t, chromium, "http://"+w.address)
	p.wait("the build", `document.querySelector(".dev-banner")?.textContent.includes("build 1 in")`)
	save(t, file, "def handle(:\n")
	p.wait("the error", `document.querySelector(".dev-banner.failed .dev-fault")?.textContent.includes("counter.star:1")`)
	p.axe("a build that failed")
	p.pictures("dev-banner")
	p.open("plugins", `document.querySelector(".dev .problem .dev-fault")?.textContent.includes("counter.star:1")`)
	p.axe("the panel of a build that failed")
	p.pictures("dev-panel")
}

// Bytes of the wire are read out as bytes; two keys lead past everything.
func ear(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	p.fill("#command", "hear")
	p.press(kb.Enter)
	p.shows("hear")
	label := func(lane string) string {
		return evaluate[string](p, fmt.Sprintf(`document.querySelector("#%s .row.received").getAttribute("aria-label").replace(/[\d.]+:/, "")`, lane))
	}
	if console, wire := label("console"), label("wire"); console != "received,  hear" || wire != "received, 6 bytes,  hear CR LF" {
		t.Errorf("the lanes are read out as %q and %q", console, wire)
	}
	for button, at := range map[string]string{"1": "console", "2": "command"} {
		p.run(`document.querySelector(".skips button:nth-child(` + button + `)").focus()`)
		p.axe("a way to skip")
		p.pictures("skip")
		p.press(kb.Enter)
		p.wait("the focus", fmt.Sprintf(`document.activeElement.id === %q`, at))
	}
}

// pictures shows how it looks, wide and narrow, light and dark, if AIDS names a folder.
func (p *page) pictures(name string) {
	p.t.Helper()
	folder := os.Getenv("AIDS")
	if folder == "" {
		return
	}
	for _, theme := range []string{"light", "dark"} {
		p.look(theme)
		p.size(1280, 800)
		p.picture(folder, name+"-"+theme)
		p.size(360, 740)
		p.picture(folder, name+"-phone-"+theme)
	}
	p.look("")
	p.size(1200, 900)
}
