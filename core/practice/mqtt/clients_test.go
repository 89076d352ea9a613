package mqtt

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/practice"
)

// serve serves a broker on a loopback port until the test ends.
func serve(t *testing.T) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- practice.Serve(ctx, l, nil, (&Server{Broker: New()}).Converse) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// subscribe starts mosquitto_sub and waits until it has subscribed, which it shows by what is
// retained. next returns the next message that it prints.
func subscribe(t *testing.T, port string, args ...string) (next func() string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "mosquitto_sub", append([]string{"-h", "127.0.0.1", "-p", port, "-F", "%t %q %r %p", "-t", "room/humidity"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { cmd.Process.Kill(); cmd.Wait() }
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	next = func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("mosquitto_sub %q ended: %v", args, lines.Err())
		}
		return lines.Text()
	}
	if got := next(); !strings.HasPrefix(got, "room/humidity ") {
		t.Fatalf("got %q first", got)
	}
	return next, kill
}

// publish runs mosquitto_pub, and returns what it says and whether it was content.
func publish(t *testing.T, port string, args ...string) (said string, err error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "mosquitto_pub", append([]string{"-h", "127.0.0.1", "-p", port}, args...)...).CombinedOutput()
	return string(out), err
}

// Messages of each QoS reach a subscriber, in both versions, and retained ones one who comes
// later.
func TestMosquitto(t *testing.T) {
	port := serve(t)
	for _, version := range []string{"311", "5"} {
		next, _ := subscribe(t, port, "-V", version, "-q", "2", "-t", "news/+", "-u", "alice", "-P", "wonderland")
		for _, qos := range []string{"0", "1", "2"} {
			if said, err := publish(t, port, "-V", version, "-q", qos, "-t", "news/"+version, "-m", "of QoS "+qos); err != nil {
				t.Errorf("QoS %s: %v, %s", qos, err, said)
			}
			if got, want := next(), "news/"+version+" "+qos+" 0 of QoS "+qos; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	if said, err := publish(t, port, "-q", "1", "-r", "-t", "mine/kept", "-m", "kept"); err != nil {
		t.Errorf("%v, %s", err, said)
	}
	out, err := exec.CommandContext(t.Context(), "mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", "#", "-F", "%t %q %r %p", "-C", "3").Output()
	if want := "mine/kept 1 1 kept\nroom/humidity 0 1 40\nroom/temperature 0 1 21.5\n"; err != nil || string(out) != want {
		t.Errorf("%v, got %q, want %q", err, out, want)
	}
	for _, version := range []string{"311", "5"} {
		if said, err := publish(t, port, "-V", version, "-t", "a", "-m", "b", "-u", "alice", "-P", "builder"); err == nil {
			t.Errorf("the wrong password is taken: %s", said)
		}
	}
}

// A client that is killed leaves its will.
func TestMosquittoWill(t *testing.T) {
	port := serve(t)
	next, _ := subscribe(t, port, "-q", "2", "-t", "state/#")
	for _, version := range []string{"311", "5"} {
		_, kill := subscribe(t, port, "-V", version, "-t", "x", "--will-topic", "state/joe", "--will-payload", "gone", "--will-qos", "2")
		kill()
		if got := next(); got != "state/joe 2 0 gone" {
			t.Errorf("got %q", got)
		}
	}
}
