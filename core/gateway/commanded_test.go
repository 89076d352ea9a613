package gateway

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// publisher has commands, and says as a note what it was ordered.
var publisher = core.Discipline{
	Manifest: core.Manifest{
		Name: "upper", Title: "Publisher", Input: core.InputLine, Events: []string{core.ClientCommand.String()},
		Commands: []core.Command{
			{Name: "PUBLISH", Fields: []core.CommandField{{Name: "topic", Type: core.ValueText}, {Name: "qos", Type: core.ValueInt, Default: "1"}}},
			{Name: "AUTH", Fields: []core.CommandField{{Name: "password", Type: core.ValueSecret}}},
		},
	},
	Open: func(core.Opening, *core.Out) (core.Machine, error) { return publishing{}, nil },
}

type publishing struct{}

func (publishing) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ClientCommand {
		out.Warn(string(ev.Data))
	}
	return nil
}

// Commands are checked by the manifest; what is wrong with one is told, and the session
// goes on.
func TestCommands(t *testing.T) {
	for _, query := range []string{"", "?keep=on&window=a"} {
		t.Run("query "+query, func(t *testing.T) {
			config := testGateway().Config
			config.Keep = time.Minute
			config.Modes = func() []Mode { return []Mode{{Manifest: publisher.Manifest, State: "ready"}} }
			config.Manifest = func(context.Context, string) (core.Manifest, error) { return publisher.Manifest, nil }
			config.Plugin = func(string) (session.Plugin, error) {
				return &session.Fixed{Connect: func(context.Context, bool) (*wire.Conn, error) {
					return wire.Pipe(publisher, slog.New(slog.DiscardHandler)), nil
				}}, nil
			}
			g := New(config)
			s := stopping(t, g)
			d := websocket.Dialer{Subprotocols: []string{subprotocol}}
			ws, _, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws"+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			say(t, ws, websocket.TextMessage, "h:1")
			greeted(t, ws)
			for message, want := range map[string]string{
				`{"command":"publish news 2"}`:                           `"level":"warning","text":"PUBLISH news 2"`,
				`{"command":"PUBLISH","values":{"topic":"a b","qos":0}}`: `"level":"warning","text":"PUBLISH \"a b\" 0"`,
				`{"command":"PUBLISH","values":{"topic":"late"}}`:        `"text":"PUBLISH late"`,
				`{"command":"AUTH open"}`:                                `"kind":"secret-value","length":4`,
				`{"command":"PUBLISH"}`:                                  `"code":"command","text":"PUBLISH expects 1 to 2 arguments, topic and qos; topic is missing"`,
				`{"command":"PUB","values":{}}`:                          `"code":"command","text":"unknown command \"PUB\"; the commands are PUBLISH, AUTH"`,
				`{"command":"PUBLISH","values":{"topic":[]}}`:            `"code":"command","text":"the value of topic must be a string, a number, true or false"`,
				`{"command":"PUBLISH","values":{"topic":"a","qos":1.5}}`: `"code":"command","text":"PUBLISH: qos is \"1.5\", which is not a whole number"`,
			} {
				say(t, ws, websocket.TextMessage, message)
				until(t, ws, want)
			}
		})
	}
}

// A mode without commands refuses them in the same way.
func TestNoCommands(t *testing.T) {
	ws := dial(t, "", subprotocol)
	say(t, ws, websocket.TextMessage, "h:1")
	greeted(t, ws)
	say(t, ws, websocket.TextMessage, `{"command":"PUBLISH a"}`)
	until(t, ws, `{"kind":"not-taken","code":"command","text":"mode upper has no commands"}`)
	say(t, ws, websocket.TextMessage, `{"text":"still here"}`)
	until(t, ws, "STILL HERE")
}
