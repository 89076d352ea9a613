package dns

import (
	"strconv"

	"github.com/miekg/dns"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's.
const (
	maxFields = 960
	maxValues = 64 << 10 // bytes of the values of records
)

// fields makes the fields of a message. Its memory is used again.
type fields struct {
	all, nested []core.Field
	m           *message
	base        int64  // of the header in the flow
	texts       string // of the message
}

// of returns the message of a message that was taken apart.
func (f *fields) of(flow core.Flow, m *message) core.Message {
	f.m, f.texts = m, string(m.texts)
	f.base = m.from + int64(len(m.bytes)-len(m.data))
	room := 64 + 6*len(m.records)
	if f.all, f.nested = f.all[:0], f.nested[:0]; cap(f.nested) < room || cap(f.nested) > 1024 && room < 256 {
		f.nested = make([]core.Field, 0, room)
	}
	if m.stream {
		n := min(2, len(m.bytes))
		length := core.Field{Name: "dns.length", From: m.from, To: m.from + int64(n)}
		if n == 2 {
			length.Value = strconv.Itoa(int(m.bytes[0])<<8 | int(m.bytes[1]))
		}
		if m.broken {
			length.Wrong = wrongWords[wrongBroken]
		}
		f.all = append(f.all, length)
	}
	made := core.Message{Flow: flow, From: m.from, To: m.from + int64(len(m.bytes))}
	if len(m.data) < headerSize {
		made.Summary = "no DNS message: " + core.Plural(len(m.data), "byte")
		f.rest(0)
	} else {
		made.Summary = f.summary()
		f.header()
		f.records()
	}
	made.Fields = f.all
	return made
}

func (f *fields) add(name string, from, to int, value string, wrong wrong) *core.Field {
	f.all = append(f.all, core.Field{Name: name, From: f.base + int64(from), To: f.base + int64(to), Value: value, Wrong: wrongWords[wrong]})
	return &f.all[len(f.all)-1]
}

// inner appends a field to those that others hold.
func (f *fields) inner(name string, from, to int, value string) {
	f.nested = append(f.nested, core.Field{Name: name, From: f.base + int64(from), To: f.base + int64(to), Value: value})
}

// flags of a header, in order.
var flags = [...]struct {
	name  string
	field string
	bit   uint16
}{
	{"qr", "", bitQR}, {"aa", "dns.flags.aa", bitAA}, {"tc", "dns.flags.tc", bitTC}, {"rd", "dns.flags.rd", bitRD},
	{"ra", "dns.flags.ra", bitRA}, {"", "dns.flags.z", bitZ}, {"ad", "dns.flags.ad", bitAD}, {"cd", "dns.flags.cd", bitCD},
}

var countFields = [sections]string{"dns.count.question", "dns.count.answer", "dns.count.authority", "dns.count.additional"}

func (f *fields) header() {
	m := f.m
	f.add("dns.id", 0, 2, strconv.Itoa(int(m.id)), 0)
	qr := "query"
	if m.isResponse() {
		qr = "response"
	}
	f.add("dns.qr", 2, 3, qr, m.wrongQR)
	f.add("dns.opcode", 2, 3, opcodeName(m.opcode()), 0)
	from, set := len(f.nested), make([]byte, 0, 32)
	for i, flag := range flags {
		if m.bits&flag.bit == 0 {
			continue
		}
		if flag.name != "" {
			set = append(append(set, flag.name...), ' ')
		}
		if flag.field == "" {
			continue
		}
		at := 2
		if i > 3 {
			at = 3
		}
		f.inner(flag.field, at, at+1, "1")
		switch n := len(f.nested) - 1; flag.bit {
		case bitTC:
			if m.wrongTC() {
				f.nested[n].Wrong = wrongWords[wrongTruncated]
			}
		case bitZ:
			f.nested[n].Wrong = wrongWords[wrongZero]
		}
	}
	f.add("dns.flags", 2, 4, string(set[:max(0, len(set)-1)]), 0).Fields = f.nested[from:len(f.nested):len(f.nested)]
	f.add("dns.rcode", 3, 4, rcodeName(m.rcode()), 0)
	for s, name := range countFields {
		f.add(name, 4+2*s, 6+2*s, strconv.Itoa(int(m.counts[s])), m.wrongCount[s])
	}
}

// recordFields are the names of a record's fields: its own, and those of its words.
var recordFields = [sections][]string{
	{"dns.question", "dns.question.name", "dns.question.class", "dns.question.type"},
	{"dns.answer", "dns.answer.name", "dns.answer.ttl", "dns.answer.class", "dns.answer.type", "dns.answer.data"},
	{"dns.authority", "dns.authority.name", "dns.authority.ttl", "dns.authority.class", "dns.authority.type", "dns.authority.data"},
	{"dns.additional", "dns.additional.name", "dns.additional.ttl", "dns.additional.class", "dns.additional.type", "dns.additional.data"},
}

func (f *fields) records() {
	m := f.m
	left := min(maxValues, 1<<10+16*len(m.data))
	for i := range m.records {
		r := &m.records[i]
		size := int(r.words[r.many] - r.words[0])
		if left -= 2 * size; left < 0 || len(f.all)+len(f.nested) > maxFields {
			f.more(r.from, i)
			break
		}
		if i == m.edns {
			f.edns(r)
			continue
		}
		names := recordFields[r.section]
		value := f.texts[r.words[0] : r.words[r.many]-1]
		from := len(f.nested)
		for w := range r.many {
			start, end := f.place(r, w)
			f.inner(names[w+1], start, end, f.texts[r.words[w]:r.words[w+1]-1])
		}
		if wrong := wrongWords[r.wrong]; wrong != "" {
			w := from
			if !r.wrongName {
				w = len(f.nested) - 1
			}
			f.nested[w].Wrong = wrong
		}
		f.add(names[0], r.from, r.dataTo, value, 0).Fields = f.nested[from:len(f.nested):len(f.nested)]
	}
	if m.unread != [sections]int{} && len(f.all) > 0 && f.all[len(f.all)-1].Name != "dns.more" {
		f.more(m.records[len(m.records)-1].dataTo, len(m.records))
	}
	if m.wrongRest != 0 {
		f.rest(m.end)
	}
}

// place returns where a word of a record stands.
func (f *fields) place(r *record, word int) (from, to int) {
	n := r.nameEnd
	if r.section == inQuestion && word > 0 {
		word++ // there is no TTL
	}
	switch word {
	case 0:
		return r.from, n
	case 1:
		return n + 4, n + 8
	case 2:
		return n + 2, n + 4
	case 3:
		return n, n + 2
	}
	return r.dataFrom, r.dataTo
}

// more says how many records, from the given one on, are in no fields.
func (f *fields) more(from, index int) {
	many := len(f.m.records) - index
	for _, n := range f.m.unread {
		many += n
	}
	f.add("dns.more", from, f.m.end, core.Plural(many, "record"), 0)
}

// rest is what is no record.
func (f *fields) rest(from int) {
	f.add("dns.rest", from, len(f.m.data), core.Plural(len(f.m.data)-from, "byte"), f.m.wrongRest)
}

// edns makes the fields of an OPT record.
func (f *fields) edns(r *record) {
	from, n := len(f.nested), r.nameEnd
	f.inner("dns.edns.udp", n+2, n+4, strconv.Itoa(int(r.class)))
	f.inner("dns.edns.rcode", n+4, n+5, strconv.Itoa(int(r.ttl>>24)))
	f.inner("dns.edns.version", n+5, n+6, strconv.Itoa(int(r.ttl>>16&0xff)))
	do := "0"
	if r.ttl&bitDO != 0 {
		do = "1"
	}
	f.inner("dns.edns.do", n+6, n+8, do)
	options := 0
	whole := f.m.ednsOptions(r, func(o ednsOption) {
		if options++; options <= 32 && len(f.nested) < cap(f.nested) {
			f.inner("dns.edns.option", o.from, o.to, string(appendOption(nil, o)))
		}
	})
	wrong := r.wrong
	if !whole && wrong == 0 {
		wrong = wrongData
	}
	f.add("dns.edns", r.from, r.dataTo, f.texts[r.words[1]:r.words[2]-1], wrong).Fields = f.nested[from:len(f.nested):len(f.nested)]
}

// summary says in a line what a message is.
func (f *fields) summary() string {
	m := f.m
	what := make([]byte, 0, 96)
	if code := m.opcode(); code != dns.OpcodeQuery {
		what = append(append(what, opcodeName(code)...), ' ')
	}
	if len(m.records) > 0 && m.records[0].section == inQuestion {
		r := &m.records[0]
		name := f.texts[r.words[0] : r.words[1]-1]
		what = append(append(what, f.texts[r.words[2]:r.words[3]-1]...), ' ')
		what = append(what, core.CutWords(name, 256)...)
	} else {
		what = append(what, "no question"...)
	}
	if m.isResponse() {
		what = append(append(what, ": "...), rcodeName(m.rcode())...)
		what = append(append(what, ", "...), core.Plural(int(m.counts[inAnswer]), "answer")...)
	}
	if m.bits&bitTC != 0 {
		what = append(what, ", truncated"...)
	}
	return string(what)
}

func opcodeName(code int) string {
	if name := dns.OpcodeToString[code]; name != "" {
		return name
	}
	return "RESERVED" + strconv.Itoa(code)
}

func rcodeName(code int) string {
	if code == dns.RcodeBadVers {
		return "BADVERS" // the library says BADSIG, which a TSIG record says
	}
	if name := dns.RcodeToString[code]; name != "" {
		return name
	}
	return "RESERVED" + strconv.Itoa(code)
}
