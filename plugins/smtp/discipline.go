package smtp

import "github.com/protocol-workbench/workbench/core"

const optionLMTP = "lmtp"

// Discipline returns the line mode smtp.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "smtp",
			Title:   "SMTP mail",
			Version: "1",
			Summary: "Type SMTP's commands and see whole replies. AUTH takes the password, after DATA you type the mail, " +
				"and after STARTTLS the connection is TLS. In a tap, each command and mail, and the reply to it.",
			Sends: "the command and CR LF; after DATA lines of the mail, up to a lone dot; after = the bytes as they are, with escapes and no line end",
			Input: core.InputLine,
			Options: []core.Option{{
				Name: optionLMTP, Type: core.OptionBool, Default: "false",
				Help: "Speak LMTP, which has a reply for each recipient after a mail, from the start; else from LHLO on.",
			}},
			Boundaries: true,
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String(),
				core.ClientCommand.String(), core.ServerTLS.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands,
			TypedAsText:    true,
			ChecksTyped:    true,
			Group:          "mail",
			Brief:          "sending mail, with AUTH and STARTTLS, and LMTP",
			Ports:          []core.UsualPort{{Port: 25, Name: "SMTP"}, {Port: 465, Name: "SMTP"}, {Port: 587, Name: "SMTP"}, {Port: 24, Name: "LMTP"}},
			Greetings:      []core.Greeting{{Begins: "220 ", Name: "SMTP"}, {Begins: "220-", Name: "SMTP"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return newMachine(o.Client != core.Stream, o.Watch, o.Options.Bool(optionLMTP)), nil
		},
	}
}

// commands are those that a person can use.
var commands = newCommands()

func newCommands() []core.Command {
	name := core.CommandField{Name: "name", Type: core.ValueText, Help: "of this client's host, or its address in brackets: [192.0.2.1]"}
	words := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Rest: true, Help: help}
	}
	maybe := func(f core.CommandField) core.CommandField {
		f.Optional = true
		return f
	}
	return []core.Command{
		{Name: "EHLO", Help: "Greet the server, and list what it can do", Fields: []core.CommandField{name}},
		{Name: "HELO", Help: "Greet a server that does not know EHLO", Fields: []core.CommandField{name}},
		{Name: "LHLO", Help: "Greet an LMTP server", Fields: []core.CommandField{name}},
		{Name: "STARTTLS", Help: "Go on with TLS; say EHLO again after it", Button: true},
		{Name: "AUTH", Help: "Log in", Fields: []core.CommandField{
			{Name: "mechanism", Type: core.ValueText, Help: "PLAIN, LOGIN or CRAM-MD5; others are answered by hand, in base64"},
			{Name: "user", Type: core.ValueText, Optional: true},
			{Name: "password", Type: core.ValueSecret, Optional: true},
		}},
		{Name: "MAIL", Help: "Begin a mail", Fields: []core.CommandField{words("from", "the sender, and parameters: FROM:<ann@example.org> SIZE=1000, or ann@example.org")}},
		{Name: "RCPT", Help: "Name a recipient", Fields: []core.CommandField{words("to", "TO:<bob@example.org>, or bob@example.org")}},
		{Name: "DATA", Help: "Send the mail: type it after this, and a lone dot at its end", Button: true},
		{Name: "RSET", Help: "Forget the mail that has begun", Button: true},
		{Name: "VRFY", Help: "Ask for a mail box", Fields: []core.CommandField{words("name", "of a user or a mail box")}},
		{Name: "EXPN", Help: "Ask for the members of a list", Fields: []core.CommandField{words("list", "its name")}},
		{Name: "HELP", Help: "Ask for help", Fields: []core.CommandField{maybe(words("topic", "such as a command"))}, Button: true},
		{Name: "NOOP", Help: "Do nothing", Fields: []core.CommandField{maybe(words("words", "which the server does not read"))}},
		{Name: "QUIT", Help: "End the session", Button: true},
	}
}
