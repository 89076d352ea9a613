package access

import (
	"context"
	"net"
	"os"
	"sync"
)

type connKey struct{}

// conn is a connection, with what is known of its other end.
type conn struct {
	local, remote net.Addr
	isOurs        func() bool
}

// WithConn is for http.Server's ConnContext: it keeps what [Gate.Allows] asks
// about the connection. The system is asked once, at the first request.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	k := &conn{local: c.LocalAddr(), remote: c.RemoteAddr()}
	k.isOurs = sync.OnceValue(func() bool {
		uid, err := accountAt(c)
		return err == nil && (uid == os.Getuid() || uid == 0)
	})
	return context.WithValue(ctx, connKey{}, k)
}
