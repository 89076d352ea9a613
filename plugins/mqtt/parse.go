package mqtt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512      // bytes of a field's value
	maxFields  = 900      // and those of a packet
	maxValues  = 64 << 10 // bytes of all values
)

// parser takes a packet apart, into fields and what else is asked about it. Its memory is
// used again.
type parser struct {
	packet
	version byte // by which it is read; of a CONNECT, the one that it says

	kind, flags  byte
	qos          byte
	dup, retain  bool
	id           uint16
	text         []byte // the topic, or a CONNECT's client identifier, as far as it is kept
	payload      [2]int // where it stands
	code         byte
	hasCode      bool
	reason       string // in words of the server's
	session      bool   // is present, or is to be clean
	keepAlive    uint16
	alias        uint16
	entries      []byte // QoS or codes of SUBSCRIBE and SUBACK, the first of them
	filters      []byte // of SUBSCRIBE and UNSUBSCRIBE, for the summary
	user, will   []byte // the name, and the topic
	secrets      []secret
	words        []byte // for the summary
	wrongs       int
	firstWrong   wrong
	fields       []core.Field
	nested       []core.Field
	whole        int // bytes, as announced if the stream has not ended before
	at, values   int
	more         int  // where what has no fields begins; 0 nowhere
	cut, stopped bool // no more was kept; no more can be read

	hasAlias, setsKeepAlive bool
	hiding                  bool // there may be a secret in it
}

// secret is one in a packet: where it stands, and its bytes if all are kept.
type secret struct {
	from, to int
	value    []byte
}

// parse takes a packet apart.
func (p *parser) parse(of packet, version byte) {
	*p = parser{packet: of, version: version, fields: p.fields[:0], nested: p.nested[:0], secrets: p.secrets[:0], entries: p.entries[:0], filters: p.filters[:0], words: p.words}
	if len(p.kept) == 0 {
		return
	}
	p.kind, p.flags = p.kept[0]>>4, p.kept[0]&15
	p.add("mqtt.msgtype", 0, 1, typeNames[p.kind])
	if p.kind == publish {
		p.publishFlags()
	} else if want := flagsOf(p.kind); p.flags != want && p.kind != 0 {
		p.add("mqtt.hdrflags", 0, 1, strconv.Itoa(int(p.flags)))
		p.mark(wrongFlags)
	}
	if p.header == 0 {
		p.add("mqtt.len", 1, len(p.kept), fmt.Sprintf("%x", p.kept[1:min(len(p.kept), maxHeader)]))
		if p.broken {
			p.mark(wrongBroken)
		} else {
			p.mark(wrongLength)
		}
		return
	}
	_, whole, _ := header(p.kept)
	p.whole = p.size
	p.add("mqtt.len", 1, p.header, strconv.Itoa(whole-p.header))
	switch {
	case p.broken:
		p.mark(wrongBroken)
	case p.version == 5 && p.header > 2 && p.kept[p.header-1] == 0:
		p.mark(wrongLongLength)
	}
	p.at = p.header
	p.body()
	if p.cut && p.hiding {
		p.secrets = append(p.secrets, secret{from: len(p.kept), to: p.size})
	}
	switch {
	case p.more > 0:
		p.fields = append(p.fields, core.Field{Name: "mqtt.more", From: p.from + int64(p.more), To: p.from + int64(p.size), Value: strconv.Itoa(p.size-p.more) + " bytes"})
	case !p.cut && !p.stopped && p.at < p.size:
		if p.add("mqtt.rest", p.at, p.size, core.Plural(p.size-p.at, "byte")); !p.broken {
			p.mark(wrongTrailing)
		}
	}
}

// flagsOf returns the flags that packets of a type have which has none of its own.
func flagsOf(kind byte) byte {
	if kind == pubrel || kind == subscribe || kind == unsubscribe {
		return 2
	}
	return 0
}

func (p *parser) publishFlags() {
	p.dup, p.qos, p.retain = p.flags&8 != 0, p.flags>>1&3, p.flags&1 != 0
	if p.dup {
		p.add("mqtt.dupflag", 0, 1, "1")
		if p.qos == 0 {
			p.mark(wrongDup)
		}
	}
	p.add("mqtt.qos", 0, 1, qosNames[p.qos])
	if p.qos == 3 {
		p.mark(wrongQoS)
	}
	if p.retain {
		p.add("mqtt.retain", 0, 1, "1")
	}
}

// full reports that no more fields fit, after which nothing is read.
func (p *parser) full() bool {
	if len(p.fields)+len(p.nested) < maxFields && p.values < maxValues {
		return false
	}
	p.more, p.at, p.stopped = p.at, p.size, true
	return true
}

// add appends a field of bytes of the packet.
func (p *parser) add(name string, from, to int, value string) {
	p.values += len(value)
	p.fields = append(p.fields, core.Field{Name: name, From: p.from + int64(from), To: p.from + int64(to), Value: value})
}

// inner appends a field to those that others hold, unless there are too many.
func (p *parser) inner(name string, from, to int, value string, bad wrong) {
	f := core.Field{Name: name, From: p.from + int64(from), To: p.from + int64(to), Value: value}
	if bad != 0 {
		p.count(bad)
		f.Wrong = bad.in(p.version)
	}
	if p.values += len(value); len(p.nested) < maxFields-100 && p.values < maxValues {
		p.nested = append(p.nested, f)
	}
}

// mark says what is wrong with the field that was added last.
func (p *parser) mark(bad wrong) { p.markAt(len(p.fields)-1, bad) }

func (p *parser) markAt(field int, bad wrong) {
	p.count(bad)
	if f := &p.fields[field]; f.Wrong == "" {
		f.Wrong = bad.in(p.version)
	}
}

func (p *parser) count(bad wrong) {
	if p.wrongs++; p.wrongs == 1 {
		p.firstWrong = bad
	}
}

// short says that the packet ends too soon.
func (p *parser) short() {
	if !p.stopped && !p.broken {
		p.mark(wrongShort)
	}
	if p.hiding { // nobody knows where
		p.secrets = append(p.secrets, secret{from: p.at, to: p.whole})
	}
	p.stopped, p.at = true, p.size
}

// take takes so many bytes.
func (p *parser) take(n int) ([]byte, bool) {
	switch {
	case p.stopped:
		return nil, false
	case p.at+n > p.size:
		p.short()
		return nil, false
	case p.at+n > len(p.kept):
		p.more, p.cut, p.stopped, p.at = p.at, true, true, p.size
		return nil, false
	}
	p.at += n
	return p.kept[p.at-n : p.at], true
}

// bytes takes a length of two bytes and so many bytes, of which it returns those that are
// kept, and where they begin.
func (p *parser) bytes() (text []byte, from int, ok bool) {
	b, ok := p.take(2)
	if !ok {
		return nil, 0, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if from = p.at; from+n > p.size {
		p.short()
		return nil, 0, false
	}
	p.at += n
	return p.kept[min(from, len(p.kept)):min(p.at, len(p.kept))], from, true
}

// varint takes a number as lengths are written.
func (p *parser) varint() (n int, ok bool) {
	for i := range 4 {
		b, ok := p.take(1)
		if !ok {
			return 0, false
		}
		n |= int(b[0]&0x7f) << (7 * i)
		if b[0] < 0x80 {
			return n, true
		}
	}
	p.short()
	return 0, false
}

// check marks the field of a text that is no string of MQTT's.
func (p *parser) check(text []byte) {
	switch {
	case !utf8.Valid(text) && p.at <= len(p.kept):
		p.mark(wrongUTF8)
	case bytes.IndexByte(text, 0) >= 0:
		p.mark(wrongNull)
	}
}

// hide notes a secret that ends where the reading is, of which text is kept.
func (p *parser) hide(from int, text []byte) {
	s := secret{from: from, to: p.at}
	if p.at <= len(p.kept) {
		s.value = text
	}
	p.secrets = append(p.secrets, s)
}

// clipped returns the beginning of a text as the value of a field; bytes that are not UTF-8
// stay.
func clipped(text []byte) string {
	if len(text) <= maxValue {
		return string(text)
	}
	text = text[:maxValue]
	for n := range utf8.UTFMax {
		if utf8.Valid(text[:maxValue-n]) {
			return string(text[:maxValue-n])
		}
	}
	return string(text)
}
