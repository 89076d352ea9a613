//go:build linux

package e2e

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// redis-cli gets along with the practice server in all the ways that it is fed, and the
// next redis-cli finds what the last one left.
func TestPracticeRedis(t *testing.T) {
	host, port, err := net.SplitHostPort(practising(t, "redis", "--listen", "127.0.0.1:0")["redis"])
	if err != nil {
		t.Fatal(err)
	}
	var lines, arrays strings.Builder
	for i := range 500 {
		fmt.Fprintf(&lines, "RPUSH queue job:%d\r\n", i)
		fmt.Fprintf(&arrays, "*3\r\n$6\r\nINCRBY\r\n$5\r\ntotal\r\n$1\r\n%d\r\n", i%10)
	}
	for _, c := range []struct{ input, args, want string }{
		{"", "SET greeting hello", "OK\n"},
		{"two\nlines", "-x APPEND greeting", "14\n"},
		{"GET greeting\nGET\nSET greeting x NX\n", "", "hellotwo\nlines\nERR wrong number of arguments for 'get' command\n\n\n"},
		{lines.String(), "--pipe", "errors: 0, replies: 500\n"},
		{arrays.String(), "--pipe", "errors: 0, replies: 500\n"},
		{"PING\nPING\r\n", "--pipe", "errors: 1, replies: 2\n"}, // strict: a line ended in LF alone
		{"", "--no-raw LRANGE queue -2 -1", "1) \"job:498\"\n2) \"job:499\"\n"},
		{"", "GET total", "2250\n"},
		{"", "HELLO 3", "NOPROTO unsupported protocol version\n\n"},
	} {
		cmd := exec.Command("redis-cli", append([]string{"-h", host, "-p", port}, strings.Fields(c.args)...)...)
		cmd.Stdin = strings.NewReader(c.input)
		out, err := cmd.CombinedOutput()
		fails := strings.Contains(c.want, "errors: 1") // redis-cli's exit code says so too
		if !strings.HasSuffix(string(out), c.want) || (err != nil) != fails {
			t.Errorf("redis-cli %s: %v, and it wrote\n%s\nwant\n%s", c.args, err, out, c.want)
		}
	}
}
