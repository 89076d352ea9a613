package ftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/practice"
)

const lowestPort = 1024 // that the server connects to; below it are services

// opener opens a data connection.
type opener = func(context.Context) (net.Conn, error)

func (s *session) pasv(string) {
	local, ok := s.local()
	switch {
	case s.onlyEPSV:
		s.reply("503 You have said EPSV ALL: say EPSV")
		return
	case ok && !local.Is4():
		s.reply("425 PASV has room for an IPv4 address alone: say EPSV")
		return
	}
	if at, ok := s.listen(); ok {
		s.replyf("227 Entering Passive Mode (%s,%d,%d).", strings.ReplaceAll(at.Addr().String(), ".", ","), at.Port()>>8, at.Port()&255)
	}
}

func (s *session) epsv(argument string) {
	local, _ := s.local()
	switch {
	case strings.EqualFold(argument, "ALL"):
		s.onlyEPSV = true
		s.reply("200 From now on EPSV is the only way")
		return
	case argument != "" && argument != familyOf(local):
		s.replyf("522 You have come by another family of addresses: say EPSV %s, or EPSV alone (%s)", familyOf(local), familyOf(local))
		return
	}
	if at, ok := s.listen(); ok {
		s.replyf("229 Entering Extended Passive Mode (|||%d|)", at.Port())
	}
}

// local returns the address at which the client has reached the server.
func (s *session) local() (netip.Addr, bool) { return addrOf(s.wire.LocalAddr()) }

func addrOf(a net.Addr) (netip.Addr, bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	return tcp.AddrPort().Addr().Unmap(), true
}

// listen waits for the client's data connection from now on. There is one such port for a
// session at a time.
func (s *session) listen() (at netip.AddrPort, ok bool) {
	s.forget()
	local, ok := s.local()
	if !ok {
		s.reply("425 You have not come by TCP, so that there is no address to wait at")
		return at, false
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		s.reply("425 No port is free to wait at; try again")
		return at, false
	}
	at = l.Addr().(*net.TCPAddr).AddrPort()
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	s.passive = l
	if s.server.Doors != nil {
		s.server.Doors.OpenServer(at)
	}
	return at, true
}

// forget drops where the next data connection was to be.
func (s *session) forget() {
	if s.passive != nil {
		s.unlisten(s.passive)
	}
	s.passive, s.active = nil, netip.AddrPort{}
}

func (s *session) unlisten(l *net.TCPListener) {
	l.Close()
	if s.server.Doors != nil {
		s.server.Doors.OpenServer(netip.AddrPort{})
	}
}

func (s *session) port(argument string) {
	at, ok := parsePort(argument)
	if !ok {
		s.reply("501 PORT wants where you wait, in six numbers: four of the address, and two of the port, of which the first counts 256")
		return
	}
	s.clientWaits("PORT", at)
}

func (s *session) eprt(argument string) {
	at, ok := parseExtended(argument)
	if !ok {
		s.reply("501 EPRT wants where you wait: |1|an IPv4 address|port| or |2|an IPv6 address|port|")
		return
	}
	s.clientWaits("EPRT", at)
}

func (s *session) clientWaits(verb string, at netip.AddrPort) {
	if s.onlyEPSV {
		s.reply("503 You have said EPSV ALL: say EPSV")
		return
	}
	if why := s.mayNot(at); why != "" {
		s.reply("504 " + why)
		return
	}
	s.forget()
	s.active = at
	s.replyf("200 %s: the server will connect to you at %s", verb, at)
}

// mayNot says why the server does not connect to an address; "": it does. Others than the
// client's would be attacked through it (RFC 2577, section 3).
func (s *session) mayNot(at netip.AddrPort) string {
	client, ok := addrOf(s.wire.RemoteAddr())
	switch {
	case !ok:
		return "You have not come by TCP, so that there is no address to connect to"
	case at.Addr().Unmap() != client:
		return fmt.Sprintf("You are at %s, and %s is another: a server that connects to others can be made to attack them (FTP bounce)", client, at.Addr())
	case at.Port() < lowestPort:
		return fmt.Sprintf("Port %d is below %d, where services are: a client waits above", at.Port(), lowestPort)
	case s.server.Doors != nil && !s.server.Doors.Client(at):
		return fmt.Sprintf("You do not wait at %s: type EPRT or PORT alone, and the line mode waits and says where", at)
	case s.server.Doors == nil && !s.server.Active:
		return "This server connects to nobody, since who speaks to it may act for others: say PASV or EPSV"
	}
	return ""
}

// ready returns what opens the data connection of the next transfer, or answers what is to
// be said first.
func (s *session) ready() opener {
	switch l, at := s.passive, s.active; {
	case l != nil:
		s.passive = nil
		return func(ctx context.Context) (net.Conn, error) {
			defer s.unlisten(l)
			return s.accept(ctx, l)
		}
	case at.IsValid():
		s.active = netip.AddrPort{}
		return func(ctx context.Context) (net.Conn, error) { return s.dial(ctx, at) }
	}
	s.reply("425 Say PASV or EPSV first: a file goes over a second connection")
	return nil
}

// accept waits for the client to connect. Others are turned away.
func (s *session) accept(ctx context.Context, l *net.TCPListener) (net.Conn, error) {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	client, _ := addrOf(s.wire.RemoteAddr())
	defer limit.AfterFunc(practice.StallLimit, func() { l.Close() }).Stop()
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, fmt.Errorf("you did not connect to port %d within 30 s", l.Addr().(*net.TCPAddr).Port)
		}
		if who, _ := addrOf(conn.RemoteAddr()); who == client {
			return conn, nil
		}
		conn.SetLinger(0)
		conn.Close()
	}
}

// dial connects to the client.
func (s *session) dial(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
	if why := s.mayNot(at); why != "" { // it may wait there no more
		return nil, errors.New(why)
	}
	dialer := net.Dialer{Timeout: practice.StallLimit}
	conn, err := dialer.DialContext(ctx, "tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("nobody answers at %s", at)
	}
	return conn, nil
}
