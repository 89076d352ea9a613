//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The list of recordings goes on as one scrolls, with few rows drawn, to its end.
func TestTheListGoesOn(t *testing.T) {
	const recordings = 1010
	folder := t.TempDir()
	at := time.Now().Add(-time.Hour).UTC()
	for n := range recordings {
		began := at.Add(time.Duration(n) * time.Second)
		text := fmt.Sprintf("workbench transcript v1\nmode raw\ntarget \"box%d:1\"\n\n0.000 -- recorded %s, session s1\n1.000 -- ended: over\n", n, began.Format(time.RFC3339))
		name := fmt.Sprintf("%s-000-s1-raw.transcript", began.Format("20060102-150405"))
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := start(t, "--transcripts", folder)
	p := visit(t, browser(t), "http://"+w.address)
	p.open("transcripts", `document.querySelector(".transcripts tbody a")`)
	p.wait("the first", `document.querySelector("#transcripts-title + [role=status]").textContent === "200 transcripts and more"`)
	p.run(`document.querySelector("[role=region][aria-label='Transcripts found']").focus()`)
	eventually(t, "the end", func() bool {
		p.press(kb.End)
		return evaluate[string](p, `document.querySelector("#transcripts-title + [role=status]").textContent`) == "1,010 transcripts"
	})
	p.press(kb.End)
	p.wait("the last row", `[...document.querySelectorAll(".transcripts tbody a")].some((a) => a.textContent === "box0:1")`)
	if n := evaluate[int](p, `document.querySelectorAll(".transcripts tbody tr").length`); n > 300 {
		t.Errorf("%d rows are drawn", n)
	}
	if got := evaluate[string](p, `document.querySelector(".transcripts").getAttribute("aria-rowcount") + " " + [...document.querySelectorAll(".transcripts tr")].at(-1).getAttribute("aria-rowindex")`); got != "1011 1011" {
		t.Errorf("rows and the last one's place are %s", got)
	}
	p.axe("the end of a long list")
	// Up again, with keys alone: the row with the focus stays, wherever one scrolls.
	p.run(`[...document.querySelectorAll(".transcripts tbody td a")].at(-1).focus()`)
	eventually(t, "the newest", func() bool { // what scrolls smoothly may stop where rows come
		p.press(kb.Home)
		return evaluate[bool](p, `[...document.querySelectorAll(".transcripts tbody a")].some((a) => a.textContent === "box1009:1")`)
	})
	if !evaluate[bool](p, `document.activeElement.matches(".transcripts tbody td a")`) {
		t.Error("the row has lost the focus")
	}
	if n := evaluate[int](p, `document.querySelectorAll(".transcripts tbody tr").length`); n > 300 {
		t.Errorf("%d rows are drawn", n)
	}
	p.do(chromedp.EmulateViewport(360, 740))
	p.wait("rows on a phone", `[...document.querySelectorAll(".transcripts tbody a")].some((a) => a.getBoundingClientRect().top > 0)`)
	p.axe("a long list on a phone")
}
