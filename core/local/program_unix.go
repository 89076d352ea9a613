//go:build unix

package local

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/target"
)

// Bounds of what a program says on its standard error.
const (
	maxSaidLine = 512      // bytes that are kept of a line
	maxSaid     = 64 << 10 // bytes of all lines; what follows is read and dropped
)

// exitLimit is how long a program is waited for that has ended its output.
const exitLimit = time.Second

// environment lists the variables that a program inherits. The workbench's own may hold
// secrets.
var environment = []string{"HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"}

// program is a running program: its input is written, its output read.
type program struct {
	cmd     *exec.Cmd
	in, out *os.File
	remark  func(words, said string)
	begun   chan struct{} // closed once remark is set, or the program is closed
	begin   sync.Once
	exited  chan struct{} // the program has ended, and is not reaped
	silent  chan struct{} // its standard error has ended
	ended   sync.Once     // its end is remarked on once
	reap    func()        // kills the program's process group, and waits for the program
	close   func() error
	closing chan struct{}
}

var _ target.Stream = (*program)(nil)

// startProgram starts a program in a process group of its own, in the folder /.
func startProgram(command []string) (target.Stream, error) {
	name := shown(command[0])
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin"}
	for _, name := range environment {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := &program{cmd: cmd, begun: make(chan struct{}), exited: make(chan struct{}), silent: make(chan struct{}), closing: make(chan struct{})}
	stderr, err := p.pipes()
	if err != nil {
		return nil, fail(err, target.CodeTooMany, "%s was not started: too many files are open here", name)
	}
	err = cmd.Start()
	for _, theirs := range []any{cmd.Stdin, cmd.Stdout, cmd.Stderr} {
		theirs.(*os.File).Close()
	}
	if err != nil {
		for _, ours := range []*os.File{p.in, p.out, stderr} {
			ours.Close()
		}
		return nil, explainStart(err, name)
	}
	p.close = sync.OnceValue(p.end)
	p.reap = sync.OnceFunc(func() {
		killGroup(cmd, p.exited)
		<-p.exited
		cmd.Wait() // where awaitExit did not
	})
	go func() {
		awaitExit(cmd)
		close(p.exited)
	}()
	go p.hear(stderr)
	return p, nil
}

// pipes makes the program's three streams, and returns our end of its standard error.
func (p *program) pipes() (stderr *os.File, err error) {
	var made []*os.File
	defer func() {
		if err != nil {
			for _, f := range made {
				f.Close()
			}
		}
	}()
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		made = append(made, r, w)
	}
	p.cmd.Stdin, p.in = made[0], made[1]
	p.out, p.cmd.Stdout = made[2], made[3]
	p.cmd.Stderr = made[5]
	return made[4], nil
}

// explainStart says in the user's words why a program did not start.
func explainStart(err error, name string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(err, target.CodeNoSuchPath, "there is no program %s on the workbench's machine", name)
	case errors.Is(err, fs.ErrPermission):
		return fail(err, target.CodeNotPermitted, "the account of the workbench may not run %s: is it a program?", name)
	case errors.Is(err, syscall.ENOEXEC):
		return fail(err, target.CodeDial, "%s is not a program that this machine can run", name)
	}
	var errno syscall.Errno
	errors.As(err, &errno)
	return fail(err, target.CodeDial, "%s did not start: %s", name, errno.Error())
}

// Remarks has the program remark on itself by a function: what it says on its standard
// error, and how it ended.
func (p *program) Remarks(remark func(words, said string)) {
	p.begin.Do(func() {
		p.remark = remark
		close(p.begun)
	})
}

// tell remarks, once the session has begun. Of a program that is closed nothing is told.
func (p *program) tell(words, said string) {
	select {
	case <-p.closing:
	case <-p.begun:
		p.remark(words, said)
	}
}

// hear tells what the program says on its standard error, a line at a time.
func (p *program) hear(stderr *os.File) {
	defer close(p.silent)
	defer stderr.Close()
	quit := make(chan struct{})
	defer close(quit)
	go func() {
		select {
		case <-p.closing: // a grandchild may hold it
			stderr.SetReadDeadline(time.Unix(1, 0))
		case <-quit:
		}
	}()
	lines := bufio.NewReaderSize(stderr, maxSaidLine)
	for said := 0; ; {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil // a line that is too long is told in pieces
		}
		if text := strings.TrimRight(string(line), "\r\n"); text != "" && said < maxSaid {
			if said += len(line); said >= maxSaid {
				p.tell("the program says more than 64 KiB on its standard error; the rest is dropped", "")
			} else {
				p.tell("standard error: ", text)
			}
		}
		if err != nil {
			return
		}
	}
}

// Read reads the program's output. At its end it remarks on how the program ended.
func (p *program) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	if err == io.EOF {
		p.ended.Do(p.tellEnd)
	}
	return n, err
}

// tellEnd remarks on how the program ended, or that it has not.
func (p *program) tellEnd() {
	late := time.NewTimer(exitLimit)
	defer late.Stop()
	for _, done := range []chan struct{}{p.silent, p.exited} {
		select {
		case <-done:
		case <-p.closing:
			return
		case <-late.C:
			p.tell("the program has ended its output, and runs on", "")
			return
		}
	}
	p.reap()
	p.tell("the program has ended: "+p.cmd.ProcessState.String(), "")
}

// Write writes to the program's input. A program that has closed it reads no more.
func (p *program) Write(b []byte) (int, error) {
	n, err := p.in.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		err = &net.OpError{Op: "write", Net: "local", Addr: p.RemoteAddr(), Err: syscall.EPIPE}
	}
	return n, err
}

// CloseWrite ends the program's input.
func (p *program) CloseWrite() error { return p.in.Close() }

// Close kills the program and its process group, and waits for it.
func (p *program) Close() error { return p.close() }

func (p *program) end() error {
	close(p.closing)
	p.reap()
	p.in.Close()
	p.out.Close()
	<-p.silent
	return nil
}

// LocalAddr implements net.Conn.
func (p *program) LocalAddr() net.Addr { return address("workbench") }

// RemoteAddr names the program.
func (p *program) RemoteAddr() net.Addr { return address(filepath.Base(p.cmd.Path)) }

// SetDeadline implements net.Conn.
func (p *program) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (p *program) SetReadDeadline(t time.Time) error { return p.out.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (p *program) SetWriteDeadline(t time.Time) error { return p.in.SetWriteDeadline(t) }
