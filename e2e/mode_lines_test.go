//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const memcachedClient = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
f = s.makefile("rwb")
def ask(said, end):
    f.write(said); f.flush()
    got = b""
    while not got.endswith(end):
        got += f.readline()
    return got
print(ask(b"set k 0 0 6\r\na\r\nb\r\n\r\n", b"STORED\r\n"), ask(b"get k none\r\n", b"END\r\n"))
print(ask(b"delete k noreply\r\nmg k q\r\nmn\r\n", b"MN\r\n"), ask(b"bad\r\n", b"ERROR\r\n"))
`

// A client of memcached through a watching tap: each command is a message with its data block,
// and each answer names it. The recording replays however it is cut.
func TestModeLines(t *testing.T) {
	t.Parallel()
	address := memcached(t)
	tap := tapTo(t, address, "--mode", "lines", "--option", "preset=memcached")
	host, port, _ := strings.Cut(tap.address, ":")
	out, err := exec.Command("/usr/bin/python3", "-c", memcachedClient, host, port).CombinedOutput()
	if want := `b'STORED\r\n' b'VALUE k 0 6\r\na\r\nb\r\n\r\nEND\r\n'` + "\n" + `b'MN\r\n' b'ERROR\r\n'` + "\n"; err != nil || string(out) != want {
		t.Fatalf("the client shows %s, %v; want %s", out, err, want)
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, _ := os.ReadFile(file)
		if asks, says, named := strings.Count(string(text), "\n  memcache.command "), strings.Count(string(text), "\n  memcache.response "), strings.Count(string(text), " answers from-client "); asks != 6 || says != 4 || named != 4 {
			t.Errorf("%d commands, %d answers, of which %d name a command:\n%s", asks, says, named, text)
		}
	}
}
