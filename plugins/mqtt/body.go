package mqtt

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// body reads what follows the fixed header.
func (p *parser) body() {
	switch p.kind {
	case 0:
		p.mark(wrongType)
		p.at = p.size
	case connect:
		p.connect()
	case connack:
		p.connack()
	case publish:
		p.publish()
	case puback, pubrec, pubrel, pubcomp:
		if p.identifier(); p.version == 5 && p.at < p.size {
			p.reasonCode()
		}
	case subscribe, unsubscribe:
		p.subscribe()
	case suback, unsuback:
		p.suback()
	case disconnect, auth:
		switch {
		case p.version != 5 && p.kind == auth:
			p.mark(wrongType)
			p.at = p.size
		case p.version == 5 && p.at < p.size:
			p.hiding = p.kind == auth
			p.reasonCode()
		}
	}
}

// reasonCode reads a reason code, and the properties behind it.
func (p *parser) reasonCode() {
	p.readCode(codeFields[p.kind])
	if p.at < p.size {
		p.properties("mqtt.properties", int(p.kind))
	}
}

func (p *parser) readCode(field string) {
	b, ok := p.take(1)
	if !ok {
		return
	}
	p.code, p.hasCode = b[0], true
	words, known := codeWords(p.kind, p.code, p.version)
	p.add(field, p.at-1, p.at, words)
	if !known {
		p.mark(wrongCode)
	}
}

func (p *parser) publish() {
	text, from, ok := p.bytes()
	if !ok {
		return
	}
	p.text = text
	p.add("mqtt.topic", from, p.at, clipped(text))
	p.check(text)
	if bytes.ContainsAny(text, "+#") {
		p.mark(wrongTopic)
	}
	empty := p.at == from
	topic := len(p.fields) - 1
	if p.qos > 0 {
		p.identifier()
	}
	if p.version == 5 {
		p.properties("mqtt.properties", publish)
	}
	if empty && !p.hasAlias && !p.cut {
		p.markAt(topic, wrongNoTopic)
	}
	if p.stopped {
		return
	}
	p.payload = [2]int{p.at, p.size}
	kept := p.kept[min(p.at, len(p.kept)):]
	p.add("mqtt.msg", p.at, p.size, clipped(kept))
	p.at = p.size
}

func (p *parser) identifier() {
	b, ok := p.take(2)
	if !ok {
		return
	}
	p.id = binary.BigEndian.Uint16(b)
	p.add("mqtt.msgid", p.at-2, p.at, strconv.Itoa(int(p.id)))
	if p.id == 0 {
		p.mark(wrongID)
	}
}

func (p *parser) subscribe() {
	if p.identifier(); p.version == 5 {
		p.properties("mqtt.properties", int(p.kind))
	}
	if p.at >= p.size && !p.stopped {
		p.markAt(len(p.fields)-1, wrongNoFilter)
	}
	for p.at < p.size && !p.stopped {
		if p.full() {
			return
		}
		text, from, ok := p.bytes()
		if !ok {
			return
		}
		p.add("mqtt.topic", from, p.at, clipped(text))
		p.check(text)
		if bad := checkFilter(string(text)); bad != 0 && p.at-from == len(text) {
			p.mark(bad)
		}
		if len(p.filters) < maxSummary {
			p.filters = append(append(p.filters, ' '), text[:min(len(text), maxSummary)]...)
		}
		if p.kind == subscribe {
			p.options()
		}
	}
}

// options reads what is wanted of a subscription.
func (p *parser) options() {
	b, ok := p.take(1)
	if !ok {
		return
	}
	o, from, to := b[0], p.at-1, p.at
	if len(p.filters) < maxSummary {
		p.filters = append(append(p.filters, " (QoS "...), qosNames[o&3]...)
		p.filters = append(p.filters, "),"...)
	}
	if p.version != 5 {
		p.add("mqtt.sub.qos", from, to, strconv.Itoa(int(o)))
		if o > 2 {
			p.mark(wrongOptions)
		}
		return
	}
	p.add("mqtt.subscription_options_qos", from, to, qosNames[o&3])
	if o&3 == 3 || o>>4&3 == 3 || o>>6 != 0 {
		p.mark(wrongOptions)
	}
	if o&4 != 0 {
		p.add("mqtt.subscription_options_nl", from, to, "1")
	}
	if o&8 != 0 {
		p.add("mqtt.subscription_options_rap", from, to, "1")
	}
	if o>>4&3 != 0 {
		p.add("mqtt.subscription_options_retain", from, to, qosNames[o>>4&3])
	}
}

func (p *parser) suback() {
	p.identifier()
	field := codeFields[p.kind]
	if p.version == 5 {
		p.properties("mqtt.properties", int(p.kind))
	} else if field = "mqtt.suback.qos"; p.kind == unsuback {
		return
	}
	if p.at >= p.size && !p.stopped {
		p.short()
	}
	for p.at < p.size && !p.stopped {
		if p.full() {
			return
		}
		if p.readCode(field); !p.stopped && len(p.entries) < 16 {
			p.entries = append(p.entries, p.code)
		}
	}
}
