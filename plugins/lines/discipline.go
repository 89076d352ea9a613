package lines

import "github.com/protocol-workbench/workbench/core"

// Names of options.
const (
	optionPreset  = "preset"
	optionEnd     = "end"
	optionReceive = "receive"
	asPreset      = "preset" // the value of an option that is left to the preset
)

var lineEnds = map[string]string{"crlf": "\r\n", "lf": "\n", "cr": "\r", "none": ""}

// Discipline returns the line mode lines.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "lines",
			Title:   "Lines",
			Version: "1",
			Summary: "Type a line, it is sent with its end; each line of the server's is a message, with the data block or the lines that belong to it. " +
				"With presets: IRC, memcached, NNTP, SCPI, NMEA 0183, Gopher, finger, whois, Redis inline, syslog.",
			Sends: "each line with its end; after = the bytes as they are, with escapes and no line end",
			Input: core.InputLine,
			Options: []core.Option{
				{
					Name: optionPreset, Type: core.OptionChoice, Default: "none", Choices: presetNames,
					Help: "The protocol. none: lines, and nothing else is known of them.",
				},
				{
					Name: optionEnd, Type: core.OptionChoice, Default: asPreset, Choices: []string{asPreset, "crlf", "lf", "cr", "none"},
					Help: "What is sent after each line that is typed: what the preset wants (CR LF without one), CR LF, LF, CR, or nothing.",
				},
				{
					Name: optionReceive, Type: core.OptionChoice, Default: "lf", Choices: []string{"lf", "crlf", "cr"},
					Help: "Where a line ends, of both sides: at LF, with or without a CR before it; at CR LF alone; at CR alone.",
				},
			},
			Boundaries: true,
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String(),
				core.ServerTLS.String(), core.ClientCommand.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands(),
			TypedAsText:    true,
			Group:          "web",
			Brief:          "IRC, memcached, NNTP, SCPI, NMEA, Gopher, syslog",
			Ports: []core.UsualPort{
				{Port: 6667, Name: "IRC"}, {Port: 6697, Name: "IRC"}, {Port: 11211, Name: "memcached"}, {Port: 119, Name: "NNTP"}, {Port: 563, Name: "NNTP"},
				{Port: 5025, Name: "SCPI"}, {Port: 10110, Name: "NMEA 0183"}, {Port: 70, Name: "Gopher"}, {Port: 79, Name: "finger"}, {Port: 43, Name: "whois"},
				{Port: 514, Name: "syslog"}, {Port: 601, Name: "syslog"},
			},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			p := presetNamed(o.Options[optionPreset])
			typeEnd := p.end
			if end := o.Options[optionEnd]; end != asPreset {
				typeEnd = lineEnds[end]
			}
			m := newMachine(p, typeEnd, lineEnds[o.Options[optionReceive]], o.Client != core.Stream, o.Watch)
			m.commands = core.CommandsFor(commands(), o.Options)
			return m, nil
		},
	}
}
