package http

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
)

// nginx starts Debian's nginx with a file and some answers of its own, and returns its socket.
func nginx(t *testing.T) (socket string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // which is not in every user's PATH
	}
	dir, err := os.MkdirTemp("", "http") // t.TempDir's name may be too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // nginx has another user if this one is root
		t.Fatal(err)
	}
	hello := filepath.Join(dir, "hello.txt")
	if err := os.WriteFile(hello, []byte("Hello, visitor.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(hello, time.Time{}, time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "conf")
	text := strings.ReplaceAll(`daemon off;
master_process off;
pid DIR/pid;
error_log stderr notice;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	types { text/plain txt; }
	server_tokens off;
	etag off;
	server {
		listen unix:DIR/s;
		root DIR;
		location /trailer { add_trailer X-Sum abc; alias DIR/hello.txt; default_type text/plain; }
		location /packed { gzip on; gzip_min_length 1; gzip_types text/plain; alias DIR/hello.txt; default_type text/plain; }
		location /none { return 204; }
		location /up { proxy_pass http://unix:DIR/s:/taken; }
		location /taken { default_type text/plain; return 200 "taken\n"; }
	}
}
`, "DIR", dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", conf, "-p", dir, "-e", "stderr")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	var log []byte
	for buf := make([]byte, 4096); !bytes.Contains(log, []byte("getrlimit")); { // by then it listens
		n, err := said.Read(buf)
		if log = append(log, buf[:n]...); err != nil {
			t.Fatalf("nginx ended: %v\n%s", err, log)
		}
	}
	go io.Copy(io.Discard, said) // until it ends
	return filepath.Join(dir, "s")
}

// byHand types lines in a session with the server, one after the answer to the one before,
// and returns what is shown for each, and the messages. A line of a head that goes on has no
// answer.
func byHand(t *testing.T, socket string, lines []string) (shown []string, messages []core.Message) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	m, buf := open(t, core.Messages), make([]byte, core.MaxDecodedEvent)
	for _, line := range lines {
		said := ""
		for ev := typed(line); ; {
			var out core.Out
			if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
				t.Fatal(line, err, out.Err())
			}
			for i := range out.Len() {
				switch a := out.Action(i); a.Kind {
				case core.SendServer:
					if _, err := conn.Write(a.Data); err != nil {
						t.Fatal(err)
					}
				case core.SendText:
					said += string(a.Data) + "\n"
				case core.Decoded:
					message, err := core.ParseMessage(a.Data)
					if err != nil {
						t.Fatal(err)
					}
					messages = append(messages, message)
				}
			}
			if m.Typing || said != "" && (len(m.Pending) == 0 || m.requests.State != inStart) && m.replies.State == inStart {
				break
			}
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("no response to %q: %v", line, err)
			}
			ev = server(string(buf[:n]))
		}
		shown = append(shown, said)
	}
	return shown, messages
}

// dates differ each time.
var dates = regexp.MustCompile(`(?m)^Date: .*$`)

// The session in the mode's page goes as it says there.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/http.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	said, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	var lines, want []string
	for line := range strings.Lines(said) {
		if words, ok := strings.CutPrefix(line, ">"); ok {
			lines, want = append(lines, strings.TrimSpace(words)), append(want, "")
			continue
		}
		want[len(want)-1] += line
	}
	if len(lines) < 3 {
		t.Fatalf("%d lines are typed in it", len(lines))
	}
	got, _ := byHand(t, nginx(t), lines)
	for i := range got {
		got[i] = dates.ReplaceAllString(got[i], "Date: …")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-the page +shown):\n%s", diff)
	}
}

// packed is how large something is once it is compressed, which is zlib's to say.
var packed = regexp.MustCompile(`\d+( bytes)`)

// What makes framing hard: responses without a body, before the body of the request, in
// chunks with a trailer, compressed, and several at once.
func TestFraming(t *testing.T) {
	shown, messages := byHand(t, nginx(t), []string{
		"HEAD /hello.txt",
		"POST /up HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 5\n\n",
		"=hello",
		"GET /trailer\nTE: trailers",
		"GET /packed\nAccept-Encoding: gzip",
		"GET /none",
		`=GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\nHEAD /hello.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n`,
		"GET /hello.txt\nConnection: close",
	})
	var got []string
	asked := map[int64]string{}
	for _, m := range messages {
		if m.Flow == core.ToServer {
			asked[m.From] = strings.Replace(m.Summary, " HTTP/1.1", "", 1)
			continue
		}
		summary := strings.TrimPrefix(m.Summary, "HTTP/1.1 ")
		if asked[m.Answers.From] == "GET /packed" {
			summary = packed.ReplaceAllString(summary, "so many$1")
		}
		got = append(got, fmt.Sprintf("%s: %s", asked[m.Answers.From], summary))
		for _, f := range m.Fields {
			if f.Wrong != "" {
				t.Errorf("%s: %s %s", m.Summary, f.Name, f.Wrong)
			}
		}
	}
	want := []string{
		"HEAD /hello.txt: 200 OK", ": 100 Continue", "POST /up (5 bytes): 200 OK (text/plain, 6 bytes)", "GET /trailer: 200 OK (text/plain, 16 bytes)",
		"GET /packed: 200 OK (text/plain, so many bytes)", "GET /none: 204 No Content",
		"GET /hello.txt: 200 OK (text/plain, 16 bytes)", "HEAD /hello.txt: 200 OK", "GET /none: 204 No Content", "GET /hello.txt: 200 OK (text/plain, 16 bytes)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%q", diff, shown)
	}
	if !strings.HasSuffix(shown[3], "\n\nHello, visitor.\n\nX-Sum: abc\n") || !strings.HasSuffix(packed.ReplaceAllString(shown[4], "so many$1"), "\n\nHello, visitor.\n(so many bytes as gzip)\n") {
		t.Errorf("%q", slices.Concat(shown[3:5]))
	}
}
