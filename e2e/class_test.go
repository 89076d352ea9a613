//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// holdClass starts a class, and returns its code, too. Flags may say where it listens.
func holdClass(t *testing.T, name string, flags ...string) (*workbench, string) {
	t.Helper()
	runtime, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	w, err := launchCommand(runtime, []string{"class", "--class", name}, flags...)
	if err != nil {
		t.Fatal(err)
	}
	w.stopAfter(t)
	code := regexp.MustCompile(`(?m)^with the code ([A-Z0-9]{6})$`).FindStringSubmatch(w.stdout.String())
	if code == nil {
		t.Fatalf("no code in %s", w.stdout)
	}
	return w, code[1]
}

// student is a scripted browser.
type student struct {
	t          *testing.T
	id, cookie string
}

func (s *student) ask(w *workbench, method, path, body string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, "http://"+w.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header = http.Header{"Cookie": {s.cookie}, "X-Workbench": {"1"}, "Sec-Fetch-Site": {"same-origin"}}
	resp, err := httpClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		s.cookie = c.Name + "=" + c.Value
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (s *student) join(w *workbench, code, name string) {
	s.t.Helper()
	status, text := s.ask(w, "POST", "/api/join", fmt.Sprintf(`{"code":%q,"name":%q}`, code, name))
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(text), &answer); status != 200 || err != nil {
		s.t.Fatalf("%s cannot join: %d %s", name, status, text)
	}
	s.id = answer.ID
}

// open opens a session with a target.
func (s *student) open(w *workbench, target string) *client {
	s.t.Helper()
	ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws", http.Header{"Cookie": {s.cookie}, "Sec-Fetch-Site": {"same-origin"}})
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{s.t, ws}
	c.say(target)
	return c
}

// refusedAt opens a session with a target that is out of bounds.
func (s *student) refusedAt(w *workbench, target string) {
	s.t.Helper()
	c := s.open(w, target)
	defer c.ws.Close()
	c.hears("FAIL:this target may not be dialled from here")
}

// talk asks the practice server for a page, in a session.
func (s *student) talk(w *workbench) {
	s.t.Helper()
	c := s.open(w, practice(s.t, w, s))
	defer c.ws.Close()
	c.hears("SUCC")
	c.say("GET /about HTTP/1.0", "")
	c.hears("HTTP/1.1 200 OK")
}

// Thirty students join and talk, and come back after a kill as if nothing had been. When
// the class has ended, nothing is left of it.
func TestClass(t *testing.T) {
	const name = "thirty"
	began := time.Now()
	w, code := holdClass(t, name)
	students := make([]*student, 30)
	each := func(does func(n int, s *student)) {
		t.Helper()
		var all sync.WaitGroup
		for n := range students {
			all.Go(func() { does(n, students[n]) })
		}
		if all.Wait(); t.Failed() {
			t.FailNow()
		}
	}
	for n := range students {
		students[n] = &student{t: t}
	}
	each(func(n int, s *student) { s.join(w, code, fmt.Sprint("Student ", n%20)) })
	t.Logf("from the start of the program to 30 who have joined: %v", time.Since(began))
	ids := map[string]bool{}
	for _, s := range students {
		ids[s.id] = true
	}
	if len(ids) != len(students) {
		t.Fatalf("%d students have %d names", len(students), len(ids))
	}
	each(func(_ int, s *student) { s.talk(w) })
	recordings := func(w *workbench, s *student) int {
		_, list := s.ask(w, "GET", "/api/transcripts", "")
		return strings.Count(list, `"id"`)
	}
	each(func(_ int, s *student) {
		eventually(t, "the recording of "+s.id, func() bool { return recordings(w, s) == 1 })
	})
	t.Logf("to 30 who have talked: %v", time.Since(began))
	students[0].refusedAt(w, shared.echo)
	if status, shown := w.ask(t, "", "GET", "/api/class", nil); status != 200 || strings.Count(shown, `"joined"`) != len(students) {
		t.Errorf("the teacher sees %d %s", status, shown)
	}
	fails(t, 1, []string{"class", "end", "--class", name, "--yes"}, "is running")

	w.signal(syscall.SIGKILL)
	if !w.wait(patience) {
		t.Fatal("SIGKILL did not end it")
	}
	again, same := holdClass(t, name, "--listen", w.address)
	if same != code {
		t.Errorf("the code was %s and is %s", code, same)
	}
	each(func(_ int, s *student) {
		if _, modes := s.ask(again, "GET", "/api/modes", ""); !strings.Contains(modes, `"user":"`+s.id+`","role":"student"`) {
			t.Errorf("%s is not known any more: %s", s.id, modes)
		}
		if n := recordings(again, s); n != 1 {
			t.Errorf("%s has %d recordings", s.id, n)
		}
		id := s.id
		if s.join(again, code, "Somebody"); s.id != id {
			t.Errorf("%s comes back as %s", id, s.id)
		}
		s.talk(again)
	})

	again.signal(syscall.SIGTERM)
	if err := again.stopped(0); err != nil {
		t.Error(err)
	}
	if out, err := exec.Command(workbenchBinary, "class", "end", "--class", name, "--yes").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	state := ofState(t, func(folder string) (string, error) { return folder, nil })
	filepath.WalkDir(state, func(path string, entry os.DirEntry, _ error) error {
		switch {
		case strings.Contains(entry.Name(), name):
			t.Errorf("left behind: %s", path)
		case filepath.Base(filepath.Dir(path)) == "class":
			return filepath.SkipDir // of another test
		case strings.HasPrefix(entry.Name(), "student-"):
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
	anew, another := holdClass(t, name, "--listen", w.address)
	if another == code {
		t.Error("a new class has the code of one that ended")
	}
	each(func(_ int, s *student) {
		if status, _ := s.ask(anew, "GET", "/api/modes", ""); status != 401 {
			t.Errorf("%s is known in a class that %s never joined: %d", s.id, s.id, status)
		}
	})
}

// A class is served to others only as a workbench is.
func TestClassExposed(t *testing.T) {
	fails(t, 1, []string{"class", "--class", "exposed", "--listen", "0.0.0.0:0"}, "add --tls auto", "--plain-http in a closed room")
	fails(t, 1, []string{"class", "--class", "exposed", "--listen", "0.0.0.0:0", "--plain-http", "--policy", "local"}, "--policy local is refused")
}

// A student joins on a phone by the form, and has the page as that student.
func TestJoiningOnThePage(t *testing.T) {
	w, code := holdClass(t, "page")
	ctx, cancel := chromedp.NewContext(browser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx, expects: "403"}
	messages := chromedp.Console(ctx)
	t.Cleanup(func() { p.checkConsole(messages) })
	home := atHome(t, "http://"+w.address)
	p.do(chromedp.EmulateViewport(360, 640))
	p.do(chromedp.Navigate(home + "/join?code=AAAAAA"))
	p.wait("the form", `document.activeElement.id === "name" && document.querySelector("#code").value === "AAAAAA"`)
	for _, theme := range []string{"light", "dark"} {
		p.theme(theme)
		p.axeOnce("the page to join on, " + theme)
	}
	if evaluate[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page is wider than a phone")
	}
	p.press("Zoë")
	p.press(kb.Enter)
	p.wait("what is wrong", `document.querySelector("#problem").textContent.startsWith("This is not the code")`)
	p.axeOnce("a wrong code, dark")
	p.fill("#code", strings.ToLower(code[:3]+"-"+code[3:]))
	p.click("button")
	p.wait("the page", `document.querySelectorAll("#mode option").length > 1 && location.pathname === "/" && location.search === ""`)
	p.do(chromedp.Evaluate[chromedp.Void](`void fetch("/api/modes").then((a) => a.json()).then((m) => { window.asked = m.user + " " + m.role })`))
	p.wait("the student", `window.asked === "zoe student"`)
	p.connect(w.echo)
	p.status("Connected")
	p.do(chromedp.Navigate(home))
	p.wait("the page again", `document.querySelectorAll("#mode option").length > 1`)
}

// theme has the browser prefer a theme.
func (p *page) theme(name string) {
	p.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		p.t.Fatal(err)
	}
}

// axeOnce is axe for a page that has no button for the theme.
func (p *page) axeOnce(what string) {
	p.t.Helper()
	if !evaluate[bool](p, `"axe" in window`) {
		source, err := os.ReadFile("../web/test/axe.min.js")
		if err != nil {
			p.t.Fatal(err)
		}
		p.run(string(source))
	}
	p.run(`window.violations = undefined, axe.run(document).then((r) => window.violations = r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("\n")))`)
	p.wait("axe", `window.violations`)
	for _, v := range evaluate[[]string](p, "window.violations") {
		p.t.Errorf("%s: %s", what, v)
	}
}
