//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// pupil is the seed of the student who is played.
const pupil = "anna"

// Every lesson that the workbench comes with is played on the page: each step in the
// right way that the lesson's own cases have, and one step in a wrong way before, whose
// hint has to show. The short form plays the lessons that differ most in how they are
// played. With WORKBENCH_LONG=1 each lesson is played in five wrong ways, or in
// as many as can be typed: wrong servers cannot. The script is made by the packages of
// lessons; what plays is the built binary.
func TestReadyLessonsOnThePage(t *testing.T) {
	wanted := 1
	if os.Getenv("WORKBENCH_LONG") != "" {
		wanted = 5
	}
	chromium := browser(t)
	wrong := map[string]int{} // ways that were played, by lesson
	left := in([]string{"cr-lf-or-lf", "smtp-forge-a-sender", "starttls", "design-a-protocol", "write-your-own-server"}, ready.Names())
	for round := 0; len(left) > 0; round++ {
		now := left
		left = nil
		if !t.Run(fmt.Sprintf("round-%d", round+1), func(t *testing.T) {
			p := visitClass(t, chromium)
			for _, name := range now {
				t.Run(name, func(t *testing.T) {
					played := openScript(t, name).play(p.in(t), round, wanted-wrong[name])
					wrong[name] += played
					switch {
					case wrong[name] == 0:
						t.Error("no wrong way can be played here")
					case played > 0 && wrong[name] < wanted:
						left = append(left, name)
					}
				})
			}
		}) {
			return
		}
	}
}

// visitClass starts a workbench for the pupil, with what the lessons have a student write
// or start, and opens its page.
func visitClass(t *testing.T, chromium context.Context) *page {
	state, plugins := t.TempDir(), t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	folder := filepath.Join(state, "workbench", "lessons")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(folder, "seed"), pupil+"\n")
	word := pupils(t, "student.word")
	save(t, filepath.Join(plugins, word+".star"), strings.Replace(pupilsMode, "WORD", word, 1))
	serveOwn(t)
	practising(t, "frames", "--fragment", "--listen", "127.0.0.1:4012")
	w := start(t, "--practice", "--plugin-dir", plugins, "--transcripts", t.TempDir())
	p := visit(t, chromium, "http://"+w.address)
	p.size(1600, 3000) // all rows are in sight
	return p
}

// script is how a lesson is played.
type script struct {
	source *lesson.Source
	lesson *lesson.Lesson // the pupil's
	cases  []lesson.Case
}

func openScript(t *testing.T, name string) *script {
	t.Helper()
	source, err := ready.Open(name, room.Value)
	if err != nil {
		t.Fatal(err)
	}
	made, err := source.For(pupil)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := source.Cases()
	if err != nil {
		t.Fatal(err)
	}
	return &script{source, made, cases}
}

// way is a case as the pupil plays it, and the verdict that the page has to give.
type way struct {
	name    string
	attempt lesson.Attempt
	verdict lesson.StepVerdict
}

// ways returns a step's right way, and those wrong ones that have a hint and that the
// session which Start opens can be led into.
func (s *script) ways(t *testing.T, step *lesson.Step) (right *way, wrong []way) {
	t.Helper()
	for i := range s.cases {
		c := &s.cases[i]
		if c.Step != step.N || !slices.Contains(c.Seeds(), pupil) {
			continue
		}
		attempt, err := s.source.Attempt(c, pupil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.lesson.TryOn(c, attempt)
		if err != nil {
			t.Fatal(err)
		}
		w := way{c.Name, attempt, r.Verdict.Steps[0]}
		cannot := func(c lesson.Connection) bool {
			return step.Setting.YourServer || step.Setting.Mode == pupils(t, "student.word") || !asStarted(step, c.Log) || isRefused(c.Log)
		}
		switch {
		case w.verdict.Passed && right == nil:
			right = &w
		case c.NamesMistake() && !slices.ContainsFunc(attempt.Connections, cannot):
			wrong = append(wrong, w)
		}
	}
	if right == nil {
		t.Fatalf("step %d: the cases have no right way for %s", step.N, pupil)
	}
	return right, wrong
}

// asStarted reports whether a session was opened with the step's mode and options.
func asStarted(step *lesson.Step, log *transcript.Transcript) bool {
	other := func(o transcript.OptionValue) bool { return !slices.Contains(step.Setting.Options, o) }
	return log.Mode == step.Setting.Mode && !slices.ContainsFunc(log.Options, other)
}

// isRefused reports whether the line mode ftp sent nothing of what was typed: the page says so
// itself, before that has left it.
func isRefused(log *transcript.Transcript) bool {
	return slices.ContainsFunc(log.Entries, func(e transcript.Entry) bool {
		return e.Dir == transcript.Action && e.Action.Kind == core.SendText && string(e.Action.Data) == "(not sent)"
	})
}

// play plays the steps of a lesson in at most so many wrong ways, one for each step, and
// in the first round in the right way after that. It returns how many were wrong.
func (s *script) play(p *page, round, most int) (wrong int) {
	p.t.Helper()
	points := 0
	for i := range s.lesson.Steps {
		step := &s.lesson.Steps[i]
		p.open(fmt.Sprintf("lessons/%s?step=%d", s.lesson.Name, step.N), fmt.Sprintf(`document.querySelector("#step-title")?.textContent === %q`, step.Title))
		right, others := s.ways(p.t.(*testing.T), step)
		if round < len(others) && wrong < most {
			p.tries(s.lesson, step, &others[round])
			wrong++
		}
		if round > 0 {
			continue
		}
		p.tries(s.lesson, step, right)
		points += right.verdict.Of
		p.wait("the step's points", fmt.Sprintf(`document.querySelector('.lesson-steps [aria-current="step"] .muted').textContent === "%d of %[1]d points"`, right.verdict.Of))
	}
	if round == 0 {
		p.wait("the end of the lesson", fmt.Sprintf(`document.querySelector("#lesson-done")?.textContent.includes("%d of %[1]d points") && document.querySelector("#lesson-sum").textContent === "%[1]d of %[1]d points"`, points))
	}
	return wrong
}

// tries plays a step in one way, and waits for its verdict.
func (p *page) tries(l *lesson.Lesson, step *lesson.Step, w *way) {
	p.t.Helper()
	p.t.Logf("step %d: %s", step.N, w.name)
	v := w.verdict
	if step.Setting.YourServer {
		p.servesStages(step, fmt.Sprintf("Done: %d of %d points.", v.Points, v.Of))
		return
	}
	for _, c := range w.attempt.Connections {
		p.leaves()
		if asStarted(step, c.Log) {
			p.pushes("#lesson-start")
			p.status("Connected")
		} else {
			p.pushes("#edit-button")
			p.choose("#mode", c.Log.Mode)
			p.pushes("#connect-button")
			p.status("Connected")
		}
		p.plays(c.Log)
	}
	for check, answer := range w.attempt.Answers {
		field := fmt.Sprintf(`input[name="answer-%s"]`, strings.Replace(check, ".", "-", 1))
		if choice := field + fmt.Sprintf(`[value=%q]`, answer); evaluate[bool](p, fmt.Sprintf(`document.querySelector('%s[type="radio"]') !== null`, field)) {
			p.pushes(choice)
		} else {
			p.fill(field, answer)
		}
	}
	if len(w.attempt.Answers) > 0 {
		p.pushes("#lesson-check")
	}
	if v.Passed {
		p.verdict(fmt.Sprintf("Done: %d of %d points.", v.Points, v.Of))
	} else {
		p.verdict(fmt.Sprintf("Not yet: %d of %d points. %s", v.Points, v.Of, v.Hint.Words))
		p.wait("the hint at its check", fmt.Sprintf(`[...document.querySelectorAll('.lesson-check[data-state="fails"] > div > .hint-words')].some((node) => node.textContent.includes(%q))`, v.Hint.Words))
	}
	p.leaves()
}

// pushes presses what may move while a verdict comes.
func (p *page) pushes(selector string) {
	p.t.Helper()
	p.wait(selector, fmt.Sprintf("document.querySelector(%q)", selector))
	p.run(fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// leaves ends a session that still runs.
func (p *page) leaves() {
	p.t.Helper()
	p.run(`document.querySelector("#disconnect-button")?.click()`)
	p.ends()
}

func (p *page) ends() {
	p.t.Helper()
	p.wait("the end of the session", `!document.querySelector("#disconnect-button")`)
}

// plays types what the client sent in a transcript, and goes on where the server said
// something once as many lines have come, or bytes where lines do not say it.
func (p *page) plays(log *transcript.Transcript) {
	p.t.Helper()
	lines, bytes := 0, 0
	// In DNS an LF is a byte like any other; beside FTP's data lane not all lines of the wire's are in sight.
	byBytes := log.Mode == "dns" || log.Mode == "ftp"
	heard := func() {
		p.t.Helper()
		least := bytes
		if log.Mode == "ftp" {
			least -= 5 // a port is another one each time, and may have fewer digits; no reply is so short
		}
		switch {
		case lines > 0 && !byBytes:
			p.wait(fmt.Sprintf("%d lines from the server", lines), fmt.Sprintf(`[...document.querySelectorAll("#wire .received .payload")].map((node) => node.textContent).join("").split("\u240a").length > %d`, lines))
		case least > 0:
			p.wait(fmt.Sprintf("%d bytes from the server", least), fmt.Sprintf(`Number(/(\d+) bytes?;/.exec(document.querySelector(".traffic.received")?.title)?.[1]) >= %d`, least))
		}
	}
	for _, e := range log.Entries {
		if e.Dir != transcript.Event {
			continue
		}
		switch data := string(e.Event.Data); e.Event.Kind {
		case core.ServerBytes:
			lines, bytes = lines+strings.Count(data, "\n"), bytes+len(data)
		case core.ServerEOF, core.ServerFailed:
			p.ends()
			return
		case core.ClientText:
			heard()
			p.enters(data)
		case core.ClientPart:
			heard()
			p.pushes("#no-line-end")
			p.enters(data)
		case core.ClientBinary:
			heard()
			p.enters(escaped(data))
		case core.ClientEOF:
			heard()
			p.pushes("#half-close-button")
		case core.ClientStartTLS:
			heard()
			p.click("#session-menu")
			p.pushes("#starttls-button:not([disabled])")
		case core.ServerTLS:
			p.wait("the upgrade", `document.querySelector("#upgraded")`)
			p.click("#command") // the focus came back to the menu
		case core.ClientClosed:
			heard()
			p.leaves()
			return
		}
	}
	heard()
}

// enters sends a line: it is pasted, since keys one by one take long.
func (p *page) enters(line string) {
	p.t.Helper()
	p.wait("the field to type in", `document.querySelector("#command") === document.activeElement && document.activeElement.value === ""`)
	p.paste("#command", line)
	p.press(kb.Enter)
}

// escaped writes bytes as one types them in the mode raw.
func escaped(data string) string {
	var b strings.Builder
	for _, c := range []byte(data) {
		if c >= ' ' && c <= '~' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// servesStages runs the pupil's server, has the page play the client, and waits for the
// verdict.
func (p *page) servesStages(step *lesson.Step, verdict string) {
	p.t.Helper()
	kind := "lines"
	if step.Title == "An echo" {
		kind = "echo"
	}
	server, err := run(exec.Command("python3", "-c", pupilsServer, kind, pupils(p.t, "student.word name")))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() {
		server.signal(syscall.SIGKILL)
		server.wait(patience)
	}()
	eventually(p.t, "the port of the pupil's server", func() bool { return strings.HasSuffix(server.stdout.String(), "\n") || server.gone() })
	p.fill("#your-port", strings.TrimSpace(server.stdout.String()))
	p.pushes("#play-stages")
	p.verdict(verdict)
}

// pupils returns one of the pupil's values.
func pupils(t testing.TB, name string) string {
	t.Helper()
	source, err := lesson.OpenArchive([]byte("-- lesson.md --\n# A value\n\n${"+name+"}\n\n## A step\n\n```lesson\ncheck 1 none\n  client closed\n```\n"), "value", room.Value)
	if err != nil {
		t.Fatal(err)
	}
	l, err := source.For(pupil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(l.Text)
}
