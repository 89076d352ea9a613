package gateway

import (
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

// handshakePrefix begins the parameters of the query that are choices of a
// target.Handshake.
const handshakePrefix = "ws."

// webSocket is what a Server is besides if it is a WebSocket.
type webSocket interface {
	Subprotocol() string // that the server chose; "": none
}

// shaking returns the target with the choices of a query for the handshake of its
// WebSocket.
func shaking(t target.Target, choices []target.Choice) (target.Target, error) {
	for _, c := range choices {
		if t.Kind != target.WebSocket {
			return t, &target.Error{Code: target.CodeWebSocketParameter, Words: fmt.Sprintf(
				"the address has %q, but the target is not a WebSocket server: write ws:// or wss:// before it", core.CutWords(handshakePrefix+c.Name, core.MaxName))}
		}
		if err := t.Handshake.Choose(c); err != nil {
			var e *target.Error
			if errors.As(err, &e) {
				e.Words = handshakePrefix + e.Words
			}
			return t, err
		}
	}
	return t, nil
}
