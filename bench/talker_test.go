package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A talker notices a line that is not the next one.
func TestTalkerChecksWhatItHears(t *testing.T) {
	line := func(n int) string { return serverFrame(final|websocket.TextMessage, fmt.Sprintf(lineFormat, n)) }
	for _, c := range []struct {
		name, in string
		heard    int64
		err      string
	}{
		{"in order", line(0) + line(1), 2, "EOF"},
		{"lost", line(0) + line(2), 1, "00000002"},
		{"doubled", line(0) + line(0), 1, "00000000"},
		{"closed", serverFrame(final|websocket.CloseMessage, "\x03\xf3the plugin"), 0, "the plugin"},
	} {
		k := &talker{s: &session{r: bufio.NewReader(strings.NewReader(c.in))}, text: true, sent: make([]time.Time, 3)}
		k.listen()
		if k.heard != c.heard || k.err == nil || !strings.Contains(k.err.Error(), c.err) {
			t.Errorf("%s: heard %d, %v", c.name, k.heard, k.err)
		}
	}
}

// Through the baseline that passes bytes as they are, lines may come in any pieces.
func TestTalkersThroughBaselines(t *testing.T) {
	targets, err := startServers()
	if err != nil {
		t.Fatal(err)
	}
	defer targets.close()
	for _, s := range allSystems("", "", targets)[1:3] {
		p, err := s.start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer p.stop()
		trial := &trial{system: s, process: p, servers: targets}
		sessions, err := openMany(t.Context(), trial, 5, targets.echo, "", func(*session) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		talking := startTalking(t.Context(), s, sessions, time.Millisecond)
		if err := talking.allHeardSince(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
		talking.mark()
		if err := talking.allHeardSince(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
		took, _ := talking.answers(time.Minute)
		if failed, why := talking.failed(); failed > 0 || len(took) < 5 || len(talking.silences()) != 5 {
			t.Errorf("%s: %d sessions failed: %v; %d answers", s.title, failed, why, len(took))
		}
		talking.stop()
	}
}

func TestSourcesSendWhatIsAskedFor(t *testing.T) {
	targets, err := startServers()
	if err != nil {
		t.Fatal(err)
	}
	defer targets.close()
	ask := func(address, question string) string {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\n", question)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	if line := ask(targets.lines, "3 10"); line != "abcdefgh\r\n" {
		t.Errorf("a line of 10 bytes is %q", line)
	}
	one, other := ask(targets.words, "2 100001"), ask(targets.words, "2 100002")
	if !strings.HasPrefix(one, "session-100001 ") || len(one) != lineSize || one[15:] == other[15:] {
		t.Errorf("words of two seeds: %q, %q", one, other)
	}
}
