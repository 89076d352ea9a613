package mqtt

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of a broker. Its messages are counted once for each client that they wait for.
const (
	MaxClients       = 500      // connected at a time
	MaxSessions      = 128      // of clients that are gone, and may come back
	MaxPacket        = 16 << 10 // bytes, without the packet's first byte and length
	MaxTopic         = 512      // bytes of a topic or a filter
	MaxClientID      = 128      // bytes
	MaxSubscriptions = 32       // of a client
	MaxRetained      = 256      // messages
	MaxRetainedBytes = 1 << 20  // of them
	MaxQueued        = 1000     // messages that wait for a client
	MaxQueuedBytes   = 8 << 20  // of those that wait for all clients
	MaxInflight      = 100      // messages that a client is sent before it acknowledges one
	MaxUnreleased    = 1000     // messages of QoS 2 that a client has sent, and not released
)

// own is how topics of the server's begin, to which clients do not publish.
const own = "room/"

// welcome are the messages that are retained from the start.
var welcome = map[string]string{
	"room/welcome":     "Welcome to the practice MQTT server. Subscribe to # to hear all that is said here, and publish to a topic of your own.",
	"room/temperature": "21.5",
	"room/humidity":    "40",
}

// message is what was published. It is not changed.
type message struct {
	topic      string
	payload    []byte
	qos        byte
	retain     bool
	properties []byte    // that are passed on, as they came
	expires    time.Time // zero: never
}

func (m *message) size() int { return len(m.topic) + len(m.payload) + len(m.properties) }

func (m *message) expired(now time.Time) bool { return !m.expires.IsZero() && !now.Before(m.expires) }

// subscription is how a client wants the messages of a filter.
type subscription struct {
	qos         byte
	noLocal     bool // without its own
	asPublished bool // with the flag retain as it was published
	retained    byte // which retained messages: 0 all, 1 if the subscription is new, 2 none
}

// Broker is what those who practise share: topics, retained messages and sessions.
type Broker struct {
	mu        sync.Mutex // of all that is here, and of sessions and clients
	sessions  map[string]*session
	connected int
	retained  map[string]*message
	kept      int // bytes of these
	queued    int // bytes that wait for clients
	assigned  int // identifiers that were made for clients
}

// New returns a broker with a few retained messages.
func New() *Broker {
	b := &Broker{sessions: map[string]*session{}, retained: map[string]*message{}}
	for topic, words := range welcome {
		b.keep(&message{topic: topic, payload: []byte(words)})
	}
	return b
}

// keep retains a message, and reports whether there is room for it. An empty one takes its
// topic's away.
func (b *Broker) keep(m *message) bool {
	size, number := m.size(), 1
	had, has := b.retained[m.topic]
	if has {
		size, number = size-had.size(), 0
	}
	switch {
	case len(m.payload) == 0:
		if has {
			b.kept -= had.size()
			delete(b.retained, m.topic)
		}
		return true
	case len(b.retained)+number > MaxRetained, b.kept+size > MaxRetainedBytes:
		return false
	}
	b.kept += size
	b.retained[m.topic] = m
	return true
}

// publish retains a message if it is to be, and has it sent to those who have subscribed to
// its topic. by is the session of its publisher. The code says whether there were some.
func (b *Broker) publish(m *message, by *session, now time.Time) (code byte, bad *wrong) {
	switch {
	case strings.HasPrefix(m.topic, own):
		return 0, wrongf(codeNotAuthorized, "%s is the server's: publish to a topic that begins with another word", own)
	case m.topic[0] == '$':
		return 0, wrongf(codeNotAuthorized, "topics that begin with $ are a server's own [MQTT-4.7.2-1]")
	case m.retain && !b.keep(m):
		return 0, wrongf(codeQuota, "this server retains %d messages and %d bytes of them, and that many are there: publish an empty one to take one away", MaxRetained, MaxRetainedBytes)
	}
	code = codeNoSubscribers
	for _, s := range b.sessions {
		if s.ended(now) {
			continue
		}
		qos, retain, wanted := s.wants(m, s == by)
		if !wanted {
			continue
		}
		code = codeSuccess
		s.queue(&delivery{message: m, qos: min(qos, m.qos), retain: retain && m.retain})
	}
	return code, nil
}

// sweep forgets the sessions that are over, and if too many clients are gone, the one that is
// gone for longest.
func (b *Broker) sweep(now time.Time) {
	var gone []*session
	for _, s := range b.sessions {
		switch {
		case s.ended(now):
			b.forget(s)
		case s.client == nil:
			gone = append(gone, s)
		}
	}
	if len(gone) > MaxSessions {
		b.forget(slices.MinFunc(gone, func(x, y *session) int { return x.left.Compare(y.left) }))
	}
}

func (b *Broker) forget(s *session) {
	for _, d := range slices.Concat(s.waiting, s.sent) {
		b.queued -= d.size()
	}
	s.waiting, s.sent = nil, nil
	delete(b.sessions, s.id)
}

// name returns an identifier for a client that has none.
func (b *Broker) name() string {
	for {
		b.assigned++
		if name := fmt.Sprintf("practice-%d", b.assigned); b.sessions[name] == nil {
			return name
		}
	}
}
