//go:build linux

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A line mode that takes a protocol apart says the same messages in each language, however
// both streams are cut; and in a tap that watches, whose plugin processes are killed after
// every event.
func TestDecodersAgree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "workbench-plugin-go-records"), "./examples/go/records")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cuts, rounds := "1", 1
	if !testing.Short() {
		cuts, rounds = "50", 5
	}
	for mode, folder := range map[string]string{"records": "starlark/records", "py-records": "jsonl/py-records", "go-records": "go/records"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			plugins := dir
			if mode != "go-records" {
				plugins = filepath.Join("../examples", folder)
			}
			out := workbenchDoes(t, "replay", "--plugin-dir", plugins, "--recut", cuts, filepath.Join("../examples", folder, "testdata"))
			if !strings.Contains(out, "4 transcripts, 4 same") {
				t.Errorf("replay: %s", out)
			}
			for round := range rounds {
				if diff := cmp.Diff(recordMessages, messagesOfKilled(t, plugins, mode, round)); diff != "" {
					t.Errorf("killed after every event, the messages differ (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// recordTalk is what a client and a server say in turn, each a piece that ends somewhere in a
// record.
var recordTalk = []struct {
	client bool
	data   string
}{
	{true, "\x00\x04\x01\x02h"}, {true, "i\x00"}, {true, "\x03\x02\x01\x07\x00\x08\x10\x06\x01\x01a"},
	{false, "\x00"}, {false, "\x04\x01\x02ho\x00\x02\x01"}, {true, "\x02\x01\x01"},
	{false, "\x09\x00\x00"}, {true, ""},
}

// recordMessages are the messages of it.
const recordMessages = `<< message from-client 0-6 "text hi"
  size 0-2 "4"
  text 2-6 "hi"
<< message from-client 6-11 "number 7"
  size 6-8 "3"
  number 8-11 "7"
<< message from-server 0-6 answers from-client 0 "text ho"
  size 0-2 "4"
  text 2-6 "ho"
<< message from-client 11-21 "group"
  size 11-13 "8"
  group 13-21 ""
    text 15-18 "a"
    number 18-21 "1"
<< message from-server 6-10 answers from-client 6 "text"
  size 6-8 "2"
  text 8-10 "" ! "it has 0 bytes, and says 9"
<< message from-server 10-12 answers from-client 11 "an empty record"
  size 10-12 "0"
`

// messagesOfKilled has a tap watch the talk, kills all processes of its plugin after each
// piece, and returns the messages that were recorded. The pieces are smaller in each round.
func messagesOfKilled(t *testing.T, plugins, mode string, round int) string {
	s := untouched(t)
	tap := tapTo(t, s.address, "--mode", mode, "--plugin-dir", plugins)
	client, err := net.Dial("tcp", tap.address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := s.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	events := 0
	for _, piece := range recordTalk {
		from := server
		if piece.client {
			from = client
		}
		for rest := piece.data; rest != ""; {
			size := len(rest)
			if round > 0 {
				size = min(round, size)
			}
			if _, err := from.Write([]byte(rest[:size])); err != nil {
				t.Fatal(err)
			}
			rest = rest[size:]
			events++
			eventually(t, fmt.Sprintf("event %d of %s", events, mode), func() bool { return eventsOf(tap.folder) == events })
			for _, pid := range childrenOf(t, tap.pid()) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	client.(*net.TCPConn).CloseWrite()
	server.(*net.TCPConn).CloseWrite()
	files := tap.stop(t)
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "recovered the plugin") {
		t.Errorf("nothing was killed, or the recording is lost: %v\n%s", err, text)
	}
	shown := workbenchDoes(t, "transcript", "show", "--messages", files[0])
	return regexp.MustCompile(`(?m)^\d+(\.\d+)? `).ReplaceAllString(shown, "") // without the times
}

// eventsOf counts the events of streams in the only recording of a folder.
func eventsOf(folder string) int {
	files, _ := filepath.Glob(filepath.Join(folder, "*.transcript"))
	if len(files) != 1 {
		return 0
	}
	text, _ := os.ReadFile(files[0])
	return strings.Count(string(text), " >> client bytes ") + strings.Count(string(text), " >> server \"")
}
