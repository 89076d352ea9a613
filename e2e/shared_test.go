//go:build linux

package e2e

import (
	"io"
	"net/http"
	"os"
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

// The command line reads what workbenches share, on a machine that has recorded none of it.
func TestSharedLogOnTheCommandLine(t *testing.T) {
	t.Parallel()
	address, kill, _ := natsServer(t)
	at := "nats://" + address + "/school"
	one, _ := keeper(t, "--store", at)
	command := func(args ...string) string {
		t.Helper()
		return workbenchRun(t, "", append([]string{"transcript", "--store", at}, args...)...)
	}
	refused := func(why string, args ...string) {
		t.Helper()
		out, err := exec.Command(workbenchBinary, append([]string{"transcript"}, args...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), why) {
			t.Errorf("transcript %s: %v\n%s\nit does not say %q", strings.Join(args, " "), err, out, why)
		}
	}

	c := one.join(t, "?mode=raw", one.echo)
	c.say("my password is hunter2\n")
	c.hearsBytes("my password is hunter2\n")
	var id string
	eventually(t, "the session is listed", func() bool {
		_, id, _ = strings.Cut(command("list"), "\n")
		id, _, _ = strings.Cut(id, " ")
		return id != ""
	})
	follow, err := run(exec.Command(workbenchBinary, "transcript", "follow", "--store", at, id))
	if err != nil {
		t.Fatal(err)
	}
	defer follow.signal(syscall.SIGKILL)
	eventually(t, "followed", func() bool { return strings.Contains(follow.stdout.String(), "hunter2") })
	refused("still running", "delete", "--store", at, id)
	c.say("quit")
	c.linesToEnd()
	follow.wait(patience)
	eventually(t, "whole", func() bool { return !strings.Contains(command("list"), "(running)") })

	shown := command("show", id)
	if follow.stdout.String() != shown || !strings.Contains(shown, "-- ended") {
		t.Errorf("followed\n%s\nand shown\n%s", follow.stdout, shown)
	}
	if list := command("list", "--text", "hunter2", "--json"); !strings.Contains(list, id) {
		t.Errorf("the search finds %s", list)
	}
	file := filepath.Join(t.TempDir(), "it.transcript")
	refused("-o OUT", "redact", "--store", at, "--match", "hunter2", id)
	command("redact", "--match", "hunter2", id, "-o", file)
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("redacted: %s, %v", text, err)
	}
	refused("hunter2", "diff", "--store", at, file, id)
	command("convert", "--to", "jsonl", id)

	refused("exclude each other", "list", "--store", at, "--transcripts", t.TempDir())
	refused("without --store", "list", "--owner", "anna")
	refused("shared recordings", "list", "--store", "nats://"+address+"/scool")
	refused("there is no transcript", "show", "--store", at, "--owner", "anna", id)
	command("delete", id)
	refused("there is no transcript "+id+" among the account's own", "show", "--store", at, id)
	kill()
	refused("cannot be reached", "list", "--store", at)
}
