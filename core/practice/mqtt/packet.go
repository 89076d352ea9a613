package mqtt

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// The types of packets: MQTT 5, section 2.1.2.
const (
	kindConnect = iota + 1
	kindConnack
	kindPublish
	kindPuback
	kindPubrec
	kindPubrel
	kindPubcomp
	kindSubscribe
	kindSuback
	kindUnsubscribe
	kindUnsuback
	kindPingreq
	kindPingresp
	kindDisconnect
	kindAuth
)

// Reason codes that this server sends: MQTT 5, section 2.4.
const (
	codeSuccess           = 0x00
	codeNoSubscribers     = 0x10
	codeNoSubscription    = 0x11
	codeMalformed         = 0x81
	codeProtocol          = 0x82
	codeVersion           = 0x84
	codeClientID          = 0x85
	codeUser              = 0x86
	codeNotAuthorized     = 0x87
	codeBusy              = 0x89
	codeAuthMethod        = 0x8c
	codeKeepAlive         = 0x8d
	codeTakenOver         = 0x8e
	codeFilter            = 0x8f
	codeTopic             = 0x90
	codeIDUnknown         = 0x92
	codeReceiveMaximum    = 0x93
	codeAlias             = 0x94
	codeTooLarge          = 0x95
	codeQuota             = 0x97
	codeNoShared          = 0x9e
	codeNoSubscriptionIDs = 0xa1
)

// wrong is what a client did wrong: a reason code of MQTT 5, and words for a person.
type wrong struct {
	code  byte
	words string
}

func (w *wrong) Error() string { return w.words }

func wrongf(code byte, format string, args ...any) *wrong {
	return &wrong{code, fmt.Sprintf(format, args...)}
}

// packet is one as it came, without its length.
type packet struct {
	kind, flags byte
	body        []byte // its own, so that a message may keep it
}

// readPacket reads a packet. The error is a *wrong if the length is, or too large; and io.EOF if
// the stream ends between two packets.
func readPacket(r io.ByteReader, read func([]byte) error) (p packet, err error) {
	first, err := r.ReadByte()
	if err != nil {
		return p, err
	}
	p.kind, p.flags = first>>4, first&15
	size := 0
	for i := 0; ; i++ {
		if i == 4 {
			return p, wrongf(codeMalformed, "a packet's length has at most 4 bytes, and the fourth of this one says that it goes on [MQTT-1.5.5]")
		}
		b, err := r.ReadByte()
		if err != nil {
			return p, unexpected(err)
		}
		size |= int(b&0x7f) << (7 * i)
		if b < 0x80 {
			break
		}
	}
	if size > MaxPacket {
		return p, wrongf(codeTooLarge, "a packet of %d bytes is too large: this server takes %d", size, MaxPacket)
	}
	p.body = make([]byte, size)
	return p, unexpected(read(p.body))
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// cursor reads the fields of a packet. The first that is not as it must be is kept in bad, and
// all that follow are empty.
type cursor struct {
	left []byte
	bad  *wrong
}

func (c *cursor) fail(format string, args ...any) {
	if c.bad == nil {
		c.bad = wrongf(codeMalformed, format, args...)
	}
	c.left = nil
}

func (c *cursor) take(n int) []byte {
	if n > len(c.left) {
		c.fail("the packet ends too soon: %d bytes are missing of what its fields announce", n-len(c.left))
		return make([]byte, min(n, 4))
	}
	b := c.left[:n:n]
	c.left = c.left[n:]
	return b
}

func (c *cursor) byte() byte     { return c.take(1)[0] }
func (c *cursor) uint16() uint16 { return binary.BigEndian.Uint16(c.take(2)) }
func (c *cursor) uint32() uint32 { return binary.BigEndian.Uint32(c.take(4)) }

// bytes reads a length of two bytes, and so many bytes.
func (c *cursor) bytes() []byte {
	n := int(c.uint16())
	if c.bad != nil {
		return nil
	}
	b := c.take(n)
	if c.bad != nil {
		return nil
	}
	return b
}

// text reads a string: MQTT 5, section 1.5.4.
func (c *cursor) text() string {
	s := string(c.bytes())
	if !utf8.ValidString(s) {
		c.fail("a string is not UTF-8 [MQTT-1.5.4-1]")
		return ""
	}
	for i := range len(s) {
		if s[i] == 0 {
			c.fail("a string has the character U+0000 in it [MQTT-1.5.4-2]")
			return ""
		}
	}
	return s
}

func (c *cursor) varint() (n int) {
	for i := range 4 {
		b := c.byte()
		n |= int(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n
		}
	}
	c.fail("a number has more than 4 bytes [MQTT-1.5.5-1]")
	return 0
}

// id reads a packet identifier.
func (c *cursor) id() uint16 {
	id := c.uint16()
	if id == 0 && c.bad == nil {
		c.fail("a packet identifier must not be 0 [MQTT-2.2.1-3]")
	}
	return id
}

// end returns what is wrong with the packet, of which nothing must be left.
func (c *cursor) end() *wrong {
	if len(c.left) > 0 {
		c.fail("%d bytes are left over at the end of the packet", len(c.left))
	}
	return c.bad
}

// appendPacket appends a packet of what follows its length.
func appendPacket(dst []byte, kind, flags byte, body []byte) []byte {
	return append(appendVarint(append(dst, kind<<4|flags), len(body)), body...)
}

func appendVarint(dst []byte, n int) []byte {
	for ; n > 0x7f; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

func appendText(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// appendReason appends properties that are a reason string, or none.
func appendReason(dst []byte, words string) []byte {
	if words == "" {
		return append(dst, 0)
	}
	dst = appendVarint(dst, 1+2+len(words))
	return appendText(append(dst, propReason), words)
}

// appendPublish appends the PUBLISH of a message to a client of a version.
func appendPublish(dst []byte, version byte, d *delivery, again bool, now time.Time) []byte {
	flags := d.qos << 1
	if d.retain {
		flags |= 1
	}
	if again && d.qos > 0 {
		flags |= 8
	}
	body := appendText(nil, d.topic)
	if d.qos > 0 {
		body = binary.BigEndian.AppendUint16(body, d.id)
	}
	if version == 5 {
		properties := d.properties
		if !d.expires.IsZero() {
			left := max(0, d.expires.Sub(now))
			properties = binary.BigEndian.AppendUint32(append([]byte{}, propMessageExpiry), uint32((left+time.Second-1)/time.Second))
			properties = append(properties, d.properties...)
		}
		body = append(appendVarint(body, len(properties)), properties...)
	}
	return appendPacket(dst, kindPublish, flags, append(body, d.payload...))
}
