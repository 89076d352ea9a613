//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// counting is a server that sends numbered lines, 2,000 a second, until it has heard
// "stop", and tells what else it hears.
func counting(t *testing.T) (address string, heard chan string, total func() int) {
	heard = make(chan string, 100)
	var mu sync.Mutex
	n := 0
	s := serve(t, func(conn net.Conn) {
		stopped := make(chan bool)
		go func() {
			defer close(stopped)
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				if lines.Text() == "stop" {
					return
				}
				heard <- lines.Text()
			}
		}()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stopped:
				io.Copy(io.Discard, conn)
				return
			case <-tick.C:
			}
			for range 20 {
				mu.Lock()
				n++
				fmt.Fprintf(conn, "number %d\r\n", n)
				mu.Unlock()
			}
		}
	})
	return s.address, heard, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// received returns the text of the wire's received rows of the shown session.
func (p *page) received() string {
	p.t.Helper()
	return p.wireText("received")
}

// saysThatSent waits until the page has a line among those that were sent. It need not be
// on the screen: what came meanwhile may have pushed it out.
func (p *page) saysThatSent(line string) {
	p.t.Helper()
	eventually(p.t, "the line that was sent last", func() bool { return strings.Contains(p.wireText("sent"), line) })
}

// wireText returns the text of the wire's rows of a kind, of the shown session.
func (p *page) wireText(kind string) string {
	p.t.Helper()
	return p.textOf(fmt.Sprintf(`(page) => page.wire.filter((row) => row.kind === %q).map((row) => new TextDecoder().decode(row.bytes)).join("")`, kind))
}

// textOf returns the text that a function makes of the rows of each page of the shown
// session. Rows that have left the page's memory are read as when somebody scrolls to them.
func (p *page) textOf(rows string) string {
	p.t.Helper()
	p.wait("the page's own module", `globalThis.tabsOfTheTest || (import("/ui/tabs.js").then((tabs) => { globalThis.tabsOfTheTest = tabs; }), false)`)
	return evaluate[string](p, fmt.Sprintf(`(async (session, text) => {
		let all = "";
		for (const page of [...session.pages.list]) all += text(await session.read(page));
		return all;
	})(tabsOfTheTest.current.value.session.value, %s)`, rows))
}

// isWhole checks that the page has each line of counting once, in order.
func (p *page) isWhole(total int) {
	p.t.Helper()
	last := fmt.Sprintf("number %d\r\n", total)
	if !within(patience, func() bool { return strings.HasSuffix(p.received(), last) }) {
		got := p.received()
		p.t.Fatalf("the page lacks the last line, number %d; it ends in %q", total, got[max(0, len(got)-40):])
	}
	for n, line := range strings.SplitAfter(strings.TrimSuffix(p.received(), "\r\n"), "\r\n") {
		if strings.TrimSuffix(line, "\r\n") != fmt.Sprintf("number %d", n+1) {
			p.t.Fatalf("line %d is %q", n+1, line)
		}
	}
}

// sendLine sends a line.
func (p *page) sendLine(line string) {
	p.t.Helper()
	p.fill("#command", line)
	p.press(kb.Enter)
}

// A reload in the middle of thousands of lines: the page comes back to its session,
// with what was being typed, and to where it was.
func TestPageReload(t *testing.T) {
	server, heard, total := counting(t)
	p := visit(t, browser(t), "http://"+shared.address)
	p.choose("#mode", "http-line")
	p.connect(server)
	p.status("Connected")
	p.wait("the session's address", `location.hash.startsWith("#/s/")`)
	p.sendLine("before")
	p.wait("rows", `document.querySelector("#wire").scrollHeight > 3000`)
	p.wait("the lane at its top", `document.querySelector(".lane.wire .follow") || (document.querySelector("#wire").scrollTop = 0, false)`) // it may be moved on before it notices
	p.fill("#command", "half a li")
	for range 3 {
		p.do(chromedp.Reload())
		p.status("Connected")
	}
	p.wait("the draft", `document.querySelector("#command").value === "half a li"`)
	p.wait("the lane where it was", `document.querySelector("#wire").scrollTop < 100 && document.querySelector(".lane.wire .follow")`)
	p.sendLine("after")
	p.sendLine("stop")
	for _, want := range []string{"before", "after"} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	}
	p.saysThatSent("stop\r\n")
	p.isWhole(total())
}

// cuttable is a way to the workbench that can be cut.
type cuttable struct {
	address string
	to      []string // by turns
	mu      sync.Mutex
	conns   []net.Conn
	isCut   bool
}

func newCuttable(t *testing.T) *cuttable {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cuttable{address: l.Addr().String()}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			to, cut := c.to[0], c.isCut
			c.to = append(c.to[1:], to)
			c.mu.Unlock()
			far, err := net.Dial("tcp", to)
			if cut || err != nil {
				reset(conn)
				continue
			}
			c.mu.Lock()
			c.conns = append(c.conns, conn, far)
			c.mu.Unlock()
			for _, pair := range [][2]net.Conn{{conn, far}, {far, conn}} {
				done.Go(func() {
					io.Copy(pair[0], pair[1])
					pair[0].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.cut(true)
		done.Wait()
	})
	return c
}

// lead has it lead to a workbench, or to several, a connection each by turns.
func (c *cuttable) lead(to ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.to = to
}

// cut breaks all connections, and while it is cut none comes through.
func (c *cuttable) cut(is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = is
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// The network is gone for a while: what came meanwhile comes, what was typed
// meanwhile is sent, and both once.
func TestPageNetworkCut(t *testing.T) {
	server, heard, total := counting(t)
	way := newCuttable(t)
	w := start(t, "--host", way.address)
	way.lead(w.address)
	p := visit(t, browser(t), "http://"+way.address)
	p.expects = "WebSocket connection|net::ERR_"
	p.choose("#mode", "http-line")
	p.connect(server)
	p.status("Connected")
	p.sendLine("before")
	receive(t, heard, "a line")
	way.cut(true)
	p.status("Coming back")
	p.sendLine("meanwhile")
	before := total()
	eventually(t, "2,000 lines more", func() bool { return total() > before+2000 })
	way.cut(false)
	p.status("Connected")
	if got := receive(t, heard, "a line"); got != "meanwhile" {
		t.Errorf("the server heard %q", got)
	}
	p.sendLine("after")
	if got := receive(t, heard, "a line"); got != "after" {
		t.Errorf("the server heard %q", got)
	}
	p.sendLine("stop")
	p.saysThatSent("stop\r\n")
	p.isWhole(total())
}

// Two windows show one session; one types, and hands the keyboard over. A window
// that is closed leaves the session where it is.
func TestPageTwoWindows(t *testing.T) {
	server, _, total := counting(t)
	chromium := browser(t)
	first := visit(t, chromium, "http://"+shared.address)
	first.choose("#mode", "http-line")
	first.connect(server)
	first.status("Connected")
	first.sendLine("stop")
	first.wait("the session's address", `location.hash.startsWith("#/s/")`)
	link := evaluate[string](first, "location.href")
	second := visit(t, chromium, link)
	second.status("Connected")
	eventually(t, "the same rows", func() bool { return strings.HasSuffix(second.received(), fmt.Sprintf("number %d\r\n", total())) })
	second.sendLine("mine")
	second.wait("why not", `document.body.innerText.includes("Window 1 has the keyboard")`)
	second.click("#ask-keyboard")
	first.wait("to be asked", `document.querySelector("#give-keyboard")`)
	first.click("#give-keyboard")
	second.wait("the keyboard", `!document.querySelector("#ask-keyboard")`)
	second.wait("the remark", `document.querySelector("#console").textContent.includes("window 2 has the keyboard")`)
	first.wait("the remark", `document.querySelector("#console").textContent.includes("window 2 has the keyboard")`)
	if got, want := first.received(), second.received(); got != want || got == "" {
		t.Errorf("the windows have %d and %d bytes", len(got), len(want))
	}
	first.do(chromedp.Navigate("about:blank"))
	third := visit(t, chromium, "http://"+shared.address)
	at := fmt.Sprintf(`[...document.querySelectorAll(".kept a")].find((link) => link.textContent === %q)`, server)
	third.wait("the session in the list", at)
	third.do(chromedp.Evaluate[chromedp.Void](at + ".click()"))
	third.saysThatSent("stop\r\n")
	second.click("#disconnect-button")
	second.status("Disconnected")
}

// A tab that was closed can be had back for a while.
func TestPageUndoClose(t *testing.T) {
	server, heard, total := counting(t)
	p := visit(t, browser(t), "http://"+shared.address)
	p.choose("#mode", "http-line")
	p.connect(server)
	p.status("Connected")
	p.click(".tab .close")
	p.status("Disconnected")
	p.click("#undo-close")
	p.status("Connected")
	p.sendLine("still there")
	if got := receive(t, heard, "a line"); got != "still there" {
		t.Errorf("the server heard %q", got)
	}
	p.sendLine("stop")
	p.saysThatSent("stop\r\n")
	p.isWhole(total())
}

// The workbench is killed, and comes back: the page notices by itself that the
// session is gone.
func TestPageWorkbenchKilled(t *testing.T) {
	way := newCuttable(t)
	folder := t.TempDir()
	killed, err := launch("--host", way.address, "--transcripts", folder)
	if err != nil {
		t.Fatal(err)
	}
	way.lead(killed.address)
	p := visit(t, browser(t), "http://"+way.address)
	p.connect(killed.echo)
	p.status("Connected")
	p.sendLine("what was said")
	p.shows("what was said")
	eventually(t, "what was said in the recording", func() bool {
		files, _ := filepath.Glob(folder + "/*.transcript")
		text := []byte{}
		if len(files) == 1 {
			text, _ = os.ReadFile(files[0])
		}
		return strings.Count(string(text), "what was said") > 3 // typed, sent, received, shown
	})
	p.expects = "WebSocket connection|net::ERR_"
	killed.signal(9)
	killed.wait(patience)
	p.status("Coming back")
	again := start(t, "--listen", killed.address, "--host", way.address, "--transcripts", folder) // at the port that the cookie is for
	way.lead(again.address)
	if got := p.status("Disconnected"); !strings.Contains(got, "the session is over") {
		t.Errorf("the status is %q", got)
	}
	p.do(chromedp.Reload()) // and what came is read from the recording
	p.status("Disconnected")
	p.shows("what was said")
}
