//go:build linux

package redis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
)

// serve runs the server on a loopback port until the test ends.
func serve(t *testing.T, manner practice.Manner) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := Discipline()
	options, err := d.Manifest.ParseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &practice.Machine{Discipline: d, Options: options, World: NewKeys(time.Now), Manner: manner}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- practice.Serve(ctx, l, nil, m.Converse) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// cli runs redis-cli, which must succeed, and returns what it prints.
func cli(t *testing.T, port, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-p", port}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	printed, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Errorf("redis-cli %q: %v: %s%s", args, err, printed, &problems)
	}
	return string(printed)
}

func TestRedisCLI(t *testing.T) {
	port := serve(t, practice.Manner{})
	for _, c := range []struct{ input, args, want string }{
		{"", "PING", "PONG\n"},
		{"", "SET greeting hello", "OK\n"},
		{"", "GET greeting", "hello\n"},
		{"", "GET nothing", "\n"},
		{"two\r\nlines\xff", "-x SET file", "OK\n"},
		{"", "GET file", "two\r\nlines\xff\n"},
		{"", "RPUSH list a b c", "3\n"},
		{"", "LRANGE list 0 -1", "a\nb\nc\n"},
		{"", "LPOP list 2", "a\nb\n"},
		{"", "--no-raw LRANGE list 0 -1", "1) \"c\"\n"},
		{"", "--no-raw KEYS *e*", "1) \"file\"\n2) \"greeting\"\n"},
		{"", "HELLO 3", "NOPROTO unsupported protocol version\n\n"},
		{"", "LPUSH greeting x", "WRONGTYPE Operation against a key holding the wrong kind of value\n\n"},
		{"SET n 41\nINCR n\nNOPE\nGET\nQUIT\n", "",
			"OK\n42\nERR unknown command 'NOPE', with args beginning with: \n\nERR wrong number of arguments for 'get' command\n\n"},
		{"", "-r 3 INCR n", "43\n44\n45\n"},
		{"", "DBSIZE", "4\n"},
		{"", "FLUSHALL", "OK\n"},
	} {
		if got := cli(t, port, c.input, strings.Fields(c.args)...); got != c.want {
			t.Errorf("redis-cli %s: %q, want %q", c.args, got, c.want)
		}
	}
}

func TestRedisCLIPipe(t *testing.T) {
	port := serve(t, practice.Manner{})
	var typed, arrays strings.Builder
	for i := range 400 {
		fmt.Fprintf(&typed, "SET key:%d %d\r\n", i, i)
		key := fmt.Sprintf("key:%d", i)
		fmt.Fprintf(&arrays, "*3\r\n$6\r\nAPPEND\r\n$%d\r\n%s\r\n$1\r\n!\r\n", len(key), key)
	}
	for _, stream := range []string{typed.String(), arrays.String()} {
		if got := cli(t, port, stream, "--pipe"); !strings.HasSuffix(got, "errors: 0, replies: 400\n") {
			t.Errorf("redis-cli --pipe: %s", got)
		}
	}
	if got := cli(t, port, "", "GET", "key:399"); got != "399!\n" {
		t.Errorf("GET key:399: %q", got)
	}
}

// An answer that comes a byte at a time is the same answer.
func TestRedisCLIByteByByte(t *testing.T) {
	port := serve(t, practice.Manner{Fragment: true})
	if got := cli(t, port, "RPUSH list a b\nLRANGE list 0 -1\n"); got != "2\na\nb\n" {
		t.Errorf("%q", got)
	}
}

// TestAsRedisAnswers sends the same streams to redis-server.
func TestAsRedisAnswers(t *testing.T) {
	redis := redisServer(t)
	for _, stream := range []string{
		strings.ReplaceAll(commonCommands[1:], "\n", "\r\n"),
		"*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n*0\r\n*-1\r\n\r\n*1\r\n$4\r\nping\r\n*1\r\n$4\r\nQUIT\r\n",
		"PING\r\n*1\r\nPING\r\n", "*1\r\n\r\n", "*x\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*1\r\n$999999999999\r\n",
		"GET \"a\r\n", "GET \"a\"b\r\n", "GET 'a\r\n", strings.Repeat("x", 200_000),
	} {
		a := strings.SplitAfter(say(t, stream, 64<<10, NewKeys(time.Now)), "\r\n")
		b := strings.SplitAfter(redis(stream), "\r\n")
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || withoutAdvice(a[i]) != b[i] {
				t.Errorf("after the same %d lines Redis goes on\n%q\nand this server\n%q", i, b[i:min(i+6, len(b))], a[i:min(i+6, len(a))])
				break
			}
		}
	}
}

// withoutAdvice cuts off what an error of this server adds to that of Redis: its
// bounds.
func withoutAdvice(line string) string {
	if words, advice, ok := strings.Cut(line, " ("); ok && strings.HasSuffix(advice, " here)\r\n") {
		return words + "\r\n"
	}
	return line
}

// redisServer starts a real server; the function returns what it answers to a
// stream after which it closes.
func redisServer(t *testing.T) func(stream string) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "redis")
	server := exec.CommandContext(t.Context(), "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--logfile", "/dev/null")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	return func(stream string) string {
		c, err := net.Dial("unix", socket)
		for end := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(end); c, err = net.Dial("unix", socket) {
			time.Sleep(5 * time.Millisecond) // until it listens
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second)) // a failing test says where
		io.WriteString(c, stream)
		answers, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) { // it may close before it has read all
			t.Fatalf("after %.40q: %q, %v", stream, answers, err)
		}
		return string(answers)
	}
}

const commonCommands = `
PING
ping hello
PING a b
ECHO "a\r\n\x41\"b\q"
echo 'it\'s'
ECHO
SET a 1
INCR a
incrby a 41
DECR a
DECRBY a -5
INCRBY a x
INCRBY a 9223372036854775807
SET b "not a number"
INCR b
GET a
GET none
APPEND b " at all"
GET b
STRLEN b
STRLEN none
TYPE a
TYPE none
EXISTS a b none a
SET a 1 NX
SET none 1 XX
SET a 1 NX XX
SET a 1 EX
SET a 1 EX 0
SET a 1 EX x
SET a 1 EX 100
TTL a
PERSIST a
TTL a
TTL none
EXPIRE a 50
EXPIRE none 50
EXPIRE a x
TTL a
SET a 2
TTL a
RPUSH l a b c
LPUSH l d e
LRANGE l 0 -1
LRANGE l -2 -1
LRANGE l 2 1
LRANGE l 0 100
LRANGE l a 1
LLEN l
LLEN none
LPOP l
RPOP l
LPOP l 2
LPOP none
LPOP none 2
LPOP l x
LPOP l -1
LPOP l 0
LPOP l 1 2
GET l
LPUSH a x
TYPE l
KEYS a
KEYS x*
KEYS [^b-z]
KEYS \a
KEYS ??*
DEL a none
DBSIZE
SELECT 0
SELECT 99
SELECT x
HELLO 1
HELLO x
HELLO 2 NOPE
CLIENT SETNAME me
CLIENT NOPE
NOPE
nope a "b c" d
NOPE 0123456789012345678901234567890123456789012345678901234567890123456789 0123456789012345678901234567890123456789012345678901234567890123456789 c
GET
GET a b
SET a
FLUSHALL nope
FLUSHALL
DBSIZE

QUIT
`
