package wsclient

import (
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

// This file tells what was reached.

// Subprotocol returns what the server chose; "": none.
func (c *Conn) Subprotocol() string { return c.ws.Subprotocol() }

// Spoken says in words on one line what the handshake came to and what was chosen for it,
// without the values of headers that may be secret.
func (c *Conn) Spoken() string {
	words := "websocket, no subprotocol"
	if chosen := c.Subprotocol(); chosen != "" {
		words = "websocket, subprotocol " + chosen // which was offered
	}
	var headers []string
	for _, choice := range c.how.Choices() {
		switch choice.Name {
		case target.ChoiceSubprotocol:
			words += " of " + strings.ReplaceAll(choice.Value, ",", ", ")
		case target.ChoiceHeader:
			headers = append(headers, choice.Value)
		case target.ChoiceSend:
			words += ", messages are sent as " + choice.Value
		}
	}
	if headers != nil {
		words += "; headers " + strings.Join(headers, "; ")
	}
	return core.Words(words)
}

// Ready reports that a Write of little would not block.
func (c *Conn) Ready() bool { return c.below.Ready() }

// Resolved returns what was reached, as ip:port.
func (c *Conn) Resolved() string { return c.below.Resolved() }

// AllowedBy returns what let the address be dialled.
func (c *Conn) AllowedBy() string { return c.below.AllowedBy() }

// Through says through what the target was reached; "": through nothing.
func (c *Conn) Through() string { return c.below.Through() }

// TLS returns the outcome of the TLS handshake, or nil on a plain connection.
func (c *Conn) TLS() *target.Outcome { return c.below.TLS() }

// Secured returns TLS in words, on one line; "" on a plain connection.
func (c *Conn) Secured() string { return c.below.Secured() }
