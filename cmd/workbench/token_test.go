//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Another account of this machine, which is nobody here, learns nothing and does
// nothing by the workbench without its token, with real curl.
func TestRootAnotherAccount(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("becoming another account wants root")
	}
	w := startServing(t, time.Second)
	jar := filepath.Join(t.TempDir(), "jar")
	if err := os.Chmod(filepath.Dir(jar), 0o777); err != nil {
		t.Fatal(err)
	}
	os.Chmod(filepath.Dir(filepath.Dir(jar)), 0o755)
	page := "http://" + w.address
	as := func(uid uint32, args ...string) (code, body string) {
		t.Helper()
		cmd := exec.Command("curl", append([]string{"-s", "-m", "20", "-w", "\n%{http_code}"}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		cmd.Dir = "/"
		out, err := cmd.Output()
		if err != nil && !strings.Contains(strings.Join(args, " "), "Upgrade") { // the WebSocket stays open
			t.Fatalf("curl %q: %v", args, err)
		}
		body, code = string(out), ""
		if i := strings.LastIndexByte(body, '\n'); i >= 0 {
			body, code = body[:i], body[i+1:]
		}
		return code, body
	}
	const nobody = 65534
	upgrade := []string{"-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", page + "/websocket/ws"}
	for _, args := range [][]string{{page + "/"}, {page + "/api/modes"}, {page + "/api/transcripts"}, {page + "/api/sessions"}, {page + "/metrics"}, {"-X", "DELETE", page + "/api/transcripts/x"}, upgrade} {
		if code, body := as(nobody, args...); code != "401" || strings.Contains(body, "upper") {
			t.Errorf("%q: %s %s", args, code, body)
		}
	}
	if code, _ := as(0, page+"/api/modes"); code != "200" {
		t.Errorf("this account: %s", code)
	}
	if code, _ := as(nobody, page+"/healthz"); code != "200" {
		t.Errorf("healthz: %s", code)
	}

	token := strings.TrimSpace(prints(t, "token"))
	bearer := "Authorization: Bearer " + token
	if code, _ := as(nobody, "-H", bearer, page+"/api/modes"); code != "200" {
		t.Errorf("with the token: %s", code)
	}
	link := strings.TrimSpace(prints(t, "token", "link", "--at", w.address))
	if code, body := as(nobody, "-L", "-c", jar, link); code != "200" || !strings.Contains(body, "<html") {
		t.Errorf("by the link: %s %.200s", code, body)
	}
	home, _, _ := strings.Cut(link, "/?code=")
	if code, _ := as(nobody, "-b", jar, home+"/api/modes"); code != "200" {
		t.Errorf("with the cookie: %s", code)
	}
	if code, _ := as(nobody, link); code != "401" {
		t.Errorf("by the link once more: %s", code)
	}
	prints(t, "token", "rotate")
	for _, args := range [][]string{{"-H", bearer}, {"-b", jar}} {
		if code, _ := as(nobody, append(args, home+"/api/modes")...); code != "401" {
			t.Errorf("%q after token rotate: %s", args[0], code)
		}
	}
}

// prints runs a command of workbench and returns what it prints.
func prints(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("workbench %q: %d\n%s", args, code, &stderr)
	}
	return stdout.String()
}
