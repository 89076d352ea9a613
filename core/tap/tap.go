package tap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Tap makes a session of each connection.
type Tap struct {
	Mode    core.Manifest
	Options core.Options // all of the manifest's, checked
	Target  string       // as the user named it
	Server  core.ServerEnd
	// Through puts the machine into the path. Without it, it watches.
	Through bool
	// Faults are made in each session, whose machine is then in the path; nil: none are.
	Faults *fault.Rules
	// Plugin returns the build of the mode that a session runs on.
	Plugin func() (session.Plugin, error)
	// Dial reaches the target.
	Dial func(ctx context.Context) (session.Server, error)
	// Links opens the further connections that the mode orders where it is in the path; nil:
	// there are none.
	Links session.Links
	// TLS are the choices with which that is done, for the recording; DialTellsNothing is
	// session.Config's.
	TLS              []transcript.OptionValue
	DialTellsNothing bool
	// Accepted returns the end of a connection, which is Securable if there is a Front.
	Accepted func(net.Conn) Conn
	// Front is TLS with the clients; nil: they are heard in clear. Dial is then called only
	// for clients that stay in clear, and its own else.
	Front *Front
	// Recordings records the sessions; nil: they are not recorded.
	Recordings *store.Recordings
	// KeepPoison is session.Config's.
	KeepPoison func(t *transcript.Transcript, withheld bool) string
	// Ended, if set, is told of the end of each session, by its own goroutine.
	Ended func(Session)
	// Hold, if set, holds the session of a connection in place of the tap, for a caller who
	// has a registry of his own and rules for who may open how many. The config lacks a
	// Plugin, a Dial and observers, and the Session its ID; of the Tap, all that is about
	// these is not needed. If there is to be no session, Hold resets the client.
	Hold func(ctx context.Context, it Session, client *Client, config session.Config)
	Log  *slog.Logger

	registry session.Registry
}

// Session is a session that has ended.
type Session struct {
	ID         string
	Client     net.Addr
	Began      time.Time
	Transcript string // the ID of its recording; "": there is none
	End        session.End
}

// Refusal says that a mode does not serve a client that is a program.
type Refusal struct {
	Mode   string
	Client core.ClientEnd
}

func (r *Refusal) Error() string {
	if r.Client == core.Datagrams {
		return fmt.Sprintf("line mode %s serves no client that sends datagrams", r.Mode)
	}
	return fmt.Sprintf("line mode %s serves no client that is a program: it takes messages, and a program sends a stream", r.Mode)
}

// Check returns a *Refusal for a mode that cannot be tapped.
func Check(m core.Manifest) error { return CheckFor(m, core.Stream) }

// CheckFor returns a *Refusal for a mode that does not serve such a client.
func CheckFor(m core.Manifest, client core.ClientEnd) error {
	if !m.Serves(client) {
		return &Refusal{m.Name, client}
	}
	return nil
}

// Serve makes a session of each connection that l accepts, until ctx ends.
func (t *Tap) Serve(ctx context.Context, l net.Listener) error {
	return practice.Serve(ctx, l, t.Log, t.hold)
}

// hold holds the session of one connection.
func (t *Tap) hold(ctx context.Context, conn net.Conn) error {
	it := Session{Client: conn.RemoteAddr(), Began: time.Now()}
	client, dial := t.client(t.Accepted(conn))
	config := session.Config{
		Client: client,
		Opening: core.Opening{
			Options: t.Options, Target: t.Target, ServerEOFStays: t.Mode.AfterServerEOF,
			Client: client.End(), Server: t.Server, Watch: !t.Through,
		},
		Knows:    t.Mode.Knows,
		Withhold: t.Mode.Secrets,
		Messages: t.Mode.Messages,
		Links:    t.Links,
		Faults:   t.Faults,
	}
	session.Draw(&config.Opening, t.Mode, it.Began)
	if t.Hold != nil {
		t.Hold(ctx, it, client, config)
		return nil
	}
	plugin, err := t.Plugin()
	if err != nil {
		client.Reset()
		return err
	}
	it.ID = t.registry.NewID()
	remarking := &session.Remarking{}
	config.Plugin, config.KeepPoison = plugin, t.KeepPoison
	config.DialTellsNothing = t.DialTellsNothing && client.shook == nil
	config.Dial = func(ctx context.Context) (session.Server, error) {
		server, err := dial(ctx)
		remarking.Of(server)
		return server, err
	}
	var recorded *recording
	if t.Recordings != nil {
		recorded = &recording{all: t.Recordings, header: store.Header{
			Session: it.ID, Began: it.Began, Mode: t.Mode.Name, Options: t.Options, Target: t.Target, TLS: t.TLS,
			ServerEOFStays: t.Mode.AfterServerEOF, Client: client.End(), Server: t.Server, Watch: !t.Through,
			Seed: config.Opening.Seed, Start: config.Opening.Start,
		}}
		config.Observers = []session.Observer{recorded}
	}
	config.Observers = append(config.Observers, remarking)
	it.End = t.registry.Run(ctx, it.ID, config)
	if recorded != nil && recorded.into != nil {
		it.Transcript = recorded.into.ID()
	}
	if t.Ended != nil {
		t.Ended(it)
	}
	return nil
}
