package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/target"
)

// practised is the connection of a session to a practice server within this process. Its
// further connections, such as FTP's for a file, are between the same two: no policy knows
// the ports, which are others each time.
type practised struct {
	*target.Conn
	doors *practice.Doors
	over  func(*net.TCPConn) *target.Conn
}

var _ gateway.Neighbour = (*practised)(nil)

// WaitsAt reports whether the server waits for a further connection at a target.
func (p *practised) WaitsAt(t target.Target) bool {
	at, err := netip.ParseAddr(t.Host)
	return err == nil && t.Kind == target.TCP && t.Via == (target.Proxy{}) && p.doors.Server(netip.AddrPortFrom(at, t.Port))
}

// Connect connects to where the server waits. By TLS the server shows its usual certificate.
func (p *practised) Connect(ctx context.Context, t target.Target) (gateway.Server, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(t.Host, fmt.Sprint(t.Port)))
	if err != nil {
		return nil, &target.Error{Words: "the practice server waits there no more", Code: target.CodeDial, Cause: err}
	}
	server := p.over(conn.(*net.TCPConn))
	if t.TLS {
		if _, err := server.StartTLS(ctx, ""); err != nil {
			server.Close()
			return nil, err
		}
	}
	return server, nil
}

// Awaited tells the server where the session waits for it; "": nowhere.
func (p *practised) Awaited(address string) {
	at, _ := netip.ParseAddrPort(address)
	p.doors.OpenClient(at)
}
