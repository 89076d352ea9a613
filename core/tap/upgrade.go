package tap

import (
	"context"

	"github.com/protocol-workbench/workbench/core/session"
)

var _ session.ClientUpgrader = (*Client)(nil)

// noCertificate is why a tap without a Front cannot upgrade a client. The page has no flags,
// but no certificate either.
const noCertificate = "this tap has no certificate to show its clients: start it with --tls, or with --tls-cert and --tls-key"

// Cannot says why the client's connection cannot become TLS; "": it can.
func (c *Client) Cannot() string {
	if c.front == nil {
		return noCertificate
	}
	if _, ok := c.conn.(Securable); !ok {
		return "the connection to the client is of a kind that cannot become TLS"
	}
	return ""
}

// Interrupt has Receive return an error without reading, until DropEarly.
func (c *Client) Interrupt() { c.conn.(Securable).Interrupt() }

// DropEarly drops what the client has sent that nobody has read, and returns how many bytes
// that was.
func (c *Client) DropEarly() int { return c.conn.(Securable).DropEarly() }

// StartTLS shakes hands with the client, with a certificate for the name if it asks for no
// other; "": for the target's.
func (c *Client) StartTLS(ctx context.Context, name string) (early int, err error) {
	if err := c.front.shake(ctx, c.conn.(Securable), name, nil); err != nil {
		c.left()
		return 0, err
	}
	return 0, nil
}
