//go:build linux

package e2e

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// mailExchanger is a server that offers STARTTLS as mail clients want it.
func mailExchanger(t testing.TB, cert tls.Certificate) string {
	t.Helper()
	return serve(t, func(conn net.Conn) {
		lines := bufio.NewReader(conn)
		offer := "250-mail.test\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
		io.WriteString(conn, "220 mail.test ESMTP\r\n")
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word {
			case "EHLO":
				io.WriteString(conn, offer)
			case "STARTTLS":
				io.WriteString(conn, "220 2.0.0 go ahead\r\n")
				over := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
				if over.Handshake() != nil {
					return
				}
				conn, lines, offer = over, bufio.NewReader(over), "250-mail.test\r\n250 8BITMIME\r\n"
			case "QUIT":
				io.WriteString(conn, "221 2.0.0 bye\r\n")
				conn.Close()
				return
			default:
				io.WriteString(conn, "250 2.1.0 ok\r\n")
			}
		}
	}).address
}

// playing plays a recording's server once, and returns where and its process.
func playing(t testing.TB, args ...string) (address string, p *process) {
	t.Helper()
	p, err := run(exec.Command(workbenchBinary, append([]string{"play", "server", "--fast", "--once", "--verify", "--listen", "127.0.0.1:0"}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
	})
	at := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	eventually(t, "play server", func() bool { return at.MatchString(p.stdout.String()) || p.gone() })
	return at.FindString(p.stdout.String()), p
}

// A session with STARTTLS by hand plays: to its server again, and as its server to swaks and
// to Python's smtplib, which verify the certificate and say the same over TLS.
func TestPlayStartTLS(t *testing.T) {
	own := newCertificate(t, authority, "127.0.0.1")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	own.write(t, cert, key)
	address := mailExchanger(t, *own.Certificate)
	w, folder := keeper(t)
	c := w.mailTalk(t, "?mode=http-line", address)
	c.until("220 mail.test")
	for _, say := range [][2]string{{"EHLO here", "250 STARTTLS"}, {"STARTTLS", "220 2.0.0"}} {
		c.says(say[0])
		c.until(say[1])
	}
	c.say(`{"starttls":true}`)
	c.until(`"kind":"tls"`)
	for _, say := range [][2]string{{"EHLO here", "250 8BITMIME"}, {"MAIL FROM:<ann@example.test>", "250 2.1.0"}, {"RCPT TO:<bob@example.test>", "250 2.1.0"}, {"QUIT", "221 2.0.0"}} {
		c.says(say[0])
		c.until(say[1])
	}
	c.linesToEnd()
	file := filepath.Join(folder, w.recorded(t)+".transcript")

	if out := workbenchDoes(t, "play", "client", file, "--to", address, "--tls-verify", "none"); !strings.Contains(out, ": same (7 answers, ") {
		t.Errorf("play client: %s", out)
	}
	out, err := exec.Command(workbenchBinary, "play", "client", file, "--to", strings.Replace(address, "127.0.0.1", "localhost", 1)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "\n- >> server tls ") || !strings.Contains(string(out), "\nTo go on, add ") {
		t.Errorf("a certificate for another name: %v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	anyCase := filepath.Join(dir, "any-case.golden") // smtplib writes commands in small letters
	ours := regexp.MustCompile(`(?m)^[0-9. ]*<< server "([A-Z]+[^\\"]*)`).ReplaceAll(text, []byte("~~ match \"(?i)$1\\r\\n\"\n$0"))
	if err := os.WriteFile(anyCase, ours, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string][]string{
		"swaks": {"swaks", "--server", "HOST:PORT", "--tls", "--helo", "here", "--from", "ann@example.test", "--to", "bob@example.test", "--quit-after", "RCPT"},
		"smtplib": {"python3", "-c", `
import smtplib, ssl
client = smtplib.SMTP("HOST", PORT, local_hostname="here", timeout=30)
client.ehlo("here")
client.starttls(context=ssl.create_default_context(cafile="` + authority.file + `"))
client.ehlo("here")
client.docmd("MAIL", "FROM:<ann@example.test>")
client.docmd("RCPT", "TO:<bob@example.test>")
client.quit()`},
	} {
		t.Run(name, func(t *testing.T) {
			played, p := playing(t, "--tls-cert", cert, "--tls-key", key, map[string]string{"swaks": file, "smtplib": anyCase}[name])
			outputOf(t, played, "", command...)
			if !p.wait(patience) || p.exitCode() != 0 {
				t.Errorf("play server: %s%s", p.stdout, p.stderr)
			}
		})
	}
	t.Run("a client that goes on in clear", func(t *testing.T) {
		played, p := playing(t, "--tls-cert", cert, "--tls-key", key, file)
		conn, err := net.Dial("tcp", played)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "EHLO here\r\nSTARTTLS\r\nMAIL FROM:<mallory@example.test>\r\n")
		io.Copy(io.Discard, conn)
		if !p.wait(patience) || p.exitCode() != 1 || !strings.Contains(p.stderr.String(), `expected the beginning of a TLS handshake, got "MAIL FROM:<mallory@example.test>\r\n"`) {
			t.Errorf("play server: %s%s", p.stdout, p.stderr)
		}
	})
}

// What a tap records of TLS between two others opens in Wireshark by the client's key log,
// and by the server's.
func TestKeyLogDecryptsATap(t *testing.T) {
	dir := t.TempDir()
	talk := filepath.Join(dir, "talk.golden")
	if err := os.WriteFile(talk, []byte("workbench transcript v1\nmode raw\n\n<< server \"GET /what-crossed HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"\n>> server \"HTTP/1.1 204 No Content\\r\\n\\r\\n\"\n>> server eof\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	theirs, ours := filepath.Join(dir, "server"), filepath.Join(dir, "client")
	address, _ := playing(t, "--tls", "--tls-keylog", theirs, talk)
	tap := tapTo(t, address)
	workbenchDoes(t, "play", "client", talk, "--to", "tls://"+tap.address, "--tls-verify", "none", "--tls-keylog", ours)
	recording := tap.stop(t)[0]
	for _, keys := range []string{theirs, ours} {
		capture := filepath.Join(dir, "capture.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", "--keylog", keys, recording, "-o", capture)
		cmd := exec.Command("tshark", "-n", "-r", capture, "-Y", "http.request", "-T", "fields", "-e", "http.request.uri")
		cmd.Env = append(os.Environ(), "HOME="+dir)
		if got, err := cmd.Output(); err != nil || strings.TrimSpace(string(got)) != "/what-crossed" {
			t.Errorf("by %s tshark reads %q, %v", filepath.Base(keys), got, err)
		}
	}
}
