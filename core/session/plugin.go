package session

import (
	"context"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Plugin is the build of a line mode that a session runs on.
type Plugin interface {
	// Open finds a connection to a process, not yet opened. apart asks for a
	// process that only suspects use, because this session's event may end it; it
	// waits until there is one. When the process dies, the connection is lost,
	// with wire.ErrKilled in the cause if somebody outside killed it, and with
	// wire.ErrShared if there were other suspects in it; asked again it then finds
	// one with fewer of them.
	Open(ctx context.Context, apart bool) (*wire.Conn, error)
	// Newer is closed when a newer build has taken this one's place. The session
	// then moves, if the newer one answers its past alike.
	Newer() <-chan struct{}
	// Leave is closed when the session is to move whatever the newest answers.
	Leave() <-chan struct{}
	// Next returns the newest build, which has to be released too.
	Next() (Plugin, error)
	// Options returns a session's options as this build wants them.
	Options(core.Options) core.Options
	// Release says that the session does not need the build any more.
	Release()
}

// Fixed is a Plugin whose build is never replaced.
type Fixed struct {
	Connect func(ctx context.Context, apart bool) (*wire.Conn, error) // its Open
}

var _ Plugin = (*Fixed)(nil)

// Open calls Connect.
func (f *Fixed) Open(ctx context.Context, apart bool) (*wire.Conn, error) {
	return f.Connect(ctx, apart)
}

// Newer is never closed.
func (f *Fixed) Newer() <-chan struct{} { return nil }

// Leave is never closed.
func (f *Fixed) Leave() <-chan struct{} { return nil }

// Next returns f.
func (f *Fixed) Next() (Plugin, error) { return f, nil }

// Options returns the same.
func (f *Fixed) Options(o core.Options) core.Options { return o }

// Release does nothing.
func (f *Fixed) Release() {}
