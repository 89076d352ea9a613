//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// aPort is the port in an answer to EPSV, which is another each time.
var aPort = regexp.MustCompile(`\(\|\|\|\d+\|\)`)

// The mode ftp with vsftpd: the session of its page, files both ways while its process is
// killed in the middle of each, and ftplib through a watching tap, whose commands are those that
// tshark sees. The recordings replay however they are cut.
func TestModeFTP(t *testing.T) {
	t.Parallel()
	address, files := vsftpd(t)
	writeFile(t, filepath.Join(files, "hello.txt"), "hello\n")
	w, folder := keeper(t)
	c := w.join(t, "?mode=ftp", address)
	lines, shown := pageSession(t, "ftp")
	shown[0] = "220 (vsFTPd " // the rest is its version
	for i, want := range shown {
		if i > 0 {
			c.say(lines[i-1])
		}
		for said := ""; !strings.HasPrefix(said, want); {
			kind, data := c.next()
			if said += aPort.ReplaceAllString(string(data), "(|||40001|)"); kind == websocket.TextMessage {
				said += "\n"
			}
			if i > 0 && !strings.HasPrefix(want, said) {
				t.Fatalf("after %q the page shows\n%sand the server\n%s", lines[:i], want, said)
			}
		}
	}
	c.linesToEnd()
	if got, err := os.ReadFile(filepath.Join(files, "new.txt")); err != nil || string(got) != "one line\r\n" {
		t.Errorf("what went up is %q, %v", got, err)
	}
	workbenchDoes(t, "replay", "--recut", "10", filepath.Join(folder, w.recorded(t)+".transcript"))

	size := 10 << 20
	if testing.Short() {
		size = 1 << 20
	}
	k := &killer{w: w, mode: "ftp"}
	transfers(t, w.join(t, "?mode=ftp&record=off", address), files, size, func() { k.strike(t, syscall.SIGKILL) })

	if !testing.Short() {
		filesByTLS(t, w)
	}

	tap := tapTo(t, address, "--mode", "ftp")
	out, err := exec.Command("python3", "-c", `
import ftplib, io, sys
s = ftplib.FTP()
s.connect("127.0.0.1", int(sys.argv[1]))
s.login()
s.storbinary("STOR up", io.BytesIO(b"x" * 100000))
got = io.BytesIO()
s.retrbinary("RETR up", got.write)
print(len(got.getvalue()), s.size("up"), s.nlst("u*"))
try: s.cwd("nowhere")
except ftplib.error_perm as e: print(e)
s.sendcmd("NOOP")
s.quit()`, portOf(tap.address)).CombinedOutput()
	if want := "100000 100000 ['up']\n550 "; err != nil || !strings.HasPrefix(string(out), want) {
		t.Fatalf("ftplib shows %s, %v; want %s", out, err, want)
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		text, _ := os.ReadFile(file)
		said := func(field string) (all []string) {
			for _, found := range regexp.MustCompile(`(?m)^  `+field+` \d+-\d+ "([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
				all = append(all, found[1])
			}
			return all
		}
		theirs, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(address)+",ftp", "-Y", "ftp.request.command", "-T", "fields", "-e", "ftp.request.command").Output()
		if ours := said("ftp.command"); err != nil || !slices.Equal(ours, strings.Fields(string(theirs))) {
			t.Errorf("tshark sees %q, %v, and the mode %q", theirs, err, ours)
		}
		// tshark shows one reply of a packet, and how many come in one is for the system to say.
		if got, want := strings.Join(said("ftp.code"), " "), "220 230 200 227 150 226 200 227 150 226 213 200 227 150 226 550 200 221"; got != want {
			t.Errorf("the replies are %s, want %s", got, want)
		}
	}
}

// filesByTLS sends a file by a data connection with TLS, and has it sent, after AUTH TLS.
func filesByTLS(t *testing.T, w *workbench) {
	dir := t.TempDir()
	newCertificate(t, authority, "127.0.0.1").write(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	address, files := vsftpd(t, "ssl_enable=YES", "allow_anon_ssl=YES", "require_ssl_reuse=NO", "ssl_ciphers=HIGH",
		"rsa_cert_file="+filepath.Join(dir, "cert.pem"), "rsa_private_key_file="+filepath.Join(dir, "key.pem"))
	c := &ftpTalk{client: w.join(t, "?mode=ftp&starttls=on&tls.verify=none", address)}
	c.until("220", 0)
	for _, does := range [][2]string{{"AUTH TLS", "234"}, {"USER anonymous", "230"}, {"PBSZ", "200"}, {"PROT P", "200"}, {"TYPE I", "200"}, {"STOR file by TLS", "226"}} {
		c.does(does[0], does[1])
	}
	if got, err := os.ReadFile(filepath.Join(files, "file")); err != nil || string(got) != "by TLS" {
		t.Errorf("what went up by TLS is %q, %v", got, err)
	}
	c.say("RETR file")
	c.until("226", len("by TLS"))
	c.does("QUIT", "221")
	c.linesToEnd()
}
