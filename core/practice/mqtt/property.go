package mqtt

// Properties that this server heeds or sends: MQTT 5, section 2.2.2.2.
const (
	propMessageExpiry     = 0x02
	propSubscriptionID    = 0x0b
	propSessionExpiry     = 0x11
	propAssignedID        = 0x12
	propServerKeepAlive   = 0x13
	propAuthMethod        = 0x15
	propProblems          = 0x17
	propReason            = 0x1f
	propReceiveMaximum    = 0x21
	propAlias             = 0x23
	propUser              = 0x26
	propMaximumPacket     = 0x27
	propNoSubscriptionIDs = 0x29
	propNoShared          = 0x2a
)

// Forms of properties.
const (
	formByte = iota + 1
	formUint16
	formUint32
	formVarint
	formText
	formBytes
	formPair
)

// ofWill stands for the properties of a will among the types of packets.
const ofWill = 0

// Sets of the packets that clients send.
const (
	inMessages = 1<<kindPublish | 1<<ofWill
	inAcks     = 1<<kindPuback | 1<<kindPubrec | 1<<kindPubrel | 1<<kindPubcomp
	inAll      = inMessages | inAcks | 1<<kindConnect | 1<<kindSubscribe | 1<<kindUnsubscribe | 1<<kindDisconnect | 1<<kindAuth
)

// known are the properties that clients send.
var known = [propMaximumPacket + 1]struct {
	form byte
	in   uint32
	pass bool // on to those who receive the message, as it came
}{
	0x01:               {formByte, inMessages, true}, // payload format
	propMessageExpiry:  {formUint32, inMessages, false},
	0x03:               {formText, inMessages, true},  // content type
	0x08:               {formText, inMessages, true},  // response topic
	0x09:               {formBytes, inMessages, true}, // correlation data
	propSubscriptionID: {formVarint, 1 << kindSubscribe, false},
	propSessionExpiry:  {formUint32, 1<<kindConnect | 1<<kindDisconnect, false},
	propAuthMethod:     {formText, 1<<kindConnect | 1<<kindAuth, false},
	0x16:               {formBytes, 1<<kindConnect | 1<<kindAuth, false}, // authentication data
	propProblems:       {formByte, 1 << kindConnect, false},
	0x18:               {formUint32, 1 << ofWill, false},    // delay
	0x19:               {formByte, 1 << kindConnect, false}, // wants response information
	propReason:         {formText, inAcks | 1<<kindDisconnect | 1<<kindAuth, false},
	propReceiveMaximum: {formUint16, 1 << kindConnect, false},
	0x22:               {formUint16, 1 << kindConnect, false}, // how many aliases it takes
	propAlias:          {formUint16, 1 << kindPublish, false},
	propUser:           {formPair, inAll, true},
	propMaximumPacket:  {formUint32, 1 << kindConnect, false},
}

// properties are those of a packet.
type properties struct {
	has    uint64          // by number
	number map[byte]uint32 // of those that are one
	passed []byte          // on with a message
}

// properties reads the properties of a packet.
func (c *cursor) properties(of byte) (p properties) {
	in := cursor{left: c.take(c.varint())}
	if c.bad != nil {
		return p
	}
	p.number = map[byte]uint32{}
	for len(in.left) > 0 && in.bad == nil {
		from := in.left
		id := in.varint()
		if in.bad != nil {
			break
		}
		if id >= len(known) || known[id].form == 0 || known[id].in>>of&1 == 0 {
			in.fail("the property 0x%02x does not belong into this packet [MQTT 5, 2.2.2.2]", id)
			break
		}
		if p.has>>id&1 == 1 && id != propUser {
			in.fail("the property 0x%02x is given twice [MQTT 5, 2.2.2.2]", id)
			in.bad.code = codeProtocol
			break
		}
		p.has |= 1 << id
		switch known[id].form {
		case formByte:
			p.number[byte(id)] = uint32(in.byte())
		case formUint16:
			p.number[byte(id)] = uint32(in.uint16())
		case formUint32:
			p.number[byte(id)] = in.uint32()
		case formVarint:
			p.number[byte(id)] = uint32(in.varint())
		case formText:
			in.text()
		case formBytes:
			in.bytes()
		case formPair:
			in.text()
			in.text()
		}
		if known[id].pass && in.bad == nil {
			p.passed = append(p.passed, from[:len(from)-len(in.left)]...)
		}
	}
	if in.bad != nil && c.bad == nil {
		c.bad = in.bad
	}
	return p
}
