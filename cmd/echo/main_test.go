package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/loopback"
)

// asCommand makes the test binary run as the command.
const asCommand = "ECHO_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

var announced = regexp.MustCompile(`^practice echo server on (\S+) \(`)

// address reads the line that says where the server listens.
func address(t *testing.T, stdout io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	found := announced.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("printed %q, %v", line, err)
	}
	return found[1]
}

// converse has a line echoed and quits.
func converse(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(c, "hello\r\nquit\r\n")
	if got, err := io.ReadAll(c); string(got) != "hello\r\n" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
}

func TestRun(t *testing.T) {
	for _, args := range [][]string{
		{"0"},
		{"--listen", "127.0.0.1:0"},
		{"--listen=localhost:0"},
		{"--listen", "[::ffff:127.0.0.1]:0"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			read, write := io.Pipe()
			done := make(chan error, 1)
			var stderr strings.Builder
			go func() {
				done <- run(ctx, args, write, &stderr)
				write.Close()
			}()
			a := address(t, read)
			if !strings.HasPrefix(a, "127.0.0.1:") {
				t.Errorf("listens on %s", a)
			}
			converse(t, a)
			cancel()
			if err := <-done; err != nil || stderr.Len() > 0 {
				t.Errorf("ended with %v and %q", err, &stderr)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for args, want := range map[string]string{
		port:                        "port " + port + " is taken: another program listens on 127.0.0.1:" + port,
		"http":                      `port "http": a port is a number from 1 to 65535`,
		"99999":                     `port "99999": a port is a number`,
		"4000 4001":                 "there can be one port, not 2",
		"4000 --listen=127.0.0.1:0": "exclude each other",
		"--listen=4000":             "write an address as in --listen 127.0.0.1:4000",
		"--listen=::1:x":            "write an address as in",
		"--listen=:4000":            "asks nobody who they are; use 127.0.0.1:4000",
		"--listen=0.0.0.0:4000":     "others could reach it",
		"--listen=[::]:4000":        "others could reach it",
		"--listen=192.0.2.1:4000":   "others could reach it",
		"--listen=example.com:4000": "the host must be localhost, 127.0.0.1 or [::1]",
		"--listen=[::1%lo]:x":       `port "x"`,
		"--nonsense":                "unknown flag: --nonsense",
	} {
		err := run(t.Context(), strings.Fields(args), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("echo %s: %v; want %q", args, err, want)
		}
	}
}

func TestHelpHasExamples(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"--help"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"echo [PORT]", "Examples:", "echo 4001", "--listen ADDR", "127.0.0.1:4000"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help has no %q:\n%s", want, &out)
		}
	}
}

// The default gives way to another program.
func TestDefaultAddressIsTaken(t *testing.T) {
	for late := time.Now().Add(20 * time.Second); time.Now().Before(late); { // in vain where another program keeps it, which does as well
		other, err := net.Listen("tcp", defaultAddress)
		if err == nil {
			defer other.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	var stderr strings.Builder
	go func() {
		done <- run(ctx, nil, write, &stderr)
		write.Close()
	}()
	a := address(t, read)
	if a == defaultAddress {
		t.Errorf("listens on %s", a)
	}
	converse(t, a)
	cancel()
	if err := <-done; err != nil || !strings.Contains(stderr.String(), "another program listens on 127.0.0.1:4000") {
		t.Errorf("ended with %v and %q", err, &stderr)
	}
}

func TestDefaultAddress(t *testing.T) {
	if a, err := loopback.Parse(defaultAddress); err != nil || a.String() != "127.0.0.1:4000" {
		t.Errorf("%s, %v", a, err)
	}
}

func TestSignalsEndItCleanly(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "0")
		cmd.Env = append(os.Environ(), asCommand+"=1")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		a := address(t, stdout)
		open, err := net.Dial("tcp", a)
		if err != nil {
			t.Fatal(err)
		}
		defer open.Close() // a connection does not keep it from ending
		converse(t, a)
		cmd.Process.Signal(sig)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
	}
}
