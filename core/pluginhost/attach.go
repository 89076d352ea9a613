package pluginhost

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Attached is a plugin process that somebody else runs, most often under a
// debugger. Nothing watches it and no time-out applies: it may stand still for
// as long as its owner likes. When it ends, sessions wait for the next one and
// are recovered in it.
type Attached struct {
	Name   string // of the mode
	Socket string // Unix socket that the process listens on; see pluginproto.DebugVariable
}

var _ transport = (*Attached)(nil)

// redial is between two tries to reach a process that is not there.
const redial = 100 * time.Millisecond

// Open opens a session's connection, as Host.Open does; it waits for a process
// that is not there, as long as ctx lets it.
func (a *Attached) Open(ctx context.Context) (*wire.Conn, error) {
	conn, _, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	return wire.NewConn(conn, 0), nil
}

// Manifest returns what the process says of itself. It waits as Open does.
func (a *Attached) Manifest(ctx context.Context) (core.Manifest, error) {
	conn, m, err := a.dial(ctx)
	if err != nil {
		return m, err
	}
	return m, conn.Close()
}

// open dials: each connection is one session's stream. It has no number, since
// the process is not asked for its load.
func (a *Attached) open(ctx context.Context) (net.Conn, uint32, error) {
	conn, _, err := a.dial(ctx)
	return conn, 0, err
}

func (a *Attached) openNow() (net.Conn, uint32, bool) { return nil, 0, false }

// ping returns at once: the process may stand at a breakpoint.
func (a *Attached) ping() (*wire.Load, error) { return nil, nil }
func (a *Attached) down() <-chan struct{}     { return nil }
func (a *Attached) close()                    {}

func (a *Attached) dial(ctx context.Context) (net.Conn, core.Manifest, error) {
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "unix", a.Socket)
		if err == nil {
			m, err := a.greet(ctx, conn)
			if err == nil || !errors.Is(err, io.EOF) {
				return conn, m, err
			}
			conn.Close() // it ended just now
		}
		select {
		case <-time.After(redial):
		case <-ctx.Done():
			return nil, core.Manifest{}, fmt.Errorf("the %s plugin does not run under its debugger: %w", a.Name, context.Cause(ctx))
		}
	}
}

// greet reads the manifest, and nothing after it.
func (a *Attached) greet(ctx context.Context, conn net.Conn) (m core.Manifest, err error) {
	release := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		if !release() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			conn.Close()
		}
	}()
	// Nothing comes after the line until the session is opened.
	line, err := bufio.NewReader(io.LimitReader(conn, pluginproto.MaxManifest)).ReadBytes('\n')
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return m, fmt.Errorf("the %s plugin's manifest does not parse: %w", a.Name, err)
	}
	if m.Name != a.Name {
		return m, fmt.Errorf("the plugin at %s calls itself %q, not %q", a.Socket, m.Name, a.Name)
	}
	if m.Options == nil {
		m.Options = []core.Option{}
	}
	return m, m.Validate()
}
