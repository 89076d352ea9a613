//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestScreenshots makes the pictures for docs/page.md in the folder that SCREENSHOTS
// names; scripts/screenshots.sh runs it.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("scripts/screenshots.sh makes the pictures")
	}
	w := start(t)
	chromium := browser(t)
	redirects := serve(t, redirect)

	p := visit(t, chromium, "http://"+w.address)
	p.size(1080, 680)
	p.picture(folder, "start")

	p.connect(redirects.address)
	p.status("Connected")
	for _, line := range []string{"GET / HTTP/1.0", ""} {
		p.fill("#command", line)
		p.press(kb.Enter)
	}
	p.status("Disconnected: the server closed")
	p.shows("</HTML>")
	p.do(chromedp.Evaluate[chromedp.Void](`{ // the pointer is on a line
		const line = [...document.querySelectorAll("#console .payload")].find((one) => one.textContent.startsWith("<BODY>"));
		const at = line.getBoundingClientRect();
		line.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: at.right + 500, clientY: at.top + 2 }));
	}`))
	p.wait("its bytes", `document.querySelector("#wire mark.pointed")`)
	p.picture(folder, "session")
	p.look("dark")
	p.picture(folder, "session-dark")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=lanes][value=ladder]").click()`))
	p.wait("the ladder", `document.querySelector(".ladder .arrow")`)
	p.look("light")
	p.picture(folder, "ladder")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=lanes][value=both]").click()`))

	p.open("compare?tab=1", `document.querySelector("#verdict, .view .problem")`)
	p.picture(folder, "compare")
	p.open("plugins", `document.querySelectorAll(".plugin").length > 2`)
	p.picture(folder, "plugins")
	p.open("transcripts", `document.querySelector(".transcripts tbody a")`)
	p.picture(folder, "transcripts")
	p.click(".transcripts tbody td a")
	p.wait("the playback", `document.querySelector("#console .row")`)
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#scrubber").value = 8, document.querySelector("#scrubber").dispatchEvent(new Event("input"))`))
	p.wait("its middle", `location.hash.includes("at=8")`)
	p.picture(folder, "playback")

	p.open("", `document.querySelector("#console")`)
	p.size(360, 740)
	p.do(chromedp.Evaluate[chromedp.Void](`window.scrollTo(0, 0)`))
	p.picture(folder, "phone")

	all, _ := filepath.Glob(folder + "/*.png")
	for _, name := range all {
		if info, err := os.Stat(name); err != nil || info.Size() >= 150_000 {
			t.Errorf("%s has %d bytes, and should stay below 150,000: %v", name, info.Size(), err)
		}
	}
}

// redirect answers like a server that has moved.
func redirect(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	fmt.Fprint(conn, "HTTP/1.0 302 Found\r\nLocation: http://www.example.com/\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: 112\r\n\r\n"+
		"<HTML><HEAD><TITLE>302 Moved</TITLE></HEAD>\n<BODY><H1>302 Moved</H1>\nThe document has moved.\n</BODY></HTML>\n")
}

func (p *page) size(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

// look sets the colours: "light" or "dark".
func (p *page) look(theme string) {
	p.t.Helper()
	for range 3 {
		if evaluate[string](p, "document.documentElement.dataset.theme") == theme {
			return
		}
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#theme-button").click()`))
	}
}

// open shows a view and waits until it is ready.
func (p *page) open(view, ready string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#/` + view + `"`))
	p.wait(view, ready)
}

// picture writes the window to a file, once nothing moves any more.
func (p *page) picture(folder, name string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`window.drawn = 0, requestAnimationFrame(() => requestAnimationFrame(() => window.drawn = 1))`))
	p.wait("the page to be drawn", "window.drawn")
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		p.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, fewColours(full)); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), out.Bytes(), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// fewColours reduces a picture to its 256 most frequent colours: half the bytes, and no eye
// sees it, as the page is flat.
func fewColours(full image.Image) *image.Paletted {
	count := map[color.Color]int{}
	bounds := full.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[full.At(x, y)]++
		}
	}
	palette := color.Palette(slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] }))
	palette = palette[:min(len(palette), 256)]
	nearest := map[color.Color]uint8{}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := full.At(x, y)
			if _, ok := nearest[c]; !ok {
				nearest[c] = uint8(palette.Index(c))
			}
			small.SetColorIndex(x, y, nearest[c])
		}
	}
	return small
}
