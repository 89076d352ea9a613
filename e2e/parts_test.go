//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// ownState returns an environment with a user's state of its own, and the folder in it
// where the workbench keeps recordings.
func ownState(t *testing.T) (env []string, folder string) {
	t.Helper()
	state := t.TempDir()
	folder = filepath.Join(state, "workbench", "transcripts")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "XDG_STATE_HOME="+state), folder
}

// numbers sends numbered messages of 64 KiB each to a session, and reads what comes back, until
// done or the connection breaks.
func numbers(t *testing.T, w *workbench, done func(n int) bool) {
	t.Helper()
	ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws?mode=raw", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	ws.WriteMessage(websocket.TextMessage, []byte(w.echo))
	if _, got, err := ws.ReadMessage(); err != nil || string(got) != "SUCC" {
		t.Fatalf("%s, %v", got, err)
	}
	for n := 1; !done(n); n++ {
		message := fmt.Appendf(nil, "number %d %s\n", n, strings.Repeat("x", 64<<10))
		if ws.WriteMessage(websocket.BinaryMessage, message) != nil {
			return
		}
		for left := len(message); left > 0; {
			ws.SetReadDeadline(time.Now().Add(patience))
			_, got, err := ws.ReadMessage()
			if err != nil {
				return
			}
			left -= len(got)
		}
	}
}

var numberSent = regexp.MustCompile(`(?m)>> client binary "number (\d+) `)

// isCounted tells whether a transcript has the messages of numbers from 1 on, each once.
func isCounted(t *testing.T, text string) (n int) {
	t.Helper()
	for _, found := range numberSent.FindAllStringSubmatch(text, -1) {
		if n++; found[1] != strconv.Itoa(n) {
			t.Fatalf("message %s comes after %d", found[1], n-1)
		}
	}
	return n
}

// inState runs the workbench with a state of its own.
func inState(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(workbenchBinary, args...)
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("workbench %s: %v\n%.500s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// A session of 40 MiB of text, or 24, is one recording, which replays by its ID.
func TestALongRecordingReplays(t *testing.T) {
	env, folder := ownState(t)
	w := start(t, "--transcripts", folder)
	messages, parts := in(200, 330), in(2, 3) // each message comes back, so it is in the text twice
	numbers(t, w, func(n int) bool { return n > messages })
	id := w.recorded(t)
	files, _ := filepath.Glob(filepath.Join(folder, id+".transcript*"))
	if len(files) != parts {
		t.Errorf("the files are %q", files)
	}
	text := inState(t, env, "transcript", "show", id)
	if n := isCounted(t, text); n != messages || len(text) < messages*(40<<20)/330 {
		t.Errorf("%d messages in %d bytes", n, len(text))
	}
	inState(t, env, "replay", id)
	resp, err := httpClient.Get("http://" + w.address + "/api/transcripts/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil || body.String() != text {
		t.Errorf("the API says %d bytes of %d, %v", body.Len(), len(text), err)
	}
}

// The workbench is killed just when a recording goes on in another part.
func TestKilledWhereAPartBegins(t *testing.T) {
	env, folder := ownState(t)
	w := start(t, "--transcripts", folder)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer w.signal(syscall.SIGKILL)
		for late := time.Now().Add(patience); time.Now().Before(late); time.Sleep(time.Millisecond) {
			if parts, _ := filepath.Glob(filepath.Join(folder, "*.transcript.*")); len(parts) > 0 && !strings.HasSuffix(parts[0], ".new") {
				return
			}
		}
		t.Error("there never was another part")
	}()
	sent := 0
	numbers(t, w, func(n int) bool { sent = n; return false })
	<-gone
	w.wait(patience)
	files, _ := filepath.Glob(filepath.Join(folder, "*.transcript"))
	if len(files) != 1 {
		t.Fatalf("the transcripts are %q", files)
	}
	id := strings.TrimSuffix(filepath.Base(files[0]), ".transcript")
	text := inState(t, env, "transcript", "show", id)
	if n := isCounted(t, text); n > sent || len(text) < 16<<20 {
		t.Errorf("%d messages of %d in %d bytes", n, sent, len(text))
	}
	inState(t, env, "replay", id)
	if list := inState(t, env, "transcript", "list"); strings.Count(list, id) != 1 || !strings.Contains(list, "cut off") {
		t.Error(list)
	}
}
