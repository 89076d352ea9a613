// Package mqtt is the line mode mqtt: brokers by MQTT 3.1.1 and 5 (the OASIS standards of
// these names; what only MQTT 3.1 has is read too).
//
// By hand, what is typed are commands: CONNECT, SUB, UNSUB, PUB, PING, DISCONNECT. They are
// checked before they are sent: a topic filter with a '#' in the middle is not sent, and an
// error says why. A line that begins with '=' is sent as it is, with its escapes. The machine
// makes the packet identifiers, sends PINGREQ at the keep alive's pace, and takes its part in
// QoS 1 and 2 both ways. Each packet of the server's is a message to the client.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched. Which version it speaks is learnt from its CONNECT.
//
// All packets are messages with fields (core.Message), named as Wireshark names them. An
// acknowledgement names what it acknowledges: of QoS 2, each packet the one before it.
//
// # Wrong bytes
//
// Nothing ends the decoding. A packet that is not as the standard wants it is a message that
// is marked wrong; where its length can be trusted, the next packet follows it. Where it
// cannot, or where bytes were missed, the next packet is one where several in a row are right.
//
// # Bounds
//
// An announced length reserves nothing. Of a packet 64 KiB are kept, and the rest is counted.
// Of the packets that are not acknowledged 4,096 of each side are known, the newest.
package mqtt
