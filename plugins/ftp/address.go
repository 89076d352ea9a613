package ftp

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// maxAddress is how far into a text an address may be.
const maxAddress = 512

// address is where one side waits for the other's data connection.
type address struct {
	host string // "": the host of the control connection
	port int    // 0: the text names no address

	from, mid    int // where the host stands in the text
	portFrom, to int
}

// passiveAt returns where the address of an answer to PASV begins: after the bracket, or at
// the first digit where a server leaves it out (RFC 1123, section 4.1.2.6).
func passiveAt(text []byte) int {
	text = text[:min(len(text), maxAddress)]
	if i := bytes.IndexByte(text, '('); i >= 0 {
		return i + 1
	}
	return max(0, bytes.IndexAny(text, "0123456789"))
}

// sixNumbers reads h1,h2,h3,h4,p1,p2 (RFC 959, section 4.1.2).
func sixNumbers(text []byte, from int) address {
	var n [6]int
	at := from
	a := address{from: from}
	for i := range n {
		if i > 0 {
			if at == len(text) || text[at] != ',' {
				return address{}
			}
			if at++; i == 4 {
				a.mid, a.portFrom = at-1, at
			}
		}
		digits := at
		for at < len(text) && at-digits < 3 && text[at] >= '0' && text[at] <= '9' {
			n[i] = n[i]*10 + int(text[at]-'0')
			at++
		}
		if at == digits || n[i] > 255 {
			return address{}
		}
	}
	host := make([]byte, 0, 15)
	for i, part := range n[:4] {
		if i > 0 {
			host = append(host, '.')
		}
		host = strconv.AppendInt(host, int64(part), 10)
	}
	a.host, a.port, a.to = string(host), n[4]<<8|n[5], at
	return a
}

// extendedPort reads (|||port|), whatever stands for | (RFC 2428, section 3).
func extendedPort(text []byte) address {
	text = text[:min(len(text), maxAddress)]
	at := bytes.IndexByte(text, '(') + 1
	if at == 0 || len(text) < at+3 || text[at] != text[at+1] || text[at] != text[at+2] {
		return address{}
	}
	n := bytes.IndexByte(text[at+3:], text[at])
	if n < 0 {
		return address{}
	}
	return address{port: port(string(text[at+3 : at+3+n])), portFrom: at + 3, to: at + 3 + n}
}

// extended reads |family|address|port|, whatever stands for | (RFC 2428, section 2).
func extended(text []byte) address {
	if len(text) == 0 || len(text) > maxAddress {
		return address{}
	}
	parts := strings.Split(string(text), string(text[:1]))
	if len(parts) != 5 {
		return address{}
	}
	ip, err := netip.ParseAddr(parts[2])
	if err != nil || ip.Is4() && parts[1] != "1" || ip.Is6() && parts[1] != "2" {
		return address{}
	}
	from := len(parts[1]) + 2
	mid := from + len(parts[2])
	return address{host: parts[2], port: port(parts[3]), from: from, mid: mid, portFrom: mid + 1, to: mid + 1 + len(parts[3])}
}

// port reads a port, 0 if it is none.
func port(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || len(s) > 5 {
		return 0
	}
	return int(n)
}
