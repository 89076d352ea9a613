//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// Home and End lead to the first and the last row of a long list, of which the page
// holds a part, and whose rows are of unlike heights. With WORKBENCH_LONG=1 it has
// 1,000,000 rows.
func TestPageEndsOfALongList(t *testing.T) {
	lines := in(30_000, 60_000)
	if os.Getenv("WORKBENCH_LONG") != "" {
		lines = 1_000_000
	}
	chromium := browser(t)
	s := serve(t, func(conn net.Conn) {
		out := bufio.NewWriterSize(conn, 64<<10)
		for n := range lines {
			fmt.Fprintf(out, "line %07d %s\r\n", n, strings.Repeat("x", n%7*90))
		}
		out.Flush()
		hold(conn)
	})
	p := visit(t, chromium, "http://"+start(t).address)
	p.connect(s.address)
	p.within(4*time.Minute, "the last line", fmt.Sprintf(`document.querySelector("#console")?.textContent.includes("line %07d")`, lines-1))
	// That the recording goes on in another part may be said after the last line.
	const inSight = `((lane, k) => {
		const row = [...document.querySelectorAll(lane + " .row")].at(-1);
		if (row?.ariaSelected !== "true" || !["line " + String(k).padStart(7, "0"), "the recording goes on in part"].some((words) => row.textContent.includes(words))) return false;
		const [one, box] = [row.getBoundingClientRect(), document.querySelector(lane).getBoundingClientRect()];
		return one.top >= box.top - 1 && one.bottom <= box.bottom + 1;
	})`
	for _, lane := range []string{"#console"} { // a row on the wire may be higher than its lane
		first := `document.querySelector("` + lane + ` [data-number='0'][aria-selected=true]") && document.querySelector("` + lane + `").scrollTop < 1`
		for _, at := range []float64{0.5, 0.03, 0.97} {
			far := fmt.Sprintf(`{ const box = document.querySelector(%q); box.focus(); box.scrollTop = %v * (box.scrollHeight - box.clientHeight); }`, lane, at)
			still := `!document.querySelector("` + lane + ` .absent")`
			p.run(far)
			p.wait("rows far from the ends", still)
			p.press(kb.Home)
			p.wait(fmt.Sprintf("the first row of %s, from %v", lane, at), still+" && "+first)
			p.frames(30)
			p.wait(fmt.Sprintf("the first row of %s still, from %v", lane, at), still+" && "+first)
			p.run(far)
			p.wait("rows far from the ends", still)
			p.press(kb.End)
			last := still + " && " + fmt.Sprintf("%s(%q, %d)", inSight, lane, lines-1)
			p.wait(fmt.Sprintf("the last row of %s, from %v", lane, at), last)
			p.frames(30)
			p.wait(fmt.Sprintf("the last row of %s still, from %v", lane, at), last)
		}
	}
}
