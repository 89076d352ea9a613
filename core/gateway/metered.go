package gateway

import (
	"context"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/session"
)

// meter has what comes from a session's peers wait until its owner may use so many
// bytes, so that their senders wait too and nothing is lost.
type meter struct {
	use *quota.Use
	ctx context.Context // done: nothing waits any more
	end func()
}

// metered makes a session one whose bytes are counted.
func metered(ctx context.Context, config session.Config, use *quota.Use) (session.Config, *meter) {
	m := &meter{use: use}
	m.ctx, m.end = context.WithCancel(ctx)
	limitedClient := meteredClient{config.Client, m}
	config.Client = limitedClient
	if end, ok := limitedClient.Client.(session.StreamEnd); ok {
		config.Client = struct {
			meteredClient
			session.StreamEnd
		}{limitedClient, end}
	}
	if config.Links != nil {
		config.Links = meteredLinks{config.Links, m}
	}
	dial := config.Dial
	config.Dial = func(ctx context.Context) (session.Server, error) {
		server, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		limited := meteredServer{server, m}
		switch up := server.(type) {
		case session.Upgrader:
			return struct {
				meteredServer
				session.Upgrader
			}{limited, up}, nil
		case session.NotUpgradable:
			return struct {
				meteredServer
				session.NotUpgradable
			}{limited, up}, nil
		}
		return limited, nil
	}
	return config, m
}

// meteredClient waits with what the client has sent, until the session has ended.
type meteredClient struct {
	session.Client
	*meter
}

func (c meteredClient) Receive() (core.Event, error) {
	e, err := c.Client.Receive()
	c.use.Wait(c.ctx, len(e.Data))
	return e, err
}

func (c meteredClient) Close(end session.End) {
	c.end()
	c.Client.Close(end)
}

func (c meteredClient) Refuse(reason error) {
	c.end()
	c.Client.Refuse(reason)
}

func (c meteredClient) Cut() {
	c.end()
	c.Client.Cut()
}

// meteredServer waits with what the server has sent.
type meteredServer struct {
	session.Server
	*meter
}

// Spoken is the server's.
func (s meteredServer) Spoken() string {
	if speaker, ok := s.Server.(session.Speaker); ok {
		return speaker.Spoken()
	}
	return ""
}

func (s meteredServer) Receive() ([]byte, error) {
	data, err := s.Server.Receive()
	s.use.Wait(s.ctx, len(data))
	return data, err
}

func (s meteredServer) Close() error {
	s.end()
	return s.Server.Close()
}

func (s meteredServer) Reset() {
	s.end()
	reset(s.Server)
}
