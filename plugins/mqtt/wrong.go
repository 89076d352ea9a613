package mqtt

// wrong says what is wrong with a packet or a part of it; 0 nothing.
type wrong uint8

const (
	wrongType wrong = iota + 1
	wrongLength
	wrongLongLength
	wrongBroken
	wrongFlags
	wrongDirection
	wrongFirst
	wrongSecond
	wrongFirstAnswer
	wrongShort
	wrongTrailing
	wrongUTF8
	wrongNull
	wrongID
	wrongName
	wrongLevel
	wrongConnectFlag
	wrongWillQoS
	wrongWill
	wrongPassword
	wrongClientID
	wrongSessionFlags
	wrongSession
	wrongDup
	wrongQoS
	wrongTopic
	wrongNoTopic
	wrongAlias
	wrongNoFilter
	wrongOptions
	wrongHash
	wrongPlus
	wrongShare
	wrongCode
	wrongProperty
	wrongTwice
	wrongNotHere
	wrongs
)

// wrongWords are what the standards say: MQTT 3.1.1, and MQTT 5 if it has it elsewhere. They
// are short, since there may be one for every two bytes.
var wrongWords = [wrongs][2]string{
	wrongType:         {"[MQTT 3.1.1, 2.2.1] this type of packet is reserved, and must not be used", "[MQTT 5, 2.1.2] this type of packet is reserved, and must not be used"},
	wrongLength:       {"[MQTT 3.1.1, 2.2.3] a length has at most 4 bytes; the fourth says that it goes on", "[MQTT 5, 1.5.5] a length has at most 4 bytes; the fourth says that it goes on"},
	wrongLongLength:   {"", "[MQTT-1.5.5-1] a length has as few bytes as it needs"},
	wrongBroken:       {"the stream ended before this was whole"},
	wrongFlags:        {"[MQTT-2.2.2-1] these flags are reserved: 2 in PUBREL, SUBSCRIBE, UNSUBSCRIBE, else 0", "[MQTT-2.1.3-1] these flags are reserved: 2 in PUBREL, SUBSCRIBE, UNSUBSCRIBE, else 0"},
	wrongDirection:    {"[MQTT 3.1.1, 2.2.1] this side does not send this type of packet", "[MQTT 5, 2.1.2] this side does not send this type of packet"},
	wrongFirst:        {"[MQTT-3.1.0-1] the first packet of a client is CONNECT"},
	wrongSecond:       {"[MQTT-3.1.0-2] a client sends CONNECT once"},
	wrongFirstAnswer:  {"[MQTT-3.2.0-1] the first packet of a server is CONNACK", "[MQTT-3.2.0-1] the first packet of a server is CONNACK, after AUTH if there is one"},
	wrongShort:        {"[MQTT 3.1.1, 2.2.3] the length counts all that follows it; the packet ends before it has all it must", "[MQTT 5, 2.1.4] the length counts all that follows it; the packet ends before it has all it must"},
	wrongTrailing:     {"[MQTT 3.1.1, 2.2.3] the length counts all that follows it; these bytes belong to nothing in the packet", "[MQTT 5, 2.1.4] the length counts all that follows it; these bytes belong to nothing in the packet"},
	wrongUTF8:         {"[MQTT-1.5.3-1] a string is well-formed UTF-8", "[MQTT-1.5.4-1] a string is well-formed UTF-8"},
	wrongNull:         {"[MQTT-1.5.3-2] a string must not have the character U+0000", "[MQTT-1.5.4-2] a string must not have the character U+0000"},
	wrongID:           {"[MQTT-2.3.1-1] a packet identifier must not be 0", "[MQTT-2.2.1-3] a packet identifier must not be 0"},
	wrongName:         {"[MQTT-3.1.2-1] the protocol's name is MQTT"},
	wrongLevel:        {"[MQTT-3.1.2-2] the level is 4 for MQTT 3.1.1 and 5 for MQTT 5 (3 for MQIsdp, MQTT 3.1)"},
	wrongConnectFlag:  {"[MQTT-3.1.2-3] the lowest bit of the connect flags is reserved, and must be 0"},
	wrongWillQoS:      {"[MQTT-3.1.2-14] the will's QoS is 0, 1 or 2", "[MQTT-3.1.2-12] the will's QoS is 0, 1 or 2"},
	wrongWill:         {"[MQTT-3.1.2-11] without a will, its QoS and its retain flag must be 0", "[MQTT-3.1.2-11, -13] without a will, its QoS and its retain flag must be 0"},
	wrongPassword:     {"[MQTT-3.1.2-22] without a user name there must be no password", ""},
	wrongClientID:     {"[MQTT-3.1.3-7] without a client identifier the session must be clean", ""},
	wrongSessionFlags: {"[MQTT 3.1.1, 3.2.2.1] of these flags all but the lowest are reserved, and must be 0", "[MQTT-3.2.2-1] of these flags all but the lowest are reserved, and must be 0"},
	wrongSession:      {"[MQTT-3.2.2-4] session present must be 0 where the connection is refused", "[MQTT-3.2.2-6] session present must be 0 where the connection is refused"},
	wrongDup:          {"[MQTT-3.3.1-2] DUP must be 0 with QoS 0"},
	wrongQoS:          {"[MQTT-3.3.1-4] QoS is 0, 1 or 2"},
	wrongTopic:        {"[MQTT-3.3.2-2] the topic of a PUBLISH must not have wildcards, + and #"},
	wrongNoTopic:      {"[MQTT-4.7.3-1] a topic has at least one character", "[MQTT-4.7.3-1] a topic has at least one character, unless there is an alias for it"},
	wrongAlias:        {"", "[MQTT-3.3.2-8] a topic alias must not be 0"},
	wrongNoFilter:     {"[MQTT-3.8.3-3, 3.10.3-2] there must be at least one topic filter", "[MQTT-3.8.3-2, 3.10.3-2] there must be at least one topic filter"},
	wrongOptions:      {"[MQTT-3-8.3-4] the QoS is 0, 1 or 2, and the other bits must be 0", "[MQTT-3.8.3-5] QoS and retain handling are 0, 1 or 2, and the upper two bits must be 0"},
	wrongHash:         {"[MQTT-4.7.1-2] # is the last level of a filter, and stands alone in it", "[MQTT-4.7.1-1] # is the last level of a filter, and stands alone in it"},
	wrongPlus:         {"[MQTT-4.7.1-3] + stands alone in its level", "[MQTT-4.7.1-2] + stands alone in its level"},
	wrongShare:        {"[MQTT 5, 4.8.2] a shared filter is $share/NAME/FILTER, with a name without + and #", "[MQTT-4.8.2-1, -2] a shared filter is $share/NAME/FILTER, with a name without + and #"},
	wrongCode:         {"[MQTT 3.1.1, 3.2.2.3, 3.9.3] this return code is reserved", "[MQTT 5, 2.4] this packet has no such reason code"},
	wrongProperty:     {"", "[MQTT 5, 2.2.2.2] no property has this number; the rest of them cannot be read"},
	wrongTwice:        {"", "[MQTT 5, 2.2.2.2] this property may be there once"},
	wrongNotHere:      {"", "[MQTT 5, 2.2.2.2] this property does not belong into such a packet"},
}

// in says it in the words of a version's standard.
func (w wrong) in(version byte) string {
	words := &wrongWords[w]
	if version == 5 && words[1] != "" {
		return words[1]
	}
	return words[0]
}
