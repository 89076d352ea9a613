//go:build linux

package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/dissect"
)

// started starts a program and waits for a line that it prints when it is ready, on
// standard output, or on standard error if it is asked for its output.
func started(t *testing.T, ready string, piped bool, args ...string) (cmd *exec.Cmd, output io.Reader) {
	t.Helper()
	cmd = exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	words := output
	if piped {
		if words, err = cmd.StderrPipe(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewReader(words)
	for line := ""; !strings.Contains(line, ready); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("%s: %s%v (a capture wants root, which scripts/test.sh asks sudo for)", args[0], line, err)
		}
	}
	go io.Copy(io.Discard, lines) // until it ends
	return cmd, output
}

// counted counts messages, and tells when connections end.
type counted struct {
	messages [core.Server + 1]int
	ended    chan struct{}
}

func (*counted) Begin(*dissect.Connection) error                        { return nil }
func (*counted) Remark(*dissect.Connection, dissect.Time, string) error { return nil }
func (e *counted) Message(_ *dissect.Connection, m dissect.Message) error {
	e.messages[m.Side]++
	return nil
}

func (e *counted) End(*dissect.Connection) error {
	e.ended <- struct{}{}
	return nil
}

// What tcpdump captures of redis-cli and redis-server are as many messages as tshark finds,
// and those that were asked for. Like all tests named TestRoot, this one needs root.
func TestRootDecodeRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	started(t, "eady to accept connections", false, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	tcpdump, packets := started(t, "listening on", true, "tcpdump", "-i", "lo", "-U", "--immediate-mode", "-B", "65536", "-w", "-", "tcp port "+port)

	talks := [][]string{{"-r", "20", "INCR", "n"}, {"SET", "a", "b c\r\nd"}, {"-r", "9", "GET", "a"}, {"RPUSH", "l", "1", "", "3"}, {"-r", "9", "LRANGE", "l", "0", "-1"}, {"NOPE"}}
	told := &counted{ended: make(chan struct{}, len(talks))}
	var capture bytes.Buffer
	var sum dissect.Summary
	decoded := make(chan error, 1)
	o := dissect.Options{Mode: "resp", To: told, Open: openBuiltin}
	resp, _ := builtinNamed("resp")
	o.Modes = []core.Manifest{resp.Manifest}
	go func() {
		var err error
		sum, err = o.Decode(t.Context(), io.TeeReader(packets, &capture))
		decoded <- err
	}()
	for _, args := range talks {
		if out, err := exec.Command("redis-cli", append([]string{"-p", port}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for range talks {
		select {
		case <-told.ended:
		case err := <-decoded:
			t.Fatalf("the decoding ended: %v", err)
		}
	}
	tcpdump.Process.Signal(os.Interrupt)
	if err := <-decoded; err != nil {
		t.Fatal(err)
	}

	asked := 20 + 1 + 9 + 1 + 9 + 1
	if sum.Connections != len(talks) || sum.Wrong+int(sum.Undecoded)+int(sum.Lost) > 0 || told.messages != [...]int{core.Client: asked, core.Server: asked} {
		t.Errorf("%+v, %v; want %d requests and as many replies", sum, told.messages, asked)
	}
	file := filepath.Join(t.TempDir(), "redis.pcap")
	if err := os.WriteFile(file, capture.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("tshark", "-n", "-r", file, "-d", "tcp.port=="+port+",resp", "-O", "resp").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	found, inside := 0, false // values that stand in no other
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "REdis Serialization Protocol"):
			inside = true
		case !strings.HasPrefix(line, " "):
			inside = false
		case inside && !strings.HasPrefix(line, "     "):
			found++
		}
	}
	if found != sum.Messages {
		t.Errorf("tshark finds %d messages, and %d were decoded", found, sum.Messages)
	}
}
