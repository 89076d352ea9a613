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
				usual(6667, "IRC", "irc"),
				usual(6697, "IRC", "irc"),
				usual(11211, "memcached", "memcached"),
				usual(119, "NNTP", "nntp"),
				usual(563, "NNTP", "nntp"),
				usual(5025, "SCPI", "scpi"),
				usual(10110, "NMEA 0183", "nmea"),
				usual(70, "Gopher", "gopher"),
				usual(79, "finger", "finger"),
				usual(43, "whois", "whois"),
				usual(514, "syslog", "syslog"),
				usual(601, "syslog", "syslog"),
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

// usual is a port on which servers speak the protocol of a preset.
func usual(port int, name, preset string) core.UsualPort {
	return core.UsualPort{Port: port, Name: name, Options: map[string]string{optionPreset: preset}}
}
