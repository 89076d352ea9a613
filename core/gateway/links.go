package gateway

import (
	"cmp"
	"context"
	"net"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/target"
)

// links opens the further connections of one session, as its line mode orders them: each as
// its server was dialled, by the same policy and within the same quota.
type links struct {
	gateway *Gateway
	wanted  request
	first   Server    // set when the target is reached, before anything is ordered
	audit   *auditing // of the session; nil: there is no audit log
}

var _ session.Links = (*links)(nil)

func (l *links) rule() target.Further {
	return target.Further{
		First: l.wanted.target, Resolved: l.first.Resolved(), Through: l.first.Through(),
		Local: l.first.LocalAddr(), Anywhere: l.wanted.elsewhere,
	}
}

// Connect dials a target. That the user has not lifted the rule is no secret of the
// policy's, so that everybody is told of it.
func (l *links) Connect(ctx context.Context, _ session.Server, name string) (session.Server, error) {
	var ruled error
	server, err := l.gateway.dialBy(ctx, l.wanted.asker, l.audit.further("connect", name), func() (Server, error) {
		var t target.Target
		rule := l.rule()
		if t, ruled = rule.Target(name); ruled != nil {
			return nil, ruled
		}
		if n, ok := l.first.(Neighbour); ok && n.WaitsAt(t) {
			return n.Connect(ctx, t)
		}
		return l.gateway.connectAs(ctx, l.gateway.Dial, l.wanted.asker, t, rule.Security(t, l.wanted.security))
	})
	return server, cmp.Or(ruled, err)
}

// Accept waits for the server to connect, unless the session's owner may not listen.
func (l *links) Accept(ctx context.Context, _ session.Server, address string, listening func(string)) (session.Server, error) {
	accepting := target.Dialer{Below: func(c net.Conn) net.Conn { return stall.New(c) }}
	return l.gateway.dialBy(ctx, l.wanted.asker, l.audit.further("accept", address), func() (Server, error) {
		if !l.wanted.asker.Role.May(access.Listen) {
			return nil, &target.Error{Words: mayNotListen, Code: target.CodeDenied, Cause: target.ErrDenied}
		}
		if n, ok := l.first.(Neighbour); ok {
			tell := listening
			listening = func(at string) { n.Awaited(at); tell(at) }
			defer n.Awaited("")
		}
		tcp, err := l.rule().Accept(ctx, address, listening)
		if err != nil {
			return nil, err
		}
		return accepting.Over(tcp, "the line mode waited for the server"), nil
	})
}

// meteredLinks waits with what comes by links, as a meteredServer does.
type meteredLinks struct {
	session.Links
	*meter
}

type meteredLink struct {
	session.Server
	*meter
}

func (l meteredLink) Receive() ([]byte, error) {
	data, err := l.Server.Receive()
	l.use.Wait(l.ctx, len(data))
	return data, err
}

func (l meteredLinks) Connect(ctx context.Context, s session.Server, name string) (session.Server, error) {
	return l.counted(l.Links.Connect(ctx, s, name))
}

func (l meteredLinks) Accept(ctx context.Context, s session.Server, address string, listening func(string)) (session.Server, error) {
	return l.counted(l.Links.Accept(ctx, s, address, listening))
}

func (l meteredLinks) counted(s session.Server, err error) (session.Server, error) {
	if err != nil {
		return nil, err
	}
	return meteredLink{s, l.meter}, nil
}
