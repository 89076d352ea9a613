//go:build linux

package telnet

import (
	"context"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

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
	m := &practice.Machine{Discipline: d, Options: options, Manner: manner}
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

// BusyBox's telnet logs in: it agrees to ECHO, says CR NUL for Enter, and tells its terminal.
func TestBusyBox(t *testing.T) {
	for name, manner := range map[string]practice.Manner{"whole": {}, "a byte at a time": {Fragment: true}} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "busybox", "telnet", "127.0.0.1", serve(t, manner))
			cmd.Env = append(cmd.Environ(), "TERM=vt100")
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			read := ""
			until := func(end string) {
				t.Helper()
				for buf := make([]byte, 4096); !strings.HasSuffix(read, end); {
					n, err := stdout.Read(buf)
					if read += string(buf[:n]); err != nil {
						t.Fatalf("no %q comes: %v; it shows %q", end, err, read)
					}
				}
			}
			until("login: ")
			io.WriteString(stdin, "alice\n")
			until("Password: ")
			io.WriteString(stdin, "wonderland\n")
			until("\r\n$ ")
			from := len(read)
			for _, line := range []string{"term", "options", "time"} {
				io.WriteString(stdin, line+"\n")
				until("\r\n$ ")
			}
			io.WriteString(stdin, "bye\n")
			rest, _ := io.ReadAll(stdout)
			cmd.Wait() // it calls the server's end of the connection a failure
			all := read[from:] + string(rest)
			for _, want := range []string{"term\r\nYour terminal is vt100:", "  ECHO           on ", "The time is 20", "bye\r\nBye!\r\n"} {
				if !strings.Contains(all, want) {
					t.Errorf("no %q in %q", want, all)
				}
			}
			if strings.Contains(read, "showed your password") {
				t.Errorf("it has shown the password: %q", read)
			}
		})
	}
}
