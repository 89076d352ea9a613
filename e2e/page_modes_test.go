//go:build linux

package e2e

import (
	"fmt"
	"net"
	"testing"
)

// The mode pickers have groups, and the page says which mode a port and a server's first
// bytes are for, and switches nothing by itself.
func TestProposedModes(t *testing.T) {
	t.Parallel()
	s := serve(t, func(conn net.Conn) { fmt.Fprint(conn, "+OK POP3 ready\r\n"); conn.Read(make([]byte, 1)) })
	p := visit(t, browser(t), "http://"+shared.address)
	p.wait("the groups", `[...document.querySelectorAll("#mode optgroup")].map((one) => one.label).join() === "Web,Mail,Files,Stores,Devices,Raw,Others"`)
	p.wait("a line each", `document.querySelector("#mode option[value=resp]").textContent.trim() === "Redis: Redis and Valkey, as in redis-cli"`)
	p.fill("#host", "127.0.0.1")
	p.fill("#port", "6379")
	p.wait("the proposal", `document.querySelector("#mode-proposal").innerText.trim() === "6379 is Redis: try resp" && document.querySelector("#mode").value === "http-line"`)
	p.axe("a proposal")
	p.click("#mode-proposal button")
	p.wait("what was proposed", `document.querySelector("#mode").value === "resp" && document.querySelector("#mode-proposal").innerText.trim() === "" && document.activeElement.id === "mode"`)

	// Some ports want options of their mode's, too.
	p.fill("#port", "6667")
	p.wait("options", `document.querySelector("#mode-proposal").innerText.trim() === "6667 is IRC: try lines preset=irc"`)
	p.click("#mode-proposal button")
	p.wait("what was proposed with them", `document.querySelector("#mode").value === "lines" && document.querySelector("#mode-proposal").innerText.trim() === "" && document.querySelector(".mode-details summary").textContent.includes("preset irc")`)
	p.fill("#port", "6379")
	p.click("#mode-proposal button")

	p.connect(s.address)
	p.status("Connected")
	p.wait("the hint", `document.querySelector(".session-hint").textContent.includes("“+OK”, as POP3 does: the line mode pop3 may fit better than resp")`)

	for _, one := range [][2]string{{"transcripts", "import-mode"}, {"tap", "tap-mode"}} {
		view, picker := one[0], one[1]
		p.open(view, fmt.Sprintf(`[...document.querySelectorAll("#%s optgroup")].map((one) => one.label).join().startsWith("Web,Mail,Files,Stores,Devices,Raw")`, picker))
	}
}
