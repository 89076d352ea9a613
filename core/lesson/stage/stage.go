// Package stage plays the stages of a lesson to a student's server, each over a
// connection of its own, and keeps what crosses as a transcript. Package lesson judges
// that; this package judges nothing and does not dial.
package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Dial connects to the student's server.
type Dial func(context.Context) (play.Conn, error)

// Play plays all stages of a step, in order, and returns a connection for each. patience
// bounds the wait for the server's next bytes. An error says that the server could not be
// reached at all; it comes with the connections so far.
func Play(ctx context.Context, step *lesson.Step, target string, patience time.Duration, dial Dial) ([]lesson.Connection, error) {
	var all []lesson.Connection
	for i := range step.Checks {
		c := &step.Checks[i]
		if c.Kind != lesson.Stage {
			continue
		}
		conn, err := dial(ctx)
		if err != nil {
			return all, fmt.Errorf("stage %d: %w", c.N, err)
		}
		r := &recorder{Conn: conn, began: time.Now(), log: &transcript.Transcript{
			// A stage may say something after the server's end.
			Mode: "raw", Target: target, ServerEOFStays: true,
			Entries: []transcript.Entry{{Dir: transcript.Remark, Remark: lesson.StageRemark(step.N, c.N)}},
		}}
		err = play.Talk{Fast: true, Timeout: patience}.Over(ctx, r, c.Script().Play(core.Client))
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		var m *play.Mismatch
		switch {
		case err == nil:
			r.add(transcript.Entry{Dir: transcript.Remark, Remark: "ended: the stage was played"})
		case errors.As(err, &m):
			r.add(transcript.Entry{Dir: transcript.Remark, Remark: "ended: " + core.Words(m.Error())})
		default:
			r.add(transcript.Entry{Dir: transcript.Remark, Remark: "ended: " + core.Words(err.Error())})
		}
		all = append(all, lesson.Connection{Name: fmt.Sprintf("stage-%d.%d.transcript", step.N, c.N), Log: r.taken()})
	}
	return all, nil
}

// recorder keeps what crosses a connection, up to lesson.MaxJudged bytes of each side.
type recorder struct {
	play.Conn
	began time.Time

	mu   sync.Mutex
	log  *transcript.Transcript
	kept [core.Server + 1]int
	done bool // what comes now, while the connection is given up, is no part of it
}

// taken ends the recording and returns it.
func (r *recorder) taken() *transcript.Transcript {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = true
	return r.log
}

func (r *recorder) add(e transcript.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return
	}
	e.Timed, e.Time = true, time.Since(r.began)
	r.log.Entries = append(r.log.Entries, e)
}

// keep returns what is kept of a side's bytes, in memory of its own.
func (r *recorder) keep(side core.Side, data []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(data), lesson.MaxJudged-r.kept[side])
	r.kept[side] += n
	return append([]byte{}, data[:n]...)
}

// Read reads what the student's server sends.
func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if data := r.keep(core.Server, p[:n]); len(data) > 0 {
		r.add(transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: data}})
	}
	var timeout net.Error
	switch {
	case err == io.EOF:
		r.add(transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerEOF}})
	case err != nil && !errors.Is(err, net.ErrClosed) && !(errors.As(err, &timeout) && timeout.Timeout()):
		r.add(transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerFailed, Data: []byte(core.Words(err.Error()))}})
	}
	return n, err
}

// Write sends what the stage says. It is noted first, so that it stands above the answer.
func (r *recorder) Write(p []byte) (int, error) {
	if data := r.keep(core.Client, p); len(data) > 0 {
		r.add(transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: data}})
	}
	return r.Conn.Write(p)
}

// CloseWrite ends the stream to the student's server.
func (r *recorder) CloseWrite() error {
	r.add(transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.FinishServer}})
	return r.Conn.CloseWrite()
}
