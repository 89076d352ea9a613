package mqtt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// appendPacket appends a packet of what follows its fixed header.
func appendPacket(dst []byte, kind, flags byte, body []byte) []byte {
	dst = append(dst, kind<<4|flags)
	n := len(body)
	for ; n > 0x7f; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(append(dst, byte(n)), body...)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// properties begins the properties of MQTT 5, of which there are none.
func (m *machine) properties(body []byte) []byte {
	if m.Version == 5 {
		body = append(body, 0)
	}
	return body
}

// packet returns the packet that a command stands for. With an error it is what was asked
// for, if that can be sent at all.
func (m *machine) packet(call core.Call) ([]byte, error) {
	switch call.Command.Name {
	case "CONNECT":
		return m.connectPacket(call)
	case "PUB":
		return m.publishPacket(call)
	case "SUB":
		filter := call.Text("filter")
		body := m.properties(m.withIdentifier(nil))
		body = append(appendString(body, filter), byte(call.Int("qos")))
		return appendPacket(nil, subscribe, 2, body), m.filterError(filter)
	case "UNSUB":
		filter := call.Text("filter")
		body := appendString(m.properties(m.withIdentifier(nil)), filter)
		return appendPacket(nil, unsubscribe, 2, body), m.filterError(filter)
	case "PING":
		return appendPacket(nil, pingreq, 0, nil), nil
	}
	if !call.Has("reason") {
		return appendPacket(nil, disconnect, 0, nil), nil
	}
	sent := appendPacket(nil, disconnect, 0, []byte{byte(call.Int("reason"))})
	if m.Version != 5 {
		return sent, errors.New("only MQTT 5 has reason codes: connect with the option version 5")
	}
	return sent, nil
}

func (m *machine) withIdentifier(body []byte) []byte {
	return binary.BigEndian.AppendUint16(body, m.identifier())
}

// filterError says why a topic filter is none.
func (m *machine) filterError(filter string) error {
	if err := stringError("the filter", filter); err != nil {
		return err
	}
	if bad := checkFilter(filter); bad != 0 {
		return fmt.Errorf("%q is no topic filter: %s", core.CutWords(filter, 80), bad.in(m.Version))
	}
	return nil
}

// stringError says why a string cannot be sent as one.
func stringError(what, s string) error {
	switch {
	case len(s) > math.MaxUint16:
		return fmt.Errorf("%s has %d bytes; at most 65535 fit", what, len(s))
	case strings.ContainsRune(s, 0):
		return fmt.Errorf("%s has the character U+0000, which no string may have [MQTT-4.7.3-2]", what)
	}
	return nil
}

func (m *machine) publishPacket(call core.Call) ([]byte, error) {
	topic, qos := call.Text("topic"), byte(call.Int("qos"))
	flags := qos << 1
	if call.Bool("retain") {
		flags |= 1
	}
	body := appendString(nil, topic)
	if qos > 0 {
		body = m.withIdentifier(body)
	}
	sent := appendPacket(nil, publish, flags, append(m.properties(body), call.Text("payload")...))
	err := stringError("the topic", topic)
	switch {
	case err != nil:
	case topic == "":
		err = errors.New(wrongNoTopic.in(m.Version))
	case strings.ContainsAny(topic, "+#"):
		err = fmt.Errorf("%q is no topic to publish on: %s", core.CutWords(topic, 80), wrongTopic.in(m.Version))
	}
	return sent, err
}

func (m *machine) connectPacket(call core.Call) ([]byte, error) {
	id, willTopic := call.Text("client-id"), call.Text("will-topic")
	flags, payload := byte(0), appendString(nil, id)
	if call.Bool("clean") {
		flags |= flagClean
	}
	if call.Has("will-topic") {
		flags |= flagWill | byte(call.Int("will-qos"))<<3
		if call.Bool("will-retain") {
			flags |= flagRetain
		}
		payload = appendString(appendString(m.properties(payload), willTopic), call.Text("will-message"))
	}
	if call.Has("user") {
		flags |= flagUser
		payload = appendString(payload, call.Text("user"))
	}
	if call.Has("password") {
		flags |= flagPassword
		payload = appendString(payload, call.Text("password"))
	}
	body := append(appendString(nil, "MQTT"), m.Version, flags)
	body = binary.BigEndian.AppendUint16(body, uint16(call.Int("keep-alive")))
	if m.Version == 5 && call.Int("expiry") > 0 {
		body = binary.BigEndian.AppendUint32(append(body, 5, 0x11), uint32(call.Int("expiry")))
	} else {
		body = m.properties(body)
	}
	var err error
	switch {
	case m.Began[ofClient]:
		err = errors.New(wrongSecond.in(m.Version) + ", and this one has; reconnect to begin anew")
	case id == "" && !call.Bool("clean") && m.Version == 4:
		err = errors.New(wrongClientID.in(m.Version))
	case call.Has("password") && !call.Has("user") && m.Version == 4:
		err = errors.New(wrongPassword.in(m.Version))
	case call.Int("expiry") > 0 && m.Version != 5:
		err = errors.New("only MQTT 5 has a session expiry: connect with the option version 5")
	case strings.ContainsAny(willTopic, "+#"):
		err = errors.New("the will's topic must not have wildcards, + and #, since it is published on that topic [MQTT-3.3.2-2]")
	case call.Has("will-topic") && willTopic == "":
		err = errors.New("the will's topic is empty: " + wrongNoTopic.in(m.Version))
	}
	for _, name := range []string{"client-id", "will-topic", "will-message", "user", "password"} {
		if e := stringError(name, call.Text(name)); e != nil && (err == nil || len(call.Text(name)) > math.MaxUint16) {
			return nil, e
		}
	}
	return appendPacket(nil, connect, 0, append(body, payload...)), err
}

// escaped writes bytes as they are typed after '='.
func escaped(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		if c >= ' ' && c < 0x7f && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "\\x%02x", c)
		}
	}
	return b.String()
}
