//go:build linux

package e2e

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const startTLSPlugins = "../examples/starlark/starttls"

// mailServer speaks enough SMTP for STARTTLS. behind follows the 220, in clear. What it
// hears goes to heard, what came by TLS with an s before it.
func mailServer(t testing.TB, behind string, heard func(string)) string {
	t.Helper()
	cert := *newCertificate(t, authority, "127.0.0.1").Certificate
	return serve(t, func(conn net.Conn) {
		secure := ""
		lines := bufio.NewReader(conn)
		io.WriteString(conn, "220 mail.test\r\n")
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimSpace(line)
			heard(secure + line)
			switch word, _, _ := strings.Cut(line, " "); {
			case word == "EHLO" && line == "EHLO curl":
				fmt.Fprintf(conn, "250-%sEHLO\r\n250 STARTTLS\r\n", secure)
			case line == "STARTTLS":
				io.WriteString(conn, "220 go ahead\r\n"+behind)
				over := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
				if over.Handshake() != nil {
					return
				}
				conn, lines, secure = over, bufio.NewReader(over), "s "
			case line == "DATA":
				io.WriteString(conn, "354 go on\r\n")
				for line != ".\r\n" && err == nil {
					line, err = lines.ReadString('\n')
				}
				io.WriteString(conn, "250 it was read\r\n")
			case word == "QUIT":
				io.WriteString(conn, "221 bye\r\n")
				conn.Close() // with close_notify
				return
			default:
				fmt.Fprintf(conn, "250 %s%s\r\n", secure, word)
			}
		}
	}).address
}

// mailTalk is a client of workbench.v1 that keeps all entries.
type mailTalk struct {
	*client
	all []string
}

func (w *workbench) mailTalk(t testing.TB, query, target string) *mailTalk {
	return &mailTalk{client: w.join(t, query, target, "workbench.v1")}
}

// until reads entries until one has these words.
func (c *mailTalk) until(words string) {
	c.t.Helper()
	for from := len(c.all); ; from = len(c.all) {
		c.ws.SetReadDeadline(time.Now().Add(patience))
		_, data, err := c.ws.ReadMessage()
		var entries []json.RawMessage
		if err != nil || json.Unmarshal(data, &entries) != nil {
			c.t.Fatalf("no entry with %q came, but %s, %v, after\n%s", words, data, err, strings.Join(c.all, "\n"))
		}
		for _, e := range entries {
			c.all = append(c.all, string(e))
		}
		if strings.Contains(strings.Join(c.all[from:], "\n"), words) {
			return
		}
	}
}

// says sends lines of text.
func (c *mailTalk) says(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		text, _ := json.Marshal(map[string]string{"text": line})
		c.say(string(text))
	}
}

// The person upgrades in http-line and in raw, which do not know of it: what is typed
// after it arrives by TLS, and the recording replays.
func TestStartTLSByHand(t *testing.T) {
	for mode, end := range map[string]string{"http-line": "", "raw": "\r\n"} {
		t.Run(mode, func(t *testing.T) {
			heard := make(chan string, 20)
			w, folder := keeper(t)
			c := w.mailTalk(t, "?mode="+mode, mailServer(t, "", func(s string) { heard <- s }))
			c.until("220 mail.test")
			c.says("EHLO me" + end)
			c.until("250 EHLO")
			c.says("STARTTLS" + end)
			c.until("220 go ahead")
			c.say(`{"starttls":true}`)
			c.says("EHLO again"+end, "RCPT TO:<you>"+end) // not waiting for it
			c.until(`"kind":"tls"`)
			c.until("250 s RCPT")
			c.says("QUIT" + end)
			c.until("221 bye")
			for _, want := range []string{"EHLO me", "STARTTLS", "s EHLO again", "s RCPT TO:<you>", "s QUIT"} {
				if got := receive(t, heard, want); got != want {
					t.Errorf("the server heard %q, want %q", got, want)
				}
			}
			c.linesToEnd()
			file := filepath.Join(folder, w.recorded(t)+".transcript")
			workbenchRun(t, "", "replay", "--recut", "5", file)
			text, _ := os.ReadFile(file)
			if !strings.Contains(string(text), ">> client start-tls\n") || !strings.Contains(string(text), ">> server tls \"tls 1.3, ") {
				t.Errorf("the recording is\n%s", text)
			}
		})
	}
}

// The machine upgrades when the server has agreed. What somebody put behind the 220 in
// clear is dropped, live and in a replay, wherever it is cut.
func TestStartTLSByMachine(t *testing.T) {
	const behind = "250 evil\r\n221 more evil\r\n"
	heard := make(chan string, 20)
	folder := t.TempDir()
	w := start(t, "--transcripts", folder, "--plugin-dir", startTLSPlugins)
	c := w.mailTalk(t, "?mode=starttls", mailServer(t, behind, func(s string) { heard <- s }))
	c.until("220 mail.test")
	c.says("EHLO me", "STARTTLS")
	c.until("220 go ahead")
	c.says("EHLO again")
	c.until("250 s EHLO")
	c.says("QUIT")
	c.until("221 bye")
	for _, want := range []string{"EHLO me", "STARTTLS", "s EHLO again", "s QUIT"} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	}
	c.linesToEnd()
	all := strings.Join(c.all, "\n")
	if !strings.Contains(all, fmt.Sprintf("dropped %d bytes of the server: they came in clear before TLS", len(behind))) {
		t.Errorf("the entries are\n%s", all)
	}
	for _, e := range c.all {
		if strings.Contains(e, "evil") && strings.Contains(e, `"side":"client"`) {
			t.Errorf("it was shown: %s", e)
		}
	}
	workbenchRun(t, "", "replay", "--plugin-dir", startTLSPlugins, "--recut", "20", filepath.Join(folder, w.recorded(t)+".transcript"))
}

// A certificate that is not trusted ends the session, and says for programs what the
// refusal of a TLS target says; with it pinned by starttls=on all goes well.
func TestStartTLSFails(t *testing.T) {
	heard := func(string) {}
	address := mailServer(t, "", heard)
	_, port, _ := net.SplitHostPort(address)
	w := start(t)
	upgrade := func(query string) *mailTalk {
		c := w.mailTalk(t, query, "localhost:"+port)
		c.until("220 mail.test")
		c.says("STARTTLS")
		c.until("220 go ahead")
		c.say(`{"starttls":true}`)
		return c
	}
	c := upgrade("")
	c.until(`"code":"tls-failed","refusal":{"code":"tls-wrong-name","certificate":{`)
	_, closed := c.linesToEnd()
	c.checkClose(closed, websocket.CloseInternalServerErr, "not for localhost, but for 127.0.0.1")
	c = upgrade("?starttls=on&tls.name=127.0.0.1")
	c.until(`"kind":"tls"`)
	refused := w.open(t, "?starttls=on")
	refused.say("tls://localhost:" + port)
	refused.refused("starttls=on is for targets without TLS")
}

// The plugin is killed at every event of a session with an upgrade, and the upgrade
// happens once.
func TestStartTLSKilledAtEveryEvent(t *testing.T) {
	play := func(w *workbench, moment func(event int)) (heard string) {
		var said []string
		c := w.mailTalk(t, "?mode=starttls", mailServer(t, "250 evil\r\n", func(s string) { said = append(said, s) }))
		steps := []struct{ say, until string }{
			{"", "220 mail.test"}, {"EHLO me", "250 EHLO"}, {"STARTTLS", "220 go ahead"}, {"", `"side":"server","kind":"tls"`},
			{"EHLO again", "250 s EHLO"}, {"RCPT", "250 s RCPT"}, {"QUIT", "221 bye"},
		}
		for i, s := range steps {
			moment(i)
			if s.say != "" {
				c.says(s.say)
			}
			if !strings.Contains(strings.Join(c.all, "\n"), s.until) {
				c.until(s.until)
			}
		}
		c.linesToEnd()
		if n := strings.Count(strings.Join(c.all, "\n"), `"kind":"start-tls"`); n != 1 {
			t.Errorf("start-tls was ordered %d times", n)
		}
		return strings.Join(said, "|")
	}
	w := start(t, "--plugin-dir", startTLSPlugins)
	want := play(w, func(int) {})
	k := &killer{w: w, mode: "starttls"}
	for at := range 7 {
		strike := k.aim(t, syscall.SIGKILL)
		if got := play(w, func(i int) {
			if i == at {
				strike()
			}
		}); got != want {
			t.Errorf("killed at %d, the server heard %q, want %q", at, got, want)
		}
	}
}

// startDovecot runs one of the test's own, where everybody has the password secret, and
// the same mails.
func startDovecot(t *testing.T, mails ...string) (imap, pop3 string) {
	t.Helper()
	name, group := "nobody", "nogroup"
	if os.Getuid() != 0 { // then all its processes have the user that starts it
		me, err := osuser.Current()
		if err != nil {
			t.Fatal(err)
		}
		mine, err := osuser.LookupGroupId(me.Gid)
		if err != nil {
			t.Fatal(err)
		}
		name, group = me.Username, mine.Name
	}
	dir := t.TempDir()
	for at := dir; strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
		os.Chmod(at, 0o755) // its processes have users of their own
	}
	newCertificate(t, authority, "127.0.0.1").write(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	mail := filepath.Join(dir, "mail")
	if err := os.Mkdir(mail, 0o700); err != nil {
		t.Fatal(err)
	}
	uid, gid := 65534, 65534 // of who gets the mail
	if os.Getuid() != 0 {
		uid, gid = os.Getuid(), os.Getgid()
	}
	os.Chown(mail, uid, gid)
	for i, text := range mails {
		folder := filepath.Join(mail, "new")
		os.Mkdir(folder, 0o700)
		file := filepath.Join(folder, fmt.Sprintf("%d.test", i))
		writeFile(t, file, text)
		os.Chown(folder, uid, gid)
		os.Chown(file, uid, gid)
	}
	imap, pop3 = freePort(t), freePort(t)
	_, imapPort, _ := net.SplitHostPort(imap)
	_, pop3Port, _ := net.SplitHostPort(pop3)
	config := filepath.Join(dir, "conf")
	writeFile(t, config, strings.NewReplacer("DIR", dir, "USER", name, "GROUP", group, "IMAP", imapPort, "POP3", pop3Port, "UID", strconv.Itoa(uid), "GID", strconv.Itoa(gid)).Replace(dovecotHead(t)+dovecotConfig))
	p, err := run(exec.Command(installed(t, "dovecot"), "-F", "-c", config))
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) {
			t.Error("dovecot did not stop")
			p.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			words, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("dovecot wrote:\n%s%s", p.stderr, words)
		}
	})
	for _, address := range []string{imap, pop3} {
		eventually(t, "dovecot taking connections", func() bool {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
	}
	return imap, pop3
}

// Dovecot, by IMAP and POP3: the machine upgrades, and what is said after it arrives.
func TestStartTLSWithDovecot(t *testing.T) {
	imap, pop3 := startDovecot(t)
	w := start(t, "--plugin-dir", startTLSPlugins)
	for _, byMachine := range []bool{true, false} {
		mode := map[bool]string{true: "starttls", false: "http-line"}[byMachine]
		for _, steps := range [][2]string{{imap, "a STARTTLS|a OK|b CAPABILITY|b OK|c LOGOUT|c OK"}, {pop3, "STLS|+OK Begin|CAPA|USER|QUIT|+OK Logging out"}} {
			c := w.mailTalk(t, "?mode="+mode, steps[0])
			c.until("OK")
			all := strings.Split(steps[1], "|")
			for i := 0; i < len(all); i += 2 {
				c.says(all[i])
				c.until(all[i+1])
				if i > 0 {
					continue
				}
				if !byMachine {
					c.say(`{"starttls":true}`)
				}
				if !strings.Contains(strings.Join(c.all, "\n"), `"side":"server","kind":"tls"`) {
					c.until(`"side":"server","kind":"tls"`)
				}
			}
			c.linesToEnd()
		}
	}
}

// dovecotHead returns what the configurations of Dovecot 2.3 and 2.4 call differently.
func dovecotHead(t *testing.T) string {
	t.Helper()
	version, err := exec.Command(installed(t, "dovecot"), "--version").Output()
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	if strings.HasPrefix(string(version), "2.3.") {
		return `
ssl_cert = <DIR/cert.pem
ssl_key = <DIR/key.pem
mail_location = maildir:DIR/mail
passdb {
	driver = static
	args = password=secret
}
userdb {
	driver = static
	args = uid=UID gid=GID home=DIR
}
`
	}
	return `dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = DIR/cert.pem
ssl_server_key_file = DIR/key.pem
mail_driver = maildir
mail_path = DIR/mail
passdb static {
	password = secret
}
userdb static {
	fields {
		uid = UID
		gid = GID
		home = DIR
	}
}
`
}

const dovecotConfig = `
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
protocols = imap pop3
listen = 127.0.0.1
ssl = required
default_internal_user = USER
default_internal_group = GROUP
default_login_user = USER
service anvil {
	chroot =
}
service imap-login {
	chroot =
	inet_listener imap {
		port = IMAP
	}
	inet_listener imaps {
		port = 0
	}
}
service pop3-login {
	chroot =
	inet_listener pop3 {
		port = POP3
	}
	inet_listener pop3s {
		port = 0
	}
}
`
