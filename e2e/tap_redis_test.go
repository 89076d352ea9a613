//go:build linux

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// What a client sends without waiting for replies is a message for each request in a tap's
// recording, and so is each reply, which names its request.
func TestTapRedis(t *testing.T) {
	const many = 200
	tap := tapTo(t, redisServer(t), "--mode", "resp")
	out := do(t, `redis-cli -h $HOST -p $PORT --pipe`, strings.Repeat("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", many), tap.address)
	if !strings.Contains(out, "errors: 0, replies: 200") {
		t.Fatalf("redis-cli wrote\n%s", out)
	}
	file := tap.stop(t)[0]
	shown := workbenchDoes(t, "transcript", "show", "--messages", file)
	requests := regexp.MustCompile(`<< message from-client (\d+)-\d+ "INCR n"`).FindAllStringSubmatch(shown, -1)
	replies := regexp.MustCompile(`<< message from-server \d+-\d+ answers from-client (\d+) "\(integer\) (\d+)"`).FindAllStringSubmatch(shown, -1)
	if len(requests) != many || len(replies) != many {
		t.Fatalf("%d requests and %d replies are messages, of %d; %s", len(requests), len(replies), many, workbenchDoes(t, "transcript", "show", file))
	}
	for i := range many {
		if replies[i][1] != requests[i][1] || replies[i][2] != fmt.Sprint(i+1) {
			t.Errorf("reply %d is %v, and the request began at %s", i+1, replies[i], requests[i][1])
		}
	}
	workbenchDoes(t, "replay", "--recut", "2", file)
}
