package pluginhost

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/wire"
)

// muxed is the transport that go-plugin brings: its calls and the streams of
// all sessions share one connection, by way of yamux.
type muxed struct {
	link  *link
	calls *pluginproto.Client
}

var _ transport = (*muxed)(nil)

// begin hands the connection to go-plugin. What it sends of the process's standard
// outputs goes to out.
func (m *muxed) begin(out *output) error {
	control, err := plugin.NewRPCClient(m.link, pluginproto.Set(&pluginproto.Client{}))
	if err != nil {
		return err
	}
	if err := control.SyncStreams(out.stream(), out.stream()); err != nil {
		return err
	}
	calls, err := control.Dispense(pluginproto.Key)
	if err == nil {
		m.calls = calls.(*pluginproto.Client)
	}
	return err
}

func (m *muxed) open(context.Context) (net.Conn, uint32, error) {
	conn, number, err := m.calls.Session()
	if err != nil {
		return nil, 0, err
	}
	return &muxStream{pluginproto.Stream{Conn: conn}}, number, nil
}

// openNow opens nothing: the process has to be asked.
func (m *muxed) openNow() (net.Conn, uint32, bool) { return nil, 0, false }

func (m *muxed) ping() (*wire.Load, error) { return m.calls.Load() }
func (m *muxed) down() <-chan struct{}     { return m.link.down }
func (m *muxed) close()                    { m.link.Close() }

// muxStream makes a yamux stream keep the promises of transport.open.
type muxStream struct{ pluginproto.Stream }

// Close ends the stream, and a Read that waits: yamux itself closes only its
// half.
func (s *muxStream) Close() error {
	defer s.SetReadDeadline(time.Now())
	return s.Stream.Close()
}

// link is the connection below yamux. It says when it is closed, which yamux
// does when the other end is gone; it keeps yamux from printing errors to our
// standard error; and it joins what yamux writes in pieces.
type link struct {
	net.Conn
	once sync.Once
	down chan struct{}

	// yamux writes a frame's header and its body one after the other, from one
	// goroutine. They leave together: a process that is woken by the header
	// alone goes to sleep again before the body is there.
	header []byte
}

func newLink(conn net.Conn) *link { return &link{Conn: conn, down: make(chan struct{})} }

// Write writes to the process. It hides an error, which yamux would print: the
// connection is down then, which the reader sees.
func (l *link) Write(b []byte) (int, error) {
	if len(l.header) == 0 && hasBody(b) {
		l.header = append(l.header, b...)
		return len(b), nil
	}
	var err error
	switch {
	case len(l.header) == 0:
		_, err = l.Conn.Write(b)
	case len(b) <= joinAtMost:
		l.header = append(l.header, b...)
		_, err = l.Conn.Write(l.header)
	default:
		_, err = (&net.Buffers{l.header, b}).WriteTo(l.Conn)
	}
	l.header = l.header[:0]
	if err != nil {
		l.Close()
	}
	return len(b), nil
}

// joinAtMost is the size up to which a copy is cheaper than writing two pieces at
// once.
const joinAtMost = 4 << 10

// hasBody reports that b is the header of a yamux frame that a body follows:
// version 0, type 0 (data), and a length that is not 0 (yamux's spec.md,
// "Framing").
func hasBody(b []byte) bool {
	const headerSize = 12
	return len(b) == headerSize && b[0] == 0 && b[1] == 0 && binary.BigEndian.Uint32(b[8:]) > 0
}

// Read reads from the process. After we closed the connection it returns io.EOF in
// place of an error that yamux would print.
func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if err != nil && isClosed(l.down) {
		err = io.EOF
	}
	return n, err
}

// Close closes the connection. It is idempotent.
func (l *link) Close() error {
	l.once.Do(func() { close(l.down) })
	return l.Conn.Close()
}
