package practice

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
)

// Bounds of a machine's connection.
const (
	readSize   = 16 << 10         // bytes that a machine is fed at a time
	StallLimit = 30 * time.Second // time in which a client reads nothing of an answer
	IdleLimit  = 10 * time.Minute // time in which a client sends nothing
	maxAsked   = readSize         // questions to the world for one event: one for each byte
)

// World is what the sessions of a server share. It is asked in the words of that server,
// by several goroutines. What it says is as much a fact as what a client sent: a machine
// gets it as an event.
type World interface {
	Ask(question []byte) (answer []byte)
}

// Machine serves a discipline whose machines are servers: their client is a stream. Its
// manifest knows client bytes.
type Machine struct {
	Discipline core.Discipline
	Options    core.Options // all of the manifest's, checked
	World      World        // nil: only the time and chance are answered
	Manner     Manner
	TLS        *tls.Config // how a connection becomes TLS that its machine orders to; nil: a machine must not
}

// Converse serves one connection until its end, and closes it. So does the end of ctx.
func (m *Machine) Converse(ctx context.Context, conn net.Conn) error {
	wire := NewConn(conn)
	defer wire.Close()
	defer context.AfterFunc(ctx, func() { wire.Close() })()
	t := talk{Machine: m, ctx: ctx, conn: wire, wire: wire, due: map[string]time.Time{}}
	t.feeder.Knows = m.Discipline.Manifest.Knows
	return t.run()
}

// talk is one connection.
type talk struct {
	*Machine
	ctx     context.Context
	conn    net.Conn // the wire, or TLS over it
	wire    *Conn
	machine core.Machine
	feeder  feed.Feeder
	out     core.Out
	due     map[string]time.Time // when timers fire
	idle    time.Time            // when the client has sent nothing for too long
	heard   bool                 // the client has sent something
	quiet   bool                 // nothing more is sent
	secure  bool                 // the connection is to become TLS
	held    []byte               // what is to be sent then
}

// Why a connection is over without a fault.
var (
	errOver = errors.New("the machine closed it")
	errIdle = errors.New("the client was silent for too long")
)

// run serves the connection. The machine hears of its end unless it has brought it about.
func (t *talk) run() error {
	err := t.open()
	if err == nil {
		err = t.listen()
	}
	switch {
	case errors.Is(err, errOver):
		Linger(t.conn)
		return nil
	case t.machine == nil:
		return err
	}
	t.quiet = true
	t.feed(core.Event{Kind: core.ClientClosed})
	if err == nil || errors.Is(err, errIdle) {
		Linger(t.conn)
		return nil
	}
	return err
}

// listen feeds the machine until the connection is over. A nil error means that the
// client's stream has ended and that the machine has nothing more to say.
func (t *talk) listen() (err error) {
	buf := make([]byte, readSize)
	for eof := false; err == nil; {
		if eof && len(t.due) == 0 {
			return nil
		}
		t.idle = time.Now().Add(IdleLimit)
		next := t.next()
		var n int
		var failed error
		if eof {
			failed = t.wait(next)
		} else {
			t.conn.SetReadDeadline(next)
			n, failed = t.conn.Read(buf)
		}
		switch {
		case n > 0:
			t.heard = true
			err = t.feed(core.Event{Kind: core.ClientBytes, Data: buf[:n]})
		case errors.Is(failed, io.EOF):
			eof = true
			err = t.feed(core.Event{Kind: core.ClientEOF})
		case errors.Is(failed, os.ErrDeadlineExceeded):
			err = t.fire(next)
		case failed != nil:
			return failed
		}
	}
	return err
}

// open makes the machine, and does what it says first.
func (t *talk) open() (err error) {
	defer recovered(&err)
	opening := core.Opening{Options: t.Options}
	if t.Discipline.Manifest.Seeded {
		rand.Read(opening.Seed[:])
		opening.Start = time.Now().UTC()
	}
	t.machine, err = t.Discipline.Open(opening, &t.out)
	if err != nil {
		return err
	}
	return t.do(core.Event{})
}

// feed has the machine answer an event, and does what it says.
func (t *talk) feed(ev core.Event) (err error) {
	defer recovered(&err)
	if t.feeder.Take(ev) != feed.Fed {
		return nil
	}
	t.out.Reset()
	if err := t.machine.Handle(ev, &t.out); err != nil {
		return err
	}
	return t.do(ev)
}

// recovered turns a machine's panic into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the machine panicked: %v", p)
	}
}

// do carries out an answer, and feeds what the world says to it.
func (t *talk) do(ev core.Event) error {
	for asked := 0; ; asked++ {
		question, err := t.carryOut(ev)
		switch {
		case question == nil && err == nil && t.secure:
			return t.upgrade()
		case question == nil:
			return err
		}
		ev = core.Event{Kind: core.WorldSaid, Data: t.answer(question)}
		switch {
		case err != nil:
			return err // it asked, and wants no answer
		case asked == maxAsked:
			return errors.New("the machine asks the world for ever")
		}
		t.out.Reset()
		if err := t.machine.Handle(ev, &t.out); err != nil {
			return err
		}
	}
}

// carryOut does what the machine has answered to an event, and returns what it asks the
// world; nil: nothing.
func (t *talk) carryOut(ev core.Event) (question []byte, err error) {
	if err := t.out.Err(); err != nil {
		return nil, err
	}
	var actions []core.Action
	var answer []byte
	for i := range t.out.Len() {
		a := t.out.Action(i)
		actions = append(actions, a)
		switch a.Kind {
		case core.SendBinary:
			if t.secure {
				t.held = append(t.held, a.Data...)
				break
			}
			answer = append(answer, a.Data...)
		case core.StartTLS:
			if a.Side != core.Client || t.TLS == nil {
				return nil, errors.New("the machine ordered TLS, and this server has none")
			}
			t.secure = true
		case core.SetTimer:
			t.due[string(a.Data)] = time.Now().Add(a.After)
		case core.StopTimer:
			delete(t.due, string(a.Data))
		case core.AskWorld:
			if question != nil {
				return nil, errors.New("the machine asked the world twice at once")
			}
			question = append([]byte{}, a.Data...)
		}
	}
	_, end := t.feeder.Answer(ev, actions)
	switch err := t.send(answer); {
	case err != nil:
		return question, err
	case end.Why == feed.MachineFailed:
		return nil, errors.New(end.Words)
	case end.Why != feed.GoesOn:
		return question, errOver
	}
	return question, nil
}

// answer asks the world, or the clock, or chance.
func (t *talk) answer(question []byte) []byte {
	verb, rest, _ := strings.Cut(string(question), " ")
	switch verb {
	case "time":
		return []byte("ok " + time.Now().UTC().Format(time.RFC3339))
	case "random":
		if n, err := strconv.ParseInt(rest, 10, 64); err == nil && n > 0 {
			k, _ := rand.Int(rand.Reader, big.NewInt(n)) // never fails
			return []byte("ok " + k.String())
		}
		return []byte("no number")
	}
	if t.World == nil {
		return []byte("no world")
	}
	return t.World.Ask(question)
}

// send writes an answer, in the server's manner.
func (t *talk) send(answer []byte) error {
	closing := t.Manner.Closing
	if !t.heard || len(answer) == 0 {
		closing = Orderly
	}
	if closing == Cut {
		answer = answer[:len(answer)/2]
	}
	for left := answer; len(left) > 0 && !t.quiet; {
		size, pause := t.Manner.pieces(left)
		n := min(size, len(left))
		if _, err := t.conn.Write(left[:n]); err != nil {
			return err
		}
		if left = left[n:]; pause > 0 && len(left) > 0 {
			if err := t.pause(pause); err != nil {
				return err
			}
		}
	}
	switch closing {
	case Cut:
		return errOver
	case Reset:
		reset(t.wire)
		return errors.New("reset, as it was told to")
	case HalfClose:
		if !t.quiet {
			t.quiet = true
			return finish(t.conn)
		}
	}
	return nil
}

func (t *talk) pause(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
}

// next returns when the next timer fires, or the client has been silent for too long.
func (t *talk) next() time.Time {
	next := t.idle
	for _, at := range t.due {
		if at.Before(next) {
			next = at
		}
	}
	return next
}

// wait waits for the next timer.
func (t *talk) wait(next time.Time) error {
	if err := t.pause(time.Until(next)); err != nil {
		return err
	}
	return os.ErrDeadlineExceeded
}

// fire fires the timers that are due, the first of them first. The client was listened to
// until then: it may be later by the clock, after a stop of this process.
func (t *talk) fire(until time.Time) error {
	now := time.Now()
	for {
		first, at := "", now
		for name, due := range t.due {
			if !due.After(at) && (due.Before(at) || first == "" || name < first) {
				first, at = name, due
			}
		}
		switch {
		case first != "":
		case !t.idle.After(until):
			return errIdle
		default:
			return nil
		}
		delete(t.due, first)
		if err := t.feed(core.Event{Kind: core.TimerFired, Data: []byte(first)}); err != nil {
			return err
		}
	}
}
