//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// A further connection has a lane of its own, live and in the recording, and goes to another
// host than the server's only once that was ticked, where the mode opens any.
func TestLinksOnThePage(t *testing.T) {
	t.Parallel()
	another, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	data := serveOn(t, another, func(c net.Conn) { io.WriteString(c, "from another host") })
	port, _ := strconv.Atoi(portOf(data.address))
	server := serve(t, func(c net.Conn) {
		io.WriteString(c, "220 hello\r\n")
		for lines := bufio.NewScanner(c); lines.Scan(); {
			fmt.Fprintf(c, "227 Entering Passive Mode (127,0,0,2,%d,%d).\r\n", port/256, port%256)
		}
	})
	w := start(t, "--plugin-dir", ftpPlugins, "--transcripts", t.TempDir())
	p := visit(t, browser(t), "http://"+w.address)
	p.wait("the mode", `[...document.querySelectorAll("#mode option")].some((one) => one.value === "ftp-links")`)
	p.choose("#mode", "raw")
	p.run(`document.querySelector(".mode-details").open = true`)
	p.hasNo("#elsewhere")
	p.choose("#mode", "ftp-links")
	p.has("#elsewhere")
	p.axe("a mode that opens further connections")
	p.pictures("links-form")

	p.connect(server.address)
	p.shows("220 hello")
	p.fill("#command", "PASV")
	p.press(kb.Enter)
	p.wait("the refusal", `document.querySelector(".links .standing")?.textContent.startsWith("failed: ")`)
	p.run(`document.querySelector("#disconnect-button").click()`)
	p.status("Disconnected")

	p.click("#elsewhere")
	p.connect(server.address)
	p.status("Connected")
	p.shows("220 hello")
	p.fill("#command", "PASV")
	p.press(kb.Enter)
	p.links(data.address)
	if got := strings.Join(p.texts("#wire .payload"), ""); !strings.Contains(got, "220 hello") || strings.Contains(got, "another host") {
		t.Errorf("what it carried stands on the wire too: %q", got)
	}
	p.axe("a further connection")
	p.pictures("links")
	p.isNarrow("a further connection")
	p.size(1200, 900)
	p.open("transcripts/"+w.transcripts(t, "")[0].ID, `document.querySelector(".links")`)
	p.links(data.address)
}

// links waits until the further connection of this address has carried what it does.
func (p *page) links(address string) {
	p.t.Helper()
	p.wait("what it carried", `[...document.querySelectorAll("#link-data .received .payload")].map((one) => one.textContent).join("") === "from another host"`)
	p.wait("its remarks", fmt.Sprintf(`document.querySelector("#link-data").textContent.includes("data: is there: %s")`, address))
	p.wait("its end", `document.querySelector("#link-data-title .standing").textContent === "has ended"`)
}
