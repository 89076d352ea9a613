package ftp

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// MaxLine is how many bytes a command has at most, its end included.
const MaxLine = 1024

// request is a command that has come.
type request struct {
	verb     string // in capitals
	argument string
}

// parse reads a line. wrong is what is to be answered to one that is no command.
func parse(line linewise.Line, lenient bool) (r request, wrong string) {
	text := withoutTelnet(string(line.Text))
	switch {
	case line.Long:
		return r, fmt.Sprintf("500 line %d has %d bytes; a command has at most %d", line.Number, line.Size, MaxLine)
	case !line.CRLF && !lenient:
		return r, fmt.Sprintf("500 line %d ended in LF alone at byte %d; FTP wants CR LF", line.Number, line.Size)
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7f {
			return r, fmt.Sprintf("500 line %d has byte 0x%02x, which is no part of a command", line.Number, c)
		}
	}
	verb, argument, _ := strings.Cut(text, " ")
	r = request{strings.ToUpper(verb), argument}
	if r.verb == "" {
		return r, fmt.Sprintf("500 line %d begins with no command; HELP lists them", line.Number)
	}
	return r, ""
}

// withoutTelnet drops what clients put before ABOR (RFC 959, section 4.1.3): commands of
// Telnet, which begin with 0xff.
func withoutTelnet(line string) string {
	for len(line) > 1 && line[0] == 0xff && line[1] >= 0xf0 {
		line = line[2:]
	}
	return line
}

// absolute returns the path that a client means in a directory.
func absolute(dir, name string) string {
	if !strings.HasPrefix(name, "/") {
		name = dir + "/" + name
	}
	return path.Clean(name)
}

// quoted returns a path as the answers to PWD and MKD have it: RFC 959, appendix II.
func quoted(at string) string { return `"` + strings.ReplaceAll(at, `"`, `""`) + `"` }

// parsePort reads the argument of PORT, h1,h2,h3,h4,p1,p2.
func parsePort(argument string) (at netip.AddrPort, ok bool) {
	parts := strings.Split(argument, ",")
	if len(parts) != 6 {
		return at, false
	}
	var n [6]byte
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return at, false
		}
		n[i] = byte(v)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8|uint16(n[5])), true
}

// parseExtended reads the argument of EPRT, |family|address|port|, whatever stands for |.
func parseExtended(argument string) (at netip.AddrPort, ok bool) {
	if argument == "" {
		return at, false
	}
	parts := strings.Split(argument, argument[:1])
	if len(parts) != 5 || parts[0] != "" || parts[4] != "" {
		return at, false
	}
	addr, err := netip.ParseAddr(parts[2])
	port, err2 := strconv.ParseUint(parts[3], 10, 16)
	if cmp.Or(err, err2) != nil || parts[1] != familyOf(addr) || addr.Zone() != "" {
		return at, false
	}
	return netip.AddrPortFrom(addr, uint16(port)), true
}

// familyOf returns the number that EPRT and EPSV have for the family of an address.
func familyOf(a netip.Addr) string {
	if a.Is4() {
		return "1"
	}
	return "2"
}
