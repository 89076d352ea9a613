package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// Bounds of what a client sends.
const (
	maxHandshake = 1 << 10
	maxMessage   = core.MaxEventPayload
	// A message of workbench.v1 is JSON, where one byte may be written as six.
	maxJSONMessage = 6*maxMessage + 64

	entriesFrame = 256 << 10 // a frame of entries ends with the entry that passes this
)

// client is a session's client behind a WebSocket.
type client struct {
	ws      *websocket.Conn
	conn    *clientConn
	entries bool           // workbench.v1
	hello   map[string]any // the first thing that a client of workbench.v1 is told
	plugin  string         // named if a machine is to blame
	knows   func(core.EventKind) bool

	commands []core.Command // of the mode

	session func() *session.Live // that it says things to; nil: it has ended

	looksOn bool // in the session of another

	message *[]byte // borrowed from one Receive to the next
	ended   bool    // a message of workbench.v1 said eof
	closed  sync.Once

	writing  sync.Mutex // of messages, where the reader may write too
	accepted bool       // Accept has told the client so
	untold   []byte     // a message that the reader could not write
}

// handshake reads the first message, which names the target.
func (c *client) handshake() (string, error) {
	c.conn.endReading(handshakeLimit)
	kind, r, err := c.ws.NextReader()
	if err != nil {
		if isTimeout(err) {
			return "", refuseAs(codeHandshake, "no first message within 10 s; it must be host:port")
		}
		return "", errGone
	}
	first, err := io.ReadAll(io.LimitReader(r, maxHandshake+1))
	switch {
	case err != nil && isTimeout(err):
		return "", refuseAs(codeHandshake, "no complete first message within 10 s; it must be host:port")
	case err != nil:
		return "", errGone
	case len(first) > maxHandshake:
		return "", refuseAs(codeHandshake, "the first message is longer than 1024 bytes; it must be host:port")
	case kind != websocket.TextMessage:
		return "", refuseAs(codeHandshake, "the first message is binary; it must be text, host:port")
	case !utf8.Valid(first):
		return "", refuseAs(codeHandshake, "the first message is not UTF-8; it must be host:port")
	}
	c.conn.readOn()
	c.ws.SetReadLimit(maxMessage)
	if c.entries {
		c.ws.SetReadLimit(maxJSONMessage)
	}
	return string(first), nil
}

// errGone says that the client left.
var errGone = errors.New("the client left")

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// messages are buffers for reading a client's message.
var messages = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// Receive returns the client's next message that can be taken.
func (c *client) Receive() (core.Event, error) {
	for {
		e, err := c.receive()
		var refused notTaken
		if !errors.As(err, &refused) {
			return e, err
		}
		c.sayNotTaken(refused)
	}
}

func (c *client) receive() (core.Event, error) {
	kind, message, err := c.read()
	switch {
	case err != nil:
		return core.Event{}, err
	case kind == websocket.TextMessage && c.entries:
		u, err := parseUpward(message, false)
		if err != nil {
			return core.Event{}, err
		}
		if u.Fault != nil {
			if err := c.addFaults(*u.Fault); err != nil {
				return core.Event{}, err
			}
			return c.receive()
		}
		if c.ended {
			return core.Event{}, afterEOF
		}
		c.ended = u.EOF
		return c.event(u)
	case c.ended:
		return core.Event{}, afterEOF
	case len(message) > maxMessage:
		return core.Event{}, tooBig
	case kind == websocket.TextMessage:
		return core.Event{Kind: core.ClientText, Data: message}, nil
	}
	return core.Event{Kind: core.ClientBinary, Data: message}, nil
}

// read returns the client's next message, valid until the next call. The error is
// how the session ends.
func (c *client) read() (kind int, message []byte, err error) {
	c.giveBack()
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return 0, nil, c.lost(err)
	}
	message, err = c.readAll(r)
	switch {
	case err != nil:
		return 0, nil, c.lost(err)
	case kind == websocket.TextMessage && !utf8.Valid(message):
		return 0, nil, session.End{Cause: session.BadText, Words: "a text message was not UTF-8"}
	}
	return kind, message, nil
}

// readAll reads a message into a borrowed buffer.
func (c *client) readAll(r io.Reader) ([]byte, error) {
	c.message = messages.Get().(*[]byte)
	buf, size := *c.message, 0
	for {
		if size == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
			*c.message = buf
		}
		n, err := r.Read(buf[size:])
		size += n
		if err == io.EOF {
			return buf[:size], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (c *client) giveBack() {
	if c.message != nil {
		messages.Put(c.message)
		c.message = nil
	}
}

// lost returns the session's end for an error of the WebSocket.
func (c *client) lost(err error) error {
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return tooBig
	case websocket.IsCloseError(err, websocket.CloseInvalidFramePayloadData):
		return session.End{Cause: session.BadText, Words: "a text message was not UTF-8"}
	case isTimeout(err):
		return session.End{Cause: session.ByClient, Words: "the client did not answer for 60 s"}
	}
	return session.End{Cause: session.ByClient, Words: "the client closed"}
}

// wait tells the client that its session begins once another one connects to an address:
// before SUCC or FAIL, of a target that asks for it.
func (c *client) wait(address string) {
	c.ws.WriteMessage(websocket.TextMessage, []byte("WAIT:"+address)) // reading finds out that the client is gone
}

// Accept tells the client that the target was reached.
func (c *client) Accept(address string) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.conn.cork()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte("SUCC")); err != nil {
		return err
	}
	if c.entries {
		c.hello["address"] = address
		hello, err := json.Marshal([]any{c.hello})
		if err != nil {
			return err
		}
		if err := c.ws.WriteMessage(websocket.TextMessage, hello); err != nil {
			return err
		}
	}
	c.accepted = true
	return errors.Join(c.tellUntold(), c.conn.uncork())
}

// ping asks the client for a sign of life. It does not wait for a write in
// progress.
func (c *client) ping() {
	go c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(pingEvery))
}

// Refuse tells the client why there is no session. A client of workbench.v1 gets
// the reason's parts separately.
func (c *client) Refuse(reason error) {
	words := reason.Error()
	var e *target.Error
	if !c.entries && errors.As(reason, &e) {
		words = atLength(e)
	}
	c.ws.WriteMessage(websocket.TextMessage, []byte("FAIL:"+core.CutWords(words, core.MaxWords)))
	if parts := refusal(reason); c.entries && parts != nil {
		c.ws.WriteMessage(websocket.TextMessage, parts)
	}
	c.sayClose(websocket.CloseNormalClosure, "")
}

// Send writes messages, with as few system calls as it can.
func (c *client) Send(m *session.Messages) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.conn.cork()
	err := c.tellUntold()
	if err != nil {
	} else if c.entries {
		err = c.sendEntries(m)
	} else {
		for i := 0; i < m.Len() && err == nil; i++ {
			data, text := m.At(i)
			kind := websocket.BinaryMessage
			if text {
				kind = websocket.TextMessage
			}
			err = c.ws.WriteMessage(kind, data)
		}
	}
	return errors.Join(err, c.conn.uncork())
}

// Ready reports that Send of little would not block.
func (c *client) Ready() bool { return c.conn.Ready() }

// sendEntries writes entries, each a JSON object, as JSON arrays.
func (c *client) sendEntries(m *session.Messages) error {
	array := messages.Get().(*[]byte)
	defer messages.Put(array)
	for i := 0; i < m.Len(); {
		frame := append((*array)[:0], '[')
		for ; i < m.Len() && len(frame) < entriesFrame; i++ {
			entry, _ := m.At(i)
			frame = append(append(frame, entry...), ',')
		}
		frame[len(frame)-1] = ']'
		*array = frame[:cap(frame)]
		if err := c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			return err
		}
	}
	return nil
}

// Close tells the client how the session ended, one of workbench.v1 with a code
// and all the words.
func (c *client) Close(end session.End) {
	if end.Cause == session.ClientStuck {
		c.Cut()
		return
	}
	code, words := c.closeCode(end)
	if c.entries {
		c.writing.Lock()
		c.tellUntold()
		c.ws.WriteMessage(websocket.TextMessage, ended(end.Cause, words))
		c.writing.Unlock()
	}
	c.sayClose(code, words)
}

// closeCode returns the close code for an end; docs/websocket.md has the table.
func (c *client) closeCode(end session.End) (code int, words string) {
	switch end.Cause {
	case session.ByClient, session.ByServer, session.ByMachine:
		return websocket.CloseNormalClosure, end.Words
	case session.Stopped, session.ClassEnded:
		return websocket.CloseGoingAway, end.Words
	case session.BadText:
		return websocket.CloseInvalidFramePayloadData, end.Words
	case session.NotAllowed, session.Idle, session.TimeUp, session.Revoked:
		return websocket.ClosePolicyViolation, end.Words
	case session.TooBig:
		return websocket.CloseMessageTooBig, end.Words
	case session.MachineFailed, session.MachineLost:
		words := end.Words
		if !strings.Contains(words, c.plugin) {
			words = fmt.Sprintf("plugin %s: %s", c.plugin, words)
		}
		return websocket.CloseInternalServerErr, words
	case session.ServerFailed, session.ServerStuck:
		return websocket.CloseInternalServerErr, end.Words
	}
	return websocket.CloseInternalServerErr, end.Words
}

const maxReason = 123 // bytes of a close frame's reason: RFC 6455, section 5.5

// sayClose sends a close frame and gives the client limited time to answer.
func (c *client) sayClose(code int, reason string) {
	frame := websocket.FormatCloseMessage(code, core.CutWords(reason, maxReason))
	c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeLimit))
	c.conn.endReading(closeLimit)
}

// hearOut reads and drops what the client still sends until it has answered the
// close; closing earlier would send a reset.
func (c *client) hearOut() {
	for {
		_, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		io.Copy(io.Discard, r)
	}
}

// Cut ends the connection at once.
func (c *client) Cut() {
	c.closed.Do(func() {
		c.ws.Close()
	})
}
