//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

var acceptLine = regexp.MustCompile(`ACCEPT (127\.0\.0\.1:\d+)`)

// opensslServer starts openssl s_server, which answers an HTTP request.
func opensslServer(t testing.TB, args ...string) (address string) {
	t.Helper()
	cmd := exec.Command("openssl", append([]string{"s_server", "-accept", "127.0.0.1:0", "-www"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		cmd.Stderr = cmd.Stdout
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	addresses := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := acceptLine.FindStringSubmatch(lines.Text()); m != nil {
				addresses <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
		cmd.Wait()
	})
	return receive(t, addresses, "openssl s_server")
}

// give uploads certificates to the workbench, and returns their ID.
func (w *workbench) give(t testing.TB, pem string) (id string) {
	t.Helper()
	resp, err := httpClient.Post("http://"+w.address+"/api/tls", "", strings.NewReader(pem))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var c struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil || resp.StatusCode != http.StatusOK || c.ID == "" {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	return c.ID
}

// A server of a private authority that requires a client's certificate: step by step each
// refusal names what is missing, and with all of it the session runs and is recorded. The
// client's key appears nowhere.
func TestTLSWithAPrivateAuthority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ours, err := newAuthority(in("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	newCertificate(t, ours, "box.example").write(t, in("box.pem"), in("box.key"))
	newCertificate(t, ours, "me").write(t, in("me.pem"), in("me.key"))
	read := func(name string) string {
		text, err := os.ReadFile(in(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	address := opensslServer(t, "-cert", in("box.pem"), "-key", in("box.key"), "-CAfile", in("ca.pem"), "-Verify", "1", "-verify_return_error", "-alpn", "postgresql")
	folder := t.TempDir()
	writeFile(t, in("both.pem"), read("me.pem")+read("me.key"))
	w := start(t, "--transcripts", folder, "--verbose", "--tls-credential", in("both.pem"))
	ca, me := w.give(t, read("ca.pem")), w.give(t, read("both.pem"))

	query := "?mode=raw"
	for _, step := range []struct{ code, add string }{
		{"tls-wrong-name", "&tls.name=box.example"},
		{"tls-unknown-ca", "&tls.verify=ca:" + ca},
		{"tls-client-cert-wanted", "&tls.cert=" + me},
	} {
		c := w.open(t, query, "workbench.v1")
		c.say("tls://" + address)
		if _, words := c.next(); !strings.HasPrefix(string(words), "FAIL:") {
			t.Fatalf("%s: %s", query, words)
		}
		if _, object := c.next(); !strings.Contains(string(object), `"kind":"refused","code":"`+step.code+`","certificate":{"subject":"CN=box.example","issuer":"CN=test authority","names":["box.example"]`) {
			t.Fatalf("%s: %s; want %s", query, object, step.code)
		}
		c.closes(websocket.CloseNormalClosure, "")
		query += step.add
	}
	plain := w.open(t, "?mode=raw&tls.verify=ca:"+ca)
	plain.say("tls://" + address)
	plain.refused("the certificate is not for 127.0.0.1, but for box.example; certificate \"CN=box.example\" sha256:", "tls.name=box.example or tls.verify=sha256:")

	c := w.join(t, query+"&tls.alpn=h2,postgresql", "tls://"+address, "workbench.v1")
	if _, hello := c.next(); !strings.Contains(string(hello), `"verified":"ca"`) || !strings.Contains(string(hello), `"clientCertificate":{"subject":"CN=me"`) || !strings.Contains(string(hello), `"alpn":"postgresql"`) {
		t.Errorf("the hello is %s", hello)
	}
	c.say(`{"text":"GET / HTTP/1.0\r\n\r\n"}`)
	c.linesToEnd()

	id := w.recorded(t)
	text, err := os.ReadFile(filepath.Join(folder, id+".transcript"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\ntls verify \"ca sha256:", " CN=test authority\"\ntls name \"box.example\"\ntls alpn \"h2,postgresql\"\ntls cert \"sha256:", " CN=me\"\n",
		" -- tls 1.3, TLS_", ", alpn postgresql, certificate \"CN=box.example\" sha256:", ", verified by the chosen CA, client certificate \"CN=me\" sha256:",
		"HTTP/1.0 200 ok",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the recording has no %q:\n%.1000s", want, text)
		}
	}
	resp, err := httpClient.Get("http://" + w.address + "/api/tls")
	if err != nil {
		t.Fatal(err)
	}
	list, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || strings.Count(string(list), `"id":`) != 2 || !strings.HasPrefix(string(list), `[{"id":"`+me+`"`) {
		t.Errorf("%s, %v", list, err)
	}
	key := strings.Split(read("me.key"), "\n")[1]
	for place, text := range map[string]string{"the recording": string(text), "the log": w.stderr.String(), "/api/tls": string(list)} {
		if strings.Contains(text, key) || strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s has the key", place)
		}
	}
	for _, args := range [][]string{
		{"replay", filepath.Join(folder, id+".transcript")},
		{"transcript", "show", "--transcripts", folder, id},
		{"transcript", "diff", "--transcripts", folder, id, id},
		{"transcript", "convert", "--to", "jsonl", filepath.Join(folder, id+".transcript"), "-o", "-"},
	} {
		if out, err := exec.Command(workbenchBinary, args...).CombinedOutput(); err != nil || args[0] == "transcript" && args[1] != "diff" && !strings.Contains(string(out), "box.example") {
			t.Errorf("workbench %s: %v\n%.500s", strings.Join(args, " "), err, out)
		}
	}
}

// Another site can neither see, upload nor delete certificates.
func TestStrangersCannotTouchCertificates(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(authority.file)
	if err != nil {
		t.Fatal(err)
	}
	id := shared.give(t, string(text))
	for name, header := range map[string]string{
		"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Host": "evil.example",
	} {
		for _, request := range []string{"GET /api/tls", "POST /api/tls", "DELETE /api/tls/" + id} {
			method, path, _ := strings.Cut(request, " ")
			req, err := http.NewRequest(method, "http://"+shared.address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if req.Header.Set(name, header); name == "Host" {
				req.Host = header
			}
			resp, err := httpClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden || strings.Contains(string(answer), id) {
				t.Errorf("%s with %s %s: %s %s", request, name, header, resp.Status, answer)
			}
		}
	}
	if again := shared.give(t, string(text)); again != id {
		t.Errorf("the same certificate has the ID %s, and had %s", again, id)
	}
}
