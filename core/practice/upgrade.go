package practice

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// upgrade has the connection become TLS, which the machine has ordered, and tells it.
func (t *talk) upgrade() error {
	t.secure = false
	secure := tls.Server(t.wire, t.TLS)
	t.wire.SetDeadline(time.Now().Add(StallLimit))
	if err := secure.HandshakeContext(t.ctx); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	t.wire.SetDeadline(time.Time{})
	t.conn = secure
	held := t.held
	t.held = nil
	if err := t.send(held); err != nil {
		return err
	}
	state := secure.ConnectionState()
	words := strings.ToLower(tls.VersionName(state.Version)) + ", " + tls.CipherSuiteName(state.CipherSuite)
	return t.feed(core.Event{Kind: core.ClientTLS, Data: []byte(words)})
}
