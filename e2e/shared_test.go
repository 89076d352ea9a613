//go:build linux

package e2e

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// natsServer starts a server for shared logs. kill ends it as kill -9 does, and again
// starts it with what it has kept.
func natsServer(t testing.TB) (address string, kill, again func()) {
	address, folder := freePort(t), t.TempDir()
	var p *process
	again = func() {
		var err error
		if p, err = run(exec.Command(installed(t, "nats-server"), "-a", "127.0.0.1", "-p", portOf(address), "-js", "-sd", folder)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "NATS taking connections", func() bool { return p.gone() || isListened("tcp", address) })
		if p.gone() {
			t.Fatalf("nats-server ended: %s%s", p.stdout, p.stderr)
		}
	}
	kill = func() {
		p.signal(syscall.SIGKILL)
		p.wait(patience)
	}
	again()
	t.Cleanup(func() { kill() })
	return address, kill, again
}

// get returns the answer to a request of the API, "" if it is an error.
func (w *workbench) get(t testing.TB, path string) string {
	t.Helper()
	resp, err := httpClient.Get("http://" + w.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// What one workbench records, another lists, follows, finds and deletes; that their broker
// is away does not show in a session, and it has all once it is back.
func TestSharedLog(t *testing.T) {
	t.Parallel()
	address, kill, again := natsServer(t)
	store := "nats://" + address + "/school"
	one, folder := keeper(t, "--store", store)
	other, _ := keeper(t, "--store", store)

	c := one.join(t, "?mode=raw", one.echo)
	c.say("the first line\n")
	c.hearsBytes("the first line\n")
	var id string
	eventually(t, "the other lists the session", func() bool {
		list := other.transcripts(t, "?text=first")
		if len(list) == 1 && list[0].Running {
			id = list[0].ID
		}
		return id != ""
	})
	resp, err := httpClient.Get("http://" + other.address + "/api/transcripts/" + id + "/follow")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	followed := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(resp.Body)
		followed <- string(text)
	}()
	c.say("the second line\n")
	c.hearsBytes("the second line\n")
	eventually(t, "the other reads along", func() bool { return strings.Contains(other.get(t, "/api/transcripts/"+id), "the second line") })

	kill()
	c.say("nobody is there\n")
	c.hearsBytes("nobody is there\n")
	if !strings.Contains(other.get(t, "/api/transcripts"), id) {
		t.Error("without its broker the other forgets what it was told")
	}
	again()
	c.say("quit")
	c.linesToEnd()
	eventually(t, "the other has the whole", func() bool { return strings.Contains(other.get(t, "/api/transcripts/"+id), "-- ended") })
	if text := <-followed; !strings.Contains(text, "nobody is there") || !strings.Contains(text, "ended") {
		t.Errorf("the other read along\n%s", text)
	}
	file := filepath.Join(t.TempDir(), "it.golden")
	writeFile(t, file, other.get(t, "/api/transcripts/"+id+"?golden=1"))
	workbenchRun(t, "", "replay", file)

	if status, words := other.ask(t, "", http.MethodDelete, "/api/transcripts/"+id, nil); status != http.StatusNoContent {
		t.Errorf("delete: %d %s", status, words)
	}
	eventually(t, "the first has it no more", func() bool {
		return one.get(t, "/api/transcripts/"+id) == "" && !strings.Contains(one.get(t, "/api/transcripts"), id)
	})
	if left, _ := filepath.Glob(filepath.Join(folder, id+"*")); len(left) > 0 {
		t.Errorf("its file is still there: %v", left)
	}
}
