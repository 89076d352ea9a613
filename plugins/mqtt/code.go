package mqtt

import "fmt"

// The types of packets.
const (
	connect = iota + 1
	connack
	publish
	puback
	pubrec
	pubrel
	pubcomp
	subscribe
	suback
	unsubscribe
	unsuback
	pingreq
	pingresp
	disconnect
	auth
)

var typeNames = [16]string{
	0: "reserved", connect: "CONNECT", connack: "CONNACK", publish: "PUBLISH", puback: "PUBACK", pubrec: "PUBREC", pubrel: "PUBREL",
	pubcomp: "PUBCOMP", subscribe: "SUBSCRIBE", suback: "SUBACK", unsubscribe: "UNSUBSCRIBE", unsuback: "UNSUBACK",
	pingreq: "PINGREQ", pingresp: "PINGRESP", disconnect: "DISCONNECT", auth: "AUTH",
}

// codeFields are the fields of packets that have a reason code.
var codeFields = [16]string{
	connack: "mqtt.connack.reason_code", puback: "mqtt.puback.reason_code", pubrec: "mqtt.pubrec.reason_code", pubrel: "mqtt.pubrel.reason_code",
	pubcomp: "mqtt.pubcomp.reason_code", suback: "mqtt.suback.reason_code", unsuback: "mqtt.unsuback.reason_code",
	disconnect: "mqtt.disconnect.reason_code", auth: "mqtt.auth.reason_code",
}

// Sets of types of packets.
const (
	acks     = 1<<puback | 1<<pubrec
	releases = 1<<pubrel | 1<<pubcomp
	ends     = 1<<connack | 1<<disconnect
	refusals = ends | acks | 1<<suback | 1<<unsuback
)

// reasons are the reason codes of MQTT 5, and which packets have them (section 2.4).
var reasons = map[byte]struct {
	words string
	in    uint32
}{
	0x00: {"success", 1<<connack | acks | releases | 1<<suback | 1<<unsuback | 1<<disconnect | 1<<auth},
	0x01: {"granted QoS 1", 1 << suback},
	0x02: {"granted QoS 2", 1 << suback},
	0x04: {"disconnect with will message", 1 << disconnect},
	0x10: {"no matching subscribers", acks},
	0x11: {"no subscription existed", 1 << unsuback},
	0x18: {"continue authentication", 1 << auth},
	0x19: {"re-authenticate", 1 << auth},
	0x80: {"unspecified error", refusals},
	0x81: {"malformed packet", ends},
	0x82: {"protocol error", ends},
	0x83: {"implementation specific error", refusals},
	0x84: {"unsupported protocol version", 1 << connack},
	0x85: {"client identifier not valid", 1 << connack},
	0x86: {"bad user name or password", 1 << connack},
	0x87: {"not authorized", refusals},
	0x88: {"server unavailable", 1 << connack},
	0x89: {"server busy", ends},
	0x8a: {"banned", 1 << connack},
	0x8b: {"server shutting down", 1 << disconnect},
	0x8c: {"bad authentication method", ends},
	0x8d: {"keep alive timeout", 1 << disconnect},
	0x8e: {"session taken over", 1 << disconnect},
	0x8f: {"topic filter invalid", 1<<suback | 1<<unsuback | 1<<disconnect},
	0x90: {"topic name invalid", ends | acks},
	0x91: {"packet identifier in use", acks | 1<<suback | 1<<unsuback},
	0x92: {"packet identifier not found", releases},
	0x93: {"receive maximum exceeded", 1 << disconnect},
	0x94: {"topic alias invalid", 1 << disconnect},
	0x95: {"packet too large", ends},
	0x96: {"message rate too high", 1 << disconnect},
	0x97: {"quota exceeded", ends | acks | 1<<suback},
	0x98: {"administrative action", 1 << disconnect},
	0x99: {"payload format invalid", ends | acks},
	0x9a: {"retain not supported", ends},
	0x9b: {"QoS not supported", ends},
	0x9c: {"use another server", ends},
	0x9d: {"server moved", ends},
	0x9e: {"shared subscriptions not supported", 1<<suback | 1<<disconnect},
	0x9f: {"connection rate exceeded", ends},
	0xa0: {"maximum connect time", 1 << disconnect},
	0xa1: {"subscription identifiers not supported", 1<<suback | 1<<disconnect},
	0xa2: {"wildcard subscriptions not supported", 1<<suback | 1<<disconnect},
}

// returned are the return codes of CONNACK in MQTT 3.1.1 (section 3.2.2.3).
var returned = [...]string{"accepted", "unacceptable protocol version", "identifier rejected", "server unavailable", "bad user name or password", "not authorized"}

// codeWords says a code of a packet in words, and whether such a packet may have it.
func codeWords(kind, code, version byte) (words string, known bool) {
	switch {
	case version == 5:
		r, ok := reasons[code]
		if !ok {
			return fmt.Sprintf("0x%02x", code), false
		}
		words, known = r.words, r.in>>kind&1 == 1
		switch {
		case code == 0 && kind == suback:
			words = "granted QoS 0"
		case code == 0 && kind == disconnect:
			words = "normal disconnection"
		}
	case kind == connack && int(code) < len(returned):
		words, known = returned[code], true
	case kind == suback && code <= 2:
		words, known = "granted QoS "+qosNames[code], true
	case kind == suback && code == 0x80:
		words, known = "failure", true
	default:
		return fmt.Sprintf("0x%02x", code), false
	}
	return fmt.Sprintf("0x%02x %s", code, words), known
}

var qosNames = [4]string{"0", "1", "2", "3"}
