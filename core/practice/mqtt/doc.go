// Package mqtt holds the practice MQTT server: a small broker of MQTT 3.1.1 and 5 (the OASIS
// standards of these names).
//
// The duties of its caller:
//
//  1. Make one [Broker] for those who share its topics, by [New], and a [Server] on it for
//     each way of serving.
//  2. Bound the connections, and listen where only those who practise can connect, as
//     package practice does.
//  3. Hand it each connection ([Server.Converse]).
//  4. Cancel the context to end it.
//
// Clients need no user name. One that is given must be of package mail, with its password.
// They publish and subscribe to any topic, except that those that begin with room/ are the
// server's, and hold a few retained messages. A client of MQTT 5 that does something wrong
// gets a reason code, and a reason string that teaches; MQTT 3.1.1 has no words, and mostly no
// codes.
//
// Sessions are kept while the broker lives, for as long as their clients have asked for. What
// does not fit into the bounds is refused, or lost: messages wait for a client in memory, and
// only so many of them.
//
// What it is not for: it has no $SYS topics, shared subscriptions, subscription identifiers,
// topic aliases, or extended authentication, and tells clients of MQTT 5 so. It publishes a
// will at once, whatever delay is asked for.
//
// It is not a machine, since what one client publishes reaches the others unasked.
package mqtt
