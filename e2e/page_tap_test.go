//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tapsOnPage begins a tap with the page's form, and returns where it listens.
func (p *page) tapsOnPage(to, mode string, through bool) string {
	p.t.Helper()
	known := len(p.texts(".tap"))
	p.fill("#tap-to", to)
	p.choose("#tap-mode", mode)
	p.click(fmt.Sprintf("input[name=tap-role][value=%s]", map[bool]string{false: "watch", true: "through"}[through]))
	p.click("#begin-tap")
	p.wait("the tap", fmt.Sprintf(`document.querySelectorAll(".tap").length === %d`, known+1))
	p.wait("the focus on it", `document.activeElement.matches(".tap:first-of-type .copy-address")`)
	return p.text(".tap h3 code")
}

// talksTo runs a program that speaks until its input ends.
func talksTo(t *testing.T, command ...string) (say func(string), end func() string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
	})
	say = func(line string) {
		if _, err := io.WriteString(in, line+"\n"); err != nil {
			t.Error(err)
		}
	}
	return say, func() string {
		in.Close()
		if !p.wait(patience) {
			t.Errorf("%s does not end", command[0])
		}
		return p.stdout.String()
	}
}

// A tap begun on the page serves real clients. Their connections are watched live, also
// through a kill of the line mode's process, and played back once they have ended.
func TestTapOnThePage(t *testing.T) {
	t.Parallel()
	redis := practising(t, "redis", "--listen", "127.0.0.1:0")["redis"]
	web := practising(t, "http", "--listen", "127.0.0.1:0")["http"]
	w := start(t, "--transcripts", t.TempDir())
	p := visit(t, browser(t), "http://"+w.address)
	p.click(`.views a[href="#/tap"]`)
	p.wait("the form", `document.querySelector("#tap-to") && document.querySelector(".view")?.textContent.includes("No tap listens yet.")`)
	p.axe("no taps")
	p.pictures("tap-none")
	if modes := p.text("#tap-mode"); strings.Contains(modes, "Echo") {
		t.Errorf("a mode is offered that serves no stream: %s", modes)
	}
	p.fill("#tap-to", "no such host")
	p.wait("the problem", `document.querySelector(".tap-form [role=alert]") && document.querySelector("#begin-tap").disabled`)
	p.fill("#tap-listen", "0.0.0.0:6380")
	p.reads(".tap-form [role=alert]", "it listens on this machine alone")
	p.axe("a form that is wrong")
	p.pictures("tap-wrong")
	p.fill("#tap-listen", "")

	at := p.tapsOnPage(redis, "raw", false)
	p.reads(".tap .nothing", "Nobody has connected yet.")
	p.axe("a tap without connections")
	p.pictures("tap-empty")
	say, end := talksTo(t, "redis-cli", "-h", "127.0.0.1", "-p", port(at))
	say("SET greeting hello")
	p.wait("the connection", `document.querySelector(".tap-connections tr[data-state=open] a")`)
	p.axe("a tap with a connection")
	p.pictures("tap-open")
	p.click(".tap-connections tr[data-state=open] a")
	p.inLane("console", "hello")
	p.reads("#show-status", "Live: you see it as it happens")
	say("GET greeting")
	p.inLane("wire", "GET")
	p.axe("a connection that is watched")
	p.pictures("tap-watched")
	if evaluate[bool](p, `document.querySelector("#command") !== null`) {
		t.Error("who watches can type")
	}
	if out := end(); !strings.Contains(out, "hello") {
		t.Errorf("redis-cli wrote %q", out)
	}
	p.reads("#show-status", "The connection is over")
	p.axe("a connection that has ended")
	p.pictures("tap-ended")
	p.click("#tap-recording")
	p.wait("the playback", `location.hash.startsWith("#/transcripts/") && document.querySelector("#play")`)
	p.click("#play")
	p.inLane("wire", "greeting")

	p.open("tap", `document.querySelector(".tap-connections tr[data-state=over]")`)
	p.run(`document.querySelector("#tap-to").focus()`)
	at = p.tapsOnPage(web, "http-line", false)
	p.reads(".tap .nothing", "nc 127.0.0.1 "+port(at))
	if out, err := exec.Command("curl", "-sS", "http://"+at+"/").CombinedOutput(); err != nil || len(out) == 0 {
		t.Errorf("curl: %v %s", err, out)
	}
	p.wait("its connection", `document.querySelector(".tap:first-of-type tr[data-state=over] a")`)
	p.pictures("tap-two")
	p.size(360, 740)
	p.isNarrow("taps")
	p.size(1200, 900)

	echo := serve(t, func(c net.Conn) { io.Copy(c, c) })
	at = p.tapsOnPage(echo.address, "http-line", true)
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "before\n")
	p.click(".tap:first-of-type tr[data-state=open] a")
	p.inLane("wire", "before")
	killMode(t, w, "http-line")
	fmt.Fprint(conn, "after\n")
	p.inLane("console", "recovered")
	p.inLane("wire", "after")
	p.do(chromedp.Reload())
	p.inLane("wire", "before")
	p.click("#end-connection")
	p.reads("#show-status", "The connection is over")
	p.run(`document.querySelector("#leave-tap").focus()`)
	p.press(kb.Enter)
	p.wait("the taps", `document.querySelectorAll(".tap").length === 3`)
	p.click(".tap:first-of-type .end-tap")
	p.reads(".tap:first-of-type .end-tap", "Forget")
	p.wait("the focus stays", `document.activeElement.matches(".tap:first-of-type .end-tap")`)
	p.pictures("tap-stopped")
	if _, err := net.Dial("tcp", at); err == nil {
		t.Error("a tap that was stopped listens")
	}
	p.press(kb.Enter)
	p.wait("it is forgotten", `document.querySelectorAll(".tap").length === 2 && document.activeElement.id === "tap-to"`)

	p.open("", `document.querySelector("#host")`)
	if seen := p.text("main"); strings.Contains(seen, "Sessions that live in the workbench") {
		t.Error("connections of taps are among the sessions that are to be come back to")
	}
}

// inLane waits until a lane shows a text.
func (p *page) inLane(lane, text string) {
	p.t.Helper()
	p.wait(text, fmt.Sprintf(`document.querySelector("#%s")?.textContent.includes(%q)`, lane, text))
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// killMode kills the process of a line mode, as an operator might.
func killMode(t *testing.T, w *workbench, mode string) {
	t.Helper()
	_, text := w.ask(t, "", "GET", "/api/modes", nil)
	var list struct {
		Modes []struct {
			Manifest struct{ Name string }
			PID      int
		}
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Modes {
		if m.Manifest.Name == mode && m.PID > 0 {
			if err := syscall.Kill(m.PID, syscall.SIGKILL); err != nil {
				t.Error(strconv.Itoa(m.PID), err)
			}
			return
		}
	}
	t.Errorf("%s has no process: %s", mode, text)
}
