//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var update = flag.Bool("update", false, "write the pictures in testdata/pictures anew")

// The page at the sizes of projectors, of a phone, and of a window at 200 % zoom: in every
// state of a session the lanes stay where they are, nothing is cut or covered, and it
// looks as it did.
func TestPagePictures(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	w := start(t) // without the sessions of other tests, which the start lists
	for _, screen := range []struct {
		name          string
		width, height int64
		presents      bool
		long          bool // only in the long form, and when the pictures are written anew
	}{
		{"presenter-1024", 1024, 768, true, true},
		{"presenter-1280", 1280, 800, true, false},
		{"presenter-1920", 1920, 1080, true, true},
		{"desk-1280", 1280, 800, false, false},
		{"phone-360", 360, 740, false, false},
		{"zoomed-200", 640, 400, false, true},
	} {
		if screen.long && testing.Short() && !*update {
			continue
		}
		t.Run(screen.name, func(t *testing.T) {
			p := visit(t, chromium, "http://"+w.address)
			p.size(screen.width, screen.height)
			if screen.presents {
				p.alt("KeyP")
				p.wait("presenter view", `document.querySelector("#leave-presenter")`)
			}
			statesOf(p, screen.name)
		})
	}
}

// statesOf takes a session through its states.
func statesOf(p *page, name string) {
	p.t.Helper()
	mail := serve(p.t, greet)
	silent := serve(p.t, hold) // says nothing to a TLS client either
	first := ""
	check := func(state string) {
		p.t.Helper()
		p.drawn()
		for _, problem := range evaluate[[]string](p, cutOrCovered) {
			p.t.Errorf("%s: %s", state, problem)
		}
		at := evaluate[string](p, boxes)
		if first == "" {
			first = at
		}
		if at != first {
			p.t.Errorf("%s: the session's line and the lanes are at %s, first they were at %s", state, at, first)
		}
	}

	p.drawn()
	p.alike(name + "-start")
	p.paste("#host", "tls://"+silent.address)
	p.click("#connect-button")
	p.status("Connecting")
	check("connecting")
	p.click("#disconnect-button")
	p.status("Disconnected: you stopped")
	check("stopped")
	p.paste("#host", mail.address)
	p.run(`document.querySelector("#tls").checked && document.querySelector("#tls").click()`)
	p.click("#connect-button")
	p.status("Connected")
	check("connected")
	for _, line := range []string{"EHLO me", "NOOP"} {
		p.fill("#command", line)
		p.press(kb.Enter)
	}
	p.shows("250 OK")
	check("with data")
	p.alike(name + "-session")
	p.fill("#command", "QUIT")
	p.press(kb.Enter)
	p.status("Disconnected: the server closed")
	check("ended")
	p.connect(freePort(p.t))
	p.status("Could not connect")
	check("failed")
	if got := p.texts(".lane > h2"); !strings.HasSuffix(got[0], ": earlier, with "+mail.address) {
		p.t.Errorf("rows of another session stand below %q", got)
	}
	p.press(kb.Escape)
	p.wait("the rows alone", `document.querySelector(".panel.folded")`)
	check("failed, folded")
}

// greet answers like a mail server.
func greet(conn net.Conn) {
	fmt.Fprint(conn, "220 mail.example.com ESMTP\r\n")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return
		case strings.HasPrefix(line, "EHLO"):
			fmt.Fprint(conn, "250-mail.example.com\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n")
		case strings.HasPrefix(line, "QUIT"):
			fmt.Fprint(conn, "221 Bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 OK\r\n")
		}
	}
}

// boxes says where the session's line and the lanes are, in the page.
const boxes = `[".session-bar", ".lanes"].map((one) => {
	const { x, y, width, height } = document.querySelector(one).getBoundingClientRect();
	return one + " " + [x, y + scrollY, width, one === ".lanes" ? "" : height].join(" ");
}).join(", ")`

// cutOrCovered lists texts that do not fit where they are, badges that are cut, and controls
// that lie over each other. What ends in an ellipsis has all its words in its title.
const cutOrCovered = `(() => {
	const problems = [];
	const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".unseen, .skips, .panel:not(.folded) ~ *");
	const say = (one) => (one.id || one.className) + " " + JSON.stringify(one.textContent.trim().slice(0, 60));
	if (document.documentElement.scrollWidth > innerWidth) problems.push("the page is wider than its window: " + document.documentElement.scrollWidth);
	for (const one of document.querySelectorAll("button, label, a, p, b, span, h2, strong")) {
		if (!seen(one) || one.closest(".rows, svg, .tabs ul") || one.scrollWidth <= one.clientWidth + 1 || getComputedStyle(one).display === "inline") continue;
		if (getComputedStyle(one).textOverflow !== "ellipsis") {
			if (getComputedStyle(one).overflowX !== "visible" || one.matches("button, label")) problems.push("cut: " + say(one));
		} else if (!one.closest("[title]")) problems.push("cut, and nothing says the rest: " + say(one));
	}
	for (const badge of document.querySelectorAll(".rows .control")) {
		const [at, rows] = [badge, badge.closest(".rows")].map((one) => one.getBoundingClientRect());
		const payload = badge.closest(".payload").getBoundingClientRect();
		if (at.bottom < rows.top || at.top > rows.bottom) continue;
		if (at.width === 0 || at.right > Math.min(rows.right, payload.right) + 0.5) problems.push("a badge is cut: " + badge.dataset.name + " in " + say(badge.closest(".line")));
	}
	for (const bar of [".top", ".session-bar", ".tools", ".fields", ".command-line", ".keys"]) {
		const all = [...document.querySelectorAll(bar + " :is(button, a, input, select, textarea, label, #status)")]
			.filter((one) => seen(one) && !one.closest(".tabs ul") && !(one.matches("input") && one.closest("label, .find")));
		all.forEach((a, i) => all.slice(i + 1).forEach((b) => {
			if (a.contains(b) || b.contains(a)) return;
			const [r, s] = [a, b].map((one) => one.getBoundingClientRect());
			if (Math.min(r.right, s.right) - Math.max(r.left, s.left) > 1 && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 1)
				problems.push(say(a) + " lies over " + say(b));
		}));
	}
	return problems;
})()`

// drawn waits until the browser has drawn twice.
func (p *page) drawn() {
	p.t.Helper()
	p.run(`window.drawn = 0, requestAnimationFrame(() => requestAnimationFrame(() => window.drawn = 1))`)
	p.wait("the page to be drawn", "window.drawn")
}

const (
	shrunk     = 8    // pixels of the window, each way, that are one of a picture
	tolerated  = 40   // of 255, by which a pixel may be lighter or darker: machines have other fonts
	mostDiffer = 0.10 // of all pixels
)

// alike compares the window with the picture that is kept of it. Pictures are so small that
// no text can be read: what they hold is where things are and how dark.
func (p *page) alike(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.run(`scrollTo(0, 0)`)
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	got := shrink(p.t, bytes.NewReader(shot))
	file := filepath.Join("testdata", "pictures", name+".png")
	if *update {
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, got); err != nil {
			p.t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(kept))
	if err != nil {
		p.t.Fatalf("%s: %v", file, err)
	}
	want, ok := decoded.(*image.Gray)
	if !ok || want.Rect != got.Rect {
		p.t.Fatalf("%s is %v, the window %v", file, decoded.Bounds(), got.Rect)
	}
	differ := 0
	for i := range want.Pix {
		if d := int(want.Pix[i]) - int(got.Pix[i]); d > tolerated || d < -tolerated {
			differ++
		}
	}
	if share := float64(differ) / float64(len(want.Pix)); share > mostDiffer {
		p.t.Errorf("%s: %.1f %% of the pixels differ, at most %.0f %% may; look at the page, and if it is right run with -update", name, 100*share, 100*mostDiffer)
	}
}

// shrink averages a picture's pixels to grey.
func shrink(t testing.TB, in io.Reader) *image.Gray {
	t.Helper()
	full, err := png.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	size := full.Bounds().Size().Div(shrunk)
	small := image.NewGray(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			sum := 0
			for i := range shrunk * shrunk {
				at := full.Bounds().Min.Add(image.Pt(x*shrunk+i%shrunk, y*shrunk+i/shrunk))
				sum += int(color.GrayModel.Convert(full.At(at.X, at.Y)).(color.Gray).Y)
			}
			small.SetGray(x, y, color.Gray{Y: uint8(sum / (shrunk * shrunk))})
		}
	}
	return small
}
