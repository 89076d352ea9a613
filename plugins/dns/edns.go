package dns

import (
	"encoding/binary"
	"strconv"

	"github.com/miekg/dns"
)

// bitDO is DO among the flags of EDNS, in the TTL of an OPT record.
const bitDO = 1 << 15

// appendEDNS appends what an OPT record says, as dig does.
func (m *message) appendEDNS(dst []byte, r *record) []byte {
	dst = strconv.AppendUint(append(dst, "version: "...), uint64(r.ttl>>16&0xff), 10)
	dst = append(dst, ", flags:"...)
	if r.ttl&bitDO != 0 {
		dst = append(dst, " do"...)
	}
	return strconv.AppendUint(append(dst, "; udp: "...), uint64(r.class), 10)
}

// ednsOption is an option of an OPT record. Its place is in the message.
type ednsOption struct {
	code     uint16
	from, to int
	data     []byte
}

// ednsOptions calls each with the options of an OPT record, and reports whether they fill
// its data.
func (m *message) ednsOptions(r *record, each func(ednsOption)) bool {
	for at := r.dataFrom; at < r.dataTo; {
		if at+4 > r.dataTo {
			return false
		}
		end := at + 4 + int(binary.BigEndian.Uint16(m.data[at+2:]))
		if end > r.dataTo {
			return false
		}
		each(ednsOption{binary.BigEndian.Uint16(m.data[at:]), at, end, m.data[at+4 : end]})
		at = end
	}
	return true
}

// appendOption appends an option as dig shows it.
func appendOption(dst []byte, o ednsOption) []byte {
	const digits = "0123456789abcdef"
	data := o.data[:min(len(o.data), maxData/4)]
	switch {
	case o.code == dns.EDNS0COOKIE:
		return appendHex(append(dst, "COOKIE: "...), data, digits)
	case o.code == dns.EDNS0EDE && len(data) >= 2:
		code := binary.BigEndian.Uint16(data)
		dst = strconv.AppendUint(append(dst, "EDE: "...), uint64(code), 10)
		if name := dns.ExtendedErrorCodeToString[code]; name != "" {
			dst = append(append(append(dst, " ("...), name...), ')')
		}
		if len(data) > 2 {
			dst = append(appendPrintable(append(dst, ": ("...), data[2:]), ')')
		}
		return dst
	case o.code == dns.EDNS0NSID:
		dst = append(dst, "NSID:"...)
	default:
		dst = append(strconv.AppendUint(append(dst, "OPT="...), uint64(o.code), 10), ':')
	}
	for i := range data {
		dst = appendHex(append(dst, ' '), data[i:i+1], digits)
	}
	return append(appendPrintable(append(dst, ` ("`...), data), `")`...)
}

func appendPrintable(dst, data []byte) []byte {
	for _, c := range data {
		if c < ' ' || c >= 0x7f {
			c = '.'
		}
		dst = append(dst, c)
	}
	return dst
}
