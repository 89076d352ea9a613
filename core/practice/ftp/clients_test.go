package ftp

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/target"
)

// start serves on a loopback listener until the test ends, and returns host and port.
func start(t *testing.T, s *Server) (host, port string) {
	t.Helper()
	own, err := target.SelfSigned("practice")
	if err != nil {
		t.Fatal(err)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own.Pair()}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- practice.Serve(ctx, l, nil, s.Converse) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

// run runs a program, whose exit code must be 0, and returns what it prints.
func run(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

const ftplib = `
import ftplib, io, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
for how in ("passive", "active", "tls"):
    f = ftplib.FTP_TLS(context=context) if how == "tls" else ftplib.FTP()
    f.connect(sys.argv[1], int(sys.argv[2]), timeout=120)
    try:
        f.login("alice", "builder")
    except ftplib.error_perm as e:
        print("login:", e)
    f.login("alice", "wonderland")
    if how == "tls":
        f.prot_p()
    f.set_pasv(how != "active")
    print(f.nlst(), [name for name, facts in f.mlsd("letters") if facts["type"] == "file"][:3])
    f.retrlines("RETR letters/bob.txt", print)
    noise = []
    f.retrbinary("RETR data/noise.bin", noise.append)
    noise = b"".join(noise)
    print(len(noise) == f.size("data/noise.bin"), len(noise))
    f.storbinary("STOR /upload/copy", io.BytesIO(noise))
    back = []
    f.retrbinary("RETR /upload/copy", back.append, rest=1000)
    print(b"".join(back) == noise[1000:], f.rename("/upload/copy", "/upload/moved"))
    print(f.delete("/upload/moved"), f.mkd("/upload/d"), f.rmd("/upload/d"), f.pwd())
    print(f.quit())
`

// One process does it all: to start Python takes longer than all that it says.
func TestFtplib(t *testing.T) {
	host, port := start(t, &Server{Files: NewFiles(nil), Active: true})
	once := `login: 530 Wrong name or password; begin again with USER
['data', 'letters', 'readme.txt', 'upload'] ['alice.txt', 'bob.txt', 'carol.txt']
Dear Alice,

there are four stones, and you did not say from which side to count.

Bob
True 1048576
True 250 copy is /upload/moved now
250 /upload/moved is gone /upload/d 250 /upload/d is gone /
221 Goodbye
`
	if got, want := run(t, ftplib, "python3", "-", host, port), once+once+once; got != want {
		t.Errorf("ftplib prints\n%s\nwant\n%s", got, want)
	}
}

func TestCurl(t *testing.T) {
	files := NewFiles(nil)
	host, port := start(t, &Server{Files: files, Active: true})
	root := "ftp://" + host + ":" + port
	mine := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(mine, []byte("by curl\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, how := range [][]string{
		{"--ftp-pasv"}, {"--ftp-pasv", "--disable-epsv"},
		{"--ftp-port", "127.0.0.1"}, {"--ftp-port", "127.0.0.1", "--disable-eprt"},
		{"--insecure", "--ssl-reqd"},
	} {
		args := []string{"-q"}
		for _, does := range [][]string{
			{root + "/letters/bob.txt"}, {"--list-only", root + "/"}, {"-T", mine, root + "/upload/"},
			{"-r", "3-", root + "/upload/mine.txt"}, {"-I", "-Q", "DELE /upload/mine.txt", root + "/"},
		} {
			args = append(append(append(args, "-sS", "--max-time", "120", "-u", "bob:builder"), how...), append(does, "--next")...)
		}
		got := strings.ReplaceAll(run(t, "", "curl", args[:len(args)-1]...), "\r\n", "\n")
		want := "Dear Alice,\n\nthere are four stones, and you did not say from which side to count.\n\nBob\ndata\nletters\nreadme.txt\nupload\ncurl\n"
		if got != want {
			t.Errorf("%s: curl prints %q, want %q", how, got, want)
		}
		if count, _ := left(files); count != 0 {
			t.Errorf("%s: %d files are left", how, count)
		}
	}
}

// A command that came in clear with AUTH is not done.
func TestNothingInClearIsDoneAfterAuth(t *testing.T) {
	own, err := target.SelfSigned("practice")
	if err != nil {
		t.Fatal(err)
	}
	k := connect(t, &Server{Files: NewFiles(nil), TLS: &tls.Config{Certificates: []tls.Certificate{own.Pair()}}})
	k.says("USER alice\r\nPASS wonderland\r\nAUTH TLS\r\nMKD /upload/x", "331 ", "230 ", "234 ")
	secure := tls.Client(k.conn, &tls.Config{InsecureSkipVerify: true})
	k.conn = secure
	k.lines.Reset(secure)
	k.says("MLST /upload/x", "530 ")
	k.says("PROT P", "503 ")
	k.says("AUTH TLS", "503 ")
	k.logsIn()
	k.says("MLST /upload/x", "550 ")
	k.says("QUIT", "221 ")
}
