package dns

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// query is what was typed.
type query struct {
	name       []byte // as in a message; nil: none yet
	said       string // … as typed
	typ, class uint16 // 0: none yet
	serial     uint32 // of IXFR
	id         int    // -1: one is drawn
	opcode     uint16
	bits       uint16 // flags but RD
	recurse    bool
	edns, do   bool
	nsid       bool
	size       uint16 // for UDP; 0: the usual one
}

// usualSize is the largest datagram that no network cuts up, as servers and dig have agreed.
const usualSize = 1232

// mistake is why what was typed is not sent, and what to do about it.
type mistake struct{ what, advice string }

var commandList = commands()

// read reads a line's words as dig reads its arguments.
func (m *machine) read(words [][]byte) (query, *mistake) {
	q := m.defaults
	q.id = -1
	recurse, reverse := false, false
	for i := 0; i < len(words); i++ {
		word := string(words[i])
		next := func() (string, *mistake) {
			if i++; i == len(words) {
				return "", &mistake{word + " needs a word after it", "-x has an address, -t a type, -c a class, -q a name, IXFR a serial number"}
			}
			return string(words[i]), nil
		}
		var value string
		var wrong *mistake
		switch {
		case word[0] == '+':
			recurse = recurse || strings.Contains(word, "rec") || strings.Contains(word, "rd")
			wrong = q.option(word[1:])
		case word[0] == '@' || word == "-p":
			wrong = &mistake{word + " is for dig: here the server and its port are the session's target", ""}
		case word == "-x":
			if value, wrong = next(); wrong == nil {
				wrong, reverse = q.reverse(value), true
			}
		case word == "-t":
			if value, wrong = next(); wrong == nil && !q.setType(value) {
				wrong = &mistake{fmt.Sprintf("%q is no type", value), someTypes}
			}
		case word == "-c":
			if value, wrong = next(); wrong == nil && !q.setClass(value) {
				wrong = &mistake{fmt.Sprintf("%q is no class", value), "The classes are IN, CH and HS, and CLASS3 is one by its number"}
			}
		case word == "-q":
			if value, wrong = next(); wrong == nil {
				wrong = q.setName(value)
			}
		case word[0] == '-' && len(word) == 2:
			wrong = &mistake{word + " is none of -x, -t, -c and -q", "A name that begins with a dash stands after -q"}
		case q.typ == 0 && strings.HasPrefix(strings.ToUpper(word), "IXFR"):
			if serial := word[len("IXFR"):]; serial != "" {
				wrong = q.since(strings.TrimPrefix(serial, "="))
			} else if value, wrong = next(); wrong == nil {
				wrong = q.since(value)
			}
		case q.typ == 0 && q.setType(word), q.class == 0 && q.setClass(word):
		default:
			wrong = q.setName(word)
		}
		if wrong != nil {
			return q, wrong
		}
	}
	return q, m.complete(&q, recurse, reverse)
}

// complete sets what was not said.
func (m *machine) complete(q *query, recurse, reverse bool) *mistake {
	if q.name == nil {
		if q.typ != 0 && q.typ != dns.TypeNS {
			return &mistake{"a name is missing: " + dns.Type(q.typ).String() + " expects one", "As in: " + dns.Type(q.typ).String() + " example.com. The root is a dot"}
		}
		q.name = []byte{0}
		q.typ = dns.TypeNS
	}
	if q.class == 0 {
		q.class = dns.ClassINET
	}
	switch {
	case q.typ == 0 && reverse:
		q.typ = dns.TypePTR
	case q.typ == 0:
		q.typ = dns.TypeA
	case q.typ == dns.TypeAXFR && !m.queries.stream:
		return &mistake{"AXFR goes by TCP alone (RFC 5936, section 4.2)", "Connect to the same host and port without udp://"}
	}
	if (q.typ == dns.TypeAXFR || q.typ == dns.TypeIXFR) && !recurse {
		q.recurse = false // it means nothing there (RFC 5936, section 2.2.1)
	}
	return nil
}

const someTypes = "Types are A, AAAA, MX, NS, SOA, TXT, CNAME, PTR, SRV, ANY, AXFR and more, and TYPE65280 is one by its number"

// setType takes a word for a type, if it is one.
func (q *query) setType(word string) bool {
	return byName(&q.typ, dns.StringToType, strings.ToUpper(word), "TYPE")
}

// since takes a word for the serial number of IXFR.
func (q *query) since(word string) *mistake {
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		return &mistake{fmt.Sprintf("IXFR expects a serial number, and %q is none", word), "The number is of the version of the zone that you have: IXFR=2026112901 example.com"}
	}
	q.typ, q.serial = dns.TypeIXFR, uint32(n)
	return nil
}

func (q *query) setClass(word string) bool {
	return byName(&q.class, dns.StringToClass, strings.ToUpper(word), "CLASS")
}

func byName(to *uint16, names map[string]uint16, word, prefix string) bool {
	if n, ok := names[word]; ok && n != 0 && n != dns.TypeOPT {
		*to = n
		return true
	}
	digits, ok := strings.CutPrefix(word, prefix)
	n, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil || n == 0 {
		return false
	}
	*to = uint16(n)
	return true
}

// setName takes a word for the name.
func (q *query) setName(word string) *mistake {
	if q.name != nil {
		why := "it is no type, and the name is " + strconv.Quote(q.said)
		if q.typ != 0 {
			why = fmt.Sprintf("the name is %q and the type %s", q.said, dns.Type(q.typ))
		}
		return &mistake{fmt.Sprintf("%q is one word too many: %s", word, why), "A query is a name, a type and options: MX example.com +norec. " + someTypes}
	}
	name, wrong := packName(word)
	q.name, q.said = name, word[:min(len(word), 300)]
	return wrong
}

// reverse takes an address for the name.
func (q *query) reverse(address string) *mistake {
	name, err := dns.ReverseAddr(address)
	if err != nil {
		return &mistake{fmt.Sprintf("%q is no address", address), "-x has an IPv4 or IPv6 address: -x 192.0.2.1"}
	}
	return q.setName(name)
}

// packName returns a name as it stands in a message.
func packName(word string) ([]byte, *mistake) {
	var all, label []byte
	end := func() *mistake {
		switch {
		case len(label) == 0:
			return &mistake{fmt.Sprintf("%q has an empty label", word), "Labels stand between the dots of a name, and the root alone is a dot"}
		case len(label) > 63:
			return &mistake{fmt.Sprintf("a label of %q has %d bytes", word[:min(len(word), 300)], len(label)), "RFC 1035, section 2.3.4: labels have 63 bytes or less"}
		}
		all, label = append(append(all, byte(len(label))), label...), label[:0]
		return nil
	}
	for i := 0; i < len(word) && word != "."; i++ {
		switch c := word[i]; {
		case c >= 0x80:
			return nil, &mistake{fmt.Sprintf("%q has letters outside ASCII", word[:min(len(word), 300)]), `Names have them in their other form, xn--…, and any byte as \DDD, in decimal`}
		case c == '.':
			if wrong := end(); wrong != nil {
				return nil, wrong
			}
		case c == '\\' && i+1 == len(word):
			return nil, &mistake{`the name ends in a backslash`, `\. is a dot within a label, \\ a backslash, \032 a blank`}
		case c == '\\' && i+3 < len(word) && word[i+1] >= '0' && word[i+1] <= '9':
			n, err := strconv.ParseUint(word[i+1:i+4], 10, 8)
			if err != nil {
				return nil, &mistake{fmt.Sprintf(`%q is no byte`, word[i:i+4]), `\DDD is a byte in decimal, \000 to \255`}
			}
			label = append(label, byte(n))
			i += 3
		case c == '\\':
			i++
			label = append(label, word[i])
		default:
			label = append(label, c)
		}
	}
	if len(label) > 0 {
		if wrong := end(); wrong != nil {
			return nil, wrong
		}
	}
	if all = append(all, 0); len(all) > maxName {
		return nil, &mistake{fmt.Sprintf("the name has %d bytes", len(all)), "RFC 1035, section 2.3.4: names have 255 bytes or less, with the length before each label"}
	}
	return all, nil
}

// option takes an option of dig's, without the plus.
func (q *query) option(word string) *mistake {
	name, value, has := strings.Cut(strings.ToLower(word), "=")
	off := false
	if _, ok := flagOptions[strings.TrimPrefix(name, "no")]; ok && strings.HasPrefix(name, "no") {
		name, off = name[2:], true
	}
	if bit, ok := flagOptions[name]; ok && !has {
		q.flag(name, bit, !off)
		return nil
	}
	n, err := strconv.ParseUint(value, 10, 16)
	switch name {
	case "edns", "bufsize", "id", "qid", "opcode":
		if name == "edns" && has && n == 0 && err == nil {
			q.edns = true
			return nil
		}
		if name == "opcode" && err != nil {
			if code, ok := dns.StringToOpcode[strings.ToUpper(value)]; ok {
				n, err = uint64(code), nil
			}
		}
		if err != nil || name == "opcode" && n > 15 || name == "edns" {
			return &mistake{fmt.Sprintf("+%s does not have a number that fits", word), "+bufsize=1232, +id=4660, +opcode=5 or its name, +edns or +edns=0"}
		}
		switch name {
		case "bufsize":
			q.size, q.edns = uint16(n), true
		case "opcode":
			q.opcode = uint16(n)
		default:
			q.id = int(n)
		}
		return nil
	case "tcp", "vc", "notcp", "novc":
		return &mistake{"+" + word + " is the target's here: host:port is asked by TCP, udp://host:port by UDP", ""}
	}
	if slices.Contains([]string{"short", "trace", "multi", "multiline", "noall", "all", "time", "tries", "retry", "search", "nssearch", "ttl", "nottl", "split", "nosplit"}, name) {
		return &mistake{"+" + word + " is about what dig does or shows itself: here each query is sent once, and all of its answer is shown", ""}
	}
	return &mistake{fmt.Sprintf("+%s is no option here", word), "There are +edns, +do, +bufsize=N, +nsid, +rec, +aa, +ad, +cd, +tc, +id=N and +opcode=N, and +norec and the like for without"}
}

// flagOptions are the options that are on or off; those of bits in the header have theirs.
var flagOptions = map[string]uint16{
	"edns": 0, "do": 0, "dnssec": 0, "nsid": 0,
	"rec": bitRD, "recurse": bitRD, "rdflag": bitRD,
	"aa": bitAA, "aaflag": bitAA, "aaonly": bitAA, "ad": bitAD, "adflag": bitAD, "cd": bitCD, "cdflag": bitCD,
	"tc": bitTC, "tcflag": bitTC, "ra": bitRA, "raflag": bitRA, "z": bitZ, "zflag": bitZ,
}

func (q *query) flag(name string, bit uint16, on bool) {
	switch {
	case bit == bitRD:
		q.recurse = on
	case bit != 0 && on:
		q.bits |= bit
	case bit != 0:
		q.bits &^= bit
	case name == "edns":
		q.edns, q.do = on, q.do && on
	case name == "nsid":
		q.nsid, q.edns = on, q.edns || on
	default:
		q.do, q.edns = on, q.edns || on
	}
}

// pack returns the query's message.
func (q *query) pack() []byte {
	bits := q.bits | q.opcode<<11
	if q.recurse {
		bits |= bitRD
	}
	authority, additional := uint16(0), uint16(0)
	if q.typ == dns.TypeIXFR {
		authority = 1
	}
	if q.edns {
		additional = 1
	}
	all := make([]byte, 0, 64)
	for _, n := range []uint16{uint16(q.id), bits, 1, 0, authority, additional} {
		all = binary.BigEndian.AppendUint16(all, n)
	}
	all = binary.BigEndian.AppendUint16(append(all, q.name...), q.typ)
	all = binary.BigEndian.AppendUint16(all, q.class)
	if authority > 0 { // the SOA record that the client has; RFC 1995, section 3
		all = append(all, 0xc0, headerSize, 0, byte(dns.TypeSOA))
		all = binary.BigEndian.AppendUint16(all, q.class)
		all = append(all, 0, 0, 0, 0, 0, 22, 0, 0)
		all = binary.BigEndian.AppendUint32(all, q.serial)
		all = append(all, make([]byte, 16)...)
	}
	if q.edns {
		size := q.size
		if size == 0 {
			size = usualSize
		}
		all = binary.BigEndian.AppendUint16(append(all, 0, 0, byte(dns.TypeOPT)), size)
		do := byte(0)
		if q.do {
			do = 0x80
		}
		if all = append(all, 0, 0, do, 0); q.nsid {
			return append(all, 0, 4, 0, dns.EDNS0NSID, 0, 0)
		}
		all = append(all, 0, 0)
	}
	return all
}

// draw draws an ID that no query has that waits for an answer, and none of those that are
// about to be sent.
func (m *machine) draw(about []query) int {
	for {
		m.Drawn++
		drawn, err := hkdf.Expand(sha256.New, m.seed[:], "dns id "+strconv.Itoa(m.Drawn), 2)
		if err != nil { // for lengths of more than 255 hashes
			return m.Drawn & 0xffff
		}
		id := binary.BigEndian.Uint16(drawn)
		has := func(q query) bool { return q.id == int(id) }
		if _, waits := m.pending[id]; !waits && !slices.ContainsFunc(about, has) {
			return int(id)
		}
	}
}
