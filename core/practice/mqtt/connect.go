package mqtt

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// maxKeepAlive are the seconds of the longest keep alive, after one and a half times of
// which a silent client is gone.
const maxKeepAlive = int(practice.IdleLimit/time.Second) * 2 / 3

// connect handles the first packet.
func (c *client) connect(p packet, now time.Time) *wrong {
	r, bad := parseConnect(p, now)
	c.version, c.problems, c.largest, c.inflight = r.version, true, math.MaxInt, MaxInflight
	if n, ok := r.number[propMaximumPacket]; ok {
		c.largest = int(n)
	}
	if bad == nil {
		bad = c.check(&r)
	}
	if bad != nil {
		c.refuse(bad)
		return bad
	}
	if n, ok := r.number[propReceiveMaximum]; ok {
		c.inflight = min(c.inflight, int(n))
	}
	if n, ok := r.number[propProblems]; ok {
		c.problems = n != 0
	}
	if r.keepAlive > 0 {
		c.deadline = min(practice.IdleLimit, time.Duration(r.keepAlive)*time.Second*3/2)
	}
	assigned := ""
	if r.id == "" {
		assigned = c.broker.name()
		r.id = assigned
	}
	present := c.begin(&r, now)
	c.accept(&r, present, assigned)
	return nil
}

// check returns why somebody must not connect; nil: he may.
func (c *client) check(r *connectRequest) *wrong {
	b := c.broker
	maximum, limited := r.number[propReceiveMaximum]
	old := b.sessions[r.id]
	switch {
	case r.has>>propAuthMethod&1 == 1:
		return wrongf(codeAuthMethod, "this server has no extended authentication: it knows user names and passwords")
	case limited && maximum == 0 || r.has>>propMaximumPacket&1 == 1 && c.largest == 0:
		return wrongf(codeProtocol, "a maximum of 0 makes no sense [MQTT 5, 3.1.2.11]")
	case len(r.id) > MaxClientID:
		return wrongf(codeClientID, "a client identifier of %d bytes is too long: this server takes %d", len(r.id), MaxClientID)
	case r.id == "" && r.version == 4 && !r.clean:
		return wrongf(codeClientID, "without a client identifier the session must be clean [MQTT-3.1.3-7]")
	case r.named && r.user != "anonymous" && (r.password == "" || mail.Password(r.user) != r.password):
		return wrongf(codeUser, "the user name or the password is wrong: alice has wonderland, and without a user name everybody is let in")
	case r.will != nil && strings.HasPrefix(r.will.topic, own):
		return wrongf(codeNotAuthorized, "%s is the server's: the topic of a will begins with another word", own)
	case b.connected >= MaxClients && (old == nil || old.client == nil):
		return wrongf(codeBusy, "this server has %d clients, and takes no more", MaxClients)
	}
	return nil
}

// begin has a client take up its session, or begin one. Another client that has it is told to
// go.
func (c *client) begin(r *connectRequest, now time.Time) (present bool) {
	b := c.broker
	b.sweep(now)
	s := b.sessions[r.id]
	if s != nil && s.client != nil {
		s.client.dismiss(wrongf(codeTakenOver, "another client has connected with the identifier %q of this one: each needs its own [MQTT-3.1.4-3]", r.id))
		s.client.part(now)
		s = b.sessions[r.id]
	}
	if s != nil && r.clean {
		b.forget(s)
		s = nil
	}
	if present = s != nil; !present {
		s = b.newSession(r.id)
	}
	switch {
	case r.version == 5:
		s.expiry(r.number[propSessionExpiry])
	case r.clean:
		s.expiry(0)
	default:
		s.expiry(never)
	}
	b.connected++
	s.client, c.session, c.will = c, s, r.will
	c.again = slices.Clone(s.sent)
	return present
}

// accept adds the CONNACK that lets a client in.
func (c *client) accept(r *connectRequest, present bool, assigned string) {
	body := []byte{0, codeSuccess}
	if present {
		body[0] = 1
	}
	if c.version == 5 {
		with := []byte{propNoSubscriptionIDs, 0, propNoShared, 0}
		with = binary.BigEndian.AppendUint16(append(with, propReceiveMaximum), MaxUnreleased)
		with = binary.BigEndian.AppendUint32(append(with, propMaximumPacket), MaxPacket)
		if assigned != "" {
			with = appendText(append(with, propAssignedID), assigned)
		}
		if k := int(r.keepAlive); k == 0 || k > maxKeepAlive {
			with = binary.BigEndian.AppendUint16(append(with, propServerKeepAlive), uint16(maxKeepAlive))
		}
		body = append(appendVarint(body, len(with)), with...)
	}
	c.out = appendPacket(c.out, kindConnack, 0, body)
}

// refuse adds the CONNACK that says why a client is not let in.
func (c *client) refuse(bad *wrong) {
	switch {
	case c.version >= 5:
		c.send(kindConnack, 0, appendReason([]byte{0, bad.code}, bad.words), []byte{0, bad.code, 0})
	case c.version > 0:
		if code := returnCode(bad.code); code > 0 {
			c.send(kindConnack, 0, []byte{0, code}, []byte{0, code})
		}
	}
}

// returnCode returns the return code of MQTT 3.1.1 for a reason code; 0: there is none, and
// the connection is closed without a word (section 4.8).
func returnCode(reason byte) byte {
	switch reason {
	case codeVersion:
		return 1
	case codeClientID:
		return 2
	case codeBusy:
		return 3
	case codeUser:
		return 4
	case codeNotAuthorized:
		return 5
	}
	return 0
}
