//go:build linux

package e2e

import "testing"

// A workbench that answers everyone says so on its page, and has it at every address.
func TestPageOpenToAll(t *testing.T) {
	t.Parallel()
	w := start(t, "--auth", "none")
	p := visit(t, browser(t), "http://"+w.address)
	p.wait("what it says of that", `document.querySelector(".top .user.open")?.textContent === "Open to all accounts"`)
	p.run(`location.href = "http://` + w.address + `/"`)
	p.wait("the page at the address of programs", `location.hostname === "127.0.0.1" && document.querySelectorAll("#mode option").length > 1`)
}
