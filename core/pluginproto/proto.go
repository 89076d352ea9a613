package pluginproto

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/rpc"

	"github.com/hashicorp/go-plugin"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Version is the protocol version: what this package and core/wire/spec.md
// describe. It rises if older plugins would misunderstand.
const Version = 1

// Key names the one thing that a plugin process offers.
const Key = "discipline"

// MaxManifest bounds a manifest in bytes of JSON.
const MaxManifest = 1 << 20

// Handshake tells a plugin that a workbench started it. It stops people who
// start a plugin by hand, with an explanation; it is not for security.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "PROTOCOL_WORKBENCH_PLUGIN",
	MagicCookieValue: "e7c0a5f2-started-by-the-workbench",
}

// DebugVariable names the environment variable that makes a plugin listen, for a
// debugger, on the Unix socket with that path. Each connection to it is one
// session's stream, on which the plugin first writes its manifest as one line of
// JSON.
const DebugVariable = "PROTOCOL_WORKBENCH_DEBUG"

// Sets offers p, a *Server or a Client, under every protocol version that this
// build speaks.
func Sets(p plugin.Plugin) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{Version: Set(p)}
}

// Set offers only p.
func Set(p plugin.Plugin) plugin.PluginSet { return plugin.PluginSet{Key: p} }

// None is the argument of calls that need none.
type None struct{}

// ManifestReply answers the call Manifest.
type ManifestReply struct {
	JSON []byte // of a core.Manifest; readers skip unknown fields
}

// SessionReply answers the call Session.
type SessionReply struct {
	Stream uint32 // what to dial
}

// CoverageReply answers the call Coverage.
type CoverageReply struct {
	Data []byte // in the format of the plugin's build, which the caller made
}

// Server is the plugin's end of the calls.
type Server struct {
	Manifest core.Manifest
	// Session runs one session on its stream, which has this number, and closes
	// it. Each call has its own goroutine.
	Session func(stream net.Conn, number uint32)
	// Load returns how busy the process is; nil: the host is not told.
	Load func() wire.Load
	// Coverage returns which parts of its code the process has executed, if it
	// was built or started to count that; nil: it never is.
	Coverage func() ([]byte, error)
	// Lanes begins to listen for [Client.Lanes], which is called once; nil: the
	// process takes none.
	Lanes func() (Lanes, error)
	Log   *slog.Logger
}

var _ plugin.Plugin = (*Server)(nil)

// Server is called by go-plugin for each connection.
func (s *Server) Server(b *plugin.MuxBroker) (any, error) { return &service{s, b}, nil }

// Client is for the other end.
func (s *Server) Client(*plugin.MuxBroker, *rpc.Client) (any, error) {
	return nil, errors.New("not supported at the plugin's end")
}

type service struct {
	*Server
	broker *plugin.MuxBroker
}

// Manifest describes the discipline.
func (s *service) Manifest(_ None, reply *ManifestReply) (err error) {
	reply.JSON, err = json.Marshal(s.Server.Manifest)
	return err
}

// Session names a stream and waits for the host to dial it, for 5 s.
func (s *service) Session(_ None, reply *SessionReply) error {
	id := s.broker.NextId()
	reply.Stream = id
	go func() {
		stream, err := s.broker.Accept(id)
		if err != nil {
			s.Log.Warn("the host asked for a session and did not connect", "error", err)
			return
		}
		s.Server.Session(stream, id)
	}()
	return nil
}

// Load returns how busy the process is.
func (s *service) Load(_ None, reply *wire.Load) error {
	if s.Server.Load == nil {
		return errors.New("sessions take no turns")
	}
	*reply = s.Server.Load()
	return nil
}

// Coverage returns which parts of its code the process has executed.
func (s *service) Coverage(_ None, reply *CoverageReply) (err error) {
	if s.Server.Coverage == nil {
		return errors.New("coverage not counted")
	}
	reply.Data, err = s.Server.Coverage()
	return err
}

// Client is the host's end of the calls. The calls have no time limit: close the
// connection to interrupt one.
type Client struct {
	calls  *rpc.Client
	broker *plugin.MuxBroker
}

var _ plugin.Plugin = (*Client)(nil)

// Client is called by go-plugin; it returns a working *Client.
func (*Client) Client(b *plugin.MuxBroker, calls *rpc.Client) (any, error) {
	return &Client{calls, b}, nil
}

// Server is for the other end.
func (*Client) Server(*plugin.MuxBroker) (any, error) {
	return nil, errors.New("not supported at the host's end")
}

// Manifest asks for the plugin's manifest and checks it.
func (c *Client) Manifest() (core.Manifest, error) {
	var reply ManifestReply
	var m core.Manifest
	if err := c.calls.Call("Plugin.Manifest", None{}, &reply); err != nil {
		return m, err
	}
	if len(reply.JSON) > MaxManifest {
		return m, fmt.Errorf("manifest of %d bytes; at most %d fit", len(reply.JSON), MaxManifest)
	}
	if err := json.Unmarshal(reply.JSON, &m); err != nil {
		return m, fmt.Errorf("parse manifest: %w", err)
	}
	return m, m.Validate()
}

// Session opens the stream of a new session and returns it with its number.
func (c *Client) Session() (net.Conn, uint32, error) {
	var reply SessionReply
	if err := c.calls.Call("Plugin.Session", None{}, &reply); err != nil {
		return nil, 0, err
	}
	stream, err := c.broker.Dial(reply.Stream)
	return stream, reply.Stream, err
}

// Load asks how busy the process is, which also shows that it answers. It is nil
// for a plugin that does not say, or was built before this call existed.
func (c *Client) Load() (*wire.Load, error) {
	var reply wire.Load
	err := c.calls.Call("Plugin.Load", None{}, &reply)
	var unknown rpc.ServerError
	switch {
	case errors.As(err, &unknown):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &reply, nil
}

// Coverage asks which parts of its code the process has executed. A plugin that
// does not count that, or was built before this call existed, returns an error.
func (c *Client) Coverage() ([]byte, error) {
	var reply CoverageReply
	err := c.calls.Call("Plugin.Coverage", None{}, &reply)
	return reply.Data, err
}
