package mqtt

import (
	"slices"
	"time"
)

// session is what the server knows of a client, and keeps for as long as it has asked for.
type session struct {
	broker        *Broker
	id            string
	subscriptions map[string]subscription
	waiting       []*delivery // to be sent
	sent          []*delivery // of QoS 1 and 2, and not acknowledged
	drawn         uint16      // the last packet identifier
	unreleased    map[uint16]bool
	client        *client // that is connected; nil: none is

	lasts   time.Duration // after the client is gone
	forever bool
	left    time.Time // when the client went
}

// delivery is a message for a client.
type delivery struct {
	*message
	qos      byte
	retain   bool
	id       uint16 // once it is sent
	received bool   // of QoS 2: PUBREC has come
}

// never is the session expiry interval of one that does not expire.
const never = 1<<32 - 1

func (b *Broker) newSession(id string) *session {
	s := &session{broker: b, id: id, subscriptions: map[string]subscription{}, unreleased: map[uint16]bool{}}
	b.sessions[id] = s
	return s
}

// expiry has the session last for so many seconds after its client is gone.
func (s *session) expiry(seconds uint32) {
	s.lasts, s.forever = time.Duration(seconds)*time.Second, seconds == never
}

// ended reports whether the time of a session is over.
func (s *session) ended(now time.Time) bool {
	return s.client == nil && !s.forever && !now.Before(s.left.Add(s.lasts))
}

// wants reports whether a client wants a message, and how. With several subscriptions to a
// topic a message is sent once, with the highest QoS among them: MQTT 5, section 3.3.4.
func (s *session) wants(m *message, isOwn bool) (qos byte, asPublished, wanted bool) {
	for filter, sub := range s.subscriptions {
		if sub.noLocal && isOwn || !matches(filter, m.topic) {
			continue
		}
		qos, asPublished, wanted = max(qos, sub.qos), asPublished || sub.asPublished, true
	}
	return qos, asPublished, wanted
}

// queue has a message wait to be sent. It is lost if too many wait already, or if it is of
// QoS 0 and the client is gone.
func (s *session) queue(d *delivery) {
	b := s.broker
	if len(s.waiting) >= MaxQueued || b.queued+d.size() > MaxQueuedBytes || d.qos == 0 && s.client == nil {
		return
	}
	b.queued += d.size()
	s.waiting = append(s.waiting, d)
	if s.client != nil {
		s.client.changed.Broadcast()
	}
}

// next takes the message that is to be sent next; nil: none is, or the client must first
// acknowledge some, of which it takes so many.
func (s *session) next(most int, now time.Time) *delivery {
	for len(s.waiting) > 0 {
		d := s.waiting[0]
		if d.qos > 0 && len(s.sent) >= most {
			return nil
		}
		s.waiting[0] = nil
		if s.waiting = s.waiting[1:]; len(s.waiting) == 0 {
			s.waiting = nil
		}
		if d.expired(now) {
			s.broker.queued -= d.size()
			continue
		}
		if d.qos == 0 {
			s.broker.queued -= d.size()
			return d
		}
		d.id = s.draw()
		s.sent = append(s.sent, d)
		return d
	}
	return nil
}

// draw returns a packet identifier that is free.
func (s *session) draw() uint16 {
	for {
		s.drawn++
		if s.drawn != 0 && s.find(s.drawn) < 0 {
			return s.drawn
		}
	}
}

// find returns where a packet identifier is among what was sent; -1: nowhere.
func (s *session) find(id uint16) int {
	return slices.IndexFunc(s.sent, func(d *delivery) bool { return d.id == id })
}

// done has a message be acknowledged.
func (s *session) done(id uint16) {
	if at := s.find(id); at >= 0 {
		s.broker.queued -= s.sent[at].size()
		s.sent = slices.Delete(s.sent, at, at+1)
	}
}
