// Package lines is the line mode lines: protocols of lines of text, with what is particular
// to each in a preset: IRC, memcached, Gopher, finger, whois, NNTP, SCPI, NMEA 0183, Redis'
// inline commands and syslog.
//
// By hand, a line that is typed is sent with its end, once the preset has nothing against it.
// A line that begins with '=' is sent as it is, with its escapes. Each line of the server's
// is a message to the client, together with what belongs to it: the data block that it
// announces, or the lines up to a lone dot.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched; from STARTTLS on nothing is decoded.
//
// A preset is a value of type preset: what follows a line, which fields it has, and, where
// a protocol has them, secrets, requests that are answered, and rules. The machine does the
// rest.
//
// # Wrong bytes
//
// Nothing ends the decoding. A line that cannot be is a message that is marked wrong, and
// the next line may be one.
//
// # Bounds
//
// Of a message 192 KiB are kept, and the rest is counted. A size that is announced is a
// number. Of the requests that are not answered 4,096 are kept by where they begin.
package lines
