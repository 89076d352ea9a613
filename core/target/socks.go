package target

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strconv"
)

// What SOCKS5 has on the wire (RFC 1928, 3 to 6; RFC 1929, 2).
const (
	socksVersion  = 5
	loginVersion  = 1
	methodNone    = 0
	methodLogin   = 2
	methodRefused = 0xff
	socksConnect  = 1
	addressIPv4   = 1
	addressName   = 3
	addressIPv6   = 4
)

// socksReplies are what a proxy says when it has not connected (RFC 1928, 6).
var socksReplies = map[byte]struct {
	code  Code
	words string
}{
	2: {CodeProxyDenied, "does not allow the connection"},
	3: {CodeUnreachable, "has no route to that network"},
	4: {CodeUnreachable, "cannot reach that host"},
	5: {CodeRefused, "says that the connection was refused"},
	6: {CodeNoAnswer, "got no answer"},
	7: {CodeProxyFailed, "cannot make connections"},
	8: {CodeProxyFailed, "does not know that kind of address"},
}

// connectSOCKS has a SOCKS5 proxy connect to an address.
func connectSOCKS(c net.Conn, p Proxy, to string) error {
	methods := []byte{socksVersion, 1, methodNone}
	if p.user != "" {
		methods = []byte{socksVersion, 2, methodNone, methodLogin}
	}
	chosen := make([]byte, 2)
	if err := ask(c, methods, chosen); err != nil {
		return err
	}
	who := short(p.String())
	switch {
	case chosen[0] != socksVersion:
		return fail(nil, "%s does not speak SOCKS5", who).as(CodeProxyFailed)
	case chosen[1] == methodLogin && p.user != "":
		login := append([]byte{loginVersion, byte(len(p.user))}, p.user...)
		login = append(append(login, byte(len(p.password))), p.password...)
		if err := ask(c, login, chosen); err != nil {
			return err
		}
		if chosen[1] != 0 {
			return fail(nil, "the proxy %s refused the user or the password", who).as(CodeProxyAuth)
		}
	case chosen[1] == methodRefused && p.user == "":
		return fail(nil, "the proxy %s wants a user and a password: write %s://user:password@…", who, p.scheme).as(CodeProxyAuth)
	case chosen[1] != methodNone:
		return fail(nil, "the proxy %s takes neither a user's password nor none", who).as(CodeProxyAuth)
	}
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		return err
	}
	request := []byte{socksVersion, socksConnect, 0}
	switch a, err := netip.ParseAddr(host); {
	case err != nil:
		request = append(append(request, addressName, byte(len(host))), host...) // MaxHost fits
	case a.Unmap().Is4():
		request = append(append(request, addressIPv4), a.Unmap().AsSlice()...)
	default:
		request = append(append(request, addressIPv6), a.AsSlice()...)
	}
	number, _ := strconv.ParseUint(port, 10, 16)
	request = binary.BigEndian.AppendUint16(request, uint16(number))
	reply := make([]byte, 4)
	if err := ask(c, request, reply); err != nil {
		return err
	}
	if said := reply[1]; said != 0 {
		if known, ok := socksReplies[said]; ok {
			return fail(nil, "the proxy %s %s: %s", who, known.words, short(to)).as(known.code)
		}
		return fail(nil, "the proxy %s failed to connect to %s", who, short(to)).as(CodeProxyFailed)
	}
	return skipBound(c, reply[3])
}

// ask sends a message and reads an answer of fixed size.
func ask(c net.Conn, message, answer []byte) error {
	if _, err := c.Write(message); err != nil {
		return err
	}
	_, err := io.ReadFull(c, answer)
	return err
}

// skipBound reads the address from which the proxy has connected, and the port.
func skipBound(c net.Conn, kind byte) error {
	size := 0
	switch kind {
	case addressIPv4:
		size = 4
	case addressIPv6:
		size = 16
	case addressName:
		var n [1]byte
		if _, err := io.ReadFull(c, n[:]); err != nil {
			return err
		}
		size = int(n[0])
	default:
		return fail(nil, "the proxy answered with an address of an unknown kind").as(CodeProxyFailed)
	}
	_, err := io.ReadFull(c, make([]byte, size+2))
	return err
}
