package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/playcmd"
)

const smtpTalk = `workbench transcript v1
mode http-line
target "mail.example:25"

# The greeting names the time.
~~ match "ESMTP [^\r\n]*\r\n"
0.000 >> server "220 a ESMTP Mon\r\n"
<< client text "220 a ESMTP Mon"
>> client text "QUIT"
<< server "QUIT\r\n"
>> server "221 bye\r\n"
<< client text "221 bye"
>> server eof
`

// output is what a running command has printed so far.
type output struct {
	mu   sync.Mutex
	more chan struct{}
	text bytes.Buffer
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find waits for what matches and returns its first group.
func (o *output) find(t *testing.T, pattern string) string {
	t.Helper()
	for {
		o.mu.Lock()
		m := regexp.MustCompile(pattern).FindStringSubmatch(o.text.String())
		o.mu.Unlock()
		if m != nil {
			return m[1]
		}
		select {
		case <-o.more:
		case <-time.After(time.Minute):
			t.Fatalf("it never said %s but\n%s", pattern, o)
		}
	}
}

// playRun runs workbench play until it ends.
func playRun(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := playcmd.New(readRecorded, listenPackets, newPlayModes())
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	var exit *command.Exit
	if errors.As(err, &exit) {
		io.WriteString(stderr, exit.Error())
		return exit.Code
	} else if err != nil {
		io.WriteString(stderr, err.Error())
		return 1
	}
	return 0
}

// startPlayServer plays a transcript as the server and returns its address.
func startPlayServer(t *testing.T, args ...string) (address string, stderr *output) {
	t.Helper()
	return startPlayServerTo(t, newOutput(), args...)
}

// startPlayServerTo is startPlayServer, with what it says.
func startPlayServerTo(t *testing.T, stdout *output, args ...string) (address string, stderr *output) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stderr = newOutput()
	done := make(chan int, 1)
	go func() {
		code := playRun(ctx, append([]string{"server", "--listen", "127.0.0.1:0"}, args...), stdout, stderr)
		if code != 0 {
			stdout.Write([]byte("on 127.0.0.1:0\n")) // nobody waits for what cannot come
		}
		done <- code
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("play server ended with %d: %s", code, stderr)
		}
	})
	return stdout.find(t, `on (127\.0\.0\.1:\d+)\n`), stderr
}

func playClientRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = playRun(t.Context(), append([]string{"client"}, args...), &out, &errOut)
	return code, out.String(), errOut.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "talk.golden")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPlay(t *testing.T) {
	file := write(t, smtpTalk)
	address, told := startPlayServer(t, "--fast", file)
	if code, stdout, stderr := playClientRun(t, file, "--to", address); code != 0 || stdout != file+": same (2 answers, 26 bytes)\n" || stderr != "" {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}

	later := write(t, strings.Replace(smtpTalk, "Mon\\r", "Tuesday\\r", 1))
	if code, stdout, stderr := playClientRun(t, later, "--to", address); code != 0 {
		t.Errorf("another date: code %d\n%s%s", code, stdout, stderr)
	}

	other := write(t, strings.Replace(smtpTalk, "221 bye", "221 by!", 1))
	code, stdout, stderr := playClientRun(t, other, "--to", address)
	want := other + ":11: byte 23 of the server's stream: expected \"221 by!\\r\\n\", got \"221 bye\"\n" +
		"  >> server \"220 a ESMTP Mon\\r\\n\"\n  << server \"QUIT\\r\\n\"\n- >> server \"221 by!\\r\\n\"\n"
	// The end of the stream may have been seen by then, or not.
	if code != 1 || stderr != "" || !strings.HasPrefix(stdout, want) || !strings.Contains(stdout, "+ >> server \"221 bye\\r\\n\"\n") {
		t.Errorf("another answer: code %d\n%s%s\nwant\n%s", code, stdout, stderr, want)
	}

	rude := write(t, strings.Replace(smtpTalk, "<< server \"QUIT", "<< server \"QUIET", 1))
	if code, _, _ := playClientRun(t, rude, "--to", address); code != 1 {
		t.Errorf("another client: code %d", code)
	}
	told.find(t, `client 127\.0\.0\.1:\d+: .*talk\.golden:10: byte 3 of the client's stream: (expected "QUIT\\r\\n", got "QUIE")\n`)
}

func TestPlayTellsWhatItAwaits(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	file := write(t, smtpTalk)
	code, stdout, _ := playClientRun(t, file, "--to", silent.Addr().String(), "--timeout", "50ms")
	if want := file + ":7: byte 0 of the server's stream: expected \"220 a \", got nothing more within 50ms\n"; code != 1 || !strings.HasPrefix(stdout, want) {
		t.Errorf("code %d\n%s", code, stdout)
	}
}
