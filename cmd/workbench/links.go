package main

import (
	"context"
	"net"

	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// tapLinks opens the further connections that the line mode of a tap orders.
type tapLinks struct {
	dialer   *target.Dialer
	to       target.Target
	security target.Security
	anywhere bool
}

func (l tapLinks) rule(server session.Server) target.Further {
	f := target.Further{First: l.to, Resolved: server.Resolved(), Through: server.Through(), Anywhere: l.anywhere}
	if end, ok := server.(interface{ LocalAddr() net.Addr }); ok {
		f.Local = end.LocalAddr()
	}
	return f
}

// Connect dials a target.
func (l tapLinks) Connect(ctx context.Context, server session.Server, name string) (session.Server, error) {
	rule := l.rule(server)
	t, err := rule.Target(name)
	if err != nil {
		return nil, err
	}
	conn, err := l.dialer.Dial(ctx, t, rule.Security(t, l.security))
	if err != nil {
		return nil, err // not a nil *target.Conn in an interface
	}
	return conn, nil
}

// Accept waits for the server to connect.
func (l tapLinks) Accept(ctx context.Context, server session.Server, address string, listening func(string)) (session.Server, error) {
	tcp, err := l.rule(server).Accept(ctx, address, listening)
	if err != nil {
		return nil, err
	}
	return l.dialer.Over(tcp, "the line mode waited for the server"), nil
}
