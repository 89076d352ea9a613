package core

import "slices"

// ClientEnd says what stands at the client's end of a session.
type ClientEnd uint8

// The client ends.
const (
	Messages  ClientEnd = iota // a person or a program that sends and is shown messages
	Stream                     // a program that speaks the protocol itself: its bytes come cut anywhere
	Datagrams                  // such a program, whose bytes come a datagram at a time
)

var clientEnds = [...]string{Messages: "messages", Stream: "stream", Datagrams: "datagrams"}

// String returns the end as transcripts and manifests write it.
func (c ClientEnd) String() string {
	if int(c) >= len(clientEnds) {
		return "end?"
	}
	return clientEnds[c]
}

// ParseClientEnd is the inverse of String.
func ParseClientEnd(s string) (c ClientEnd, ok bool) {
	i := slices.Index(clientEnds[:], s)
	return ClientEnd(max(i, 0)), i >= 0
}

// Serves reports whether the discipline's machines can have such a client. One that
// serves streams gets what the client sends as [ClientBytes], and what it sends to the
// client, as text or binary, is a stream too: nothing is put between the messages. One
// that serves datagrams gets each as a ClientBytes, and each text or binary that it sends
// to the client is one.
func (m *Manifest) Serves(c ClientEnd) bool {
	return c == Messages && len(m.Clients) == 0 || slices.Contains(m.Clients, c.String())
}
