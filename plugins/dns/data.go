package dns

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// maxRead is how many bytes of data are taken apart: a name of 255 bytes may be pointed to by
// every two of them.
const maxRead = 4 << 10

// readData appends the text of a record's data.
func (m *message) readData(r *record) wrong {
	data := m.data[r.dataFrom:r.dataTo]
	internet := r.class == dns.ClassINET || r.class == dns.ClassNONE // which stands for it in updates
	switch {
	case len(data) == 0 && m.opcode() == dns.OpcodeUpdate: // RFC 2136, section 2.4
		return 0
	case len(data) > maxRead:
		m.texts = appendUnknown(m.texts, data)
		return 0
	case r.typ == dns.TypeA && internet:
		if len(data) != 4 {
			return wrongA
		}
		m.texts = netip.AddrFrom4([4]byte(data)).AppendTo(m.texts)
		return 0
	case r.typ == dns.TypeAAAA && internet:
		if len(data) != 16 {
			return wrongAAAA
		}
		m.texts = netip.AddrFrom16([16]byte(data)).AppendTo(m.texts)
		return 0
	case r.typ == dns.TypeNS, r.typ == dns.TypeCNAME, r.typ == dns.TypePTR, r.typ == dns.TypeDNAME:
		return m.readName(r, r.dataFrom)
	case r.typ == dns.TypeMX && len(data) > 2:
		m.texts = append(strconv.AppendUint(m.texts, uint64(binary.BigEndian.Uint16(data)), 10), ' ')
		return m.readName(r, r.dataFrom+2)
	case dns.TypeToRR[r.typ] == nil, !internet && r.typ != dns.TypeTXT && r.typ != dns.TypeSOA,
		r.typ == dns.TypeHIP: // of which the library copies the list of names for each name
		m.texts = appendUnknown(m.texts, data)
		return 0
	case len(data) == 0:
		return wrongData
	}
	return m.readOther(r)
}

// readName appends a name that is the rest of a record's data.
func (m *message) readName(r *record, at int) (wrong wrong) {
	end, wrong := skipName(m.data[:r.dataTo], at)
	if wrong != 0 {
		return wrong
	}
	if m.texts, wrong = appendName(m.texts, m.data, at); wrong == 0 && end != r.dataTo {
		return wrongData
	}
	return wrong
}

// readOther appends the text of data that the library reads.
func (m *message) readOther(r *record) wrong {
	h := dns.RR_Header{Name: ".", Rrtype: r.typ, Class: dns.ClassINET, Rdlength: uint16(r.dataTo - r.dataFrom)}
	rr, end, err := dns.UnpackRRWithHeader(h, m.data[:r.dataTo], r.dataFrom)
	if err != nil || end != r.dataTo {
		return wrongData
	}
	h.Rdlength = rr.Header().Rdlength
	text := strings.TrimPrefix(rr.String(), rr.Header().String())
	if r.typ == dns.TypeTLSA || r.typ == dns.TypeSMIMEA {
		text = strings.ToUpper(text) // its hex digits
	}
	m.texts = append(m.texts, text...)
	return 0
}

// appendUnknown appends data as RFC 3597, section 5, does.
func appendUnknown(dst, data []byte) []byte {
	dst = strconv.AppendInt(append(dst, `\# `...), int64(len(data)), 10)
	if len(data) > 0 {
		dst = append(dst, ' ')
	}
	return appendHex(dst, data[:min(len(data), maxData/2)], "0123456789ABCDEF")
}

func appendHex(dst, data []byte, digits string) []byte {
	for _, c := range data {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}
