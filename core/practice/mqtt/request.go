package mqtt

import "time"

// connectRequest is what a CONNECT says.
type connectRequest struct {
	version   byte
	clean     bool
	keepAlive uint16 // seconds; 0: none
	id        string
	will      *message // nil: there is none
	named     bool     // there is a user name
	user      string
	password  string
	properties
}

// Connect flags: MQTT 5, section 3.1.2.3.
const (
	flagUser     = 0x80
	flagPassword = 0x40
	flagRetain   = 0x20
	flagWill     = 0x04
	flagClean    = 0x02
)

// parseConnect reads a CONNECT. The version is known whatever else is wrong, unless it is 0.
func parseConnect(p packet, now time.Time) (r connectRequest, bad *wrong) {
	c := cursor{left: p.body}
	name, version := c.text(), c.byte()
	switch {
	case p.kind != kindConnect:
		return r, wrongf(codeProtocol, "the first packet of a client is CONNECT [MQTT-3.1.0-1]")
	case c.bad != nil:
		return r, c.bad
	case name != "MQTT" && name != "MQIsdp":
		return r, wrongf(codeVersion, "the protocol's name is MQTT [MQTT-3.1.2-1]")
	}
	r.version = version
	if name != "MQTT" || version != 4 && version != 5 {
		return r, wrongf(codeVersion, "this server speaks MQTT 3.1.1 and 5, by the levels 4 and 5")
	}
	flags := c.byte()
	r.clean, r.named, r.keepAlive = flags&flagClean != 0, flags&flagUser != 0, c.uint16()
	willQoS := flags >> 3 & 3
	switch {
	case c.bad != nil:
		return r, c.bad
	case p.flags != 0:
		c.fail("the flags of this type of packet are reserved [MQTT-2.1.3-1]")
	case flags&1 != 0:
		c.fail("the lowest bit of the connect flags is reserved [MQTT-3.1.2-3]")
	case willQoS == 3:
		c.fail("the will's QoS is 0, 1 or 2 [MQTT-3.1.2-12]")
	case flags&flagWill == 0 && flags&(flagRetain|3<<3) != 0:
		c.fail("without a will, its QoS and its retain flag must be 0 [MQTT-3.1.2-11]")
	case version == 4 && flags&(flagUser|flagPassword) == flagPassword:
		c.fail("without a user name there must be no password [MQTT-3.1.2-22]")
	}
	if version == 5 {
		r.properties = c.properties(kindConnect)
	}
	r.id = c.text()
	if flags&flagWill != 0 {
		r.will = &message{qos: willQoS, retain: flags&flagRetain != 0}
		if version == 5 {
			r.will.keep(c.properties(ofWill), now)
		}
		r.will.topic, r.will.payload = c.text(), c.bytes()
	}
	if r.named {
		r.user = c.text()
	}
	if flags&flagPassword != 0 {
		r.password = string(c.bytes())
	}
	if bad := c.end(); bad != nil || r.will == nil {
		return r, bad
	}
	return r, checkTopic(r.will.topic)
}

// publishRequest is what a PUBLISH says.
type publishRequest struct {
	message
	id    uint16 // 0 with QoS 0
	again bool
}

func parsePublish(p packet, version byte, now time.Time) (r publishRequest, bad *wrong) {
	c := cursor{left: p.body}
	r.again, r.qos, r.retain = p.flags&8 != 0, p.flags>>1&3, p.flags&1 != 0
	switch {
	case r.qos == 3:
		c.fail("QoS is 0, 1 or 2 [MQTT-3.3.1-4]")
	case r.qos == 0 && r.again:
		c.fail("DUP must be 0 with QoS 0 [MQTT-3.3.1-2]")
	}
	if r.topic = c.text(); r.qos > 0 {
		r.id = c.id()
	}
	if version == 5 {
		with := c.properties(kindPublish)
		if r.keep(with, now); with.has>>propAlias&1 == 1 && c.bad == nil {
			return r, wrongf(codeAlias, "this server takes no topic aliases: its CONNACK announces none [MQTT-3.2.2-17]")
		}
	}
	r.payload = c.left
	if c.bad != nil {
		return r, c.bad
	}
	return r, checkTopic(r.topic)
}

// keep takes what a message has of properties.
func (m *message) keep(p properties, now time.Time) {
	m.properties = p.passed
	if seconds, ok := p.number[propMessageExpiry]; ok {
		m.expires = now.Add(time.Duration(seconds) * time.Second)
	}
}

// wish is one entry of a SUBSCRIBE or UNSUBSCRIBE.
type wish struct {
	filter string
	subscription
}

// parseFilters reads a SUBSCRIBE or an UNSUBSCRIBE.
func parseFilters(p packet, version byte) (id uint16, wishes []wish, bad *wrong) {
	c := cursor{left: p.body}
	if p.flags != 2 {
		c.fail("the flags of this type of packet must be 2 [MQTT-3.8.1-1]")
	}
	id = c.id()
	if version == 5 {
		if with := c.properties(p.kind); with.has>>propSubscriptionID&1 == 1 && c.bad == nil {
			return id, nil, wrongf(codeNoSubscriptionIDs, "this server has no subscription identifiers, as its CONNACK says")
		}
	}
	if c.bad == nil && len(c.left) == 0 {
		return id, nil, wrongf(codeProtocol, "there must be at least one topic filter [MQTT-3.8.3-2]")
	}
	for len(c.left) > 0 && c.bad == nil {
		w := wish{filter: c.text()}
		if p.kind == kindSubscribe {
			o := c.byte()
			if version == 4 && o > 2 || o&3 == 3 || o>>4&3 == 3 || o>>6 != 0 {
				c.fail("of a subscription, QoS is 0, 1 or 2, and reserved bits are 0 [MQTT-3.8.3-5]")
			}
			w.subscription = subscription{qos: o & 3, noLocal: o&4 != 0, asPublished: o&8 != 0, retained: o >> 4 & 3}
		}
		wishes = append(wishes, w)
	}
	return id, wishes, c.end()
}

// parseAck reads a PUBACK, PUBREC, PUBREL or PUBCOMP.
func parseAck(p packet, version byte) (id uint16, code byte, bad *wrong) {
	c := cursor{left: p.body}
	if p.kind == kindPubrel && p.flags != 2 || p.kind != kindPubrel && p.flags != 0 {
		c.fail("the flags of this type of packet are reserved: 2 in PUBREL, else 0 [MQTT-2.1.3-1]")
	}
	id = c.id()
	code, _ = c.reason(p.kind, version)
	return id, code, c.end()
}

// reason reads a reason code and properties, both of which may be missing.
func (c *cursor) reason(kind, version byte) (code byte, with properties) {
	if version == 5 && len(c.left) > 0 {
		code = c.byte()
		if len(c.left) > 0 {
			with = c.properties(kind)
		}
	}
	return code, with
}

// parseDisconnect reads a DISCONNECT.
func parseDisconnect(p packet, version byte) (code byte, with properties, bad *wrong) {
	c := cursor{left: p.body}
	if p.flags != 0 {
		c.fail("the flags of this type of packet are reserved [MQTT-2.1.3-1]")
	}
	code, with = c.reason(kindDisconnect, version)
	return code, with, c.end()
}
