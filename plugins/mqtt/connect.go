package mqtt

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Connect flags.
const (
	flagUser     = 0x80
	flagPassword = 0x40
	flagRetain   = 0x20
	flagWill     = 0x04
	flagClean    = 0x02
)

// connect reads a CONNECT, by the version that it says.
func (p *parser) connect() {
	p.hiding = true
	name, from, ok := p.bytes()
	if !ok {
		return
	}
	p.add("mqtt.protoname", from, p.at, clipped(name))
	if s := string(name); s != "MQTT" && s != "MQIsdp" && p.at <= len(p.kept) {
		p.mark(wrongName)
	}
	b, ok := p.take(1)
	if !ok {
		return
	}
	p.add("mqtt.ver", p.at-1, p.at, strconv.Itoa(int(b[0])))
	switch b[0] {
	case 3, 4, 5:
		p.version = b[0]
	default:
		p.mark(wrongLevel)
	}
	if b, ok = p.take(1); !ok {
		return
	}
	flags := b[0]
	p.connectFlags(flags)
	if b, ok = p.take(2); !ok {
		return
	}
	p.keepAlive, p.setsKeepAlive = binary.BigEndian.Uint16(b), true
	p.add("mqtt.kalive", p.at-2, p.at, strconv.Itoa(int(p.keepAlive)))
	if p.version == 5 {
		p.properties("mqtt.properties", connect)
	}
	p.connectPayload(flags)
}

func (p *parser) connectFlags(flags byte) {
	p.session = flags&flagClean != 0
	p.add("mqtt.conflags", p.at-1, p.at, fmt.Sprintf("0x%02x", flags))
	switch willQoS := flags >> 3 & 3; {
	case flags&1 != 0:
		p.mark(wrongConnectFlag)
	case willQoS == 3:
		p.mark(wrongWillQoS)
	case flags&flagWill == 0 && (willQoS != 0 || flags&flagRetain != 0):
		p.mark(wrongWill)
	case flags&flagPassword != 0 && flags&flagUser == 0 && p.version != 5:
		p.mark(wrongPassword)
	}
	if p.session {
		p.add("mqtt.conflag.cleansess", p.at-1, p.at, "1")
	}
	if flags&flagWill != 0 {
		p.add("mqtt.conflag.qos", p.at-1, p.at, qosNames[flags>>3&3])
		if flags&flagRetain != 0 {
			p.add("mqtt.conflag.retain", p.at-1, p.at, "1")
		}
	}
}

func (p *parser) connectPayload(flags byte) {
	if ok := p.textField("mqtt.clientid", &p.text); !ok {
		return
	}
	if len(p.text) == 0 && !p.session && p.version == 4 && p.at <= len(p.kept) {
		p.mark(wrongClientID)
	}
	if flags&flagWill != 0 {
		if p.version == 5 {
			p.properties("mqtt.will_properties", ofWill)
		}
		if ok := p.textField("mqtt.willtopic", &p.will); !ok {
			return
		}
		message, from, ok := p.bytes()
		if !ok {
			return
		}
		p.add("mqtt.willmsg", from, p.at, clipped(message))
	}
	if flags&flagUser != 0 {
		if ok := p.textField("mqtt.username", &p.user); !ok {
			return
		}
	}
	if flags&flagPassword == 0 {
		return
	}
	value, from, ok := p.bytes()
	if !ok {
		return
	}
	p.hide(from, value)
	p.add("mqtt.passwd", from, p.at, "***")
}

// textField reads a string as a field.
func (p *parser) textField(name string, into *[]byte) (ok bool) {
	text, from, ok := p.bytes()
	if !ok {
		return false
	}
	p.add(name, from, p.at, clipped(text))
	p.check(text)
	*into = text
	return true
}

func (p *parser) connack() {
	p.hiding = p.version == 5
	b, ok := p.take(1)
	if !ok {
		return
	}
	p.session = b[0]&1 != 0
	p.add("mqtt.conack.flags", p.at-1, p.at, fmt.Sprintf("0x%02x", b[0]))
	if b[0] > 1 {
		p.mark(wrongSessionFlags)
	}
	flags := len(p.fields) - 1
	if p.session {
		p.add("mqtt.conack.flags.sp", p.at-1, p.at, "1")
	}
	field := "mqtt.conack.val"
	if p.version == 5 {
		field = codeFields[connack]
	}
	p.readCode(field)
	if p.session && p.hasCode && p.code != 0 {
		p.markAt(flags, wrongSession)
	}
	if p.version == 5 {
		p.properties("mqtt.properties", connack)
	}
}
