package pluginhost

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/rpc"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/pluginproto"
)

// laned is the transport that gives each session a lane, which is a connection of
// its own. A session's bytes then pass no other goroutine and wait for no other
// session's. What is left to muxed are the calls, and the sessions for which the
// process has no more room.
type laned struct {
	*muxed
	socket *socketFile
	most   int64         // lanes that may be in use
	inUse  atomic.Int64  // that are
	opened atomic.Uint32 // sessions

	mu     sync.Mutex
	free   []net.Conn // that wait for a session; at most mostFree
	closed bool
}

var _ transport = (*laned)(nil)

// withLanes has the process that m leads to take lanes in dir, and opens the first. It
// returns m where there is no way to them.
func withLanes(ctx context.Context, m *muxed, dir string) (transport, error) {
	most, err := m.calls.Lanes()
	var refused rpc.ServerError
	switch {
	case errors.As(err, &refused):
		return m, nil
	case err != nil:
		return nil, err
	}
	socket, err := openSocket(filepath.Join(dir, pluginproto.LaneName))
	if err != nil {
		return m, nil
	}
	first, err := socket.dial(ctx)
	if err != nil {
		socket.close()
		return m, nil
	}
	return &laned{muxed: m, socket: socket, most: int64(most), free: []net.Conn{first}}, nil
}

// redialLane is between two tries while the process is slow to take lanes: as many
// as its backlog holds wait already.
const redialLane = time.Millisecond

func (l *laned) openNow() (net.Conn, uint32, bool) {
	conn, number, err := l.dial(context.Background()) // which no Unix socket waits for
	return conn, number, conn != nil && err == nil
}

func (l *laned) open(ctx context.Context) (net.Conn, uint32, error) {
	for {
		conn, number, err := l.dial(ctx)
		switch {
		case conn != nil:
			return conn, number, nil
		case err == nil:
			return l.muxed.open(ctx)
		case !errors.Is(err, syscall.EAGAIN):
			return nil, 0, err
		}
		select {
		case <-time.After(redialLane):
		case <-ctx.Done():
			return nil, 0, err
		case <-l.down():
			return nil, 0, err
		}
	}
}

// dial returns a lane, one that waits for a session if there is one; nil, without an
// error, if the process has room for no more.
func (l *laned) dial(ctx context.Context) (net.Conn, uint32, error) {
	if l.inUse.Add(1) > l.most {
		l.inUse.Add(-1)
		return nil, 0, nil
	}
	conn := l.takeFree()
	if conn == nil {
		var err error
		if conn, err = l.socket.dial(ctx); err != nil {
			l.inUse.Add(-1)
			return nil, 0, err
		}
	}
	number := pluginproto.LaneNumbers + l.opened.Add(1)%pluginproto.LaneNumbers
	return &lane{Conn: conn, way: l, number: number}, number, nil
}

// mostFree is how many lanes wait for a session.
const mostFree = 16

func (l *laned) takeFree() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.free) - 1
	if last < 0 {
		return nil
	}
	conn := l.free[last]
	l.free = l.free[:last]
	return conn
}

// keep has a connection wait for a session, or closes it.
func (l *laned) keep(conn net.Conn) {
	conn.SetDeadline(time.Time{})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.free) == mostFree {
		conn.Close()
		return
	}
	l.free = append(l.free, conn)
}

func (l *laned) close() {
	l.muxed.close()
	l.socket.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, conn := range l.free {
		conn.Close()
	}
	l.free = nil
}

// lane is a session's stream. The first Write is preceded by its number, in one
// system call: so opening a session takes one exchange.
type lane struct {
	net.Conn
	way    *laned
	number uint32
	begun  bool // the number was sent
	ended  sync.Once
}

// Write writes to the stream.
func (l *lane) Write(b []byte) (int, error) {
	if l.begun {
		return l.Conn.Write(b)
	}
	number := binary.BigEndian.AppendUint32(nil, l.number)
	n, err := (&net.Buffers{number, b}).WriteTo(l.Conn)
	if n < int64(len(number)) && err != nil { // nobody has taken the number either
		return 0, err
	}
	l.begun = true
	return int(n) - len(number), err
}

// Close ends the stream.
func (l *lane) Close() error {
	l.ended.Do(func() { l.way.inUse.Add(-1) })
	return l.Conn.Close()
}

// release lets the lane carry another session. It must not be used any more.
func (l *lane) release() {
	l.ended.Do(func() {
		l.way.inUse.Add(-1)
		l.way.keep(l.Conn)
	})
}
