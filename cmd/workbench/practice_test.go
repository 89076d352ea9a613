package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/protocol-workbench/workbench/core/gateway"
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

// A session with the FTP server within the process connects to where that one waits, in clear
// and by TLS, and to no other port; and the server connects to where the session waits.
func TestPracticeFTPHasFurtherConnections(t *testing.T) {
	r, own, err := newRoom()
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	conn, err := practiseWithin(ctx, r, own, &target.Dialer{}, &running)(ctx, "ftp", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewReader(conn)
	hears := func(want string) string {
		t.Helper()
		line, err := lines.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Fatalf("%q, %v; want %q", line, err, want)
		}
		return line
	}
	says := func(say, want string) string {
		t.Helper()
		fmt.Fprint(conn, say+"\r\n")
		return hears(want)
	}
	hears("220 ")
	says("AUTH TLS", "234 ")
	if _, err := conn.(session.Upgrader).StartTLS(ctx, ""); err != nil {
		t.Fatal(err)
	}
	says("USER bob", "331 ")
	says("PASS builder", "230 ")
	says("PBSZ 0", "200 ")
	neighbour := conn.(gateway.Neighbour)
	for _, level := range []string{"C", "P"} {
		says("PROT "+level, "200 ")
		at := target.Target{Host: "127.0.0.1", TLS: level == "P"}
		line := says("EPSV", "229 ")
		if _, err := fmt.Sscanf(line[strings.IndexByte(line, '('):], "(|||%d|)", &at.Port); err != nil {
			t.Fatal(line, err)
		}
		other := at
		other.Port++
		if !neighbour.WaitsAt(at) || neighbour.WaitsAt(other) {
			t.Errorf("waits at %s: %t, and at %s: %t", at, neighbour.WaitsAt(at), other, neighbour.WaitsAt(other))
		}
		fmt.Fprint(conn, "RETR readme.txt\r\n")
		data, err := neighbour.Connect(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(data)
		if err != nil || !strings.HasPrefix(string(got), "Welcome") || (data.TLS() != nil) != at.TLS {
			t.Errorf("%q, %v, TLS %v", got, err, data.TLS())
		}
		data.Close()
		hears("150 ")
		hears("226 ")
		if neighbour.WaitsAt(at) {
			t.Errorf("it still waits at %s", at)
		}
	}
	says("EPRT |1|127.0.0.1|40000|", "504 You do not wait")
	neighbour.Awaited("127.0.0.1:40000")
	says("EPRT |1|127.0.0.1|40000|", "200 ")
	neighbour.Awaited("")
	says("EPRT |1|127.0.0.1|40000|", "504 You do not wait")
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
