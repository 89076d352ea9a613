package tap

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
)

// Conn is an accepted connection: what a session takes for its server's end serves for its
// client's, too.
type Conn interface {
	session.Server
	session.StreamEnd
	SetReadDeadline(time.Time) error
}

// lingerLimit is how long a client is waited for that was told that no more comes.
const lingerLimit = 5 * time.Second

// Client is a session's client that is a program. Its bytes are a stream, and so are those
// that are sent to it; or datagrams, if it is a [Source].
type Client struct {
	conn  Conn
	whole bool          // each message is a datagram
	front *Front        // TLS at this end; nil: none
	shook chan struct{} // closed once the handshake at the beginning is done; nil: there is none
	eof   bool          // Receive has told of the end of the stream
	gone  chan struct{} // closed once the connection is of no more use
	leave sync.Once
}

var (
	_ session.Client    = (*Client)(nil)
	_ session.StreamEnd = (*Client)(nil)
	_ session.Truncater = (*Client)(nil)
)

// NewClient returns the client at the other end of a connection.
func NewClient(conn Conn) *Client {
	_, whole := conn.(*Source)
	return &Client{conn: conn, whole: whole, gone: make(chan struct{})}
}

// End returns what the client is.
func (c *Client) End() core.ClientEnd {
	if c.whole {
		return core.Datagrams
	}
	return core.Stream
}

// Receive returns the next bytes, or the end of the stream; after that, how the client
// went.
func (c *Client) Receive() (core.Event, error) {
	if c.shook != nil {
		select {
		case <-c.shook:
		case <-c.gone:
			return core.Event{Kind: core.ClientClosed}, nil
		}
	}
	if c.eof {
		<-c.gone
		return core.Event{Kind: core.ClientClosed}, nil
	}
	data, err := c.conn.Receive()
	if errors.Is(err, io.EOF) {
		c.eof = true
		return core.Event{Kind: core.ClientEOF}, nil
	}
	return core.Event{Kind: core.ClientBytes, Data: data}, err
}

// Accept has nothing to say: the client took the connection for one to the target.
func (c *Client) Accept(string) error { return nil }

// Refuse resets the connection, as one that leads nowhere. Where the client expects TLS it
// was told by an alert, which a reset could overtake.
func (c *Client) Refuse(error) {
	if c.shook != nil {
		c.Cut()
		return
	}
	c.Reset()
}

// Send writes the messages, one after the other.
func (c *Client) Send(messages *session.Messages) error {
	if c.whole {
		return c.sendEach(messages)
	}
	_, err := c.conn.Write(messages.Joined())
	if err != nil {
		c.left()
	}
	return err
}

// sendEach sends each message as a datagram. What befell one of them is told after all.
func (c *Client) sendEach(messages *session.Messages) (failed error) {
	for i := range messages.Len() {
		data, _ := messages.At(i)
		if _, err := c.conn.Write(data); err != nil {
			failed = err
		}
	}
	return failed
}

// Ready reports that little would be sent at once.
func (c *Client) Ready() bool { return c.conn.Ready() }

// CloseWrite tells the client that no more comes.
func (c *Client) CloseWrite() error { return c.conn.CloseWrite() }

// Close ends the connection as the session ended: by a reset where the one to the server
// broke, else by FIN.
func (c *Client) Close(end session.End) {
	if end.Cause == session.ServerFailed || c.whole { // which has no end to wait for
		c.Reset()
		return
	}
	c.conn.CloseWrite()
	c.conn.SetReadDeadline(time.Now().Add(lingerLimit))
	c.left()
}

// Reset ends the connection such that the client sees a reset.
func (c *Client) Reset() {
	c.conn.Reset()
	c.left()
}

// Cut closes the connection.
func (c *Client) Cut() {
	c.conn.Close()
	c.left()
}

func (c *Client) left() { c.leave.Do(func() { close(c.gone) }) }
