package local

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/loopback"
	"github.com/protocol-workbench/workbench/core/target"
)

// Linger is how long a listener for which further clients wait stays open after its
// last session.
const Linger = time.Minute

// MaxListeners bounds the listeners of all.
const MaxListeners = 64

// Listeners wait for clients. The zero value is ready to use.
type Listeners struct {
	mu   sync.Mutex
	open map[place]*listener
	all  int
}

// place is what a listener is found by: nobody gets another's clients.
type place struct{ owner, target string }

// listener is listened on by one session, or where further clients wait by any number.
type listener struct {
	net.Listener
	of       *Listeners
	at       place
	shared   bool
	accepted chan net.Conn
	closing  chan struct{}
	failed   chan struct{} // closed after why is set
	why      error
	users    int         // sessions; guarded by of.mu
	late     *time.Timer // closes it; nil: there are users
}

// Await waits for a client of a target that Listens, for an owner, and returns its
// connection with the address that it came to. waiting is told that address before.
// release must be called at the end of the session: it lets go of the listener. Only
// addresses of the loopback network are listened on.
func (l *Listeners) Await(ctx context.Context, owner string, t target.Target, waiting func(address string)) (conn *net.TCPConn, address string, release func(), err error) {
	at, err := l.use(owner, t)
	if err != nil {
		return nil, "", nil, err
	}
	release = sync.OnceFunc(func() { l.leave(at) })
	address = at.Addr().String()
	waiting(address)
	select {
	case c := <-at.accepted:
		if !at.shared {
			release() // who comes now is refused
		}
		return c.(*net.TCPConn), address, release, nil
	case <-at.failed:
		release()
		return nil, "", nil, fail(at.why, target.CodeDial, "no client can be waited for at %s any more", address)
	case <-ctx.Done():
		release()
		return nil, "", nil, fail(context.Cause(ctx), target.CodeStopped, "stopped before a client connected to %s", address)
	}
}

// Close closes the listeners that wait for another session.
func (l *Listeners) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.open {
		if at.users == 0 {
			at.late.Stop()
			l.shut(at)
		}
	}
}

// use returns the listener of a target.
func (l *Listeners) use(owner string, t target.Target) (*listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := place{owner, t.String()}
	if at := l.open[key]; at != nil && !at.hasFailed() {
		if at.users++; at.late != nil {
			at.late.Stop()
			at.late = nil
		}
		return at, nil
	}
	if l.all >= MaxListeners {
		return nil, fail(nil, target.CodeTooMany, "%d addresses are listened on already; end a session that waits", l.all)
	}
	ip, err := netip.ParseAddr(t.Host)
	if err != nil {
		return nil, fail(err, target.CodeDial, "%s is not an address", shown(t.Host))
	}
	tcp, err := loopback.Listen(netip.AddrPortFrom(ip, t.Port))
	if err != nil {
		return nil, explainListen(err, t)
	}
	at := &listener{
		Listener: tcp, of: l, at: key, shared: t.NextWaits(), users: 1,
		accepted: make(chan net.Conn), closing: make(chan struct{}), failed: make(chan struct{}),
	}
	l.all++
	if at.shared {
		if l.open == nil {
			l.open = map[place]*listener{}
		}
		l.open[key] = at
	}
	go at.accept()
	return at, nil
}

// leave lets go of a listener that one session used.
func (l *Listeners) leave(at *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.users--; at.users > 0 {
		return
	}
	if !at.shared {
		l.shut(at)
		return
	}
	at.late = time.AfterFunc(Linger, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if at.users == 0 {
			l.shut(at)
		}
	})
}

// hasFailed reports that nobody can be accepted any more.
func (at *listener) hasFailed() bool {
	select {
	case <-at.failed:
		return true
	default:
		return false
	}
}

// shut closes a listener, once. l.mu is held.
func (l *Listeners) shut(at *listener) {
	select {
	case <-at.closing:
		return
	default:
	}
	l.all--
	if l.open[at.at] == at {
		delete(l.open, at.at)
	}
	close(at.closing)
	at.Listener.Close()
}

// accept hands on clients, one at a time: the system holds those that wait.
func (at *listener) accept() {
	for {
		c, err := at.Listener.Accept()
		if err != nil {
			at.why = err
			close(at.failed)
			return
		}
		select {
		case at.accepted <- c:
		case <-at.closing:
			c.(*net.TCPConn).SetLinger(0) // refused, as those are that the system holds
			c.Close()
		}
	}
}

// explainListen says in the user's words why nobody can listen there.
func explainListen(err error, t target.Target) error {
	var why *loopback.Error
	if !errors.As(err, &why) {
		return fail(err, target.CodeDial, "cannot listen on %s", shown(t.String()))
	}
	switch at := why.Addr; why.Reason {
	case loopback.NotLoopback:
		return fail(target.ErrDenied, target.CodeDenied, "%s is not listened on: other machines could reach it; use 127.0.0.1", shown(t.Host))
	case loopback.Taken:
		return fail(err, target.CodeBusy, "another program listens on %s already; stop it, or choose another port, 0 for a free one", at)
	case loopback.Forbidden:
		return fail(err, target.CodeNotPermitted, "the account of the workbench may not listen on %s; choose a port over 1023", at)
	case loopback.Missing:
		return fail(err, target.CodeDial, "%s is not an address of this machine", shown(t.Host))
	}
	return fail(err, target.CodeDial, "cannot listen on %s", shown(t.String()))
}
