//go:build linux

package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// byHand is a session by hand: what a person types on the page, and what the page then shows.
type byHand struct {
	server  func(t *testing.T) (address string)
	options map[string]string
	greets  string
	typed   [][2]string // a line, and what is shown for it
}

// memcached starts memcached, and returns its address.
func memcached(t *testing.T) (address string) {
	t.Helper()
	address = freePort(t)
	startServer(t, address, "", exec.Command(installed(t, "memcached"), "-l", "127.0.0.1", "-p", portOf(address), "-U", "0", "-u", "root"))
	return address
}

// handRows has a row for each mode that is bundled; a mode that lacks one fails the test.
var handRows = map[string]byHand{
	"http-line": {server: webServer, typed: [][2]string{
		{"HEAD /api HTTP/1.0", ""}, {"", "HTTP/1.1 200 OK"},
	}},
	"raw": {server: webServer, typed: [][2]string{
		{`GET /api HTTP/1.0\r\n\r\n`, `{"ok":true}`},
	}},
	"echo-quit": {server: func(*testing.T) string { return shared.echo }, typed: [][2]string{
		{"hello", "hello"}, {"quit", "The server closed its side"},
	}},
	"http": {server: webServer, typed: [][2]string{
		{"GET /api", `{"ok":true}`}, {"HEAD /none", "404 Not Found"}, {"GET", "GET expects"},
		{`=GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, "Connection: close"},
	}},
	"smtp": mailByHand(),
	"pop3": {server: func(t *testing.T) string { _, pop3 := startDovecot(t, "Subject: dots\r\n\r\n.\r\n"); return pop3 }, greets: "+OK Dovecot", typed: [][2]string{
		{"STLS", "Begin TLS negotiation now"}, {"USER joe", "+OK"}, {"PASS secret", "Logged in"}, {"RETR 1", "Subject: dots"},
		{"TOP 1", "TOP expects"}, {`=RETR\r\n`, "-ERR"}, {"QUIT", "Logging out"},
	}},
	"imap": {server: func(t *testing.T) string { imap, _ := startDovecot(t, "Subject: first\r\n\r\n"); return imap }, greets: "* OK [CAPABILITY", typed: [][2]string{
		{"STARTTLS", "Begin TLS negotiation now"}, {"AUTHENTICATE PLAIN joe secret", "Logged in"}, {"SELECT INBOX", "Select completed"},
		{`APPEND INBOX {"Subject: tags\r\n\r\nA1 OK\r\n"}`, "APPENDUID"}, {"FETCH 2 BODY[TEXT]", "BODY[TEXT] {7}"}, {"LOGOUT", "Logout completed"},
	}},
	"ftp": {server: fileServer, greets: "220 ", typed: [][2]string{
		{"USER anonymous", "230 "}, {"TYPE I", "200 "}, {"RETR hello.txt", "Transfer complete"}, {`STOR new.txt one line\r\n`, "Ok to send data"},
		{"NLST new*", "new.txt"}, {`=SIZE\r\n`, "550 "}, {"QUIT", "221 "},
	}},
	"resp": {server: func(t *testing.T) string { return redisServer(t) }, typed: [][2]string{
		{`SET greeting "hello world"`, "OK"}, {"RPUSH list 1 two", "(integer) 2"}, {"LRANGE list 0 -1", `2) "two"`}, {"INCR greeting", "(error) ERR value is not an integer"},
		{`=*1\r\n:1\r\n`, "Protocol error"},
	}},
	"telnet": {server: startTelnetd, greets: "box login: ", typed: [][2]string{
		{"joe", "Password: "}, {"secret", "Welcome joe, 6 characters"},
	}},
	"frames": {server: startModbus, options: map[string]string{"preset": "modbus-tcp"}, typed: [][2]string{
		{"read-holding-registers address=0 count=2", "values=10,258"}, {"write-register address=1 value=0x2a", "value=42"},
		{"read-coils count=many", "not sent"}, {`=\x00\x07\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01`, "id=7 unit=1 values=10"},
	}},
	"mqtt": {server: func(t *testing.T) string { return mosquitto(t) }, typed: [][2]string{
		{"CONNECT tester", "CONNACK 0x00 accepted"}, {"SUB news/# 2", "granted QoS 2"}, {`PUB news/today "hello all" 2`, "PUBLISH news/today (QoS 2, id 1): hello all"},
		{"SUB news/#/today", "not sent"}, {"PING", "PINGRESP"},
	}},
	"dns": {server: dnsmasq, typed: [][2]string{
		{"a.bench.example", "192.0.2.7"}, {"text.example TXT", `"hello"`}, {"AAA www.example.test", "not sent"},
		{"= 0016 1234 0100 0002 0000 0000 0000 00 0001 0001 00 0001 0001", "id: 4660"},
	}},
	"lines": {server: memcached, options: map[string]string{"preset": "memcached"}, typed: [][2]string{
		{"set greeting 0 0 5", ""}, {"hello", "STORED"}, {"get greeting", "VALUE greeting 0 5"}, {"incr greeting 1", "cannot increment"},
	}},
}

func webServer(t *testing.T) string {
	plain, _ := nginx(t)
	return plain
}

func fileServer(t *testing.T) string {
	address, files := vsftpd(t)
	writeFile(t, filepath.Join(files, "hello.txt"), "hello\n")
	return address
}

// mailByHand is with OpenSMTPD, which wants root, or else with a practice server.
func mailByHand() byHand {
	server := func(t *testing.T) string { return openSMTPD(t) }
	to, taken := "root@localhost", "Message accepted"
	if os.Getuid() != 0 {
		server = func(t *testing.T) string { return practising(t, "smtp", "--listen", "127.0.0.1:0")["smtp"] }
		to, taken = "bob@example.test", "250 delivered"
	}
	return byHand{server: server, greets: "220 ", typed: [][2]string{
		{"EHLO me.example", "250"}, {"MAIL ann@example.test", "250 "}, {"RCPT " + to, "250 "},
		{"DATA", "354 "}, {"Subject: dots", ""}, {"", ""}, {"..", ""}, {".", taken}, {`=RCPT\r\n`, "RFC 5321"}, {"QUIT", "221 "},
	}}
}

// A session by hand on the page in each mode, with a real server. Its recording replays,
// however it is cut.
func TestModesByHandOnThePage(t *testing.T) {
	t.Parallel()
	w, folder := keeper(t)
	chromium := browser(t)
	modes := evaluate[[]string](visit(t, chromium, "http://"+w.address), `[...document.querySelectorAll("#mode option")].map((option) => option.value)`)
	if rows := slices.Sorted(maps.Keys(handRows)); !slices.Equal(slices.Sorted(slices.Values(modes)), rows) {
		t.Errorf("there are the modes %q, and rows of %q", modes, rows)
	}
	for _, name := range slices.Sorted(maps.Keys(handRows)) {
		t.Run(name, func(t *testing.T) { typeByHand(t, w, folder, chromium, name) })
	}
}

// shownText returns what stands among what was typed and shown, but for what was typed.
func (p *page) shownText() string {
	p.t.Helper()
	return p.textOf(`(page) => page.console.filter((row) => row.kind !== "sent").map((row) => (row.text ?? new TextDecoder().decode(row.bytes)) + "\n").join("")`)
}

func typeByHand(t *testing.T, w *workbench, folder string, chromium context.Context, mode string) {
	row := handRows[mode]
	p := visit(t, chromium, "http://"+w.address)
	p.choose("#mode", mode)
	for name, value := range row.options {
		p.choose("#option-"+name, value)
	}
	p.connect(row.server(t))
	p.status("Connected")
	seen := 0 // of what is shown
	saw := func(after, want string) {
		t.Helper()
		eventually(t, fmt.Sprintf("%q, after %q", want, after), func() bool { return strings.Contains(p.shownText()[seen:], want) })
	}
	if saw("nothing", row.greets); row.greets == "" {
		p.wait("the field", `document.activeElement.id === "command"`)
	}
	for _, typed := range row.typed {
		seen = len(p.shownText())
		p.fill("#command", typed[0])
		p.press(kb.Enter)
		p.wait("the field empty", `document.querySelector("#command").value === ""`)
		saw(typed[0], typed[1])
	}
	p.keep("by-hand-" + mode)
	p.leaves()
	var file string
	eventually(t, "the recording", func() bool {
		list := w.transcripts(t, "?mode="+mode)
		if len(list) == 1 && !list[0].Running {
			file = filepath.Join(folder, list[0].ID+".transcript")
		}
		return file != ""
	})
	workbenchDoes(t, "replay", "--recut", "10", file)
}
