//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/docs/docstest"
)

// TestTour does what docs/tour.md tells, on the page and then in a terminal, and looks at
// the documentation from there.
func TestTour(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/tour.md")
	if err != nil {
		t.Fatal(err)
	}
	transcripts := t.TempDir()
	w := start(t, "--practice", "--transcripts", transcripts)
	u := &user{page: visit(t, browser(t), "http://"+w.address), places: strings.NewReplacer()}
	for line := range strings.Lines(string(text)) {
		if m := stepLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			u.step(m[1])
		}
	}
	keepTour(t, transcripts)
	u.reads(w)
}

// keepTour runs the last block of code of the tour.
func keepTour(t *testing.T, transcripts string) {
	t.Helper()
	blocks := docstest.Blocks(t, "../docs/tour.md")
	var said string
	for line := range strings.Lines(blocks[len(blocks)-1].Text) {
		id := ""
		if _, rows, ok := strings.Cut(said, "\n"); ok { // below the heads of the list, the newest first
			id, _, _ = strings.Cut(rows, " ")
		}
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(strings.TrimSpace(line), "ID", id))
		cmd.Dir = transcripts
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(workbenchBinary)+":"+os.Getenv("PATH"))
		if strings.Contains(line, "transcript ") {
			cmd.Args[2] = strings.Replace(cmd.Args[2], " transcript ", " transcript --transcripts . ", 1)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		said = string(out)
	}
	if said != "1 transcript, 1 same\n" {
		t.Errorf("the replay says %q", said)
	}
}

// reads looks at the documentation of a workbench: it can be
// searched, and fit for a phone.
func (u *user) reads(w *workbench) {
	t, p := u.t, u.page
	home := evaluate[string](p, `location.origin`)
	for _, at := range []string{"/docs/tap", "/docs/limits", "/docs/commands/serve", "/docs/?q=half-close"} {
		p.do(chromedp.Navigate(home + at))
		p.wait("the page "+at, `document.querySelector("main h1")`)
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			p.axeOnce(at + ", " + theme)
		}
		for _, width := range []int64{360, 1024, 1280} {
			p.do(chromedp.EmulateViewport(width, 800))
			if evaluate[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
				t.Errorf("%s is wider than %d pixels", at, width)
			}
			if width == 360 {
				p.axeOnce(at + " on a phone")
			}
		}
	}
	p.press("/")
	p.wait("the focus in the search", `document.activeElement.id === "q"`)
	p.fill("#q", "starttls upgrade")
	p.press(kb.Enter)
	p.wait("what was found", `location.search.startsWith("?q=starttls") && document.querySelector(".results mark")`)
}

// TestWebSocketExample pastes the client that docs/websocket.md has in JavaScript into a
// page's console, and compares what it prints with what stands below it.
func TestWebSocketExample(t *testing.T) {
	t.Parallel()
	var example, printed string
	for _, b := range docstest.Blocks(t, "../docs/websocket.md") {
		switch {
		case b.Lang == "js":
			example = b.Text
		case example != "" && printed == "":
			printed = b.Text
		}
	}
	w := start(t)
	p := visit(t, browser(t), "http://"+w.address)
	p.run(`window.said = []; console.log = (...words) => said.push(words.join(" "))`)
	p.run(strings.Replace(example, "127.0.0.1:4000", w.echo, 1))
	p.wait("the example's end", `said.at(-1)?.startsWith("1000 ")`)
	said := evaluate[string](p, `said.join("\n") + "\n"`)
	varies := regexp.MustCompile(`"t":[0-9.]+|"transcript":"[^"]+"|127\.0\.0\.1:\d+`)
	if diff := cmp.Diff(varies.ReplaceAllString(printed, "…"), varies.ReplaceAllString(said, "…")); diff != "" {
		t.Errorf("-docs +here\n%s", diff)
	}
}
