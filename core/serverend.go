package core

import "slices"

// ServerEnd says what stands at the server's end of a session.
type ServerEnd uint8

// The server ends. Where the bytes are no stream, each [ServerBytes] is one datagram or
// message as it came, perhaps an empty one, and each [SendServer] is one when it leaves.
const (
	ServerStream    ServerEnd = iota // a stream of bytes, cut anywhere
	ServerDatagrams                  // datagrams, as of UDP
	ServerMessages                   // messages, as of a WebSocket
)

var serverEnds = [...]string{ServerStream: "stream", ServerDatagrams: "datagrams", ServerMessages: "messages"}

// String returns the end as transcripts write it.
func (s ServerEnd) String() string {
	if int(s) >= len(serverEnds) {
		return "end?"
	}
	return serverEnds[s]
}

// ParseServerEnd is the inverse of String.
func ParseServerEnd(s string) (e ServerEnd, ok bool) {
	i := slices.Index(serverEnds[:], s)
	return ServerEnd(max(i, 0)), i >= 0
}

// IsStream reports whether an event of a kind is a piece of a stream in a session that was
// opened so: where it was cut means nothing.
func (o *Opening) IsStream(k EventKind) bool {
	return k == ServerBytes && o.Server == ServerStream || k == ClientBytes && o.Client == Stream || k == LinkBytes
}

// IsWhole reports whether what is sent to a side leaves in pieces that the side tells
// apart by their ends alone, so that none may be joined or cut.
func (o *Opening) IsWhole(to Side) bool {
	return to == Server && o.Server != ServerStream || to == Client && o.Client == Datagrams
}
