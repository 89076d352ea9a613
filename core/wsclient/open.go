package wsclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

// Bounds of a handshake.
const (
	Limit   = 10 * time.Second // how long the answer may take
	maxHead = 64 << 10         // bytes of the answer
)

// frame is how much of a message is sent in one frame, and in one write. A longer message
// is sent in several.
const frame = 64 << 10

// frames holds the buffers in which frames are made, so that an idle connection holds none.
var frames sync.Pool

// Open makes a connection to t's host a WebSocket. It closes the connection if it cannot.
// It returns at once when ctx ends.
func Open(ctx context.Context, below *target.Conn, t target.Target) (*Conn, error) {
	return open(ctx, below, t, Limit)
}

func open(ctx context.Context, below *target.Conn, t target.Target, limit time.Duration) (*Conn, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	release := context.AfterFunc(within, func() { below.SetDeadline(time.Unix(1, 0)) })
	defer release()

	head := &bounded{Conn: below, left: maxHead}
	dial := func(context.Context, string, string) (net.Conn, error) { return head, nil }
	dialer := websocket.Dialer{
		NetDialContext: dial, NetDialTLSContext: dial, // TLS is spoken below
		Subprotocols:   t.Handshake.Subprotocols(),
		ReadBufferSize: 4 << 10, WriteBufferSize: frame, WriteBufferPool: &frames,
	}
	ws, answer, err := dialer.DialContext(within, t.URL(), headerOf(t))
	if err == nil {
		err = check(answer, t)
	}
	if err != nil || !release() {
		below.Close()
		if ctx.Err() != nil {
			return nil, fail(target.CodeStopped, context.Cause(ctx), "stopped before %s answered", below.Resolved())
		}
		return nil, explain(err, answer, below, limit)
	}
	head.left = -1
	return newConn(ws, below, t), nil
}

// headerOf returns what the handshake has beside what it must have. No User-Agent is among
// it unless it was chosen, so that the library's does not speak for the user.
func headerOf(t target.Target) http.Header {
	h := http.Header{"User-Agent": {""}}
	for _, one := range t.Handshake.Headers() {
		name := http.CanonicalHeaderKey(one[0])
		if name == "User-Agent" {
			h.Del(name)
		}
		h[name] = append(h[name], one[1])
	}
	return h
}

// bounded reads at most so many bytes; with less than 0, any number.
type bounded struct {
	net.Conn
	left int
}

var errHead = fmt.Errorf("the answer has more than %d KiB before its empty line", maxHead>>10)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errHead
	}
	if b.left > 0 {
		p = p[:min(len(p), b.left)]
	}
	n, err := b.Conn.Read(p)
	if b.left > 0 {
		b.left -= n
	}
	return n, err
}

// check holds an answer that accepts against what was offered (RFC 6455, 4.1).
func check(answer *http.Response, t target.Target) error {
	chosen := answer.Header.Values("Sec-WebSocket-Protocol")
	switch {
	case len(chosen) > 1:
		return fail(target.CodeWebSocketSubprotocol, nil, "the server chose several subprotocols, and can choose one")
	case len(chosen) == 1 && !offered(t, chosen[0]):
		return fail(target.CodeWebSocketSubprotocol, nil, "the server chose the subprotocol %q, which was not offered: offer it, or another one", shown(chosen[0]))
	case answer.Header.Get("Sec-WebSocket-Extensions") != "":
		return fail(target.CodeWebSocketFailed, nil, "the server uses an extension that was not offered: %s", shown(answer.Header.Get("Sec-WebSocket-Extensions")))
	}
	return nil
}

func offered(t target.Target, name string) bool {
	for _, one := range t.Handshake.Subprotocols() {
		if one == name {
			return true
		}
	}
	return false
}

// shown is what an error shows of what a peer or a user chose.
func shown(s string) string { return core.CutWords(core.Printable(s), 72) }

// fail returns an error in words for the user.
func fail(code target.Code, cause error, format string, args ...any) *target.Error {
	return &target.Error{Words: core.CutWords(fmt.Sprintf(format, args...), target.MaxWords), Code: code, Cause: cause}
}

// explain says in the user's words why there is no WebSocket.
func explain(err error, answer *http.Response, below *target.Conn, limit time.Duration) error {
	address := below.Resolved()
	var own *target.Error
	var timeout net.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, websocket.ErrBadHandshake):
		return explainAnswer(err, answer, address)
	case errors.Is(err, errHead):
		return fail(target.CodeWebSocketFailed, err, "%s answered, but is not a WebSocket server: %v", address, errHead)
	case err == nil, errors.As(err, &timeout) && timeout.Timeout():
		return fail(target.CodeNoAnswer, err, "%s took the connection, but did not answer to the WebSocket's handshake within %v", address, limit)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, target.ErrTruncated), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fail(target.CodeBrokeOff, err, "%s closed the connection without an answer to the WebSocket's handshake", address)
	case errors.Is(err, os.ErrClosed), errors.Is(err, net.ErrClosed):
		return fail(target.CodeBrokeOff, err, "the connection to %s was closed during the WebSocket's handshake", address)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return fail(target.CodeBrokeOff, err, "the connection to %s failed during the WebSocket's handshake", address)
	}
	if below.TLS() == nil {
		return fail(target.CodeWebSocketFailed, err, "%s answered, but not in HTTP: it is not a WebSocket server, or it speaks TLS, as with wss://", address)
	}
	return fail(target.CodeWebSocketFailed, err, "%s answered, but not in HTTP: it is not a WebSocket server", address)
}

// explainAnswer says what an answer of HTTP means that does not accept.
func explainAnswer(err error, answer *http.Response, address string) error {
	status := shown(answer.Status)
	refused := func(format string, args ...any) error {
		return fail(target.CodeWebSocketRefused, err, "%s answered %s: %s", address, status, fmt.Sprintf(format, args...))
	}
	switch code := answer.StatusCode; {
	case code == http.StatusSwitchingProtocols && answer.Header.Get("Sec-WebSocket-Accept") == "":
		return fail(target.CodeWebSocketFailed, err, "%s switched the protocol, but not to WebSocket", address)
	case code == http.StatusSwitchingProtocols:
		return fail(target.CodeWebSocketFailed, err, "%s accepted another handshake than this one (Sec-WebSocket-Accept): something in between may answer in its place", address)
	case code >= 300 && code < 400 && answer.Header.Get("Location") != "":
		return refused("it refers to %s", shown(answer.Header.Get("Location")))
	case code == http.StatusUnauthorized:
		return refused("it wants to know who you are: send a header, such as Authorization or Cookie")
	case code == http.StatusForbidden:
		return refused("it does not allow this: it may want a header, such as Origin or Authorization")
	case code == http.StatusNotFound, code == http.StatusOK, code == http.StatusMethodNotAllowed:
		return refused("there is no WebSocket at this path")
	case code == http.StatusUpgradeRequired && answer.Header.Get("Sec-WebSocket-Version") != "":
		return refused("it speaks version %s of WebSocket, and not 13", shown(answer.Header.Get("Sec-WebSocket-Version")))
	}
	return refused("it did not accept the WebSocket")
}
