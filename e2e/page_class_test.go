//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"
)

// dials opens a WebSocket as the student, which is read from until the test ends.
func (s *student) dials(w *workbench, path string) *client {
	s.t.Helper()
	header := http.Header{"Cookie": {s.cookie}, "Sec-Fetch-Site": {"same-origin"}, "Sec-Websocket-Protocol": {"workbench.v1"}}
	ws, _, err := dialer.Dial("ws://"+w.address+path, header)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { ws.Close() })
	return &client{s.t, ws}
}

// drain reads what comes, so that pings are answered.
func (c *client) drain(each func(text string)) {
	go func() {
		for {
			_, text, err := c.ws.ReadMessage()
			if err != nil {
				return
			}
			each(string(text))
		}
	}()
}

// comes is what a student's page does first.
func (s *student) comes(w *workbench) {
	s.dials(w, "/api/class/live").drain(func(string) {})
}

// begins opens a session with the practice server of HTTP, as a student's page does.
func (s *student) begins(w *workbench) *studentSession {
	s.t.Helper()
	_, modes := s.ask(w, "GET", "/api/modes", "")
	m := regexp.MustCompile(`"name":"http","target":"([^"]+)","mode":"http-line"`).FindStringSubmatch(modes)
	if m == nil {
		s.t.Fatalf("no practice server http in %s", modes)
	}
	c := s.dials(w, "/websocket/ws?mode=http-line&keep=on&window=one")
	c.say(m[1])
	c.hears("SUCC")
	p := &studentSession{c: c}
	c.drain(func(text string) { p.answers.Add(int64(strings.Count(text, `"text":"HTTP/1.1 `))) })
	return p
}

// studentSession is a session of a student.
type studentSession struct {
	c       *client
	m       int
	answers atomic.Int64 // entries that begin with the first line of one
}

func (p *studentSession) types(lines ...string) {
	p.c.t.Helper()
	for _, line := range lines {
		p.m++
		text, err := json.Marshal(map[string]any{"text": line, "m": p.m})
		if err != nil {
			p.c.t.Fatal(err)
		}
		p.c.send(websocket.TextMessage, text)
	}
}

// asksFor asks for a page, on a connection that stays open, and waits for the answer.
func (p *studentSession) asksFor(path string) {
	p.c.t.Helper()
	before := p.answers.Load()
	p.types("GET "+path+" HTTP/1.1", "Host: practice", "")
	eventually(p.c.t, "an answer about "+path, func() bool { return p.answers.Load() > before })
}

// tiles waits until the wall has these students, in this order.
func (p *page) tiles(ids ...string) {
	p.t.Helper()
	p.wait("the tiles "+strings.Join(ids, " "), fmt.Sprintf(`[...document.querySelectorAll(".tile")].map((one) => one.id.slice(5)).join(" ") === %q`, strings.Join(ids, " ")))
}

// reads waits until a part of the page has a text.
func (p *page) reads(selector, text string) {
	p.t.Helper()
	p.wait(selector+" with "+text, fmt.Sprintf(`document.querySelector(%q)?.innerText.includes(%q)`, selector, text))
}

// classPictures shows how it looks, wide and narrow, light and dark, if CLASS_PICTURES names a folder.
func (p *page) classPictures(name string) {
	p.t.Helper()
	folder := os.Getenv("CLASS_PICTURES")
	if folder == "" {
		return
	}
	for _, theme := range []string{"light", "dark"} {
		p.theme(theme)
		for _, size := range [][2]int64{{1280, 800}, {1024, 768}, {360, 740}} {
			p.size(size[0], size[1])
			p.picture(folder, fmt.Sprintf("%s-%s-%d", name, theme, size[0]))
		}
	}
	p.theme("light")
	p.size(1200, 900)
}

// A teacher holds a class on the page: sees who needs help, watches, projects, pauses, sends,
// changes the code and removes.
func TestClassOnThePage(t *testing.T) {
	w, code := holdClass(t, "wall")
	browser := browser(t)
	p := visit(t, browser, "http://"+w.address)
	p.expects = "status of 400" // of what cannot be sent
	p.click(`.views a[href="#/class"]`)
	p.reads(".join-code", code[:3]+" "+code[3:])
	p.wait("the QR code", `document.querySelector(".join-card img").naturalWidth > 0`)
	p.reads(".nothing", "Nobody has joined yet")
	p.axe("a class without students")
	p.classPictures("empty")

	students := map[string]*student{}
	for _, name := range []string{"Ben", "Anna", "Dora", "Cléo"} {
		s := &student{t: t}
		s.join(w, code, name)
		students[s.id] = s
	}
	anna, ben, cleo, dora := students["anna"], students["ben"], students["cleo"], students["dora"]
	if anna == nil || ben == nil || cleo == nil || dora == nil {
		t.Fatal(students)
	}
	p.click("#class-joining")
	for _, s := range []*student{anna, ben, cleo} {
		s.comes(w)
	}
	p.reads("#class-here", "3 of 4 students here")
	bens := ben.begins(w)
	for range 3 {
		bens.asksFor("/nothing")
	}
	cleos := cleo.begins(w)
	cleos.asksFor("/about")
	if status, text := anna.ask(w, "POST", "/api/class/hand", `{"up":true}`); status != 204 {
		t.Fatal(status, text)
	}
	p.tiles("anna", "ben", "cleo", "dora")
	p.reads("#tile-anna .tile-state", "Hand up")
	p.reads("#tile-ben .tile-state", "Stuck")
	p.reads("#tile-ben .tile-why", "the same error three times: HTTP/1.1 404")
	p.reads("#tile-cleo .tile-line", "◀")
	p.reads("#tile-dora .tile-state", "Away")
	p.reads("#class-hands", "1 hand up")
	p.axe("the wall")
	p.classPictures("wall")

	t.Run("the order stays while the focus is on a tile", func(t *testing.T) {
		p := p.in(t)
		p.run(`document.querySelector("#watch-dora").focus()`)
		if status, text := cleo.ask(w, "POST", "/api/class/hand", `{"up":true}`); status != 204 {
			t.Fatal(status, text)
		}
		p.reads("#wall-sort", "Sort: 1 moved")
		p.tiles("anna", "ben", "cleo", "dora")
		p.click("#wall-sort")
		p.tiles("anna", "cleo", "ben", "dora")
		p.click("#lower-cleo")
		p.wait("the focus on the tile", `document.activeElement.id === "watch-cleo"`)
		p.reads("#wall-sort", "Sort: 1 moved")
		p.click("#wall-sort")
		p.tiles("anna", "ben", "cleo", "dora")
		p.fill("#wall-name", "cleo") // Cléo
		p.tiles("cleo")
		p.choose("#wall-state", "hand")
		p.reads(".nothing", "No student is like that now")
		p.run(`document.querySelector("#wall-name").select()`)
		p.press(kb.Backspace)
		p.tiles("anna")
		p.choose("#wall-state", "")
		p.tiles("anna", "ben", "cleo", "dora")
	})

	t.Run("watch", func(t *testing.T) {
		p := p.in(t)
		bens := ben.begins(w) // the server hangs up on who is silent for long
		bens.asksFor("/before")
		p.reads("#tile-ben .tile-line", "/before")
		p.click("#watch-ben")
		row := func(text string) string {
			return fmt.Sprintf(`[...document.querySelectorAll("#watched-ben-console .row")].some((one) => one.textContent.includes(%q))`, text)
		}
		p.wait("what was typed before", row("GET /before HTTP/1.1"))
		p.wait("the focus", `document.activeElement.id === "watched-ben"`)
		bens.asksFor("/teapot")
		p.wait("what is typed now", row("GET /teapot HTTP/1.1"))
		if evaluate[bool](p, `document.querySelector("#command") !== null`) {
			t.Error("there is a field to type in")
		}
		p.click("#watch-cleo")
		p.wait("another", `document.querySelector("#watched-cleo-wire .row")`)
		p.axe("two who are watched")
		p.classPictures("watch")

		p.do(chromedp.Reload())
		p.wait("the same after a reload", row("GET /teapot HTTP/1.1")+` && document.querySelectorAll(".watched-one").length === 2`)

		ben.begins(w).asksFor("/again")
		p.reads("#watched-ben .watched-next", "A new session has begun")
		p.wait("the new session", row("GET /again HTTP/1.1")+" && !"+row("GET /teapot"))
		p.click(`#watched-cleo button[aria-label^="Stop watching"]`)
		p.wait("the focus on the tile", `document.activeElement.id === "watch-cleo"`)
		p.click(`#watched-ben button[aria-label^="Stop watching"]`)
		p.wait("no session", `!document.querySelector(".watched")`)
	})

	t.Run("projector", func(t *testing.T) {
		p := p.in(t)
		cleos := cleo.begins(w)
		cleos.asksFor("/again")
		p.reads("#tile-cleo .tile-line", "/again")
		p.run(`window.open = (address, name) => (window.opened = address + " " + name)`)
		p.click(`#tile-cleo button[aria-label*="on the projector"]`)
		p.reads("#class-projected", "Cléo, as “A student”")
		if opened := evaluate[string](p, "window.opened"); opened != "/#/projector workbench-projector" {
			t.Errorf("the window is %s", opened)
		}
		ctx, cancel := chromedp.NewContext(p.ctx)
		defer cancel()
		wide := &page{t: t, ctx: ctx}
		wide.do(chromedp.Navigate(atHome(t, "http://"+w.address) + "/#/projector"))
		wide.size(1024, 768)
		shown := `document.querySelectorAll("#projected-console .row").length > 2`
		wide.wait("the session", shown)
		wide.reads("#projection-title", "A student")
		if evaluate[bool](wide, `document.documentElement.outerHTML.includes("Cléo") || document.title.includes("Cléo")`) {
			t.Error("the name is in the page, where it is hidden")
		}
		cleos.asksFor("/late")
		wide.wait("what is typed now", `[...document.querySelectorAll("#projected-console .row")].some((one) => one.textContent.includes("GET /late"))`)
		p.click("#projector-name")
		wide.reads("#projection-title", "Cléo")
		for _, theme := range []string{"light", "dark"} {
			wide.theme(theme)
			wide.axeOnce("the projector, " + theme)
		}
		wide.classPictures("projector")
		p.click("#projector-off")
		wide.reads(".join-code", code[:3]+" "+code[3:])
		wide.wait("the QR code", `document.querySelector(".join-card img").naturalWidth > 0`)
		wide.axeOnce("the projector, how to join")
		wide.classPictures("projector-join")
	})

	t.Run("all", func(t *testing.T) {
		p := p.in(t)
		live := anna.dials(w, "/api/class/live")
		said := func(what string) {
			t.Helper()
			for {
				if _, text := live.next(); strings.Contains(string(text), what) {
					return
				}
			}
		}
		p.click("#class-pause")
		p.reads("#class-paused", "Paused.")
		said(`"paused":true`)
		c := anna.open(w, w.echo)
		defer c.ws.Close()
		if _, text := c.next(); !strings.Contains(string(text), "paused") {
			t.Errorf("in a pause: %s", text)
		}
		p.reads("#class-pause", "Go on")
		p.click("#class-pause")
		said(`"paused":false`)

		p.click("#class-send")
		p.wait("the lessons", `document.querySelector("#send-step option:nth-child(2)")`)
		p.axe("what to send")
		p.choose("#send-lesson", "http-by-hand")
		p.choose("#send-step", "2")
		p.click("#send-now")
		p.reads("#class-sent", ", step 2.")
		said(`"lesson":"http-by-hand","step":2`)
		p.click("#class-take-back")
		p.wait("nothing sent", `!document.querySelector("#class-sent")`)
		p.click("#class-send")
		p.click(`[name=send-to][value=target]`)
		p.fill("#send-target", "no target")
		p.click("#send-now")
		p.wait("what is wrong", `document.querySelector("dialog .problem").textContent`)
		p.press(kb.Escape)

		p.click("#class-more")
		p.click("#class-new-code")
		p.wait("another code", fmt.Sprintf(`document.querySelector(".join-code") && !document.querySelector(".join-code").textContent.includes(%q)`, code[:3]+" "+code[3:]))
		late := &student{t: t}
		if status, _ := late.ask(w, "POST", "/api/join", fmt.Sprintf(`{"code":%q,"name":"Late"}`, code)); status != 403 {
			t.Errorf("the old code admits somebody: %d", status)
		}
		p.click("#class-joining")

		p.click(`#tile-dora button[aria-label^="Remove"]`)
		p.wait("the question", `document.querySelector("#class-remove-now")`)
		p.axe("to remove somebody")
		p.click("#class-remove-now")
		p.tiles("anna", "ben", "cleo")
	})

	t.Run("a phone", func(t *testing.T) {
		p := p.in(t)
		p.size(360, 740)
		p.axe("the wall on a phone")
		p.click("#watch-ben")
		p.wait("the session", `document.querySelector("#watched-ben-console .row")`)
		p.axe("a watched session on a phone")
		if evaluate[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
			t.Error("the page is wider than a phone")
		}
	})
}
