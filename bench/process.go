package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// process is one running system under measure.
type process struct {
	pid     int
	url     string            // of its WebSocket, without a query
	targets map[string]string // URLs of targets that have their own
	others  []*process        // that belong to it, and end with it
	stderr  *tail
	stdin   io.Closer // nil for a system that is stopped by a signal
	command *exec.Cmd
	exited  chan struct{}
}

const (
	startLimit = 10 * time.Second // until a system accepts connections
	stopLimit  = 7 * time.Second  // for a system to end by itself
)

// startProcess runs a command. It does not wait until anything listens.
func startProcess(command *exec.Cmd, url string, stdin io.Closer) (*process, error) {
	p := &process{url: url, command: command, stdin: stdin, stderr: new(tail), exited: make(chan struct{})}
	command.Stderr = p.stderr
	command.WaitDelay = time.Second // a child that outlives it may hold stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	p.pid = command.Process.Pid
	go func() {
		command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// stop asks the process to end, and makes it end when it does not. It returns
// when it has.
func (p *process) stop() {
	for _, other := range p.others {
		defer other.stop()
	}
	switch {
	case p.stdin != nil:
		p.stdin.Close()
	case runtime.GOOS == "windows":
		p.command.Process.Kill()
	default:
		p.command.Process.Signal(os.Interrupt)
	}
	select {
	case <-p.exited:
	case <-time.After(stopLimit):
		p.command.Process.Kill()
		<-p.exited
	}
}

// died says how the process ended, with the last it wrote.
func (p *process) died() error {
	return fmt.Errorf("the process ended: %v\n%s", p.command.ProcessState, strings.TrimSpace(p.stderr.String()))
}

// waitListening returns when the process accepts connections at address.
func (p *process) waitListening(ctx context.Context, address string) error {
	return p.until(ctx, func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// until tries again every two milliseconds until try succeeds. It gives up
// when ctx is done, when the process ends, or after startLimit.
func (p *process) until(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-p.exited:
			return p.died()
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", errors.Join(err, context.Cause(ctx)))
		}
	}
}

// startBaseline runs this program again as the named baseline.
func startBaseline(name string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self, baselineCommand, name)
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	command.Stdout = in
	p, err := startProcess(command, "", stdin)
	in.Close()
	if err != nil {
		return nil, err
	}
	out.SetReadDeadline(time.Now().Add(startLimit))
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("baseline %s did not say where it listens: %w\n%s", name, err, p.stderr)
	}
	p.url = "ws://" + strings.TrimSpace(address) + "/websocket/ws"
	return p, nil
}

// freeAddress returns a loopback address that nobody listens on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// tail keeps the last few kilobytes written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = t.text[:copy(t.text, t.text[over:])]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
