//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// transcripts lists the recordings by the API.
func (w *workbench) transcripts(t testing.TB, query string) (list []struct {
	ID, Mode, Target string
	Running          bool
}) {
	t.Helper()
	resp, err := httpClient.Get("http://" + w.address + "/api/transcripts" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

// recorded returns the ID of the only recorded session, once it is over.
func (w *workbench) recorded(t testing.TB) string {
	t.Helper()
	var id string
	eventually(t, "the recording ends", func() bool {
		list := w.transcripts(t, "")
		if len(list) == 1 && !list[0].Running {
			id = list[0].ID
		}
		return id != ""
	})
	return id
}

// keeper is a workbench with its own folder of recordings.
func keeper(t testing.TB, flags ...string) (w *workbench, folder string) {
	t.Helper()
	folder = t.TempDir()
	return start(t, append(flags, "--transcripts", folder)...), folder
}

// A recording replays, and is the same by the API and by the command.
func TestRecordingReplays(t *testing.T) {
	for _, mode := range []string{"http-line", "raw", "echo-quit"} {
		t.Run(mode, func(t *testing.T) {
			w, folder := keeper(t)
			c := w.join(t, "?mode="+mode, w.echo)
			c.say("hello\n", "quit") // the practice server hears quit where a line begins
			c.linesToEnd()
			id := w.recorded(t)
			file := filepath.Join(folder, id+".transcript")
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file is %v, %v", info, err)
			}
			workbenchRun(t, "", "replay", file)
			shown := workbenchRun(t, "", "transcript", "show", "--transcripts", folder, id)
			resp, err := httpClient.Get("http://" + w.address + "/api/transcripts/" + id)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != shown || !strings.Contains(shown, `"hello`) {
				t.Errorf("the API says\n%s\nthe command\n%s", body, shown)
			}
		})
	}
}

func TestNotRecorded(t *testing.T) {
	w, folder := keeper(t)
	c := w.join(t, "?record=off", w.echo)
	c.say("quit")
	c.linesToEnd()
	if files, _ := os.ReadDir(folder); len(files) > 0 {
		t.Errorf("there is %v", files)
	}
	if c := w.open(t, "?record=no"); c != nil {
		c.say(w.echo)
		c.refused("record is", "on or off")
	}
}

var playLine = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// A recording is the server for any number of clients, and recording them gives the same
// again.
func TestPlayServer(t *testing.T) {
	const clients = 100
	w, folder := keeper(t)
	server := serve(t, func(conn net.Conn) { // it speaks first
		io.WriteString(conn, "220 ready\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			if lines.Text() == "QUIT" {
				io.WriteString(conn, "221 bye\r\n")
				return
			}
			fmt.Fprintf(conn, "250-you said\r\n250 %s\r\n", lines.Text())
		}
	})
	talk := func(target string) error {
		ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws", nil)
		if err != nil {
			return err
		}
		defer ws.Close()
		ws.SetReadDeadline(time.Now().Add(patience))
		say := func(words string) { ws.WriteMessage(websocket.TextMessage, []byte(words)) }
		say(target)
		for _, step := range []struct{ want, then string }{
			{"SUCC", ""}, {"220 ready", "HELO me"}, {"250-you said", ""}, {"250 HELO me", "QUIT"}, {"221 bye", ""},
		} {
			if _, got, err := ws.ReadMessage(); err != nil || string(got) != step.want {
				return fmt.Errorf("heard %q, %v, want %q", got, err, step.want)
			}
			if step.then != "" {
				say(step.then)
			}
		}
		ws.ReadMessage() // the close
		return nil
	}
	if err := talk(server.address); err != nil {
		t.Fatal(err)
	}
	first := w.recorded(t)

	played, err := run(exec.Command(workbenchBinary, "play", "server", filepath.Join(folder, first+".transcript"), "--listen", "127.0.0.1:0", "--fast"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		played.signal(syscall.SIGTERM)
		played.wait(patience)
	}()
	eventually(t, "it says where it listens", func() bool {
		return playLine.MatchString(played.stdout.String() + played.stderr.String())
	})
	address := playLine.FindString(played.stdout.String() + played.stderr.String())
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			if err := talk(address); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	golden := func(id string) string {
		text := workbenchRun(t, "", "transcript", "show", "--transcripts", folder, "--golden", id)
		return playLine.ReplaceAllString(text, "TARGET")
	}
	want, seen := golden(first), 0
	eventually(t, "all recordings end", func() bool {
		list := w.transcripts(t, "?target="+address)
		for _, one := range list {
			if one.Running {
				return false
			}
		}
		return len(list) == clients
	})
	for _, one := range w.transcripts(t, "?target="+address) {
		if got := golden(one.ID); cutTogether(got) != cutTogether(want) {
			t.Fatalf("one is\n%s\nthe first was\n%s", got, want)
		}
		seen++
	}
	t.Logf("%d recordings are the same", seen)
}

// cutTogether joins what reads have cut: which answers arrive in one read is chance.
func cutTogether(golden string) string {
	var b strings.Builder
	for line := range strings.Lines(golden) {
		if strings.HasPrefix(line, "<< client") || strings.HasPrefix(line, "<< server") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A workbench that is killed leaves recordings that parse, and that lack at most the last
// second.
func TestRecordingsSurviveAKill(t *testing.T) {
	const sessions = 200
	w, folder := keeper(t)
	var echoed [sessions]atomic.Int64
	for i := range sessions {
		ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.Close() })
		ws.WriteMessage(websocket.TextMessage, []byte(w.echo))
		if _, got, err := ws.ReadMessage(); err != nil || string(got) != "SUCC" {
			t.Fatalf("%s, %v", got, err)
		}
		go func() {
			for n := 1; ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "line %d", n)) == nil; n++ {
				if _, got, err := ws.ReadMessage(); err != nil || string(got) != fmt.Sprintf("line %d", n) {
					return
				}
				echoed[i].Store(int64(n))
				time.Sleep(20 * time.Millisecond)
			}
		}()
	}
	eventually(t, "all sessions talk", func() bool {
		for i := range echoed {
			if echoed[i].Load() < 20 {
				return false
			}
		}
		return true
	})
	total := func() (n int64) {
		for i := range echoed {
			n += echoed[i].Load()
		}
		return n
	}
	before := total()
	time.Sleep(time.Second) // what was said before it must be kept
	w.signal(syscall.SIGKILL)
	w.wait(patience)
	files, err := filepath.Glob(filepath.Join(folder, "*.transcript"))
	if err != nil || len(files) != sessions {
		t.Fatalf("there are %d files, %v", len(files), err)
	}
	var kept int64
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kept += int64(strings.Count(string(text), `<< client text "line `))
	}
	if kept < before {
		t.Errorf("%d echoes were kept, and %d had come a second before the end", kept, before)
	}
	t.Logf("%d echoes came, %d were kept", total(), kept)
	workbenchRun(t, "", append([]string{"replay"}, files...)...)
}

// Another site's page cannot delete recordings.
func TestForeignersDoNotDelete(t *testing.T) {
	w, _ := keeper(t)
	c := w.join(t, "", w.echo)
	c.say("quit")
	c.linesToEnd()
	id := w.recorded(t)
	remove := func(origin string) int {
		r, err := http.NewRequest("DELETE", "http://"+w.address+"/api/transcripts/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
			r.Header.Set("Authorization", ownBearer(t))
		}
		resp, err := httpClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if code := remove("http://example.com"); code != http.StatusForbidden {
		t.Errorf("a foreign origin: %d", code)
	}
	eventually(t, "it is deleted", func() bool { return remove("http://"+w.address) == http.StatusNoContent })
	if list := w.transcripts(t, ""); len(list) != 0 {
		t.Errorf("there are %v", list)
	}
}
