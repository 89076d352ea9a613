package core

import (
	"errors"
	"slices"
)

// A link is a further connection of a session, beside the one to the server: a machine
// orders it by [Out.Connect] or [Out.Accept] under a name, and all that is said of it
// carries that name. Its life:
//
//  1. Connect or Accept; of Accept, LinkListening then says at which address the server
//     has to connect.
//  2. LinkConnected, or LinkFailed, after which the name is free. What is sent before is
//     kept until then.
//  3. LinkBytes, LinkEOF, SendLink and FinishLink, as of the server.
//  4. LinkClosed, once both sides have sent their last byte or after CloseLink; or
//     LinkFailed. The name is free again. Between CloseLink and the end nothing else of
//     the link is fed.
//
// The kinds of the events. A machine gets them only if its manifest names them, and may
// order links only then.
const (
	LinkListening EventKind = iota + 21 // the link waits for the server to connect; Data is the address
	LinkConnected                       // the link is there; Data is the other end's address
	LinkFailed                          // the link did not come to be, or broke; Data says why, in words
	LinkBytes                           // the other end of the link sent bytes: a piece of a stream, cut anywhere
	LinkEOF                             // the other end of the link sends no more
	LinkClosed                          // the link has ended
)

// The kinds of action about links.
const (
	Connect    ActionKind = iota + 17 // connect the link to the target Data
	Accept                            // have the link wait for the server to connect; Data is where, "" being the address that the server knows and any port
	SendLink                          // send Data on the link, in one write
	FinishLink                        // half-close the link: send FIN after all data
	CloseLink                         // end the link once everything sent has left
)

// Bounds of links.
const (
	MaxLinks       = 8       // of a session at once
	MaxLinkAddress = 1 << 10 // bytes of a target or an address
	MaxLinkEvent   = 64 << 10
)

// ErrLinkName is a bound that an answer broke.
var ErrLinkName = errors.New("a link's name must be 1 to 64 lower-case letters, digits or '-', beginning with a letter, and no word that transcripts use already")

// linkEvents are the kinds of event of a link that a machine has to know which orders one.
var linkEvents = [...]EventKind{LinkListening, LinkConnected, LinkFailed, LinkBytes, LinkEOF, LinkClosed}

// LinkEvents returns the kinds of event of a link.
func LinkEvents() []EventKind { return linkEvents[:] }

// IsLink reports whether events of the kind are about a link, and carry its name.
func (k EventKind) IsLink() bool { return k >= LinkListening && k <= LinkClosed }

// EndsLink reports whether an event of the kind is the last one of its link.
func (k EventKind) EndsLink() bool { return k == LinkFailed || k == LinkClosed }

// IsLink reports whether actions of the kind are about a link, and carry its name.
func (k ActionKind) IsLink() bool { return k >= Connect && k <= CloseLink }

// reserved are the words that begin entries of transcripts, or may one day.
var reserved = []string{
	"accept", "action", "client", "close", "connect", "event", "failed", "fault", "link", "message", "note", "option",
	"pass-through", "secret", "server", "session", "start-tls", "state", "target", "timer", "use", "watch", "world",
}

// ValidLink reports whether s can name a link: 1 to MaxName lower-case ASCII letters,
// digits or '-', beginning with a letter, and none of the words of transcripts.
func ValidLink(s string) bool {
	if !ValidName(s) || slices.Contains(reserved, s) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c == '_' || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

// Connect opens a link to a target, host:port. Whether that may be is for the workbench to
// say: LinkConnected or LinkFailed is the outcome. Unless the user has lifted it, only the
// server's own address is allowed.
func (o *Out) Connect(link, target string) {
	o.link(outAction{kind: Connect, link: link}, []byte(CutWords(target, MaxLinkAddress)))
}

// Accept opens a link by waiting for the server to connect, at an address: "" is a free
// port of the address by which the server was reached. LinkListening says which it is.
// LinkConnected or LinkFailed is the outcome. Only the server may connect, once.
func (o *Out) Accept(link, address string) {
	o.link(outAction{kind: Accept, link: link}, []byte(CutWords(address, MaxLinkAddress)))
}

// SendLink sends parts, joined, on the link in one write. The link must have been ordered
// and not have ended.
func (o *Out) SendLink(link string, parts ...[]byte) {
	o.link(outAction{kind: SendLink, link: link}, parts...)
}

// FinishLink half-closes the link; its other end may still send.
func (o *Out) FinishLink(link string) { o.link(outAction{kind: FinishLink, link: link}) }

// CloseLink ends the link once everything sent has left. LinkClosed follows.
func (o *Out) CloseLink(link string) { o.link(outAction{kind: CloseLink, link: link}) }

func (o *Out) link(a outAction, parts ...[]byte) {
	if !ValidLink(a.link) {
		o.fail(ErrLinkName)
		return
	}
	o.add(a, parts)
}
