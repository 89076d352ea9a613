//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// joins opens the page of a student, in a browser context of its own, and of a size.
func joins(t *testing.T, chromium context.Context, address, code, name string, width, height int64) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	messages := chromedp.Console(ctx)
	t.Cleanup(func() { p.checkConsole(messages) })
	home := atHome(t, "http://"+address)
	p.do(chromedp.Navigate(home + "/join?code=" + code))
	p.size(width, height)
	p.fill("#name", name)
	p.press(kb.Enter)
	p.isInClass(name)
	return p
}

// isInClass waits until the page knows the class.
func (p *page) isInClass(name string) {
	p.t.Helper()
	p.wait(name+" in the class", fmt.Sprintf(`document.querySelector("#class-name")?.textContent === %q`, name))
}

// teaches tells the class something as its teacher, by the API.
func (w *workbench) teaches(t *testing.T, method, path, body string) {
	t.Helper()
	if status, text := w.ask(t, "", method, "/api/class/"+path, []byte(body)); status != http.StatusNoContent {
		t.Fatalf("%s %s %s: %d %s", method, path, body, status, text)
	}
}

// practiceAt returns the address of a practice server.
func (w *workbench) practiceAt(t *testing.T, name string) string {
	t.Helper()
	var modes struct {
		Practices []struct{ Name, Target string }
	}
	_, text := w.ask(t, "", "GET", "/api/modes", nil)
	if err := json.Unmarshal([]byte(text), &modes); err != nil {
		t.Fatal(err)
	}
	for _, one := range modes.Practices {
		if one.Name == name {
			return one.Target
		}
	}
	t.Fatalf("no practice server %s in %s", name, text)
	return ""
}

// isAt waits until the page is at a step of the first lesson.
func (p *page) isAt(step int) {
	p.t.Helper()
	p.wait(fmt.Sprint("step ", step), fmt.Sprintf(`location.hash === "#/lessons/http-by-hand?step=%d" && document.querySelector("#step-title")`, step))
}

func (p *page) says(selector, words string) {
	p.t.Helper()
	p.wait(words, fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q)`, selector, words))
}

func (p *page) has(selector string) {
	p.t.Helper()
	p.wait(selector, fmt.Sprintf(`document.querySelector(%q)`, selector))
}

func (p *page) hasNo(selector string) {
	p.t.Helper()
	p.wait("no "+selector, fmt.Sprintf(`!document.querySelector(%q)`, selector))
}

// isNarrow checks that nothing is wider than the window.
func (p *page) isNarrow(what string) {
	p.t.Helper()
	if evaluate[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.t.Errorf("%s is wider than a phone", what)
	}
}

// A student raises a hand, is paused and watched, and gets what the teacher sends: at once,
// or as an offer where something would be taken away; once, and also who comes late.
func TestStudentOnThePage(t *testing.T) {
	w, code := holdClass(t, "student")
	chromium := browser(t)
	anna := joins(t, chromium, w.address, code, "Anna", 1200, 900)
	phone := joins(t, chromium, w.address, code, "Änne", 360, 740)
	for _, p := range []*page{anna, phone} {
		p.says(".class-news", "Your teacher can watch your sessions.")
		p.axe("a class at first")
	}
	phone.isNarrow("a class at first")
	anna.pictures("class-student")
	anna.click("#told-button")
	anna.hasNo("#told-button")
	anna.click("#class-menu")
	anna.says(".sheet", "A session says when it is being watched.")
	anna.axe("what the teacher sees")
	anna.press(kb.Escape)

	hand := func(up bool) {
		t.Helper()
		eventually(t, "the hand at the teacher's", func() bool {
			_, text := w.ask(t, "", "GET", "/api/class", nil)
			return strings.Contains(text, `"hand"`) == up
		})
		anna.wait("the hand", fmt.Sprintf(`document.querySelector("#hand-button").getAttribute("aria-pressed") === "%v" && document.querySelector("#class-status").textContent.includes("Your hand is up.") === %[1]v`, up))
	}
	anna.click("#hand-button")
	hand(true)
	anna.do(chromedp.Reload())
	anna.isInClass("Anna")
	hand(true)
	anna.click("#hand-button")
	hand(false)
	anna.hasNo("#told-button")

	w.teaches(t, "POST", "pause", `{"paused":true}`)
	for _, p := range []*page{anna, phone} {
		p.says("#class-status", "The teacher has paused the class: sessions that are open go on.")
		p.wait("the button", `document.querySelector("#connect-button").disabled && document.querySelector("#connect-button").title.includes("paused")`)
	}
	anna.axe("a class that is paused")
	w.teaches(t, "POST", "pause", `{"paused":false}`)
	anna.wait("the button", `!document.querySelector("#connect-button").disabled`)

	w.teaches(t, "POST", "send", `{"lesson":"http-by-hand","step":2}`)
	for _, p := range []*page{anna, phone} {
		p.isAt(2)
		p.says("#class-status", "Your teacher has opened http-by-hand, step 2.")
	}
	phone.isNarrow("a lesson in a class")

	anna.click("#lesson-start")
	anna.status("Connected")
	w.isWatching(t, anna, func() {
		anna.says("#class-status", "Your teacher is watching this session.")
		anna.says(".session-bar .observed", "Your teacher is watching this session")
		anna.has(".tab-title .observed")
		anna.axe("a session that is watched")
		anna.pictures("class-watched")
	})
	anna.hasNo(".observed")

	web := w.practiceAt(t, "http")
	w.teaches(t, "POST", "send", fmt.Sprintf(`{"target":%q,"mode":"http-line"}`, web))
	anna.says(".class-news", "Your teacher has sent "+web+" with http-line.")
	anna.axe("what is sent to somebody with a session")
	anna.pictures("class-sent")
	anna.isAt(2)
	anna.click("#later-sent")
	anna.hasNo("#later-sent")
	anna.do(chromedp.Reload())
	anna.status("Connected")
	anna.has("#sent-again")
	anna.isAt(2)
	anna.hasNo("#later-sent")
	anna.click("#sent-again")
	anna.wait("the target", fmt.Sprintf(`document.querySelector("#host").value + ":" + document.querySelector("#port").value === %q && document.activeElement.id === "connect-button" && document.querySelectorAll(".tab").length === 2`, web))

	late := joins(t, chromium, w.address, code, "Late", 1200, 900)
	late.wait("the target", fmt.Sprintf(`document.querySelector("#host").value + ":" + document.querySelector("#port").value === %q`, web))
	late.says("#class-status", "Your teacher has filled in "+web)
	late.fill("#command", "something")
	w.teaches(t, "POST", "send", `{"lesson":"http-by-hand","step":3}`)
	late.has("#open-sent")
	late.click("#open-sent")
	late.isAt(3)

	anna.expects, phone.expects, late.expects = "WebSocket|401", "WebSocket", "WebSocket"
	w.teaches(t, "DELETE", "students/anna", "")
	anna.says(".class-bar", "You are not in this class any more.")
	anna.axe("a class that one is not in any more")
}

// isWatching does something while the teacher watches the page's session.
func (w *workbench) isWatching(t *testing.T, p *page, does func()) {
	t.Helper()
	c := w.open(t, "?attach="+evaluate[string](p, p.ownTab("attach.value"))+"&student=anna", "workbench.v1")
	does()
	c.ws.Close()
}

// ownTab returns an expression for something of the page's tab that is shown.
func (p *page) ownTab(what string) string {
	p.t.Helper()
	p.wait("the page's own module", `globalThis.tabsOfTheTest || (import("/ui/tabs.js").then((tabs) => { globalThis.tabsOfTheTest = tabs; }), false)`)
	return "tabsOfTheTest.current.value." + what
}

// What the teacher shows is seen in step: a session that lives, and a recording at the
// moment that the teacher is at. Pages that are loaded anew see the same.
func TestShowOnThePage(t *testing.T) {
	w, code := holdClass(t, "show")
	chromium := browser(t)
	teacher := visit(t, chromium, "http://"+w.address)
	anna := joins(t, chromium, w.address, code, "Anna", 1200, 900)
	phone := joins(t, chromium, w.address, code, "Änne", 360, 740)
	both := []*page{anna, phone}
	anna.connect(w.echo)
	anna.status("Connected")
	anna.sendLine("my own")
	anna.shows("my own")

	teacher.connect(w.echo)
	teacher.status("Connected")
	teacher.sendLine("before it is shown")
	teacher.shows("before it is shown")
	teacher.menuItem("#show-button", "Show to the class")
	teacher.has("#stop-show")
	teacher.axe("a session that is shown")
	teacher.pictures("show-teacher")
	for _, p := range both {
		p.has("#watch-show")
		p.axe("something is shown")
		p.click("#watch-show")
		p.shows("before it is shown")
		p.says("#show-status", "Live")
	}
	teacher.sendLine("now you see it")
	for _, p := range both {
		p.shows("now you see it")
		p.axe("what is shown")
	}
	phone.isNarrow("what is shown")
	anna.pictures("show-session")
	teacher.do(chromedp.Reload())
	teacher.status("Connected")
	teacher.has("#stop-show")
	for _, p := range both {
		p.do(chromedp.Reload())
		p.shows("before it is shown")
	}
	teacher.sendLine("after all came back")
	for _, p := range both {
		p.shows("after all came back")
	}
	teacher.click("#stop-show")
	for _, p := range both {
		p.says("#show-status", "Your teacher has stopped showing.")
	}
	anna.axe("nothing is shown any more")
	anna.click("#leave-show")
	anna.status("Connected")
	anna.shows("my own")

	teacher.click("#disconnect-button")
	teacher.status("Disconnected")
	transcript := evaluate[string](teacher, teacher.ownTab("session.value.transcript"))
	teacher.open("transcripts/"+transcript+"?at=0", `document.querySelector("#scrubber")?.value === "0"`)
	teacher.menuItem("#show-button", "Show to the class")
	teacher.has("#stop-show")
	at := func() string { return evaluate[string](teacher, `document.querySelector("#scrubber").value`) }
	inStep := func() {
		t.Helper()
		for _, p := range both {
			p.says("#show-status", "In step with your teacher: "+at()+" of ")
		}
	}
	anna.click("#watch-show")
	inStep()
	for range 3 {
		teacher.click("#step")
	}
	if at() == "0" {
		t.Fatal("the teacher's steps led nowhere")
	}
	inStep()
	sameRows := func() {
		t.Helper()
		const rows = `[...document.querySelectorAll("#console .row .payload")].map((node) => node.textContent.replace(/\s+/g, "")).join("")`
		for _, p := range both {
			eventually(t, "the teacher's rows", func() bool { // which may still be drawn
				return evaluate[string](p, rows) == evaluate[string](teacher, rows)
			})
		}
	}
	sameRows()
	anna.axe("a recording in step")
	phone.isNarrow("a recording in step")
	anna.pictures("show-recording")

	anna.click("#look-around")
	anna.has("#scrubber")
	anna.axe("a recording to look around in")
	before := at()
	anna.click("#step-back")
	anna.says("#show-status", "You look around; your teacher is at "+before+" of ")
	anna.pictures("show-around")
	teacher.click("#step")
	phone.says("#show-status", "In step with your teacher: "+at()+" of ")
	anna.says("#show-status", "You look around; your teacher is at "+at()+" of ")
	anna.click("#look-around")
	inStep()
	sameRows()
	for range 4 {
		teacher.click("#step-back")
	}
	inStep()
	sameRows()
	teacher.do(chromedp.Reload())
	teacher.has("#scrubber")
	teacher.has("#stop-show")
	for _, p := range both {
		p.do(chromedp.Reload())
		p.has("#show-status")
	}
	teacher.click("#step")
	inStep()
	sameRows()
	teacher.menuItem("#show-button", "Stop showing")
	for _, p := range both {
		p.says("#show-status", "Your teacher has stopped showing.")
	}
	teacher.hasNo("#stop-show")
}

// menuItem presses what stands in the menu of the session.
func (p *page) menuItem(selector, words string) {
	p.t.Helper()
	p.click("#session-menu")
	p.wait(words, fmt.Sprintf(`document.querySelector(%q)?.textContent === %q`, selector, words))
	p.click(selector)
	p.hasNo(selector)
}

// A student's page comes back: after its network was gone, with what was sent meanwhile, and
// after the workbench was killed, at the same step with all that was done.
func TestClassComesBack(t *testing.T) {
	way := newCuttable(t)
	w, code := holdClass(t, "back", "--host", way.address)
	way.lead(w.address)
	chromium := browser(t)
	anna := joins(t, chromium, way.address, code, "Anna", 1200, 900)
	bert := joins(t, chromium, way.address, code, "Bert", 1200, 900)
	all := []*page{anna, bert}
	for _, p := range all {
		p.expects = "WebSocket|net::ERR_"
	}
	w.teaches(t, "POST", "send", `{"lesson":"http-by-hand","step":1}`)
	for _, p := range all {
		p.isAt(1)
	}
	anna.click("#lesson-start")
	anna.status("Connected")
	anna.types("GET /about HTTP/1.0", "")
	anna.verdict("Done: 5 of 5 points.")

	way.cut(true)
	for _, p := range all {
		p.says("#class-status", "The class does not answer.")
	}
	anna.pictures("class-away")
	anna.axe("a class that does not answer")
	if thorough() {
		time.Sleep(20 * time.Second)
	}
	w.teaches(t, "POST", "send", `{"lesson":"http-by-hand","step":2}`)
	way.cut(false)
	for _, p := range all {
		p.isAt(2)
		p.wait("the class", `!document.querySelector(".class-bar.bad")`)
	}

	// The laptop of the teacher sleeps.
	w.signal(syscall.SIGSTOP)
	nap := time.Second
	if thorough() {
		nap = time.Minute
	}
	time.Sleep(nap)
	w.signal(syscall.SIGCONT)
	for _, step := range []int{1, 2} {
		w.teaches(t, "POST", "send", fmt.Sprintf(`{"lesson":"http-by-hand","step":%d}`, step))
		for _, p := range all {
			p.isAt(step)
			p.wait("the class", `!document.querySelector(".class-bar.bad")`)
		}
	}

	w.signal(syscall.SIGKILL)
	if !w.wait(patience) {
		t.Fatal("SIGKILL did not end it")
	}
	for _, p := range all {
		p.says("#class-status", "The class does not answer.")
	}
	again, same := holdClass(t, "back", "--listen", w.address, "--host", way.address)
	if same != code {
		t.Errorf("the code was %s and is %s", code, same)
	}
	for _, p := range all {
		p.wait("the class", `!document.querySelector(".class-bar.bad")`)
		p.isAt(2)
	}
	anna.wait("what was done", `document.querySelector("#lesson-sum").textContent.startsWith("5 of ")`)
	anna.do(chromedp.Reload())
	anna.isAt(2)
	anna.wait("what was done", `document.querySelector("#lesson-sum").textContent.startsWith("5 of ")`)
	bert.click(`.lesson-steps a[href$="step=1"]`)
	bert.isAt(1)
	bert.click("#lesson-start")
	bert.status("Connected")
	bert.types("GET /about HTTP/1.0", "")
	bert.verdict("Done: 5 of 5 points.")
	again.teaches(t, "POST", "send", `{"lesson":"http-by-hand","step":3}`)
	for _, p := range all {
		p.isAt(3)
	}
}
