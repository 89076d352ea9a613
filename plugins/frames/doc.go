// Package frames is the line mode frames: binary protocols whose frames begin with their
// length, end at a delimiter, are all equally long, or are stuffed by SLIP (RFC 1055) or
// COBS; and heads with a Content-Length.
//
// By hand, what is typed becomes the payload of a frame, with its length and checksum. It is
// text, hex, JSON, MessagePack or CBOR as an option says, or the fields of a map that an
// option gives. A line that begins with '=' is sent as it is, with its escapes. Each frame of
// the server's is a message to the client.
//
// Modbus/TCP and the framing of the Language Server Protocol are ready made. A Modbus
// answer names the request whose identifier it has.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched.
//
// # Wrong bytes
//
// Nothing ends the decoding. A frame whose length cannot be is a message that is marked
// wrong, and the next byte may begin one; so is one whose checksum or payload is wrong.
//
// # Bounds
//
// Of a frame 256 KiB are kept. A longer one is a message with how long it was, once all of
// it has come. Of the Modbus requests that are not answered 1,024 are kept.
package frames
