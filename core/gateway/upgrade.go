package gateway

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
)

// upgradable is a dialled server whose connection can become TLS in mid-stream, and
// which says for programs why it did not.
type upgradable struct {
	Server
	session.Upgrader
}

// upgradableOf returns a server that a session may upgrade, if its connection can be.
func upgradableOf(s Server) session.Server {
	if never, ok := s.(session.NotUpgradable); ok && never.NoUpgrade() != "" {
		return struct {
			Server
			session.NotUpgradable
		}{s, never}
	}
	if up, ok := s.(session.Upgrader); ok {
		return upgradable{s, up}
	}
	return s
}

// Reset ends the connection such that the server sees a reset.
func (u upgradable) Reset() { reset(u.Server) }

// reset resets a connection, or where it knows of no reset closes it.
func reset(s session.Server) {
	if end, ok := s.(session.StreamEnd); ok {
		end.Reset()
		return
	}
	s.Close()
}

// StartTLS is the connection's.
func (u upgradable) StartTLS(ctx context.Context, name string) (early int, err error) {
	if early, err = u.Upgrader.StartTLS(ctx, name); err != nil {
		err = notUpgraded{err}
	}
	return early, err
}

// notUpgraded says why a connection did not become TLS.
type notUpgraded struct{ error }

func (e notUpgraded) Unwrap() error { return e.error }

// ForPrograms returns the code and the server's certificate, as a refusal has them.
func (e notUpgraded) ForPrograms() []byte {
	refusal := struct {
		Code        string              `json:"code"`
		Certificate *target.Certificate `json:"certificate,omitempty"`
	}{Code: codeOf(e.error)}
	var failed *target.Error
	if errors.As(e.error, &failed) {
		refusal.Certificate = failed.Certificate
	}
	object, _ := json.Marshal(refusal)
	return object
}
