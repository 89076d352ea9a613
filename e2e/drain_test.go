//go:build linux

package e2e

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// On SIGTERM nobody gets in any more, sessions are told and end one after the
// other, the last of them works until its turn, and the exit code is 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	w := start(t, "--drain", "9s") // 3 s from one to the next
	first, watcher, last := w.join(t, "", w.echo), w.join(t, "", w.echo, "workbench.v1"), w.join(t, "", w.echo)
	w.signal(syscall.SIGTERM)
	watcher.awaits(func(e map[string]any) bool {
		text, _ := e["text"].(string)
		return e["kind"] == "remark" && e["code"] == "stopping" && strings.Contains(text, "within 9s")
	})
	for _, path := range []string{"/healthz", "/websocket/ws"} {
		r, _ := http.NewRequest("GET", "http://"+w.address+path, nil)
		r.Header.Set("Connection", "upgrade")
		r.Header.Set("Upgrade", "websocket")
		resp, err := httpClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s while it stops: %s", path, resp.Status)
		}
	}
	first.closes(websocket.CloseGoingAway, "stopping")
	last.say("still here")
	last.hears("still here")
	last.closes(websocket.CloseGoingAway, "stopping")
	if err := w.stopped(0); err != nil {
		t.Error(err)
	}
}

// A second signal ends it at once, and leaves no process.
func TestDrainIsCutShort(t *testing.T) {
	t.Parallel()
	w := start(t, "--drain", "15s")
	w.join(t, "", w.echo)
	c := w.join(t, "", w.echo, "workbench.v1") // its turn comes 7.5 s later
	w.signal(syscall.SIGTERM)
	c.awaits(func(e map[string]any) bool { return e["code"] == "stopping" })
	w.signal(syscall.SIGTERM)
	if !w.wait(patience) {
		t.Fatal("still there")
	}
	for _, pid := range w.plugins {
		eventually(t, "the plugin processes end", func() bool { return !alive(pid) })
	}
}
