package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/protocol-workbench/workbench/core/practice/room"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// A session with a mail server within the process can be upgraded, and trusts the
// certificate that this process has made.
func TestPracticeWithStartTLS(t *testing.T) {
	r, own, err := newRoom()
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	conn, err := practiseWithin(ctx, r, own, &target.Dialer{}, &running)(ctx, "smtp", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewReader(conn)
	says := func(say, want string) {
		t.Helper()
		if _, err := fmt.Fprint(conn, say); err != nil {
			t.Fatal(err)
		}
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if strings.HasPrefix(line, want) {
				return
			}
		}
	}
	says("", "220 ")
	says("EHLO me\r\n", "250 HELP")
	says("STARTTLS\r\n", "220 ")
	if _, err := conn.(session.Upgrader).StartTLS(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if how := conn.Secured(); !strings.HasPrefix(how, "tls 1.3") {
		t.Errorf("secured by %q", how)
	}
	says("EHLO me\r\n", "250 HELP")
	says("QUIT\r\n", "221 ")
}

// The practice servers are listed with their addresses for both transports, and the preset
// practice lets both be dialled.
func TestPracticeByUDP(t *testing.T) {
	s, err := room.Find("dns")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all []practising
	for tries := 0; len(all) != 2; tries++ { // another program may have the port for UDP
		if all, err = servePractice(ctx, room.New(), []room.Server{s}, room.Choices{}, "127.0.0.1:0", slog.New(slog.DiscardHandler), &running); err != nil || tries == 10 {
			t.Fatalf("%d servers: %v", len(all), err)
		}
	}
	policy, err := target.NewPolicy([]string{"practice"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		to, err := target.Parse(p.Target)
		if err != nil {
			t.Fatal(err)
		}
		if policy.Check(to, netip.MustParseAddr("127.0.0.1")) == nil {
			t.Errorf("%s may be dialled unasked", p.Target)
		}
		policy = p.allow(policy)
		if err := policy.Check(to, netip.MustParseAddr("127.0.0.1")); err != nil {
			t.Errorf("%s: %v", p.Target, err)
		}
	}
}
