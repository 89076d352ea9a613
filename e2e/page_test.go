//go:build linux

package e2e

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// All tests of the page share one browser, each in a tab with nothing stored. They run
// before the parallel tests: during a storm, axe is too slow to be told from a page that
// hangs.
func TestPage(t *testing.T) {
	chromium := browser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"the tutorial's nine steps": nineSteps,
		"echo, quit":                echoAndQuit,
		"mode picker":               modePicker,
		"disconnect":                disconnect,
		"refused":                   refusedOnThePage,
		"history":                   history,
		"server bytes are text":     serverBytesAreText,
		"bytes on the wire":         bytesOnTheWire,
		"nine steps by keyboard":    nineStepsByKeyboard,
		"tabs":                      tabs,
		"several lines":             severalLines,
		"find and filter":           findAndFilter,
		"a transcript plays":        aTranscriptPlays,
		"axe":                       axe,
		"first load":                firstLoad,
		"injections":                injections,
		"under load":                underLoad,
	} {
		t.Run(name, func(t *testing.T) { test(t, chromium) })
	}
}

func nineSteps(t *testing.T, chromium context.Context) {
	server := goHTTP(t, nil)
	host, port, _ := net.SplitHostPort(server)
	_, pagePort, _ := net.SplitHostPort(shared.address)

	// 1. Start the web server. 2. Open the page.
	p := visit(t, chromium, "http://localhost:"+pagePort)
	if got := p.text("#status"); !strings.HasPrefix(got, "Disconnected") {
		t.Errorf("the status is %q at first", got)
	}
	// 3. The host. 4. The port, which would be 80 if it were empty. 5. Connect.
	p.fill("#host", host)
	p.fill("#port", port)
	p.click("#connect-button")
	p.status("Connected")
	// 6. Type the request. 7. Enter: it is sent, and shown.
	p.fill("#command", "GET / HTTP/1.0")
	p.press(kb.Enter)
	p.wait("the line in the console", `document.querySelector("#console .sent .payload")`)
	if got := p.texts("#console .sent .payload"); !slices.Equal(got, []string{"GET / HTTP/1.0"}) {
		t.Errorf("the console shows as sent %q", got)
	}
	// 8. Enter again: the page comes. 9. The server closes.
	p.press(kb.Enter)
	if got := p.status("Disconnected"); !strings.Contains(got, "the server closed") {
		t.Errorf("the status is %q at the end", got)
	}
	p.shows("HTTP/1.0 200 OK")
	p.shows("<p>Hello, visitor.</p>")
}

func echoAndQuit(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	if at := p.text("#host") + evaluate[string](p, `document.querySelector("#host").value + ":" + document.querySelector("#port").value`); at != shared.echo {
		t.Errorf("the page offers %s first, not the practice server %s", at, shared.echo)
	}
	p.click("#connect-button")
	p.status("Connected")
	p.fill("#command", "hello")
	p.click("#send-button")
	p.shows("hello")
	p.fill("#command", "quit")
	p.press(kb.Enter)
	p.status("Disconnected: the server closed")
}

func modePicker(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	modes, err := shared.modes()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range modes {
		lines = append(lines, m.Manifest.Title+": "+m.Manifest.Brief)
	}
	slices.Sort(lines)
	got := p.texts("#mode option") // by groups
	if slices.Sort(got); !slices.Equal(got, lines) {
		t.Errorf("the picker has %q, the API %q", got, lines)
	}
	if got := p.texts("#option-eol option"); !slices.Equal(got, []string{"crlf", "lf", "cr", "none"}) {
		t.Errorf("eol has the choices %q", got)
	}
	heard := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		line := make([]byte, 16)
		n, _ := conn.Read(line)
		heard <- string(line[:n])
		hold(conn)
	})
	p.choose("#option-eol", "lf")
	p.connect(s.address)
	p.status("Connected")
	p.fill("#command", "hello")
	p.press(kb.Enter)
	if got := receive(t, heard, "the line at the server"); got != "hello\n" {
		t.Errorf("with eol lf the server heard %q", got)
	}
	p.click("#disconnect-button")
	p.status("Disconnected")

	p.choose("#mode", "echo-quit")
	p.wait("the options to follow the mode", `!document.querySelector("#option-eol")`)
	p.connect(shared.echo)
	p.status("Connected")
	p.fill("#command", "hello")
	p.press(kb.Enter)
	p.shows("hello")
	p.fill("#command", "quit")
	p.press(kb.Enter)
	p.status("Disconnected")
}

// The exercise that the tutorial left to its readers.
func disconnect(t *testing.T, chromium context.Context) {
	ended := make(chan struct{})
	s := serve(t, func(conn net.Conn) {
		hold(conn)
		close(ended)
	})
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(s.address)
	p.status("Connected")
	p.click("#disconnect-button")
	p.status("Disconnected: you closed the session")
	receive(t, ended, "the end at the server")
	p.wait("the Connect button", `document.querySelector("#connect-button")`)
}

func refusedOnThePage(t *testing.T, chromium context.Context) {
	address := freePort(t)
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(address)
	if got := p.status("Could not connect"); !strings.Contains(got, "connection refused by "+address) {
		t.Errorf("the status is %q, with no reason", got)
	}
	p.connect(shared.echo) // and then it works
	p.status("Connected")
}

func history(t *testing.T, chromium context.Context) {
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(shared.echo)
	p.status("Connected")
	for _, line := range []string{"one", "two"} {
		p.fill("#command", line)
		p.press(kb.Enter)
		p.wait("an empty field", `document.querySelector("#command").value === ""`)
	}
	for _, step := range []struct{ key, want string }{
		{kb.ArrowUp, "two"}, {kb.ArrowUp, "one"}, {kb.ArrowUp, "one"}, {kb.ArrowDown, "two"}, {kb.ArrowDown, ""},
	} {
		p.press(step.key)
		p.wait("the history's "+step.want, `document.querySelector("#command").value === "`+step.want+`"`)
	}
}

// What looks like HTML is shown, and never run.
func serverBytesAreText(t *testing.T, chromium context.Context) {
	hostile := []string{
		`<script>window.ran = true</script>`,
		`<img src="x" onerror="window.ran = true">`,
		`<svg onload="window.ran = true">`,
		`</div></body><h1 id="planted">planted</h1>`,
		`${window.ran = true} &lt;b&gt;`,
	}
	s := serve(t, func(conn net.Conn) { conn.Write([]byte(strings.Join(hostile, "\r\n") + "\r\n")) })
	for _, mode := range []string{"http-line", "raw"} {
		p := visit(t, chromium, "http://"+shared.address)
		p.choose("#mode", mode)
		p.connect(s.address)
		p.status("Disconnected: the server closed")
		for _, line := range hostile {
			p.shows(line)
		}
		if evaluate[bool](p, `window.ran === true || document.querySelector("#planted, #console img, #console script, #console svg, #wire img") !== null`) {
			t.Errorf("%s: the server's bytes became a part of the page", mode)
		}
	}
}

func bytesOnTheWire(t *testing.T, chromium context.Context) {
	s := serve(t, func(conn net.Conn) {
		conn.Read(make([]byte, 16))
		conn.Write([]byte("ok \xff\r\n"))
		hold(conn)
	})
	p := visit(t, chromium, "http://"+shared.address)
	p.connect(s.address)
	p.status("Connected")
	p.fill("#command", "hi")
	p.press(kb.Enter)
	p.wait("the answer on the wire", `document.querySelector("#wire .received .payload")`)
	for selector, want := range map[string][]string{
		"#wire .sent .hex":         {"68 69 0d 0a"},
		"#wire .sent .payload":     {"hi␍␊"},
		"#wire .received .hex":     {"6f 6b 20 ff 0d 0a"},
		"#wire .received .payload": {"ok ·␍␊"},
	} {
		if got := p.texts(selector); !slices.Equal(got, want) {
			t.Errorf("%s shows %q, want %q", selector, got, want)
		}
	}
}
