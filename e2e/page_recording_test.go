//go:build linux

package e2e

import (
	"net"
	"strings"
	"testing"
)

// How a recording stands is known after a reload too, when memory holds no longer what
// was remarked on it.
func TestPageKnowsHowTheRecordingStands(t *testing.T) {
	chromium := browser(t)
	w := start(t, "--transcripts", t.TempDir(), "--max-recording", "1")
	many := strings.Repeat(strings.Repeat("x", 999)+"\n", 16<<10)
	s := serve(t, func(conn net.Conn) {
		conn.Write([]byte("first\n" + many))
		conn.Read(make([]byte, 1))
	})
	p := visit(t, chromium, "http://"+w.address)
	p.connect(s.address)
	p.status("Connected")
	const full = `document.querySelector(".status .recording")?.textContent === "recording full at 1 MiB"`
	p.wait("a full recording", full)
	p.wait("all of it", `document.querySelector(".traffic.received")?.textContent.includes("16.4 MB")`)
	p.run(`location.reload()`)
	p.wait("the page again", `performance.getEntriesByType("navigation")[0].type === "reload" && document.querySelector(".status .recording")`)
	p.wait("a full recording after a reload", full)
	p.pictures("full")
}
