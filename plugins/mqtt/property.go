package mqtt

import (
	"encoding/binary"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Types of properties' values.
const (
	aByte = iota
	twoBytes
	fourBytes
	aVarint
	aString
	aPair
	aBinary
)

// ofWill stands for the properties of a will among the types of packets.
const ofWill = 16

// authData is the property that is a secret.
const authData = 0x16

// properties are those of MQTT 5 by their numbers, and which packets have them (section
// 2.2.2.2).
var properties = [0x2b]struct {
	name string
	kind uint8
	in   uint32
}{
	0x01: {"payload_format_indicator", aByte, 1<<publish | 1<<ofWill},
	0x02: {"message_expiry_interval", fourBytes, 1<<publish | 1<<ofWill},
	0x03: {"content_type", aString, 1<<publish | 1<<ofWill},
	0x08: {"response_topic", aString, 1<<publish | 1<<ofWill},
	0x09: {"correlation_data", aBinary, 1<<publish | 1<<ofWill},
	0x0b: {"subscription_identifier", aVarint, 1<<publish | 1<<subscribe},
	0x11: {"session_expiry_interval", fourBytes, 1<<connect | ends},
	0x12: {"assigned_client_identifier", aString, 1 << connack},
	0x13: {"server_keep_alive", twoBytes, 1 << connack},
	0x15: {"authentication_method", aString, 1<<connect | 1<<connack | 1<<auth},
	0x16: {"authentication_data", aBinary, 1<<connect | 1<<connack | 1<<auth},
	0x17: {"request_problem_information", aByte, 1 << connect},
	0x18: {"will_delay_interval", fourBytes, 1 << ofWill},
	0x19: {"request_response_information", aByte, 1 << connect},
	0x1a: {"response_information", aString, 1 << connack},
	0x1c: {"server_reference", aString, ends},
	0x1f: {"reason_string", aString, refusals | releases | 1<<auth},
	0x21: {"receive_maximum", twoBytes, 1<<connect | 1<<connack},
	0x22: {"topic_alias_maximum", twoBytes, 1<<connect | 1<<connack},
	0x23: {"topic_alias", twoBytes, 1 << publish},
	0x24: {"maximum_qos", aByte, 1 << connack},
	0x25: {"retain_available", aByte, 1 << connack},
	0x26: {"user_property", aPair, 1<<ofWill | 1<<connect | 1<<publish | 1<<subscribe | 1<<unsubscribe | refusals | releases | 1<<auth},
	0x27: {"maximum_packet_size", fourBytes, 1<<connect | 1<<connack},
	0x28: {"wildcard_subscription_available", aByte, 1 << connack},
	0x29: {"subscription_identifier_available", aByte, 1 << connack},
	0x2a: {"shared_subscription_available", aByte, 1 << connack},
}

// properties reads the properties of the packet, or of its will.
func (p *parser) properties(field string, of int) {
	begins := p.at
	length, ok := p.varint()
	if !ok {
		return
	}
	all := p.at - begins
	p.add(field, begins, min(p.at+length, p.size), strconv.Itoa(length)+" bytes")
	if p.at+length > p.size {
		p.short()
		return
	}
	f := len(p.fields) - 1
	first, end, size := len(p.nested), p.at+length, p.size
	p.size = end // of what is read now
	for seen := uint64(0); p.at < end && !p.stopped; {
		if !p.property(of, &seen) {
			break
		}
	}
	p.size = size
	if !p.cut {
		p.at, p.stopped = end, false
	}
	p.fields[f].Fields = p.nested[first:len(p.nested):len(p.nested)]
	p.fields[f].To = p.from + int64(begins+all+length)
}

// property reads one, and reports whether there may be another.
func (p *parser) property(of int, seen *uint64) bool {
	begins := p.at
	id, ok := p.varint()
	if !ok {
		return false
	}
	if id >= len(properties) || properties[id].name == "" {
		p.inner("mqtt.prop_unknown", begins, p.size, strconv.Itoa(id), wrongProperty)
		p.at = p.size
		return false
	}
	kind := &properties[id]
	value, ok := p.value(id, kind.kind)
	if !ok {
		return false
	}
	bad := wrong(0)
	switch repeats := id == 0x26 || id == 0x0b && of == publish; {
	case kind.in>>of&1 == 0:
		bad = wrongNotHere
	case !repeats && *seen>>id&1 == 1:
		bad = wrongTwice
	case id == 0x23 && p.alias == 0:
		bad = wrongAlias
	}
	*seen |= 1 << id
	p.inner("mqtt.property."+kind.name, begins, p.at, value, bad)
	return true
}

// value reads the value of a property.
func (p *parser) value(id int, kind uint8) (value string, ok bool) {
	number := uint64(0)
	switch kind {
	case aString, aBinary:
		text, from, ok := p.bytes()
		if !ok {
			return "", false
		}
		if id == authData {
			p.hide(from, text)
			return "***", true
		}
		if kind == aString {
			p.check(text)
		}
		if id == 0x1f {
			p.reason = core.CutWords(string(text), maxValue)
		}
		return clipped(text), true
	case aPair:
		name, _, ok := p.bytes()
		if !ok {
			return "", false
		}
		text, _, ok := p.bytes()
		p.check(name)
		p.check(text)
		return clipped(name) + ": " + clipped(text), ok
	case aVarint:
		n, ok := p.varint()
		return strconv.Itoa(n), ok
	default:
		b, ok := p.take([...]int{aByte: 1, twoBytes: 2, fourBytes: 4}[kind])
		if !ok {
			return "", false
		}
		var all [8]byte
		copy(all[8-len(b):], b)
		number = binary.BigEndian.Uint64(all[:])
	}
	switch id {
	case 0x13:
		p.keepAlive, p.setsKeepAlive = uint16(number), true
	case 0x23:
		p.alias, p.hasAlias = uint16(number), true
	}
	return strconv.FormatUint(number, 10), true
}
