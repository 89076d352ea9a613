package play

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// form is how one side tells the other where a further connection is waited for.
type form uint8

const (
	extendedForm form = iota + 1 // the answer to EPSV (RFC 2428, 3): |||4001|, the port alone
	commaForm                    // PORT, and the answer to PASV (RFC 959, 4.1.2): 127,0,0,1,15,161
	familyForm                   // EPRT (RFC 2428, 2): |1|127.0.0.1|4001|
	plainForm                    // 127.0.0.1:4001
)

// forms are all of them, with what of an address each one matches: no byte before or after
// that says nothing about it. The longest ones come first.
var forms = [...]struct {
	form   form
	regexp string
}{
	{familyForm, `[12]\|[0-9A-Fa-f:.]+\|[0-9]+`},
	{commaForm, `[0-9]+(?:,[0-9]+){5}`},
	{plainForm, `(?:[0-9]+(?:\.[0-9]+){3}|\[[0-9A-Fa-f:.]+\]):[0-9]+`},
	{extendedForm, `[0-9]+`},
}

// errForm is of an address that a form cannot tell.
var errForm = fmt.Errorf("the address of the further connection is of IPv6, and the recording tells one of IPv4")

// write tells an address in the form.
func (f form) write(at netip.AddrPort) ([]byte, error) {
	host := at.Addr().Unmap()
	switch f {
	case extendedForm:
		return strconv.AppendUint(nil, uint64(at.Port()), 10), nil
	case commaForm:
		if !host.Is4() {
			return nil, errForm
		}
		return fmt.Appendf(nil, "%s,%d,%d", strings.ReplaceAll(host.String(), ".", ","), at.Port()>>8, at.Port()&0xff), nil
	case familyForm:
		family := '1'
		if host.Is6() {
			family = '2'
		}
		return fmt.Appendf(nil, "%c|%s|%d", family, host.WithZone(""), at.Port()), nil
	}
	return []byte(netip.AddrPortFrom(host.WithZone(""), at.Port()).String()), nil
}

// read reads an address; one without a host is at the peer's.
func (f form) read(text []byte, peer netip.Addr) (netip.AddrPort, error) {
	s := string(text)
	switch f {
	case extendedForm:
		s = net.JoinHostPort(peer.String(), s)
	case commaForm:
		n := strings.Split(s, ",")
		if len(n) != 6 {
			return netip.AddrPort{}, fmt.Errorf("%q is not an address and a port, as in 127,0,0,1,15,161", s)
		}
		high, errHigh := strconv.ParseUint(n[4], 10, 8)
		low, errLow := strconv.ParseUint(n[5], 10, 8)
		if errHigh != nil || errLow != nil {
			return netip.AddrPort{}, fmt.Errorf("%q does not end in a port, two numbers up to 255", s)
		}
		s = net.JoinHostPort(strings.Join(n[:4], "."), strconv.FormatUint(high<<8|low, 10))
	case familyForm:
		_, s, _ = strings.Cut(s, "|")
		host, port, _ := strings.Cut(s, "|")
		s = net.JoinHostPort(host, port)
	}
	at, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), nil
}

// findAddress returns where the bytes tell an address, as host:port, and how.
func findAddress(data []byte, address string) (from, to int, f form) {
	at, err := netip.ParseAddrPort(address)
	if err != nil { // the host is a name
		_, port, err := net.SplitHostPort(address)
		n, numErr := strconv.ParseUint(port, 10, 16)
		if err != nil || numErr != nil {
			return 0, 0, 0
		}
		at = netip.AddrPortFrom(netip.Addr{}, uint16(n))
	}
	for _, c := range forms {
		text := strconv.AppendUint(nil, uint64(at.Port()), 10)
		before, after := "", ""
		switch {
		case c.form == extendedForm:
			before, after = "|||", "|"
		case !at.Addr().IsValid():
			continue
		default:
			var err error
			if text, err = c.form.write(at); err != nil {
				continue
			}
		}
		if c.form == familyForm {
			before, after = "|", "|"
		}
		i := bytes.Index(data, []byte(before+string(text)+after))
		if i < 0 {
			continue
		}
		if from = i + len(before); c.form == extendedForm || isWord(data, from, from+len(text)) {
			return from, from + len(text), c.form
		}
	}
	return 0, 0, 0
}
