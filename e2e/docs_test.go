//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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
	keepTour(t, string(text), transcripts)
	u.reads(w)
}

// keepTour runs the last block of code of the tour.
func keepTour(t *testing.T, text, transcripts string) {
	t.Helper()
	blocks := strings.Split(text, "```\n")
	var said string
	for line := range strings.Lines(blocks[len(blocks)-2]) {
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
