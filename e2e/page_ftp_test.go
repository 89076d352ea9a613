//go:build linux

package e2e

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// On the page a listing stands before the last reply, and a file that is not text goes up by
// STOR byte for byte. What is wrong with a command the mode says.
func TestFTPOnThePage(t *testing.T) {
	t.Parallel()
	address, files := vsftpd(t)
	file := make([]byte, 200_000)
	rand.NewChaCha8([32]byte{}).Read(file)
	name := filepath.Join(t.TempDir(), "random")
	writeFile(t, name, string(file))
	w := start(t)
	p := visit(t, browser(t), "http://"+w.address)
	p.wait("the mode", `[...document.querySelectorAll("#mode option")].some((one) => one.value === "ftp")`)
	p.choose("#mode", "ftp")
	p.connect(address)
	p.shows("220 (vsFTPd")
	p.fill("#command", "PORT 127,0,0,1,80,80")
	p.press(kb.Enter)
	p.shows("(not sent)")
	p.wait("the mode's own words", `document.querySelector(".row.note.error")?.textContent.includes("PORT stands alone")`)
	for _, does := range [][2]string{{"USER anonymous", "230 Login"}, {"TYPE I", "200 Switching"}, {"STOR up", "150 Ok to send data"}} {
		p.fill("#command", does[0])
		p.press(kb.Enter)
		p.shows(does[1])
	}
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{name}))
	p.wait("the question", `document.activeElement.textContent === "Send the file"`)
	p.press(kb.Enter)
	p.wait("the end of the file", `document.querySelector(".send-file [role=status]")?.textContent === "Sent."`)
	for _, does := range [][2]string{{".", "226 Transfer complete"}, {"NLST", "226 Directory send OK"}} {
		p.fill("#command", does[0])
		p.press(kb.Enter)
		p.shows(does[1])
	}
	p.shows("up")
	if got, err := os.ReadFile(filepath.Join(files, "up")); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%d bytes went up of %d, %v", len(got), len(file), err)
	}
}
