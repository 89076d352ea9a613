package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/wire"
)

// process is one plugin process that is ready, or was.
type process struct {
	name     string
	run      *runner
	listens  bool      // it has said where
	way      transport // nil until it was reached there
	calls    *pluginproto.Client
	manifest core.Manifest
	timeout  time.Duration
	started  time.Time

	counts  *counts
	answers atomic.Uint64             // reads of sessions' streams that brought something
	load    atomic.Pointer[wire.Load] // what it said last of itself; nil: nothing
	turns   map[uint32]int            // by stream: how often in a row a long turn was seen; ask's own
	opening chan struct{}             // holds a token for each stream that is being opened
	orders  chan *fault               // why the process is to be killed; see watch
	dead    chan struct{}             // closed when the process is dead and cause is known
	gone    chan struct{}             // closed after dead, when its sessions know too
	shared  atomic.Bool               // more than one suspect is or was in it; see quarantine
	cause   *death                    // set before dead is closed

	mu       sync.Mutex
	sessions map[*stream]struct{} // nil once the process is dead
}

// maxOpening bounds how many streams are opened at the same time, so that the
// time-out of one measures the process and not the crowd.
const maxOpening = 64

// startProcess waits for its turn and starts the process. It returns when the
// process is ready, cannot start, took too long or the host stops. Its error is
// an *Unavailable; or wire.ErrKilled, if somebody outside killed the process
// meanwhile. wanted tells whether somebody waits for it.
func startProcess(b *Build, wanted func() bool) (*process, error) {
	release, ok := b.host.starts.wait(b.ctx, wanted)
	if !ok {
		return nil, errStopping
	}
	defer release()
	p, err := tryProcess(b, release)
	if err != nil && p.run.speaksJSON() && b.conf.Adapter != nil && b.jsonLines.CompareAndSwap(false, true) {
		p, err = tryProcess(b, release)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// tryProcess calls release, which gives the turn to the next, when the process
// has used an eighth of its time, so that one that hangs does not delay others.
func tryProcess(b *Build, release func()) (*process, error) {
	h := b.host
	run := newRunner(b)
	ctx, cancel := limit.OwnContext(b.ctx, h.startTimeout, run.starved,
		fail(CodeNotReady, "not ready within %v", h.startTimeout))
	defer cancel()
	defer limit.Own(h.startTimeout/limit.Parts, run.starved, release).Stop()
	p := &process{
		name: b.conf.Manifest.Name, run: run, timeout: h.timeout, started: time.Now(),
		counts: &b.counts, sessions: make(map[*stream]struct{}),
		opening: make(chan struct{}, maxOpening), orders: make(chan *fault, 1), dead: make(chan struct{}), gone: make(chan struct{}),
	}
	// Nothing that connect calls has a reliable time limit. Once the process and
	// the connection are gone, all of it returns.
	unwatched := context.AfterFunc(ctx, func() { p.run.kill() })
	err := p.connect(ctx)
	if unwatched() && err == nil {
		b.counts.starts.Add(1)
		go p.watch(b.ctx)
		return p, nil
	}
	if ctx.Err() == nil && (p.run.line.Load() == nil || p.listens) {
		p.run.reap() // unless it misspoke it is dying, and its status says of what
		p.run.settle(reapTime)
	}
	p.run.kill()
	if p.way != nil {
		p.way.close()
	}
	p.run.settle(settleTime)
	if p.run.dir != "" {
		os.RemoveAll(p.run.dir)
	}
	if f := p.run.end(); f != nil && f.code == CodeKilled {
		return p, &death{plugin: p.name, fault: fail(CodeKilled, "%s while it was starting", f.words)}
	}
	return p, b.unavailable(p.run.refusal(context.Cause(ctx), err), p.run)
}

// connect starts the process and shakes hands with it.
func (p *process) connect(ctx context.Context) error {
	addr, err := p.run.launch()
	if err != nil {
		return err
	}
	p.listens = true
	var d net.Dialer
	conn, err := d.DialContext(ctx, addr.Network(), addr.String())
	if err != nil {
		return err
	}
	m := &muxed{link: newLink(conn)}
	p.way = m
	defer context.AfterFunc(ctx, m.close)()
	if err := m.begin(p.run.out); err != nil {
		return err
	}
	p.calls = m.calls
	way, err := withLanes(ctx, m, p.run.dir)
	if err != nil {
		return err
	}
	p.way = way
	// The connections outlive their files.
	if err := os.RemoveAll(p.run.dir); err != nil {
		return err
	}
	if p.manifest, err = p.calls.Manifest(); err != nil {
		return fail(CodeManifest, "%v", err)
	}
	if p.manifest.Options == nil {
		p.manifest.Options = []core.Option{} // a list, in JSON too
	}
	if p.manifest.Name != p.name {
		return fail(CodeManifest, "calls itself %q; the name in its manifest and the one of its file must be the same", p.manifest.Name)
	}
	return nil
}

// errGone says that the process died before a stream was open.
var errGone = errors.New("the plugin process died")

// open opens a session's stream, whose Close calls closed if that is not nil. A
// process that does not answer within the time-out hangs.
func (p *process) open(ctx context.Context, closed func()) (*wire.Conn, error) {
	if conn, number, ok := p.way.openNow(); ok {
		return p.admit(conn, number, closed)
	}
	select {
	case p.opening <- struct{}{}:
	case <-p.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	type result struct {
		conn   net.Conn
		number uint32
		err    error
	}
	results, left := make(chan result), make(chan struct{})
	defer close(left)
	go func() { // the calls have no limit of their own; the process's death ends them
		conn, number, err := p.way.open(ctx)
		<-p.opening
		select {
		case results <- result{conn, number, err}:
		case <-left:
			if err == nil {
				conn.Close()
			}
		}
	}()
	defer limit.AfterFunc(p.timeout, func() { p.hangs("to open a session") }).Stop()
	select {
	case r := <-results:
		if r.err == nil {
			return p.admit(r.conn, r.number, closed)
		}
		select {
		case <-p.gone:
			return nil, errGone
		case <-time.After(deathKnown):
			return nil, fmt.Errorf("the %s plugin opened no session: %w", p.name, r.err)
		}
	case <-p.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// hangs has the process killed, for it took too long to do something.
func (p *process) hangs(to string) {
	p.end(fail(CodeHung, "took longer than %v %s", p.timeout, to))
}

// end has the process killed.
func (p *process) end(why *fault) {
	select {
	case p.orders <- why:
	default: // it is dying already
	}
}

// isClosed reports whether c, on which nothing is ever sent, is closed.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (p *process) admit(conn net.Conn, number uint32, closed func()) (*wire.Conn, error) {
	s := &stream{Conn: conn, process: p, number: number, closed: closed}
	s.frames = wire.NewConn(s, p.timeout)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sessions == nil {
		conn.Close()
		return nil, errGone
	}
	p.sessions[s] = struct{}{}
	return s.frames, nil
}

func (p *process) forget(s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, s)
}

func (p *process) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}
