package resp

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode resp.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "resp",
			Title:   "Redis",
			Version: "1",
			Summary: "Type commands as in redis-cli, see replies as it shows them. " +
				"In a tap, each request and the reply to it. RESP2 and RESP3, for Redis, Valkey and whatever else speaks it.",
			Sends:      "an array of bulk strings, with redis-cli's quoting; after = the bytes as they are, with escapes and no line end",
			Input:      core.InputLine,
			Options:    []core.Option{},
			Boundaries: true,
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(),
				core.ClientUnseen.String(), core.ServerUnseen.String(), core.ClientCommand.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands,
			TypedAsText:    true,
			Group:          "stores",
			Brief:          "Redis and Valkey, as in redis-cli",
			Ports:          []core.UsualPort{{Port: 6379, Name: "Redis"}},
			Greetings: []core.Greeting{
				{Begins: "+OK\r\n", Name: "Redis"}, {Begins: "+PONG\r\n", Name: "Redis"}, {Begins: "-ERR ", Name: "Redis"},
				{Begins: "-NOAUTH ", Name: "Redis"}, {Begins: "-DENIED ", Name: "Redis"}, {Begins: "$-1\r\n", Name: "Redis"},
			},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			m := &machine{byHand: o.Client != core.Stream, watch: o.Watch}
			m.flow = core.FromClient
			if m.byHand {
				m.flow = core.ToServer
			}
			m.requests.client = true
			return m, nil
		},
	}
}
