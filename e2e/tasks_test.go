//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const tasksFile = "../docs/tasks.md"

// TestTasks does what docs/tasks.md tells, by what stands on the screen only: roles, names
// and texts, and as from another machine. A task that needs more clicks or entries than the file says fails; -update
// writes the counts anew.
func TestTasks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(tasksFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	chromium := browser(t)
	far := visited(t, func(flags ...string) *workbench { return start(t, append(flags, "--transcripts", t.TempDir())...) })
	places := strings.NewReplacer(
		"web.example:80", goHTTP(t, nil), "mail.example:25", serve(t, greet).address, "meter.example:502", serve(t, meter).address,
		"secure.example:443", func() string { s, _ := selfSigned(t, "127.0.0.1"); return s.address }(),
	)
	plugin := filepath.Join(t.TempDir(), "counter.star")
	save(t, plugin, counter(0, noEnd))

	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && !strings.HasPrefix(lines[to], "## ") {
			to++
		}
		part := lines[from:to]
		from = to
		title, found := strings.CutPrefix(part[0], "## ")
		if !found {
			continue
		}
		t.Run(title, func(t *testing.T) {
			at := far
			if title == "A plugin author" {
				at = visited(t, func(flags ...string) *workbench { return startCommand(t, []string{"plugin", "dev", plugin}, flags...) })
			}
			u := &user{page: visit(t, chromium, at), places: places, downloads: t.TempDir(), elsewhere: map[string]func(){
				"In the editor, leave a bracket open.": func() { save(t, plugin, "def handle(:\n") },
				"In the editor, close the bracket.":    func() { save(t, plugin, counter(1, noEnd)) },
			}}
			u.expects = fromElsewhere
			u.keepDownloads()
			u.doAll(part)
		})
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(tasksFile, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// meter answers each request of a Modbus client with the same register: 300.
func meter(conn net.Conn) {
	for request := make([]byte, 64); ; {
		if _, err := conn.Read(request); err != nil {
			return
		}
		conn.Write([]byte("\x01\x04\x04\x00\x00\x01\x2c\xfb\xc9"))
	}
}

// user does steps, and counts what they take.
type user struct {
	*page
	places          *strings.Replacer
	downloads       string
	elsewhere       map[string]func() // what is done outside of the page, by the step's words
	clicks, entries int
}

var (
	taskLine = regexp.MustCompile(`^### (.*?)(?: \((\d+) clicks?, (\d+) entr(?:y|ies)\))?$`)
	stepLine = regexp.MustCompile(`^\d+\. (.*)$`)
)

// doAll does a part of the file, and checks its counts or writes them into its lines.
func (u *user) doAll(lines []string) {
	task := -1
	done := func() {
		if task < 0 {
			return
		}
		m := taskLine.FindStringSubmatch(lines[task])
		now := fmt.Sprintf("### %s (%s, %s)", m[1], plural(u.clicks, "click", "clicks"), plural(u.entries, "entry", "entries"))
		clicks, _ := strconv.Atoi(m[2]) // 0 of a task that has not been counted
		entries, _ := strconv.Atoi(m[3])
		switch {
		case *update:
			lines[task] = now
		case u.clicks > clicks || u.entries > entries:
			u.t.Errorf("%s now takes more:\n%s", lines[task], now)
		case now != lines[task]:
			u.t.Errorf("%s now takes less, run with -update:\n%s", lines[task], now)
		}
	}
	for i, line := range lines {
		if taskLine.MatchString(line) {
			done()
			task, u.clicks, u.entries = i, 0, 0
		} else if m := stepLine.FindStringSubmatch(line); m != nil {
			u.step(m[1])
		}
	}
	done()
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", more)
}

// verbs are the steps that there are. A control is found by its name, or by how that begins.
var verbs = []struct {
	is *regexp.Regexp
	do func(u *user, words []string)
}{
	{regexp.MustCompile(`^Press \*\*(.+)\*\*\.$`), func(u *user, words []string) { u.pressControl(words[0], 0) }},
	{regexp.MustCompile(`^Press the (first|second) \*\*(.+)\*\*\.$`), func(u *user, words []string) {
		u.pressControl(words[1], map[string]int{"first": 0, "second": 1}[words[0]])
	}},
	{regexp.MustCompile("^Press `(.+)`\\.$"), func(u *user, words []string) { u.pressKey(words[0]) }},
	{regexp.MustCompile("^Type `(.+?)`(?: in \\*\\*(.+)\\*\\*)?( and press `Enter`)?\\.$"), func(u *user, words []string) { u.enter(words[0], words[1], words[2] != "") }},
	{regexp.MustCompile(`^Choose \*\*(.+)\*\* in \*\*(.+)\*\*\.$`), func(u *user, words []string) { u.chooseFrom(words[1], words[0]) }},
	{regexp.MustCompile("^Pick `(.+)`\\.$"), func(u *user, words []string) { u.pick(words[0]) }},
	{regexp.MustCompile("^Drag over `(.+)`\\.$"), func(u *user, words []string) { u.drag(words[0]) }},
	{regexp.MustCompile("^See `(.+)`\\.?$"), func(u *user, words []string) { u.see(words[0]) }},
	{regexp.MustCompile("^Get a file `(.+)`\\.$"), func(u *user, words []string) { u.get(words[0]) }},
}

func (u *user) step(words string) {
	u.t.Helper()
	if do := u.elsewhere[words]; do != nil {
		do()
		return
	}
	for _, verb := range verbs {
		if m := verb.is.FindStringSubmatch(words); m != nil {
			verb.do(u, m[1:])
			return
		}
	}
	u.t.Fatalf("what is meant by %q?", words)
}

var (
	typed    = []string{"textbox", "searchbox", "spinbutton"}
	chosen   = []string{"combobox"}
	controls = slices.Concat(typed, chosen, []string{"button", "link", "checkbox", "switch", "radio", "DisclosureTriangle"})
)

// control waits for a control of the name, which nothing hides from a screen reader, and
// returns it: the nth of those with just that name, or else with names that begin so.
func (u *user) control(roles []string, name string, nth int) (node cdp.BackendNodeID) {
	u.t.Helper()
	name = u.places.Replace(name)
	var names []string
	if !within(patience, func() bool {
		tree, err := chromedp.Call(u.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return false // the page may be about to change
		}
		var same, begin []cdp.BackendNodeID
		names = nil
		for _, one := range tree.Nodes {
			if one.Ignored || one.Name == nil || one.Role == nil || !slices.Contains(roles, word(one.Role)) {
				continue
			}
			switch is := word(one.Name); {
			case is == name:
				same = append(same, one.BackendDOMNodeID)
			case strings.HasPrefix(is, name):
				begin = append(begin, one.BackendDOMNodeID)
			default:
				names = append(names, is)
			}
		}
		if len(same) == 0 {
			same = begin
		}
		if nth >= len(same) {
			return false
		}
		node = same[nth]
		return true
	}) {
		u.t.Fatalf("there is no %s, but: %q", name, names)
	}
	return node
}

func word(v *accessibility.Value) (text string) {
	json.Unmarshal(v.Value, &text)
	return strings.TrimSpace(text)
}

// point is where one presses a control: in its middle, or of the words that stand for it.
const point = `function() {
	const shown = this.matches("input") && this.labels?.length && this.labels[0].contains(this) ? this.labels[0] : this;
	shown.scrollIntoView({ block: "nearest", inline: "nearest" });
	const { x, y, width, height } = shown.getBoundingClientRect();
	const at = [x + width / 2, y + height / 2];
	const top = document.elementFromPoint(...at);
	return top && (shown.contains(top) || top.contains(shown)) ? at : [];
}`

// pressAt presses the mouse on a control.
func (u *user) pressAt(roles []string, name string, nth int) cdp.BackendNodeID {
	u.t.Helper()
	var node cdp.BackendNodeID
	if !within(patience, func() bool {
		node = u.control(roles, name, nth)
		at, err := call[[]float64](u, node, point)
		return err == nil && len(at) == 2 && chromedp.Do(u.ctx, chromedp.MouseClickXY(at[0], at[1])) == nil
	}) {
		u.t.Fatalf("%s cannot be pressed", name)
	}
	return node
}

// call calls a function on an element.
func call[T any](u *user, node cdp.BackendNodeID, function string, args ...any) (value T, err error) {
	found, err := chromedp.Call(u.ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node})
	if err != nil {
		return value, err
	}
	return chromedp.Run(u.ctx, chromedp.CallFunctionOn[T](function, func(p *runtime.CallFunctionOnParams) { p.ObjectID = found.Object.ObjectID }, args...))
}

func (u *user) pressControl(name string, nth int) {
	u.t.Helper()
	u.clicks++
	u.pressAt(controls, name, nth)
}

var taskKeys = map[string]string{"Enter": kb.Enter, "Escape": kb.Escape, "F2": kb.F2}

// pressKey presses a key, as "F2" or "Alt+P".
func (u *user) pressKey(key string) {
	u.t.Helper()
	u.entries++
	if letter, alt := strings.CutPrefix(key, "Alt+"); alt {
		u.do(chromedp.KeyEvent(strings.ToLower(letter), chromedp.KeyModifiers(chromedp.ModifierAlt)))
	} else if taskKeys[key] == "" {
		u.t.Fatalf("which key is %s?", key)
	} else {
		u.press(taskKeys[key])
	}
	u.drawn() // and what it opened has the focus
}

// enter types a text where the focus is, or instead of what stands in a field.
func (u *user) enter(text, field string, enter bool) {
	u.t.Helper()
	if field != "" {
		u.clicks++
		if _, err := call[chromedp.Void](u, u.pressAt(typed, field, 0), "function() { this.select() }"); err != nil {
			u.t.Fatal(err)
		}
	} else { // where it goes by itself
		u.wait("a field with the focus", `document.activeElement.matches("input[type=text], textarea")`)
	}
	u.entries++
	u.press(u.places.Replace(text))
	if enter {
		u.press(kb.Enter)
	}
}

// chooseFrom picks from a list of choices, with the events that this has.
func (u *user) chooseFrom(field, choice string) {
	u.t.Helper()
	u.clicks += 2
	is, err := call[bool](u, u.control(chosen, field, 0), `function(choice) {
		const option = [...this.options].find((one) => one.text.trim() === choice || one.text.trim().startsWith(choice + ":"));
		if (!option) return false;
		this.value = option.value;
		this.dispatchEvent(new Event("input", { bubbles: true }));
		this.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	}`, choice)
	if err != nil || !is {
		u.t.Fatalf("%s has no choice %s: %v", field, choice, err)
	}
}

// ends finds a text on the screen, and says where it begins and ends.
const ends = `((sought) => {
	const all = [];
	let text = "";
	for (const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT); walker.nextNode(); text += walker.currentNode.data)
		all.push({ node: walker.currentNode, from: text.length });
	for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) {
		const places = [at, at + sought.length - 1].map((place) => {
			const { node, from } = all.findLast(({ from }) => from <= place);
			const range = document.createRange();
			range.setStart(node, place - from);
			range.setEnd(node, place - from + 1);
			const { x, y, width, height } = range.getBoundingClientRect();
			const seen = document.elementFromPoint(x + width / 2, y + height / 2);
			return seen && (seen.contains(node) || node.parentElement.contains(seen) || seen.contains(node.parentElement)) && !node.parentElement.closest(".unseen") ? [x, y, width, height] : null;
		});
		if (places[0] && places[1]) return places.flat();
	}
	return [];
})(%q)`

func (u *user) place(text string) (at []float64) {
	u.t.Helper()
	if !within(patience, func() bool {
		at = evaluate[[]float64](u.page, fmt.Sprintf(ends, text))
		return len(at) > 0
	}) {
		u.t.Fatalf("%s is not on the screen:\n%s", text, u.seen())
	}
	return at
}

// pick presses the mouse on a text.
func (u *user) pick(text string) {
	u.t.Helper()
	u.clicks++
	at := u.place(text)
	u.do(chromedp.MouseClickXY(at[0]+at[2]/2, at[1]+at[3]/2))
}

// drag holds the mouse from the beginning of a text to its end.
func (u *user) drag(text string) {
	u.t.Helper()
	u.clicks++
	at := u.place(text)
	y := at[1] + at[3]/2
	u.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0]+at[2]/2, y),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, at[0]+at[2]/2, y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[4]+at[6]/4, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[4]+at[6]/2, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, at[4]+at[6]/2, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
}

// seen is what is on the screen and what a screen reader has instead of it.
func (u *user) seen() string {
	u.t.Helper()
	text := evaluate[string](u.page, `[document.body.innerText, ...[...document.querySelectorAll("svg text")].map((one) => one.textContent),
		...[...document.querySelectorAll("[aria-label], input, textarea")].filter((one) => one.checkVisibility()).map((one) => one.getAttribute("aria-label") ?? one.value)].join("\n")`)
	return strings.Join(strings.Fields(text), " ")
}

func (u *user) see(text string) {
	u.t.Helper()
	var seen string
	if !within(patience, func() bool { seen = u.seen(); return strings.Contains(seen, text) }) {
		u.t.Fatalf("%s is not to be seen:\n%s", text, seen)
	}
}

// keepDownloads has the browser keep files in the user's folder.
func (u *user) keepDownloads() {
	u.t.Helper()
	if _, err := chromedp.CallBrowser(u.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(u.ctx).BrowserContextID, DownloadPath: u.downloads,
	}); err != nil {
		u.t.Fatal(err)
	}
}

// get waits for a file of the ending.
func (u *user) get(ending string) {
	u.t.Helper()
	eventually(u.t, "a file "+ending, func() bool {
		files, _ := filepath.Glob(u.downloads + "/*" + ending)
		return slices.ContainsFunc(files, func(file string) bool { info, err := os.Stat(file); return err == nil && info.Size() > 0 })
	})
}
