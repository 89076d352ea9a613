package jsonl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Version is the version of the protocol.
const Version = 1

// MaxLine bounds a line of the program in bytes, without its line end. It holds
// the largest action, however it is escaped, and an action for each byte of the
// 256 KiB that a server's event has at most. Lines to the program are shorter.
const MaxLine = 32 << 20

// drainTime is for the output of a dead program, which an offspring may hold open.
const drainTime = 200 * time.Millisecond

// config says how long a Child waits, and whom it tells of its end.
type config struct {
	hello    time.Duration // for the first line
	exit     time.Duration // from the end of the program's output or input to its own
	patience time.Duration // for a session to take its answers: the others' come after them
	atEnd    func(error)   // told why, before the sessions are; may be nil
	late     func(error)   // told that no hello came in time; nil: the program is killed for it
}

func usual() config {
	return config{hello: 5 * time.Second, exit: time.Second, patience: 2 * time.Second}
}

// Child is a running program that speaks the protocol. Its methods may be
// called from several goroutines.
type Child struct {
	config config
	hello  hello
	cmd    *exec.Cmd
	send   *sender
	last   atomic.Uint64 // session that was opened
	turns  turns

	greeted chan struct{} // closed when the hello was read
	exited  chan struct{} // closed when the process is gone
	over    chan struct{} // closed when all is

	mu       sync.Mutex
	sessions map[uint64]*machine
	cause    error // why it ended, or is about to
}

// Start starts the program, waits for its hello and returns the discipline that
// it offers. Errors are in words for the program's author: it cannot be
// started, says nothing within 5 s, says what the protocol does not allow, or
// ends. Then nothing of it is left.
//
// Start sets Stdin and Stdout of cmd, Stderr to this process's if it is nil, and on
// Linux has the program die with this process. Where Setpgid is set, Kill ends the
// whole process group. The end of ctx kills the program.
func Start(ctx context.Context, cmd *exec.Cmd) (core.Discipline, *Child, error) {
	return start(ctx, cmd, usual())
}

func start(ctx context.Context, cmd *exec.Cmd, config config) (core.Discipline, *Child, error) {
	c := &Child{
		config: config, cmd: cmd, send: newSender(),
		greeted: make(chan struct{}), exited: make(chan struct{}), over: make(chan struct{}),
		sessions: map[uint64]*machine{},
	}
	if err := c.spawn(); err != nil {
		return core.Discipline{}, nil, err
	}
	release := context.AfterFunc(ctx, func() { c.fail(fmt.Errorf("the plugin's program was ended: %w", context.Cause(ctx))) })
	go func() {
		<-c.over
		release()
	}()
	late := time.NewTimer(config.hello)
	defer late.Stop()
	for {
		select {
		case <-c.greeted:
			open := func(o core.Opening, out *core.Out) (core.Machine, error) { return c.open(0, o, out) }
			return core.Discipline{Manifest: c.hello.Manifest, Open: open}, c, nil
		case <-late.C:
			c.isLate()
		case <-c.over:
			return core.Discipline{}, nil, c.Err()
		}
	}
}

// isLate says that no hello came in time.
func (c *Child) isLate() {
	err := fmt.Errorf(`the plugin's program said no hello within %v: the first line that it prints has to be {"workbench":%d,"manifest":{…}}, and has to be flushed`, c.config.hello, Version)
	if c.config.late != nil {
		c.config.late(err)
		return
	}
	c.fail(err)
}

// Done is closed when the program is gone and nothing of it is left.
func (c *Child) Done() <-chan struct{} { return c.over }

// Err says why the program ended, or is about to; nil while it runs.
func (c *Child) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// Kill ends the program at once and returns when nothing of it is left.
func (c *Child) Kill() {
	c.fail(errors.New("the plugin's program was killed"))
	<-c.over
}

// fail kills the program, for a reason. The first one counts.
func (c *Child) fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cause = cmp.Or(c.cause, cause)
	select {
	case <-c.exited: // its number may be another's by now
	default:
		kill(c.cmd)
	}
}

// spawn starts the process and the goroutines that serve it.
func (c *Child) spawn() error {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		in.Close()
		return err
	}
	c.cmd.Stdin, c.cmd.Stdout = theirIn, theirOut
	if c.cmd.Stderr == nil {
		c.cmd.Stderr = os.Stderr
	}
	c.cmd.WaitDelay = drainTime
	dieWithUs(c.cmd)

	started := make(chan error)
	go func() {
		// "Dies with its parent" means: with the thread that started it.
		runtime.LockOSThread()
		err := c.cmd.Start()
		theirIn.Close()
		theirOut.Close()
		started <- err
		if err == nil {
			c.keep(in, out)
		}
		runtime.UnlockOSThread()
	}()
	if err := <-started; err != nil {
		in.Close()
		out.Close()
		return fmt.Errorf("the plugin's program could not be started: %w", err)
	}
	return nil
}

// keep sees the process through to its end.
func (c *Child) keep(in, out *os.File) {
	var traffic sync.WaitGroup
	traffic.Go(func() {
		if err := c.send.run(in); err != nil {
			c.shouldExit("its standard input")
		}
	})
	traffic.Go(func() { c.read(out) })
	err := c.cmd.Wait()
	c.mu.Lock()
	kill(c.cmd) // what it had started
	close(c.exited)
	c.mu.Unlock()
	c.send.close()
	in.Close()
	out.SetReadDeadline(time.Now().Add(drainTime))
	traffic.Wait()
	out.Close()

	c.mu.Lock()
	if c.cause == nil {
		c.cause = c.ending(err)
	}
	cause := c.cause
	c.mu.Unlock()
	if c.config.atEnd != nil {
		c.config.atEnd(cause)
	}
	close(c.over)
}

// ending says how a program ended that this process did not kill.
func (c *Child) ending(err error) error {
	how := c.cmd.ProcessState.String()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		how = "exit status 0; it has to go on until its standard input ends"
	}
	select {
	case <-c.greeted:
	default:
		how += ", before it said hello"
	}
	err = fmt.Errorf("the plugin's program ended with %s", how)
	if wasKilled(c.cmd.ProcessState) {
		return killed{err}
	}
	return err
}

// killed is the end of a program by a signal that a person or a supervisor sent,
// not this process.
type killed struct{ error }

// shouldExit gives a program that closed a pipe the time to end.
func (c *Child) shouldExit(pipe string) {
	late := time.NewTimer(c.config.exit)
	defer late.Stop()
	select {
	case <-c.exited:
	case <-late.C:
		c.fail(fmt.Errorf("the plugin's program closed %s and did not end", pipe))
	}
}
