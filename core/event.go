package core

import "bytes"

// Side names one of the two peers of a session.
type Side uint8

// The sides of a session.
const (
	Client Side = iota + 1 // who uses the workbench: the page, a program
	Server                 // the target that was dialled
)

// String returns "client" or "server".
func (s Side) String() string {
	switch s {
	case Client:
		return "client"
	case Server:
		return "server"
	}
	return "side?"
}

// EventKind says what happened.
type EventKind uint8

// The kinds of event. Their numbers are fixed: core/wire sends them.
const (
	ClientText   EventKind = iota + 1 // the client sent a text message; Data is UTF-8
	ClientBinary                      // the client sent a binary message
	ClientEOF                         // the client sends no more but still reads (half-close)
	ClientClosed                      // the client is gone
	ServerBytes                       // the server sent bytes: a piece of a stream, cut anywhere, unless Opening.Server says otherwise
	ServerEOF                         // the server sends no more
	ServerFailed                      // the connection to the server broke; Data says how, in words
	TimerFired                        // the timer named by Data fired

	// The kinds below came later. A machine gets them only if its manifest
	// names them.
	ClientPart  // the client sent text that has no line end; Data is UTF-8
	ClientRaw   // the client sent bytes which the core passes to the server unchanged, before the actions
	ServerQuiet // the server has sent nothing for as long as the machine asked for; see [QuietAsker]
	ClientBytes // the client, which is no page but a program, sent bytes: a piece of a stream, cut anywhere, or a datagram
	WorldSaid   // what the world answered to AskWorld
	ServerTLS   // the connection to the server is TLS from here on, as StartTLS ordered; Data says how, in words
	// ClientStartTLS says that the person at the client wants TLS from here on. A
	// machine that knows it decides by itself, with [Out.StartTLS]; for others the core
	// upgrades the connection to the server.
	ClientStartTLS

	// A machine that watches and is too far behind misses something: Data says how many
	// bytes, in decimal.
	ClientUnseen // of the client's
	ServerUnseen // of the server's

	ClientTLS       // the connection to the client is TLS from here on, as StartTLS ordered; Data says how, in words
	ClientTLSFailed // … did not become TLS, and is of no more use; Data says why, in words

	// ClientCommand says that the person used one of the manifest's commands, by a form,
	// a button or a completed line. Data is the command and its values as [Command.Line]
	// writes them, which is UTF-8; [ParseCommand] reads it.
	ClientCommand
)

// eventNames are the kinds as transcripts, manifests and plugins write them.
var eventNames = [...]string{
	ClientText: "client text", ClientBinary: "client binary", ClientEOF: "client eof", ClientClosed: "client closed",
	ServerBytes: "server", ServerEOF: "server eof", ServerFailed: "server failed", TimerFired: "timer",
	ClientPart: "client part", ClientRaw: "client raw", ServerQuiet: "server quiet",
	ClientBytes: "client bytes", WorldSaid: "world", ServerTLS: "server tls", ClientStartTLS: "client start-tls",
	ClientUnseen: "client unseen", ServerUnseen: "server unseen",
	ClientTLS: "client tls", ClientTLSFailed: "client tls-failed",
	ClientCommand: "client command",
	LinkListening: "link listening", LinkConnected: "link connected", LinkFailed: "link failed",
	LinkBytes: "link bytes", LinkEOF: "link eof", LinkClosed: "link closed",
}

// String returns the kind's name: "client text", "server", "server eof".
func (k EventKind) String() string {
	if !k.Valid() {
		return "event?"
	}
	return eventNames[k]
}

// IsLater reports whether the kind came after the first version of the
// contract, so that only machines whose manifest names it get it.
func (k EventKind) IsLater() bool { return k > TimerFired }

// Event is one fact, fed to a machine.
type Event struct {
	Kind EventKind
	Link string // the name of the link, of kinds that are about one
	Data []byte // payload, words or timer name; at most MaxEventPayload bytes
}

// Clone returns the event with Data in memory of its own.
func (e Event) Clone() Event {
	e.Data = bytes.Clone(e.Data)
	return e
}

// Side returns the side that the event came from, or 0 for a timer, the world and links.
func (k EventKind) Side() Side {
	switch k {
	case ClientText, ClientBinary, ClientEOF, ClientClosed, ClientPart, ClientRaw, ClientBytes, ClientStartTLS, ClientUnseen,
		ClientTLS, ClientTLSFailed, ClientCommand:
		return Client
	case ServerBytes, ServerEOF, ServerFailed, ServerQuiet, ServerTLS, ServerUnseen:
		return Server
	}
	return 0
}

// IsBytes reports whether the event carries a peer's payload.
func (k EventKind) IsBytes() bool {
	switch k {
	case ClientText, ClientBinary, ClientPart, ClientRaw, ClientBytes, ServerBytes, LinkBytes:
		return true
	}
	return false
}

// IsStream reports whether the event can be a piece of a stream: where it was cut means
// nothing, unless its end keeps boundaries; see [Opening.IsStream].
func (k EventKind) IsStream() bool { return k == ServerBytes || k == ClientBytes || k == LinkBytes }

// IsText reports whether the event's payload is always UTF-8.
func (k EventKind) IsText() bool { return k == ClientText || k == ClientPart || k == ClientCommand }

// Valid reports whether k is one of the kinds above.
func (k EventKind) Valid() bool { return k >= ClientText && k <= LinkClosed }

// Ending is what the core does by itself after a machine's last action for an
// event.
type Ending uint8

// The endings.
const (
	EndNothing Ending = iota // nothing: the session goes on as it is
	EndClient                // close the client's side once its queue is empty
	EndServer                // send FIN once the server's queue is empty
)

// DefaultEnding returns what the core does after the actions of an event of
// this kind, whatever the machine answered. This is the only place that decides
// it: the end of the server's stream closes the client's side, the end of the
// client's stream, or of its use, ends the stream to the server. Endings are the core's own and
// never appear as actions.
func (k EventKind) DefaultEnding() Ending {
	switch k {
	case ServerEOF, ServerFailed:
		return EndClient
	case ClientEOF, ClientClosed, ClientTLSFailed:
		return EndServer
	}
	return EndNothing
}
