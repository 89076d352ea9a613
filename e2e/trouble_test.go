//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fileSystem mounts a file system in memory, of so many bytes.
func fileSystem(t *testing.T, size int, flags uintptr) (folder string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a file system of its own needs root")
	}
	folder = filepath.Join(t.TempDir(), "mounted")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", flags, fmt.Sprintf("mode=0700,size=%d", size)); err != nil {
		t.Skip("no file system can be mounted here: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// A disk that is full, or can only be read, stops recordings. Sessions go on and say so,
// and so does the log; other recordings can still be read and deleted, and with room
// again, the next session is recorded.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	folder := fileSystem(t, 2*mebi, 0)
	w := start(t, "--transcripts", folder)
	before := w.join(t, "", w.echo)
	before.say("a recording that is whole")
	before.hears("a recording that is whole")
	before.say("quit")
	before.linesToEnd()
	whole := w.recorded(t)

	block := bytes.Repeat([]byte("a line of thirty-two bytes, full\n"), 4*mebi/32)
	s := serve(t, func(conn net.Conn) {
		conn.Write(block)
		echo(conn)
	})
	c := w.join(t, "", s.address, "workbench.v1")
	c.awaits(func(e map[string]any) bool {
		words, _ := e["text"].(string)
		return e["kind"] == "remark" && strings.Contains(words, "the recording stopped: the disk is full") && strings.Contains(words, "--transcripts")
	})
	c.say(`{"text":"still there"}`)
	c.awaits(entryIs(">>", "client", "text", "still there"))
	c.ws.Close()
	if !strings.Contains(w.stderr.String(), "the disk is full") {
		t.Errorf("the log says %s", w.stderr)
	}
	if status, text := w.ask(t, "", "GET", "/api/transcripts/"+whole, nil); status != 200 || !strings.Contains(text, "a recording that is whole") {
		t.Errorf("%d %s", status, text)
	}
	eventually(t, "room on the disk", func() bool {
		for _, r := range w.transcripts(t, "") {
			if r.ID != whole {
				w.ask(t, "", "DELETE", "/api/transcripts/"+r.ID, nil)
			}
		}
		return len(w.transcripts(t, "")) == 1
	})
	after := w.join(t, "", w.echo)
	after.say("recorded again", "quit")
	after.linesToEnd()
	eventually(t, "a recording again", func() bool { return strings.Contains(everyFile(t, folder), "recorded again") })
}

func TestDiskIsReadOnly(t *testing.T) {
	t.Parallel()
	folder := fileSystem(t, 2*mebi, syscall.MS_RDONLY)
	w := start(t, "--transcripts", folder)
	c := w.join(t, "", w.echo, "workbench.v1")
	c.awaits(func(e map[string]any) bool {
		words, _ := e["text"].(string)
		return e["kind"] == "remark" && strings.Contains(words, "the file system can only be read")
	})
	c.say(`{"text":"still there"}`)
	c.awaits(entryIs(">>", "client", "text", "still there"))
	if status, list := w.ask(t, "", "GET", "/api/transcripts", nil); status != 200 || strings.TrimSpace(list) != "[]" {
		t.Errorf("%d %s", status, list)
	}
}
