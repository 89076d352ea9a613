package mqtt

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// handle handles a packet of a client that is let in. It reports whether it was the last.
func (c *client) handle(p packet, now time.Time) (last bool, bad *wrong) {
	switch p.kind {
	case kindPublish:
		return false, c.published(p, now)
	case kindPuback, kindPubrec, kindPubrel, kindPubcomp:
		return false, c.acknowledged(p)
	case kindSubscribe:
		return false, c.subscribe(p, now)
	case kindUnsubscribe:
		return false, c.unsubscribe(p)
	case kindPingreq:
		if p.flags != 0 || len(p.body) > 0 {
			return false, wrongf(codeMalformed, "PINGREQ is the two bytes c0 00 [MQTT 5, 3.12]")
		}
		c.send(kindPingresp, 0, nil, nil)
		return false, nil
	case kindDisconnect:
		code, with, bad := parseDisconnect(p, c.version)
		if bad != nil {
			return false, bad
		}
		if code == codeSuccess {
			c.will = nil
		}
		if n, ok := with.number[propSessionExpiry]; ok && (c.session.lasts > 0 || c.session.forever) {
			c.session.expiry(n)
		}
		return true, nil
	case kindConnect:
		return false, wrongf(codeProtocol, "a client sends CONNECT once [MQTT-3.1.0-2]")
	case kindAuth:
		return false, wrongf(codeProtocol, "AUTH is for those who have connected with an authentication method [MQTT 5, 4.12]")
	}
	return false, wrongf(codeProtocol, "a client does not send packets of type %d [MQTT 5, 2.1.2]", p.kind)
}

// published handles a message of the client's. One of QoS 2 that comes again is known by its
// identifier until it is released.
func (c *client) published(p packet, now time.Time) *wrong {
	r, bad := parsePublish(p, c.version, now)
	if bad != nil {
		return bad
	}
	unreleased := c.session.unreleased
	if r.qos == 2 && unreleased[r.id] {
		c.acknowledge(kindPubrec, r.id, codeSuccess, "")
		return nil
	}
	if r.qos == 2 && len(unreleased) >= MaxUnreleased {
		return wrongf(codeReceiveMaximum, "%d messages of QoS 2 are not released: send PUBREL for them first [MQTT-3.3.4-9]", len(unreleased))
	}
	code, refused := c.broker.publish(&r.message, c.session, now)
	words := ""
	if refused != nil {
		code, words = refused.code, refused.words
	}
	switch r.qos {
	case 1:
		c.acknowledge(kindPuback, r.id, code, words)
	case 2:
		if refused == nil || c.version != 5 { // in which the identifier is free again
			unreleased[r.id] = true
		}
		c.acknowledge(kindPubrec, r.id, code, words)
	}
	return nil
}

// acknowledged handles an acknowledgement, and goes on with it in QoS 2: MQTT 5, section 4.3.
func (c *client) acknowledged(p packet) *wrong {
	id, code, bad := parseAck(p, c.version)
	if bad != nil {
		return bad
	}
	s := c.session
	switch p.kind {
	case kindPuback, kindPubcomp:
		s.done(id)
	case kindPubrec:
		at := s.find(id)
		switch {
		case code >= 0x80:
			s.done(id)
		case at < 0:
			c.acknowledge(kindPubrel, id, codeIDUnknown, "no message with this identifier waits for its PUBREC")
		default:
			s.sent[at].received = true
			c.acknowledge(kindPubrel, id, codeSuccess, "")
		}
	case kindPubrel:
		if !s.unreleased[id] {
			c.acknowledge(kindPubcomp, id, codeIDUnknown, "no message with this identifier waits to be released")
			return nil
		}
		delete(s.unreleased, id)
		c.acknowledge(kindPubcomp, id, codeSuccess, "")
	}
	return nil
}

// subscribe handles a SUBSCRIBE. What is retained follows its answer.
func (c *client) subscribe(p packet, now time.Time) *wrong {
	id, wishes, bad := parseFilters(p, c.version)
	if bad != nil {
		return bad
	}
	s := c.session
	var codes []byte
	var words []string
	for _, w := range wishes {
		_, had := s.subscriptions[w.filter]
		bad := checkFilter(w.filter)
		if bad == nil && !had && len(s.subscriptions) >= MaxSubscriptions {
			bad = wrongf(codeQuota, "a client has %d subscriptions, and no more", MaxSubscriptions)
		}
		if bad != nil {
			code := bad.code
			if c.version != 5 {
				code = 0x80
			}
			codes, words = append(codes, code), append(words, bad.words)
			continue
		}
		s.subscriptions[w.filter] = w.subscription
		codes = append(codes, w.qos)
		if w.retained == 0 || w.retained == 1 && !had {
			c.retained(w, now)
		}
	}
	c.answer(kindSuback, id, codes, words)
	return nil
}

// retained queues what is retained for a filter, by topic, the student's own message among it.
func (c *client) retained(w wish, now time.Time) {
	all := slices.Collect(maps.Values(c.broker.retained))
	if m := letter(c.seed); m != nil {
		all = append(all, m)
	}
	slices.SortFunc(all, func(x, y *message) int { return strings.Compare(x.topic, y.topic) })
	for _, m := range all {
		if matches(w.filter, m.topic) && !m.expired(now) {
			c.session.queue(&delivery{message: m, qos: min(w.qos, m.qos), retain: true})
		}
	}
}

func (c *client) unsubscribe(p packet) *wrong {
	id, wishes, bad := parseFilters(p, c.version)
	if bad != nil {
		return bad
	}
	var codes []byte
	for _, w := range wishes {
		code := byte(codeNoSubscription)
		if _, had := c.session.subscriptions[w.filter]; had {
			code = codeSuccess
		}
		delete(c.session.subscriptions, w.filter)
		codes = append(codes, code)
	}
	if c.version != 5 {
		codes = nil
	}
	c.answer(kindUnsuback, id, codes, nil)
	return nil
}

// answer adds a SUBACK or UNSUBACK, with a code for each filter.
func (c *client) answer(kind byte, id uint16, codes []byte, words []string) {
	head := []byte{byte(id >> 8), byte(id)}
	if c.version != 5 {
		c.send(kind, 0, append(head, codes...), append(head, codes...))
		return
	}
	why := ""
	if c.problems {
		why = strings.Join(words[:min(len(words), 4)], "; ")
	}
	long := append(appendReason(head[:2:2], why), codes...)
	short := append(appendReason(head[:2:2], ""), codes...)
	c.send(kind, 0, long, short)
}
