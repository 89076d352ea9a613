//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The mode http with nginx: curl through a watching tap gets what it gets without, the messages
// are as many as tshark's, and the recording replays however it is cut.
func TestModeHTTP(t *testing.T) {
	t.Parallel()
	plain, _ := nginx(t)
	curl := func(address string) string {
		t.Helper()
		site := "http://" + address
		out, err := exec.Command("curl", "-sS", "--max-time", "60", "--noproxy", "*", "--user", "joe:secret", site+"/", site+"/api", site+"/none",
			"--next", "-sS", "-I", site+"/api", "--next", "-sS", "-d", "a=1", site+"/api").Output()
		if err != nil {
			t.Fatalf("curl: %v", err)
		}
		return regexp.MustCompile(`Date: .*`).ReplaceAllString(string(out), "Date")
	}
	tap := tapTo(t, plain, "--mode", "http")
	if want, got := curl(plain), curl(tap.address); got != want || !strings.Contains(got, homePage) {
		t.Fatalf("through the tap %q, and without %q", got, want)
	}
	message := regexp.MustCompile(`<< message from-(client|server) \d+-\d+( answers from-client \d+)? "(.*)"\n`)
	var said []string
	many := 0
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "5", file)
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "am9lOnNlY3JldA==") {
			t.Errorf("the recording has the password, or %v:\n%s", err, text)
		}
		for _, m := range message.FindAllStringSubmatch(string(text), -1) {
			said = append(said, m[3])
			if many++; (m[1] == "server") != (m[2] != "") {
				t.Errorf("%q", m)
			}
		}
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		out, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(plain)+",http", "-Y", "http.request or http.response", "-T", "fields", "-e", "http.request.method", "-e", "http.response.code").Output()
		if err != nil {
			t.Fatal(err)
		}
		many -= len(strings.Fields(string(out)))
		if out := workbenchDoes(t, "decode", "--mode", "http", capture); !strings.Contains(out, ": 10 messages, 0 of them wrong;") {
			t.Errorf("decoded:\n%s", out)
		}
	}
	if len(said) != 10 || many != 0 {
		t.Errorf("%d messages, %d more than tshark has: %q", len(said), many, said)
	}
}
