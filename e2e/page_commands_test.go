//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// The commands of a line mode: completed as they are typed, as a button, and by a form
// that is checked before it is sent; what the workbench refuses is said, and the session
// goes on. The same session and a tap are given faults.
func TestCommandsOnThePage(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../examples/starlark/commands/commands.star")
	if err != nil {
		t.Fatal(err)
	}
	plugins := t.TempDir()
	save(t, filepath.Join(plugins, "commands.star"), string(script))
	w := start(t, "--practice", "--plugin-dir", plugins, "--no-record")
	p := visit(t, browser(t), "http://"+w.address)
	p.wait("the mode", `[...document.querySelectorAll("#mode option")].some((one) => one.value === "commands")`)
	p.choose("#mode", "commands")
	p.connect(w.echo)
	p.status("Connected")
	p.has("#commands-button")

	p.fill("#command", "pi")
	p.wait("the help", `document.querySelector(".command-help")?.textContent.includes("PING")`)
	p.run(`document.querySelector("#command").focus()`)
	p.press(kb.Tab)
	p.wait("the completed line", `document.querySelector("#command").value === "PING"`)
	p.press(kb.Enter)
	p.shows("PING")

	p.fill("#command", "SUBSCRIBE news 7")
	p.wait("what is typed", `document.querySelector(".command-help b")?.textContent === "qos"`)
	p.axe("help as a command is typed")
	p.run(`document.querySelector("#command").focus()`)
	p.press(kb.Enter)
	p.wait("why it was not sent", `document.querySelector("#console")?.textContent.includes("not sent: SUBSCRIBE: qos is 7; it must be 0 to 2")`)

	p.run(`document.querySelector("#commands-button").click()`)
	p.wait("the list", `document.activeElement.id === "find-command"`)
	p.axe("the list of commands")
	p.pictures("commands-list")
	p.press("publ")
	p.press(kb.ArrowDown)
	p.wait("the command", `document.activeElement.matches("#commands button.item")`)
	p.press(kb.Enter)
	p.wait("the first field", `document.activeElement.id === "field-topic"`)
	p.press("a topic")
	p.axe("a form")
	p.pictures("commands-form")
	p.size(360, 740)
	p.isNarrow("a form")
	p.size(1200, 900)
	p.run(`document.querySelector("#field-topic").focus()`)
	p.press(kb.Enter)
	p.wait("the field again", `!document.querySelector("#commands") && document.activeElement.id === "command"`)
	p.shows("PUBLISH a topic text False")

	p.run(`document.querySelector("#commands-button").click()`)
	p.wait("the list again", `document.activeElement.id === "find-command"`)
	p.press("subs")
	p.press(kb.ArrowDown)
	p.press(kb.Enter)
	p.wait("its first field", `document.activeElement.id === "field-topic"`)
	p.fill("#field-qos", "9")
	p.run(`document.querySelector("#field-qos").focus()`)
	p.fill("#field-topic", "news")
	p.press(kb.Enter)
	p.wait("the wrong field", `document.activeElement.id === "field-qos" && document.activeElement.getAttribute("aria-invalid") === "true"`)
	p.axe("a form with a problem")
	p.press(kb.Escape)
	p.wait("the focus back", `!document.querySelector("#commands") && document.activeElement.id === "command"`)

	p.run(`[...document.querySelectorAll("#command-buttons button")].find((one) => one.textContent === "PING").click()`)
	p.fill("#command", "PUT a") // no command: the script says so, as an error
	p.press(kb.Enter)
	p.wait("a note of an error", `document.querySelector(".row.note.error")?.textContent.includes("Error: unknown command")`)
	p.axe("notes with levels")
	p.pictures("commands-levels")

	p.click("#session-menu")
	p.wait("the item", `document.querySelector("#faults-button")`)
	p.click("#faults-button")
	p.wait("the form of faults", `document.activeElement.id === "fault-flow"`)
	p.choose("#fault-where", "now")
	p.choose("#fault-what", "forge")
	p.fill("#fault-forged", `hello there\r\n`)
	p.wait("the rule", `document.querySelector("#fault-text").value === 'from-server at 0: forge "hello there\\r\\n"'`)
	p.click("#add-fault")
	p.wait("what it did", `document.querySelector(".faults")?.textContent.includes("has acted: from-server")`)
	p.fill("#fault-text", "to-server on match 2 \"x\": drop match")
	p.click("#add-fault")
	p.wait("one that waits", `document.querySelectorAll(".faults li").length === 2 && document.querySelector(".faults").textContent.includes("waits")`)
	p.fill("#fault-text", "from-server nowhere")
	p.click("#add-fault")
	p.reads("#fault-problem", "line 1: expected at BYTE")
	p.axe("the faults of a session")
	p.pictures("faults")
	p.size(360, 740)
	p.isNarrow("faults")
	p.size(1200, 900)
	p.press(kb.Escape)
	p.wait("the focus on the menu", `!document.querySelector("#faults") && document.activeElement.id === "session-menu"`)
	p.shows("hello there")

	p.open("plugins", `document.querySelector(".plugin[aria-label='Publish and subscribe'] .command-list")`)
	p.click(".plugin[aria-label='Publish and subscribe'] .command-list summary")
	if got := p.texts(".command-list[open] dt code"); len(got) < 5 || got[2] != "SUBSCRIBE topic [qos=1]" {
		t.Errorf("the commands are %q", got)
	}
	p.axe("the commands of a plugin")
	p.pictures("commands-plugins")

	p.open("tap", `document.querySelector("#tap-to")`)
	p.click(".tap-more summary")
	p.fill("#tap-faults", "from-server on match \"ell\": replace match \"ipp\"")
	p.axe("a tap with fault rules")
	p.pictures("tap-faults")
	at := p.tapsOnPage(w.echo, "raw", false)
	p.reads(".tap header", "in the path, 1 fault rule")
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "hello")
	b := make([]byte, 5)
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "hippo" {
		t.Errorf("through the tap comes %q, %v", b, err)
	}
}

// The commands of a preset are there once it is chosen, and a form of theirs becomes what the
// protocol wants.
func TestCommandsOfAPreset(t *testing.T) {
	t.Parallel()
	p := visit(t, browser(t), "http://"+shared.address)
	p.choose("#mode", "lines")
	p.hasNo("#commands-button")
	p.choose("#option-preset", "memcached")
	p.has("#commands-button")
	p.connect(memcached(t))
	p.status("Connected")
	p.fill("#command", "flu")
	p.wait("the help", `document.querySelector(".command-help")?.textContent.includes("flush_all")`)
	p.fill("#command", "pri")
	p.wait("no help from IRC", `!document.querySelector(".command-help")`)
	p.fill("#command", "")
	p.run(`document.querySelector("#commands-button").click()`)
	p.wait("the list", `document.activeElement.id === "find-command"`)
	p.keep("commands-of-a-preset")
	p.press("incr")
	p.press(kb.ArrowDown)
	p.press(kb.Enter)
	p.wait("the first field", `document.activeElement.id === "field-key"`)
	p.press("n")
	p.press(kb.Tab)
	p.press("2")
	p.press(kb.Enter)
	p.shows("NOT_FOUND")
}
