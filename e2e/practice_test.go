//go:build linux

package e2e

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var practiceRow = regexp.MustCompile(`(?m)^(\w+) +(127\.0\.0\.1:\d+) +`)

// practising starts practice servers, and returns their addresses by name.
func practising(t testing.TB, args ...string) map[string]string {
	t.Helper()
	p, err := run(exec.Command(workbenchBinary, append([]string{"practice"}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) {
			t.Error("the practice servers did not stop")
		}
	})
	eventually(t, "the practice servers", func() bool { return strings.Contains(p.stdout.String(), "Press Ctrl-C to stop.") || p.gone() })
	all := map[string]string{}
	for _, m := range practiceRow.FindAllStringSubmatch(p.stdout.String(), -1) {
		all[m[1]] = m[2]
	}
	if len(all) == 0 {
		t.Fatalf("no server: %s%s", p.stdout, p.stderr)
	}
	return all
}

// Real clients get along with the practice servers, as they are run by the built binary.
func TestPracticeClients(t *testing.T) {
	at := practising(t)
	host := func(name string) (host, port string) {
		host, port, err := net.SplitHostPort(at[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return host, port
	}
	// Mail that swaks and smtplib send is what poplib and imaplib find.
	python := func(server, code string) []string {
		h, p := host(server)
		return []string{"python3", "-c", fmt.Sprintf("h, p = %q, %s\n%s", h, p, code)}
	}
	redisHost, redisPort := host("redis")
	_, dnsPort := host("dns")
	_, telnetPort := host("telnet")
	mqttHost, mqttPort := host("mqtt")
	for _, c := range []struct {
		name    string
		command []string
		want    string // a regexp of the whole output
	}{
		{"curl", []string{"curl", "-sS", "http://" + at["http"] + "/about"}, `(?s)^<!doctype html>.*<p>Built in 1871.*\n$`},
		{"curl follows", []string{"curl", "-sSL", "-o", "/dev/null", "-w", "%{http_code} %{num_redirects}", "http://" + at["http"] + "/old"}, `^200 1$`},
		{"curl posts", []string{"curl", "-sS", "-d", "what came", "http://" + at["http"] + "/echo"}, `^what came$`},
		{"swaks", []string{"swaks", "--server", at["smtp"], "--from", "king@example.com", "--to", "alice@example.test", "--header", "Subject: forged by swaks", "--body", "a line\n.dot"}, `(?s)250 .*221 `},
		{"swaks with AUTH", []string{"swaks", "--server", at["smtp"], "--auth", "PLAIN", "--auth-user", "bob", "--auth-password", "builder", "--to", "alice@example.test", "--quit-after", "RCPT"}, `(?s)235 .*250 .*221 `},
		{"smtplib", python("smtp", `
import smtplib
s = smtplib.SMTP(h, p)
s.login("bob", "builder")
print(s.sendmail("bob@example.test", ["alice@example.test"], "Subject: by smtplib\r\n\r\nhello\r\n"))
s.quit()`), `^\{\}\n$`},
		{"poplib", python("pop3", `
import poplib
s = poplib.POP3(h, p)
s.user("alice"); s.pass_("wonderland")
n, _ = s.stat()
print([line for i in range(1, n + 1) for line in s.retr(i)[1] if line in (b"Subject: forged by swaks", b"Subject: by smtplib", b".dot")])
s.quit()`), `^\[b'Subject: forged by swaks', b'\.dot', b'Subject: by smtplib'\]\n$`},
		{"imaplib", python("imap", `
import imaplib
s = imaplib.IMAP4(h, p)
s.login("alice", "wonderland")
s.select("INBOX")
print(s.search(None, "SUBJECT", '"forged by swaks"')[0], len(s.search(None, "SUBJECT", '"forged by swaks"')[1][0].split()))
s.logout()`), `^OK 1\n$`},
		{"curl by FTP", []string{"curl", "-sS", "-u", "alice:wonderland", "ftp://" + at["ftp"] + "/letters/bob.txt"}, `^Dear Alice`},
		{"redis-cli", []string{"redis-cli", "-h", redisHost, "-p", redisPort, "SET", "name", "a value"}, `^OK\n$`},
		{"redis-cli again", []string{"redis-cli", "-h", redisHost, "-p", redisPort, "GET", "name"}, `^a value\n$`},
		{"dig", []string{"dig", "+tcp", "+short", "@127.0.0.1", "-p", dnsPort, "MX", "example.test"}, `^\d+ \S+\.example\.test\.\n`},
		{"dig by UDP", []string{"dig", "+notcp", "+short", "@127.0.0.1", "-p", dnsPort, "MX", "example.test"}, `^\d+ \S+\.example\.test\.\n`},
		{"mosquitto_pub", []string{"mosquitto_pub", "-h", mqttHost, "-p", mqttPort, "-V", "5", "-q", "2", "-r", "-t", "my/topic", "-m", "hello"}, `^$`},
		{"mosquitto_sub", []string{"mosquitto_sub", "-h", mqttHost, "-p", mqttPort, "-u", "alice", "-P", "wonderland", "-q", "2", "-v", "-t", "my/+", "-C", "1"}, `^my/topic hello\n$`},
		// The keys come from a pipe that does not end before the connection does; that the
		// server ends it is a failure to this client.
		{"telnet", []string{"sh", "-c", `mkfifo "$1" && exec 3<>"$1" && printf 'alice\nwonderland\nwho\nbye\n' >&3 && busybox telnet 127.0.0.1 "$2" <&3; true`,
			"sh", filepath.Join(t.TempDir(), "keys"), telnetPort}, `(?s)Welcome, alice\..*alice \(you\).*Bye!`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := exec.Command(c.command[0], c.command[1:]...).CombinedOutput()
			if err != nil || !regexp.MustCompile(c.want).Match(out) {
				t.Errorf("%q: %v, and it wrote\n%s\nwant %s", c.command, err, out, c.want)
			}
		})
	}
}

// A server breaks off and dribbles as it is told to.
func TestPracticeManners(t *testing.T) {
	at := practising(t, "http", "--closing", "cut", "--fragment", "--listen", "127.0.0.1:0")
	conn, err := net.DialTimeout("tcp", at["http"], patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n")
	reads, got := 0, ""
	for buf := make([]byte, 4096); ; reads++ {
		n, err := conn.Read(buf)
		got += string(buf[:n])
		if err != nil {
			break
		}
	}
	_, body, _ := strings.Cut(got, "\r\n\r\n")
	if reads < 20 || !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || strings.Contains(got, fmt.Sprintf("Content-Length: %d\r\n", len(body))) {
		t.Errorf("%d reads of half an answer: %q", reads, got)
	}
}

// The page's list names servers that are there, and a policy lets them be dialled.
func TestPracticeOnThePage(t *testing.T) {
	w := start(t, "--practice", "--policy", "practice")
	_, modes := w.ask(t, "", "GET", "/api/modes", nil)
	m := regexp.MustCompile(`"name":"http","target":"([^"]+)","mode":"http-line"`).FindStringSubmatch(modes)
	if m == nil {
		t.Fatalf("no practice server http in %s", modes)
	}
	c := w.join(t, "", m[1])
	c.say("GET /about HTTP/1.0", "")
	c.hears("HTTP/1.1 200 OK")

	// Each session may have the server otherwise.
	lf := w.join(t, "?option.eol=lf", m[1])
	lf.say("GET /about HTTP/1.0", "")
	lf.hears("HTTP/1.1 400 Bad Request")
	lenient := w.join(t, "?option.eol=lf&with.lines=lenient", m[1])
	lenient.say("GET /about HTTP/1.0", "")
	lenient.hears("HTTP/1.1 200 OK")
	for query, words := range map[string]string{
		"?with.lines=none":  `lines is "none"; it must be lenient or strict`,
		"?with.manners=bad": `no practice server has the choice "manners"`,
	} {
		c := w.open(t, query)
		c.say(m[1])
		c.refused(words)
	}
	other := w.open(t, "?with.lines=lenient")
	other.say(w.echo)
	other.refused("with.NAME is for practice servers")
}

// A session of the page fetches files from the practice FTP server by data connections of its
// own, both ways, although the policy lets it dial the practice servers alone; in clear and by
// TLS.
func TestPracticeFTPOnThePage(t *testing.T) {
	w := start(t, "--practice", "--policy", "practice")
	_, modes := w.ask(t, "", "GET", "/api/modes", nil)
	m := regexp.MustCompile(`"name":"ftp","target":"([^"]+)","mode":"ftp"`).FindStringSubmatch(modes)
	if m == nil {
		t.Fatalf("no practice server ftp in %s", modes)
	}
	for _, active := range []bool{false, true} {
		query := "?mode=ftp&starttls=on"
		if active {
			query += "&option.data=active"
		}
		c := &ftpTalk{client: w.join(t, query, m[1])}
		c.until("220", 0)
		for _, does := range [][2]string{{"USER alice", "331"}, {"PASS wonderland", "230"}, {"TYPE I", "200"}, {"STOR /upload/x " + strings.Repeat("y", 100), "226"}} {
			c.does(does[0], does[1])
		}
		c.say("LIST")
		for said, listed := "", false; !strings.HasPrefix(said, "226 "); listed = listed || strings.HasSuffix(said, " upload") {
			_, data := c.next()
			if said = string(data); strings.HasPrefix(said, "226 ") && !listed {
				t.Errorf("nothing was listed before %q", said)
			}
		}
		c.say("RETR /upload/x")
		c.until("226", 100)
		if !active {
			for _, does := range [][2]string{{"AUTH TLS", "234"}, {"USER bob", "331"}, {"PASS builder", "230"}, {"PBSZ 0", "200"}, {"PROT P", "200"}, {"TYPE I", "200"}} {
				c.does(does[0], does[1])
			}
			c.say("RETR /upload/x")
			c.until("226", 200)
		}
		c.does("QUIT", "221")
		c.linesToEnd()
	}
}
