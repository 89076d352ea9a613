//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A recording is played from the page to live peers.
func TestPlayOnThePage(t *testing.T) {
	t.Parallel()
	w := start(t, "--transcripts", t.TempDir())
	p := visit(t, browser(t), "http://"+w.address)
	p.keeps(talk("HELO a", "QUIT"))
	p.keeps(strings.Replace(talk("HELO b", "QUIT"), "ok QUIT", "bye", 2))
	t.Run("as server", func(t *testing.T) { playsServer(t, p.in(t), "http://"+w.address) })
	t.Run("as client", func(t *testing.T) { playsClient(t, p.in(t)) })
	t.Run("over TLS", func(t *testing.T) { playsClientOverTLS(t, p.in(t)) })
	t.Run("with an upgrade", func(t *testing.T) { playsAnUpgrade(t, p.in(t)) })
	t.Run("by rules", func(t *testing.T) { comparesByRules(t, p.in(t)) })
	t.Run("into a mode", func(t *testing.T) { importsInto(t, p.in(t)) })
}

// A certificate that nobody vouches for is trusted by a button.
func playsClientOverTLS(t *testing.T, p *page) {
	echo, _ := selfSigned(t, "127.0.0.1")
	p.keeps(strings.ReplaceAll(talk("HELO a"), "ok HELO a", "HELO a"))
	p.click(".transcripts tbody tr:first-child td a")
	p.wait("the playback", `document.querySelector("#console .row")`)
	p.click("#session-menu")
	p.click("#play-client-button")
	p.wait("the form", `document.querySelector("#play-to")`)
	p.fill("#play-to", "tls://"+echo.address)
	p.click("#start-play")
	p.wait("the way on", `document.querySelector("#trust-played")`)
	p.axe("a certificate that is not trusted")
	p.click("#trust-played")
	p.wait("the outcome", `document.querySelector("#play-verdict .good")?.textContent === "The same: 1 answer, 8 bytes."`)
	if got := p.text("#play-verify"); !strings.Contains(got, "its fingerprint") {
		t.Errorf("it verifies by %q", got)
	}
}

// A recording with STARTTLS plays through a proxy to a server whose certificate is trusted
// by a button, and as a server with a certificate of its own.
func playsAnUpgrade(t *testing.T, p *page) {
	heard := make(chan string, 20)
	_, port, _ := net.SplitHostPort(mailServer(t, "250 evil\r\n", func(line string) { heard <- line }))
	address := "localhost:" + port // which its certificate is not for
	p.keeps(strings.ReplaceAll(upgradedMail, "TARGET", address))
	p.click(".transcripts tbody tr:first-child td a")
	p.wait("the playback", `document.querySelector("#console .row")`)
	p.click("#session-menu")
	p.click("#play-client-button")
	p.wait("the form", fmt.Sprintf(`document.querySelector("#play-to")?.value === %q`, address))
	p.click("#play-via-menu")
	p.wait("the proxy's field", `document.querySelector("#via")`)
	p.axe("a proxy to play through")
	p.pictures("play-via")
	proxy := microsocks(t, "", "")
	p.fill("#via", "socks5://"+proxy)
	p.click("#start-play")
	p.wait("the way on", `document.querySelector("#trust-played")`)
	if got := p.text("#play-difference"); !strings.Contains(got, "expected server tls") || !strings.Contains(got, "got server failed") {
		t.Errorf("it differs in %q", got)
	}
	p.axe("an upgrade that failed")
	p.pictures("play-upgrade-failed")
	p.click("#trust-played")
	p.wait("the outcome", `document.querySelector("#play-verdict .good")?.textContent === "The same: 4 answers, 50 bytes."`)
	if got := p.texts(".caution"); !slices.Contains(got, "10 bytes of the server came in clear before TLS, and were dropped.") {
		t.Errorf("it warns of %q", got)
	}
	if got := p.text("#play-verify"); !strings.Contains(got, "its fingerprint") {
		t.Errorf("it verifies by %q", got)
	}
	p.click("#play-verify")
	p.wait("all choices", `document.querySelector("#tls-name") && document.querySelector("#tls-cert") && document.querySelector("#tls-connect")?.textContent === "Play to it"`)
	p.axe("the choices of TLS for a play")
	p.pictures("play-tls")
	for _, want := range []string{"STARTTLS", "STARTTLS", "s EHLO me", "s QUIT"} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	}

	p.click(".play-ways a:first-child")
	p.click("#start-play")
	p.wait("where it is", `document.querySelector("#play-address") && /SHA-256 is [0-9a-f]{64}$/.test(document.querySelector(".play-at")?.textContent.trim())`)
	p.axe("a played server that upgrades")
	p.pictures("play-upgrade-server")
	p.click("#stop-play")
	p.wait("its end", `document.querySelector("#start-play")`)
}

const upgradedMail = `workbench transcript v1
mode raw
target "TARGET"

>> server "220 mail.test\r\n"
<< server "STARTTLS\r\n"
>> server "220 go ahead\r\n"
>> client start-tls
>> server tls "tls 1.3, as recorded"
<< server "EHLO me\r\n"
>> server "250 s EHLO\r\n"
<< server "QUIT\r\n"
>> server "221 bye\r\n"
>> server eof
`

// Two recordings of one talk are the same by rules, which a copy keeps.
func comparesByRules(t *testing.T, p *page) {
	p.keeps(strings.ReplaceAll(talk("DATE", "QUIT"), "ok DATE", "ok at 2026-11-23 19:01"))
	p.keeps(strings.ReplaceAll(talk("DATE", "QUIT"), "ok DATE", "ok at 2026-11-24 08:20"))
	p.click(".transcripts tbody tr:nth-child(2) .pick input")
	p.click(".transcripts tbody tr:nth-child(1) .pick input")
	p.click("#compare-two")
	p.wait("the differences", `document.querySelector("#verdict")?.textContent.startsWith("1 difference, ")`)
	p.click(".play-ways a:last-child")
	p.wait("none by rules", `document.querySelector("#verdict [role=status]")?.textContent === "They are the same, by rules."`)
	if got := p.text(".aligned tr.allowed"); !strings.Contains(got, "2026-11-23") || !strings.Contains(got, "~~ match") {
		t.Errorf("allowed is %q", got)
	}
	p.axe("a comparison by rules")
	p.pictures("by-rules")
	p.run(`location.reload()`)
	p.wait("the choice is kept", `document.querySelector("#keep-rules")`)
	p.click("#keep-rules")
	p.wait("the copy", `document.querySelector("#found-rules a")`)
	p.click("#found-rules a:last-child")
	p.wait("its play", `document.querySelector("#play-to")?.value === "mail.example:25"`)
}

// An import into a mode of lines has lines, as if they had been typed.
func importsInto(t *testing.T, p *page) {
	p.open("transcripts", `document.querySelector("#import-mode option")`)
	p.choose("#import-mode", "http-line")
	p.axe("the mode of an import")
	p.pictures("import-mode")
	p.drop("talk.txt", `"S: 220 hi\nC: HELO <b>x</b>\nS: 250 ok\n"`)
	p.wait("what was imported", `document.querySelector(".imported a")`)
	if got := p.texts(".imported .caution"); len(got) > 0 {
		t.Errorf("it warns: %q", got)
	}
	p.click(".imported a")
	p.shows("250 ok")
	if got := p.texts("#console .sent .payload"); len(got) != 1 || got[0] != "HELO <b>x</b>" {
		t.Errorf("typed is %q", got)
	}
	if got := p.text("#wire"); strings.Count(got, "CR LF")+strings.Count(got, "CRLF") > 3 {
		t.Errorf("on the wire is more than was imported: %q", got)
	}
}

// A slow loop of answers ends by itself, and begins anew where somebody types.
func TestASlowLoopOfAnswers(t *testing.T) {
	t.Parallel()
	p := visit(t, browser(t), "http://"+shared.address)
	p.run(`localStorage.setItem("workbench.macros", JSON.stringify([{ name: "pong", when: "^ping", most: 3, steps: [{ do: "line", text: "pong {n}" }] }])), location.reload()`)
	p.wait("the switch", `document.querySelector(".macros input[role=switch]")`)
	s := serve(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for n := 1; ; n++ {
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
			fmt.Fprintf(conn, "ping %d\r\n", n)
		}
	})
	p.connect(s.address)
	p.status("Connected")
	p.click(".macros input[role=switch]")
	p.sendLine("begin")
	p.wait("the bound", `document.querySelector(".macro-state.problem")?.textContent.startsWith("pong: It answered 3 times with nothing typed in between")`)
	p.shows("ping 4")
	p.axe("a loop that was ended")
	p.click(".macros input[role=switch]")
	p.sendLine("once more")
	p.shows("ping 8")
	p.wait("the bound again", `document.querySelector(".macro-state.problem") && !document.querySelector(".macros input[role=switch]").checked`)

	p.click("#macros-button")
	p.wait("the list", `document.querySelector("#macro-editor .item")`)
	p.click("#macro-editor .item")
	p.wait("its bound", `document.querySelector("#macro-most")?.value === "3"`)
	p.axe("an answer in the editor")
	p.pictures("answer-editor")
}

// speaks connects to a played server, says lines, and returns what came of them.
func speaks(t *testing.T, address string, lines ...string) (answers []string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, line := range lines {
		fmt.Fprintf(conn, "%s\r\n", line)
		answer, err := in.ReadString('\n')
		if err == io.EOF {
			break
		}
		answers = append(answers, strings.TrimSpace(answer))
	}
	return answers
}

func playsServer(t *testing.T, p *page, url string) {
	p.open("transcripts", `document.querySelectorAll(".transcripts tbody tr").length === 2`)
	p.click(".transcripts tbody tr:first-child td a")
	p.wait("the playback", `document.querySelector("#console .row")`)
	p.click("#session-menu")
	p.click("#play-server-button")
	p.wait("the form", `document.querySelector("#start-play:enabled")`)
	p.axe("a play before it begins")
	p.pictures("play-server-before")
	p.fill("#play-port", "70000")
	p.wait("what is wrong", `document.querySelector(".play-form .problem") && document.querySelector("#start-play:disabled")`)
	p.fill("#play-port", "")
	p.click("#play-pauses")
	p.click("#start-play")
	p.wait("where it is", `document.querySelector("#play-address")`)
	address := p.text("#play-address")
	if got := speaks(t, address, "HELO b", "QUIT"); strings.Join(got, ", ") != "ok HELO b, bye" {
		t.Errorf("it answered %q", got)
	}
	p.wait("a client", `document.querySelector("#play-clients .good")?.textContent === "the same, 4 of 4 steps"`)
	speaks(t, address, "EHLO <b>b</b>")
	p.wait("another", `document.querySelectorAll("#play-clients tbody tr").length === 2 && document.querySelector("#play-clients tr:first-child .problem")?.textContent === "different"`)
	if got := p.text(".play-differs"); !strings.Contains(got, "Event 1") || !strings.Contains(got, `expected "HELO b\r\n", got "E"`) {
		t.Errorf("it says %q", got)
	}
	p.axe("a played server")
	p.pictures("play-server")

	// It goes on beside other views, and a tab talks to it.
	p.click("#connect-to-play")
	p.wait("the fields", fmt.Sprintf(`document.querySelector("#host")?.value + ":" + document.querySelector("#port").value === %q`, address))
	p.click("#connect-button")
	p.status("Connected")
	p.sendLine("HELO b")
	p.shows("ok HELO b")
	p.run(`history.go(-1)`)
	p.wait("the third", `document.querySelector("#play-clients tbody tr")?.textContent.includes("agrees so far, 2 of 4 steps")`)
	p.click("#stop-play")
	p.wait("it has stopped", `document.querySelector(".play-at")?.textContent.startsWith("Stopped.") && document.querySelector("#start-play")`)
	p.refused(address)

	// Its end is also the page's.
	p.click("#start-play")
	p.wait("where it is again", `document.querySelector("#play-address")`)
	again := p.text("#play-address")
	p.do(chromedp.Navigate("about:blank"))
	p.refused(again)
	p.do(chromedp.Navigate(atHome(t, url)))
	p.wait("the page", `document.querySelectorAll("#mode option").length > 1`)
}

// refused waits until nobody listens there.
func (p *page) refused(address string) {
	p.t.Helper()
	for range 1000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		io.ReadAll(conn) // it ends when the server does
		conn.Close()
	}
	p.t.Errorf("%s still listens", address)
}

func playsClient(t *testing.T, p *page) {
	p.open("transcripts", `document.querySelectorAll(".transcripts tbody tr").length >= 2`)
	p.click(".transcripts tbody tr:last-child td a")
	p.wait("the playback", `document.querySelector("#console .row")`)
	p.click("#session-menu")
	p.click("#play-server-button")
	p.wait("the form", `document.querySelector("#start-play:enabled")`)
	p.click("#play-pauses")
	p.click("#start-play")
	p.wait("where it is", `document.querySelector("#play-address")`)
	address := p.text("#play-address")

	p.click(".play-ways a:last-child")
	p.wait("the recorded target", `document.querySelector("#play-to")?.value === "mail.example:25"`)
	if p.texts("#play-verdict") != nil && len(p.texts("#play-verdict")) > 0 {
		t.Error("it began by itself")
	}
	p.fill("#play-to", address)
	p.click("#start-play")
	p.wait("the outcome", `document.querySelector("#play-verdict .good")?.textContent === "The same: 2 answers, 20 bytes."`)
	if got := p.texts(".play-talk td:last-child"); strings.Join(got, ", ") != "sent, agrees, sent, agrees" {
		t.Errorf("the steps: %q", got)
	}
	p.axe("a played client")
	p.pictures("play-client")

	// Another recording of that server, which answers otherwise: it fits at first.
	p.open("transcripts", `document.querySelectorAll(".transcripts tbody tr").length >= 2`)
	p.keeps(strings.Replace(talk("HELO a", "QUIT"), "ok QUIT", "221 <i>bye", 2))
	p.click(".transcripts tbody tr:first-child td a")
	p.wait("the playback", `document.querySelector("#console .row")`)
	p.click("#session-menu")
	p.click("#play-client-button")
	p.wait("the form", `document.querySelector("#play-to")`)
	p.fill("#play-to", address)
	p.click("#start-play")
	p.wait("the difference", `document.querySelector("#play-difference")`)
	if got := p.text("#play-difference"); !strings.Contains(got, `- >> server "221 <i>bye\r\n"`) || !strings.Contains(got, `+ >> server "ok QUIT\r\n"`) {
		t.Errorf("it shows %q", got)
	}
	if got := p.text("#play-verdict"); got != "Different, first at event 4." {
		t.Errorf("it says %q", got)
	}
	p.axe("a difference")
	p.pictures("play-difference")

	p.fill("#play-to", "tls://"+address)
	p.wait("how to verify", `document.querySelector("#play-verify")`)
	p.choose("#play-verify", "none")
	p.fill("#play-seconds", "0")
	p.wait("what is wrong", `document.querySelector("#start-play:disabled")`)
	p.fill("#play-seconds", "5")
	p.click("#start-play")
	p.wait("why not", `document.querySelector("#play-verdict .problem")?.textContent.startsWith("Not played to its end: ")`)
	p.axe("a play that failed")
}
