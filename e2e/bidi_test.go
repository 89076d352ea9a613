//go:build linux

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
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

	"github.com/gorilla/websocket"
)

// firefox is a running Firefox, spoken to by WebDriver BiDi: commands and their answers as
// JSON on one WebSocket, https://www.w3.org/TR/webdriver-bidi/. Firefox has no CDP.
type firefox struct {
	ws *websocket.Conn

	mu      sync.Mutex // guards all below, and writing
	id      int
	waiting map[int]chan bidiMessage
	log     map[string][]string // complaints of pages, by browsing context
	ended   error
}

// bidiMessage is an answer or an event.
type bidiMessage struct {
	ID             int
	Type           string // "success", "error", "event"
	Error, Message string
	Result         json.RawMessage
	Method         string
	Params         struct {
		Level, Text, Type string
		Source            struct{ Context string }
	}
}

var bidiLine = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// unlikeUsers is what a browser of tests does not do: reach other machines, or begin with a
// page of its own, or show a panel of downloads, which takes the keys of a later test.
// localDomains are names of this machine that are no secure contexts.
const unlikeUsers = `
user_pref("network.dns.localDomains", "` + elsewhere + `");
user_pref("browser.startup.page", 0);
user_pref("browser.download.alwaysOpenPanel", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.normandy.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
`

// startFirefox starts Firefox with its own profile until the end of the test.
func startFirefox(t testing.TB) *firefox {
	t.Helper()
	program, err := exec.LookPath("firefox-esr")
	if err != nil {
		if program, err = exec.LookPath("firefox"); err != nil {
			t.Fatal("Firefox is missing: install it, as in: apt-get install firefox-esr")
		}
	}
	profile, err := os.MkdirTemp("", "firefox")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(profile, "user.js"), unlikeUsers)
	cmd := exec.Command(program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0")
	cmd.Env = append(os.Environ(), "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its processes for contents too
	p, err := run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	f := &firefox{waiting: map[int]chan bidiMessage{}, log: map[string][]string{}}
	read := make(chan struct{})
	t.Cleanup(func() {
		if f.ws != nil {
			f.call("browser.close", nil)
			p.wait(patience)
			f.ws.Close()
			<-read
		}
		syscall.Kill(-p.pid(), syscall.SIGKILL)
		p.wait(patience)
		if !within(patience, func() bool { return os.RemoveAll(profile) == nil }) {
			t.Errorf("%s cannot be removed", profile)
		}
	})
	eventually(t, "Firefox to start", func() bool { return p.gone() || bidiLine.MatchString(p.stderr.String()) })
	at := bidiLine.FindStringSubmatch(p.stderr.String())
	if at == nil {
		t.Fatalf("Firefox does not start: %s", p.stderr)
	}
	if f.ws, _, err = websocket.DefaultDialer.Dial(at[1]+"/session", http.Header{}); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(read)
		f.read()
	}()
	for _, command := range []struct {
		method string
		params any
	}{
		{"session.new", object{"capabilities": object{}}},
		{"session.subscribe", object{"events": []string{"log.entryAdded"}}},
	} {
		if _, err := f.call(command.method, command.params); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

type object map[string]any

// read takes what comes until the connection ends.
func (f *firefox) read() {
	for {
		var m bidiMessage
		err := f.ws.ReadJSON(&m)
		f.mu.Lock()
		switch {
		case err != nil:
			f.ended = err
			for _, answer := range f.waiting {
				close(answer)
			}
			f.mu.Unlock()
			return
		case m.Type != "event":
			if answer := f.waiting[m.ID]; answer != nil {
				delete(f.waiting, m.ID)
				answer <- m
			}
		case m.Params.Level == "error" || m.Params.Level == "warn":
			context := m.Params.Source.Context
			f.log[context] = append(f.log[context], m.Params.Level+": "+m.Params.Text)
		}
		f.mu.Unlock()
	}
}

// call sends a command and waits for its result.
func (f *firefox) call(method string, params any) (json.RawMessage, error) {
	if params == nil {
		params = object{}
	}
	answer := make(chan bidiMessage, 1)
	f.mu.Lock()
	f.id++
	id, err := f.id, f.ended
	if err == nil {
		f.waiting[id] = answer
		err = f.ws.WriteJSON(object{"id": id, "method": method, "params": params})
	}
	f.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: the connection ended", method)
		case m.Type == "error":
			return nil, fmt.Errorf("%s: %s: %s", method, m.Error, m.Message)
		}
		return m.Result, nil
	case <-time.After(2 * patience): // the first answer comes when Firefox has started
		return nil, fmt.Errorf("%s: no answer", method)
	}
}

// foxTab is a window of Firefox. What stands in its console as an error or a warning, such as
// what the page's policy forbids, fails the test.
type foxTab struct {
	t       testing.TB
	f       *firefox
	context string
}

// visit opens the page in a window that shares nothing with others.
func (f *firefox) visit(t testing.TB, url string) *foxTab {
	t.Helper()
	var user struct{ UserContext string }
	f.must(t, &user, "browser.createUserContext", nil)
	return f.open(t, user.UserContext, url)
}

// open opens the page in one more window of a user.
func (f *firefox) open(t testing.TB, user, url string) *foxTab {
	t.Helper()
	tab := &foxTab{t: t, f: f}
	var created struct{ Context string }
	f.must(t, &created, "browsingContext.create", object{"type": "tab", "userContext": user})
	tab.context = created.Context
	t.Cleanup(func() {
		f.call("browsingContext.close", object{"context": tab.context})
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, complaint := range f.log[tab.context] {
			t.Errorf("Firefox complains: %s", complaint)
		}
	})
	tab.do(nil, "browsingContext.activate", object{"context": tab.context}) // without the focus, keys press no buttons
	tab.size(1200, 900)
	link, same := linkTo(t, url)
	tab.navigate(link)
	if !same {
		tab.navigate(atHome(t, url))
	}
	return tab
}

func (f *firefox) must(t testing.TB, result any, method string, params any) {
	t.Helper()
	answer, err := f.call(method, params)
	if err == nil && result != nil {
		err = json.Unmarshal(answer, result)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (tab *foxTab) do(result any, method string, params any) {
	tab.t.Helper()
	tab.f.must(tab.t, result, method, params)
}

// navigate loads an address and waits for the page.
func (tab *foxTab) navigate(url string) {
	tab.t.Helper()
	tab.do(nil, "browsingContext.navigate", object{"context": tab.context, "url": url, "wait": "complete"})
	tab.wait("the list of modes", `document.querySelectorAll("#mode option").length > 1`)
}

func (tab *foxTab) reload() {
	tab.t.Helper()
	tab.do(nil, "browsingContext.reload", object{"context": tab.context, "wait": "complete"})
}

func (tab *foxTab) size(width, height int) {
	tab.t.Helper()
	tab.do(nil, "browsingContext.setViewport", object{"context": tab.context, "viewport": object{"width": width, "height": height}})
}

// evaluateTo takes the value of an expression, a promise's too, out of the page.
func (tab *foxTab) evaluateTo(value any, expression string) error {
	answer, err := tab.f.call("script.evaluate", object{
		"expression": "Promise.resolve(" + expression + ").then((value) => JSON.stringify(value) ?? \"null\")",
		"target":     object{"context": tab.context}, "awaitPromise": true, "userActivation": true,
	})
	if err != nil {
		return err
	}
	var result struct {
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return err
	}
	if result.ExceptionDetails.Text != "" {
		return errors.New(result.ExceptionDetails.Text)
	}
	return json.Unmarshal([]byte(result.Result.Value), value)
}

func foxEvaluate[T any](tab *foxTab, expression string) (value T) {
	tab.t.Helper()
	if err := tab.evaluateTo(&value, expression); err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

func (tab *foxTab) wait(what, expression string) {
	tab.t.Helper()
	if !within(patience, func() bool {
		var is bool
		return tab.evaluateTo(&is, "Boolean("+expression+")") == nil && is
	}) {
		tab.t.Fatalf("waited in vain for %s; the page shows:\n%s", what, foxEvaluate[string](tab, "document.body.innerText"))
	}
}

// drawn waits until Firefox has drawn twice.
func (tab *foxTab) drawn() {
	tab.t.Helper()
	foxEvaluate[bool](tab, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

// bidiKeys are WebDriver's numbers of keys that write nothing.
var bidiKeys = strings.NewReplacer("<Enter>", "\uE007", "<Tab>", "\uE004", "<Escape>", "\uE00C", "<Backspace>", "\uE003", "<Home>", "\uE011", "<End>", "\uE010", "<Down>", "\uE015", "<Up>", "\uE013", "<F2>", "\uE032")

// press presses keys one after the other where the focus is; with are held meanwhile.
func (tab *foxTab) press(keys string, with ...string) {
	tab.t.Helper()
	var actions []object
	modifiers := map[string]string{"Ctrl": "\uE009", "Alt": "\uE00A", "Shift": "\uE008"}
	for _, modifier := range with {
		actions = append(actions, object{"type": "keyDown", "value": modifiers[modifier]})
	}
	for _, key := range bidiKeys.Replace(keys) {
		actions = append(actions, object{"type": "keyDown", "value": string(key)}, object{"type": "keyUp", "value": string(key)})
	}
	for _, modifier := range with {
		actions = append(actions, object{"type": "keyUp", "value": modifiers[modifier]})
	}
	tab.do(nil, "input.performActions", object{"context": tab.context, "actions": []object{{"type": "key", "id": "keyboard", "actions": actions}}})
}

// click clicks in the middle of the first element that the selector means, when it is there.
func (tab *foxTab) click(selector string) {
	tab.t.Helper()
	var found struct{ Nodes []struct{ SharedID string } }
	if !within(patience, func() bool {
		answer, err := tab.f.call("browsingContext.locateNodes", object{"context": tab.context, "locator": object{"type": "css", "value": selector}, "maxNodeCount": 1})
		return err == nil && json.Unmarshal(answer, &found) == nil && len(found.Nodes) > 0
	}) {
		tab.t.Fatalf("there is no %s", selector)
	}
	foxEvaluate[bool](tab, fmt.Sprintf(`(document.querySelector(%q)?.scrollIntoView({ block: "nearest" }), true)`, selector))
	at := object{"type": "element", "element": object{"sharedId": found.Nodes[0].SharedID}}
	tab.do(nil, "input.performActions", object{"context": tab.context, "actions": []object{{"type": "pointer", "id": "mouse", "actions": []object{
		{"type": "pointerMove", "x": 0, "y": 0, "origin": at}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
	}}}})
}

// fill replaces the text of a field by keys.
func (tab *foxTab) fill(selector, text string) {
	tab.t.Helper()
	tab.click(selector)
	tab.press("a", "Ctrl")
	tab.press("<Backspace>" + text)
}

// status waits until the status line begins with words.
func (tab *foxTab) status(begin string) {
	tab.t.Helper()
	tab.wait("the status "+begin, fmt.Sprintf(`document.querySelector("#status").textContent.trim().startsWith(%q)`, begin))
}

// shows waits until a lane has a row of a kind with the text.
func (tab *foxTab) shows(lane, kind, text string) {
	tab.t.Helper()
	tab.wait(text, fmt.Sprintf(`[...document.querySelectorAll("#%s .%s .payload")].some((node) => node.textContent.includes(%q))`, lane, kind, text))
}

func (tab *foxTab) choose(selector, value string) {
	tab.t.Helper()
	tab.wait(selector, fmt.Sprintf("document.querySelector(%q)", selector))
	foxEvaluate[bool](tab, fmt.Sprintf(`(() => {
		const field = document.querySelector(%q);
		field.value = %q;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		return field.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, selector, value))
}

// connect connects to an address in a line mode.
func (tab *foxTab) connect(mode, address string) {
	tab.t.Helper()
	tab.choose("#mode", mode)
	tab.fill("#host", address)
	tab.press("<Enter>")
	tab.status("Connected")
	tab.wait("the focus where one types", `document.activeElement.id === "command"`)
}
