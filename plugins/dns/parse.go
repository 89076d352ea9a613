package dns

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/miekg/dns"
)

// Bounds of what is read of one message.
const (
	maxRecords = 2048      // which are displayed
	maxWatched = 200       // … and if none is, since more are in no field
	maxShown   = 256 << 10 // bytes of the text of all records
	maxData    = 2 << 10   // … of a record's data
)

// The sections of a message.
const (
	inQuestion = iota
	inAnswer
	inAuthority
	inAdditional
	sections
)

// message is a message taken apart. Places are in data.
type message struct {
	frame
	data    []byte // without the length
	most    int    // how many records are read
	id      uint16
	bits    uint16 // QR, opcode, flags and RCODE
	counts  [sections]uint16
	records []record
	texts   []byte // of the records
	unread  [sections]int
	soas    []soa
	edns    int // the OPT record's index, -1 if there is none

	end        int   // of the last record that could be read
	wrongRest  wrong // what is wrong with what follows it
	wrongCount [sections]wrong
	wrongQR    wrong
}

// record is a question or a record.
type record struct {
	section          uint8
	wrong            wrong
	wrongName        bool // … with its name; else with its data
	typ, class       uint16
	ttl              uint32
	from, nameEnd    int
	dataFrom, dataTo int
	// word i of its text is texts[words[i]:words[i+1]-1]: name, class and type of a question,
	// name, TTL, class, type and data of others.
	words [6]int32
	many  int // how many words it has
}

// soa is an SOA record among the answers.
type soa struct {
	index  int
	serial uint32
}

// bits of a header.
const (
	bitQR = 1 << 15
	bitAA = 1 << 10
	bitTC = 1 << 9
	bitRD = 1 << 8
	bitRA = 1 << 7
	bitZ  = 1 << 6
	bitAD = 1 << 5
	bitCD = 1 << 4
)

func (m *message) opcode() int      { return int(m.bits >> 11 & 15) }
func (m *message) isResponse() bool { return m.bits&bitQR != 0 }

// truncated reports whether a datagram says that it has not all of the answer.
func (m *message) truncated() bool { return m.isResponse() && m.bits&bitTC != 0 && !m.stream }

// wrongTC reports whether a message says that it was truncated where there is room for all.
func (m *message) wrongTC() bool { return m.bits&bitTC != 0 && m.stream }

// rcode returns the code with its upper bits, which are in the OPT record.
func (m *message) rcode() int {
	code := int(m.bits & 15)
	if m.edns >= 0 {
		code |= int(m.records[m.edns].ttl >> 24 << 4)
	}
	return code
}

// parse takes a message apart, as far as that is possible, and reads so many records at most.
// The memory of the one before is used again, unless it was large and is hardly used.
func (m *message) parse(f frame, fromServer bool, most int) {
	if cap(m.records) > 256 && len(m.records) < 64 {
		m.records, m.soas, m.texts = nil, nil, nil
	}
	*m = message{frame: f, data: f.bytes, most: most, records: m.records[:0], texts: m.texts[:0], soas: m.soas[:0], edns: -1}
	if f.stream {
		m.data = f.bytes[min(2, len(f.bytes)):]
	}
	if len(m.data) < headerSize {
		m.wrongRest = wrongShort
		return
	}
	m.id, m.bits, m.end = binary.BigEndian.Uint16(m.data), binary.BigEndian.Uint16(m.data[2:]), headerSize
	for s := range sections {
		m.counts[s] = binary.BigEndian.Uint16(m.data[4+2*s:])
	}
	if m.counts[inQuestion] > 1 && m.opcode() == dns.OpcodeQuery {
		m.wrongCount[inQuestion] = wrongQuestions
	}
	switch {
	case m.opcode() == dns.OpcodeStateful:
	case fromServer && !m.isResponse():
		m.wrongQR = wrongQuery
	case !fromServer && m.isResponse():
		m.wrongQR = wrongResponse
	}
	m.sections()
}

// release forgets the bytes, which are the event's.
func (m *message) release() { m.frame, m.data = frame{}, nil }

func (m *message) sections() {
	shown := min(maxShown, 4<<10+64*len(m.data))
	for s := range sections {
		for i := range int(m.counts[s]) {
			if m.end == len(m.data) {
				m.wrongCount[s] = wrongMissing
				return
			}
			r := record{section: uint8(s)}
			if m.wrongRest = m.place(&r); m.wrongRest != 0 {
				return
			}
			if s == inAnswer && r.typ == dns.TypeSOA && r.dataTo-r.dataFrom >= 20 {
				m.soas = append(m.soas, soa{i, binary.BigEndian.Uint32(m.data[r.dataTo-20:])})
			}
			if len(m.records) == m.most || len(m.texts) > shown {
				m.unread[s]++
				continue
			}
			m.read(&r)
			m.records = append(m.records, r)
		}
	}
	if m.end < len(m.data) {
		m.wrongRest = wrongTrailing
	}
}

// place finds out where a record's parts are.
func (m *message) place(r *record) wrong {
	end, wrong := skipName(m.data, m.end)
	r.from, r.nameEnd = m.end, end
	fixed := 10
	if r.section == inQuestion {
		fixed = 4
	}
	r.dataFrom = end + fixed
	switch {
	case wrong != 0:
		return wrong
	case r.dataFrom > len(m.data):
		return wrongRecordEnd
	}
	at := m.data[end:]
	r.typ, r.class, r.dataTo = binary.BigEndian.Uint16(at), binary.BigEndian.Uint16(at[2:]), r.dataFrom
	if fixed == 10 {
		r.ttl = binary.BigEndian.Uint32(at[4:])
		r.dataTo += int(binary.BigEndian.Uint16(at[8:]))
	}
	if r.dataTo > len(m.data) {
		return wrongDataEnd
	}
	m.end = r.dataTo
	return 0
}

// read makes the text of a record.
func (m *message) read(r *record) {
	r.words[0] = int32(len(m.texts))
	m.texts, r.wrong = appendName(m.texts, m.data, r.from)
	r.wrongName = r.wrong != 0
	m.word(r)
	if r.typ == dns.TypeOPT && r.section == inAdditional {
		if m.edns < 0 {
			m.edns = len(m.records)
			if r.wrong == 0 && r.nameEnd-r.from > 1 {
				r.wrong, r.wrongName = wrongOPTName, true
			}
			m.texts = m.appendEDNS(m.texts, r)
			m.word(r)
			return
		}
		r.wrong, r.wrongName = wrongTwoOPT, true
	}
	if r.section != inQuestion {
		m.texts = strconv.AppendUint(m.texts, uint64(r.ttl), 10)
		m.word(r)
	}
	m.texts = appendNamed(m.texts, dns.ClassToString, r.class, "CLASS")
	m.word(r)
	m.texts = appendNamed(m.texts, dns.TypeToString, r.typ, "TYPE")
	m.word(r)
	if r.section == inQuestion {
		return
	}
	from := len(m.texts)
	if wrong := m.readData(r); wrong != 0 {
		m.texts = appendUnknown(m.texts[:from], m.data[r.dataFrom:r.dataTo])
		if r.wrong == 0 {
			r.wrong = wrong
		}
	}
	if len(m.texts)-from > maxData {
		m.texts = append(m.texts[:from+maxData], "…"...)
	}
	m.word(r)
}

// word ends a word of a record's text.
func (m *message) word(r *record) {
	m.texts = append(m.texts, ' ')
	r.many++
	r.words[r.many] = int32(len(m.texts))
}

func appendNamed(dst []byte, names map[uint16]string, value uint16, other string) []byte {
	if name := names[value]; name != "" {
		return append(dst, name...)
	}
	return strconv.AppendUint(append(dst, other...), uint64(value), 10)
}

// question returns a number that is the same for the same question, whatever the case of its
// letters, or 0 if there is not one question.
func (m *message) question() uint32 {
	if len(m.records) == 0 || m.counts[inQuestion] != 1 {
		return 0
	}
	r := &m.records[0]
	hash := uint32(2166136261) // FNV-1a
	for _, c := range m.texts[r.words[0]:r.words[r.many]] {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		hash = (hash ^ uint32(c)) * 16777619
	}
	return max(hash, 1)
}

// asks returns the type that a query with one question asks for.
func (m *message) asks() uint16 {
	if len(m.records) == 0 || m.records[0].section != inQuestion {
		return math.MaxUint16
	}
	return m.records[0].typ
}
