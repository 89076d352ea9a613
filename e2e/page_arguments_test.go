//go:build linux

package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// What is typed in the mode resp goes as text, in redis-cli's quoting. The page completes it
// all the same, and asks before it sends a command without its arguments.
func TestArgumentsOnThePage(t *testing.T) {
	t.Parallel()
	redis := practising(t, "redis", "--listen", "127.0.0.1:0")["redis"]
	p := visit(t, browser(t), "http://"+shared.address)
	p.wait("the mode", `document.querySelector("#mode option[value=resp]")`)
	p.choose("#mode", "resp")
	p.connect(redis)
	p.status("Connected")

	p.fill("#command", "hs")
	p.wait("the help", `document.querySelector(".command-help")?.textContent.includes("completes HSET")`)
	p.press(kb.Tab)
	p.reads(".command-help", "HSET key field value [more …] key")

	p.fill("#command", "set greeting")
	p.reads(".command-help b", "key")
	p.press(kb.Enter)
	p.reads(".command-help[role=alert]", "SET expects at least 2 arguments, key and value: value is missing. Enter sends it all the same.")
	if got := p.texts("#console .sent .payload"); len(got) > 0 {
		t.Errorf("%q was sent", got)
	}
	p.axe("arguments that are missing")
	p.size(360, 740)
	p.isNarrow("arguments that are missing")
	p.size(1200, 900)
	p.click("#send-anyway")
	p.shows("ERR wrong number of arguments for 'set' command")
	p.wait("the focus", `document.activeElement.id === "command" && document.activeElement.value === ""`)

	p.press("set greeting")
	p.reads(".command-help b", "key")
	p.press(kb.Enter)
	p.has("#send-anyway")
	p.press(" 'it\\'s me'") // it is whole now, and is sent at once
	p.wait("the help again", `!document.querySelector("#send-anyway") && document.querySelector(".command-help")`)
	p.press(kb.Enter)
	p.shows("OK")
	p.press("get greeting")
	p.reads(".command-help b", "key")
	p.press(kb.Enter)
	p.shows(`"it's me"`)

	p.press("get")
	p.wait("the help of GET", `document.querySelector(".command-help code")?.textContent === "GET key"`)
	p.press(kb.Enter)
	p.has("#send-anyway")
	p.press(kb.Enter)
	p.shows("ERR wrong number of arguments for 'get' command")

	p.run(`document.querySelector("#commands-button").click()`)
	p.wait("the list", `document.activeElement.id === "find-command"`)
	p.press("rpush")
	p.press(kb.ArrowDown)
	p.press(kb.Enter)
	p.wait("the form", `document.activeElement.id === "field-key"`)
	p.press("a list")
	p.fill("#field-value", `one "two three"`)
	p.press(kb.Enter)
	p.shows("(integer) 2")
}
