package mqtt

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode mqtt.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "mqtt",
			Title:   "MQTT",
			Version: "1",
			Summary: "Type SUB news/# or PUB news hello, and see what the broker sends. QoS 0 to 2 both ways, will and keep alive; MQTT 3.1.1 and 5. " +
				"In a tap, each packet of both sides, and which acknowledges which.",
			Sends: "the packet of the command; after = the bytes as they are, with escapes",
			Input: core.InputLine,
			Options: []core.Option{
				{Name: "version", Type: core.OptionChoice, Default: "3.1.1", Choices: []string{"3.1.1", "5"},
					Help: "The version that CONNECT asks for. In a tap the client says it; this counts only for a connection whose beginning was missed."},
			},
			Boundaries: true,
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientCommand.String(),
				core.ClientUnseen.String(), core.ServerUnseen.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands,
			TypedAsText:    true,
			ChecksTyped:    true,
			Group:          "devices",
			Brief:          "brokers: publish and subscribe",
			Ports:          []core.UsualPort{{Port: 1883, Name: "MQTT"}, {Port: 8883, Name: "MQTT"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			version := byte(4)
			if o.Options["version"] == "5" {
				version = 5
			}
			return newMachine(o.Client != core.Stream, o.Watch, version), nil
		},
	}
}

// commands are those that a person can use.
var commands = newCommands()

func newCommands() []core.Command {
	none, two, byteMost, wordMost, most := int64(0), int64(2), int64(255), int64(1<<16-1), int64(1<<32-1)
	text := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help}
	}
	maybe := func(f core.CommandField) core.CommandField {
		f.Optional = true
		return f
	}
	qos := func(name string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueInt, Min: &none, Max: &two, Default: "0", Help: "0: at most once, 1: at least once, 2: exactly once"}
	}
	flag := func(name, preset, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueBool, Default: preset, Help: help}
	}
	return []core.Command{
		{Name: "CONNECT", Help: "Begin: who you are, and what to publish when you are lost", Fields: []core.CommandField{
			maybe(text("client-id", "without one the server chooses")), maybe(text("user", "")),
			{Name: "password", Type: core.ValueSecret, Optional: true},
			flag("clean", "yes", "begin without what the server kept of the client"),
			{Name: "keep-alive", Type: core.ValueInt, Min: &none, Max: &wordMost, Default: "60", Help: "seconds; PINGREQ is sent in time. 0: never"},
			maybe(text("will-topic", "where the server publishes the will")), maybe(text("will-message", "")), qos("will-qos"), flag("will-retain", "no", ""),
			{Name: "expiry", Type: core.ValueInt, Min: &none, Max: &most, Optional: true, Help: "seconds for which the server keeps the session, in MQTT 5"},
		}},
		{Name: "SUB", Help: "Subscribe", Fields: []core.CommandField{text("filter", "+ stands for a level, # for all from here on, as in news/#"), qos("qos")}},
		{Name: "UNSUB", Help: "Unsubscribe", Fields: []core.CommandField{text("filter", "as in SUB")}},
		{Name: "PUB", Help: "Publish", Fields: []core.CommandField{text("topic", "such as news/today"),
			{Name: "payload", Type: core.ValueBytes, Optional: true, Help: "with blanks in double quotes; none, with retain, drops what is retained"},
			qos("qos"), flag("retain", "no", "keep it for those who subscribe later")}},
		{Name: "PING", Help: "Ask whether the server is there", Button: true},
		{Name: "DISCONNECT", Help: "End the session; the will is not published", Button: true, Fields: []core.CommandField{
			{Name: "reason", Type: core.ValueInt, Min: &none, Max: &byteMost, Optional: true, Help: "the code, in MQTT 5; 4 publishes the will"}}},
	}
}
