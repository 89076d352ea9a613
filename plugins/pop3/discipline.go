package pop3

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode pop3.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "pop3",
			Title:   "POP3 mail",
			Version: "1",
			Summary: "Type POP3's commands and see whole replies. " +
				"In a tap, each command and the reply to it. APOP takes the password; after STLS the connection is TLS.",
			Sends:      "the command and CR LF; after = the bytes as they are, with escapes and no line end",
			Input:      core.InputLine,
			Options:    []core.Option{},
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
			Brief:          "mail boxes, with APOP and STLS",
			Ports:          []core.UsualPort{{Port: 110, Name: "POP3"}, {Port: 995, Name: "POP3"}},
			Greetings:      []core.Greeting{{Begins: "+OK", Name: "POP3"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return newMachine(o.Client != core.Stream, o.Watch), nil
		},
	}
}

// commands are those that a person can use.
var commands = newCommands()

func newCommands() []core.Command {
	one, none := int64(1), int64(0)
	message := core.CommandField{Name: "message", Type: core.ValueInt, Min: &one, Help: "its number in this session, from 1"}
	if1 := message
	if1.Optional = true
	name := core.CommandField{Name: "name", Type: core.ValueText, Help: "of the mail box"}
	password := core.CommandField{Name: "password", Type: core.ValueSecret, Rest: true}
	return []core.Command{
		{Name: "USER", Help: "Say whose mail box it is", Fields: []core.CommandField{name}},
		{Name: "PASS", Help: "Say the password, as it is", Fields: []core.CommandField{password}},
		{Name: "APOP", Help: "Say the name, and a digest in place of the password", Fields: []core.CommandField{name, password}},
		{Name: "AUTH", Help: "Begin another way to log in, or list those that there are", Fields: []core.CommandField{
			{Name: "mechanism", Type: core.ValueText, Optional: true, Help: "such as PLAIN"},
			{Name: "response", Type: core.ValueSecret, Optional: true, Help: "the first one, in base64"},
		}},
		{Name: "STLS", Help: "Go on with TLS"},
		{Name: "CAPA", Help: "List what the server can do", Button: true},
		{Name: "STAT", Help: "Count the messages and their bytes", Button: true},
		{Name: "LIST", Help: "List the messages with their sizes", Fields: []core.CommandField{if1}, Button: true},
		{Name: "UIDL", Help: "List the messages with names that last", Fields: []core.CommandField{if1}},
		{Name: "TOP", Help: "Show the head of a message, and the first lines of its body", Fields: []core.CommandField{message,
			{Name: "lines", Type: core.ValueInt, Min: &none, Help: "of the body"}}},
		{Name: "RETR", Help: "Show a message", Fields: []core.CommandField{message}},
		{Name: "DELE", Help: "Delete a message when the session ends by QUIT", Fields: []core.CommandField{message}},
		{Name: "RSET", Help: "Keep what was to be deleted"},
		{Name: "NOOP", Help: "Do nothing"},
		{Name: "UTF8", Help: "Allow UTF-8"},
		{Name: "LANG", Help: "Choose the language of replies, or list those that there are", Fields: []core.CommandField{
			{Name: "language", Type: core.ValueText, Optional: true, Help: "such as en, or * for the server's own"}}},
		{Name: "QUIT", Help: "Delete what was to be deleted, and end the session", Button: true},
	}
}
