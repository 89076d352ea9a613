package httpline

import "github.com/protocol-workbench/workbench/core"

// The options' names, and the values that the code asks for by name.
const (
	optionEOL     = "eol"
	optionReceive = "receive-eol"
	optionCharset = "charset"
	latin1        = "latin-1"
)

var lineEnds = map[string]string{"crlf": "\r\n", "lf": "\n", "cr": "\r", "none": ""}

// Discipline returns the line mode http-line.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "http-line",
			Title:   "HTTP lines",
			Version: "1",
			Summary: "Type a line, it is sent with CR LF; every line that the server sends is a message. " +
				"Good for HTTP, SMTP, POP3, IRC and whatever else speaks in lines of text.",
			Sends: "the message and the line end of option eol (CR LF)",
			Input: core.InputLine,
			Options: []core.Option{
				{
					Name: optionEOL, Type: core.OptionChoice, Default: "crlf",
					Choices: []string{"crlf", "lf", "cr", "none"},
					Help:    "What is sent after each message: CR LF as HTTP wants it, LF alone, CR alone, or nothing.",
				},
				{
					Name: optionReceive, Type: core.OptionChoice, Default: string(endsLF),
					Choices: []string{string(endsLF), string(endsCRLF), string(endsCR), string(endsAny)},
					Help:    "Where a line of the server's ends: at LF, with or without a CR before it; at CR LF alone; at CR alone, as modems do; or at any of them.",
				},
				{
					Name: optionCharset, Type: core.OptionChoice, Default: "utf-8",
					Choices: []string{"utf-8", latin1},
					Help: "How the server's bytes are read as text, and text is sent: UTF-8, where each invalid byte shows as \uFFFD, " +
						"or Latin-1 (ISO 8859-1), one byte a character, where a character that it lacks is sent as '?'.",
				},
			},
			Boundaries: true,
			Events: []string{core.ClientPart.String(), core.ServerQuiet.String(),
				core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Group:          "web",
			Brief:          "HTTP, SMTP, POP3, a line at a time",
			Greetings:      []core.Greeting{{Begins: "HTTP/1.", Name: "HTTP"}},
		},
		Open: func(o core.Opening, out *core.Out) (core.Machine, error) {
			switch {
			case o.Watch:
				return &watcher{}, nil
			case o.Client == core.Stream:
				out.PassThrough(core.Server)
				return &relay{eol: []byte(lineEnds[o.Options[optionEOL]])}, nil
			}
			return &machine{
				eol:    []byte(lineEnds[o.Options[optionEOL]]),
				ends:   ends(o.Options[optionReceive]),
				latin1: o.Options[optionCharset] == latin1,
			}, nil
		},
	}
}
