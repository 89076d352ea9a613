package imap

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode imap.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "imap",
			Title:   "IMAP mail",
			Version: "1",
			Summary: "Type IMAP's commands, without tags, and see whole responses, literals included. " +
				`{"text"} is sent as a literal. In a tap, each command and each response is a message. After STARTTLS the connection is TLS.`,
			Sends:      "a tag, the command and CR LF; after = the bytes as they are, with escapes and no line end",
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
			Brief:          "mailboxes, with literals, IDLE and STARTTLS",
			Ports:          []core.UsualPort{{Port: 143, Name: "IMAP"}, {Port: 993, Name: "IMAP"}},
			Greetings:      []core.Greeting{{Begins: "* OK", Name: "IMAP"}, {Begins: "* PREAUTH", Name: "IMAP"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			return newMachine(o.Client != core.Stream, o.Watch), nil
		},
	}
}

// commands are those that a person can use.
var commands = newCommands()

func newCommands() []core.Command {
	text := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help}
	}
	rest := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Rest: true, Help: help}
	}
	fields := func(f ...core.CommandField) []core.CommandField { return f }
	mailbox := text("mailbox", "such as INBOX")
	messages := text("messages", "their numbers, such as 1, 2,4:6 or 1:*")
	name := text("name", "of the account")
	password := core.CommandField{Name: "password", Type: core.ValueSecret}
	ifName, ifPassword := name, password
	ifName.Optional, ifPassword.Optional = true, true
	ifName.Help = "of the account; alone, the first answer in base64"
	return []core.Command{
		{Name: "LOGIN", Help: "Say the name and the password", Fields: fields(name, password)},
		{Name: "AUTHENTICATE", Help: "Log in by a mechanism of SASL", Fields: fields(
			text("mechanism", "PLAIN and LOGIN take a name and a password; others ask"), ifName, ifPassword)},
		{Name: "STARTTLS", Help: "Go on with TLS"},
		{Name: "CAPABILITY", Help: "List what the server can do", Button: true},
		{Name: "LIST", Help: "List mailboxes", Fields: fields(text("reference", `"" for all`), text("pattern", "such as * or %"))},
		{Name: "SELECT", Help: "Open a mailbox", Fields: fields(mailbox)},
		{Name: "EXAMINE", Help: "Open a mailbox, to read only", Fields: fields(mailbox)},
		{Name: "STATUS", Help: "Count what is in a mailbox", Fields: fields(mailbox, text("items", "such as (MESSAGES UNSEEN)"))},
		{Name: "FETCH", Help: "Show messages, or parts of them", Fields: fields(messages, rest("items", "such as FLAGS or (UID BODY.PEEK[HEADER])"))},
		{Name: "STORE", Help: "Change the flags of messages", Fields: fields(messages, rest("items", `such as +FLAGS (\Seen)`))},
		{Name: "SEARCH", Help: "Find messages", Fields: fields(rest("criteria", "such as UNSEEN FROM joe"))},
		{Name: "UID", Help: "Use FETCH, STORE, SEARCH, COPY, MOVE or EXPUNGE with unique numbers", Fields: fields(rest("command", "such as FETCH 4392 FLAGS"))},
		{Name: "APPEND", Help: "Put a message into a mailbox", Fields: fields(mailbox,
			core.CommandField{Name: "message", Type: core.ValueBytes, Rest: true, Help: `as a literal: {"Subject: a\r\n\r\ntext\r\n"}`})},
		{Name: "COPY", Help: "Copy messages into another mailbox", Fields: fields(messages, mailbox)},
		{Name: "MOVE", Help: "Move messages into another mailbox", Fields: fields(messages, mailbox)},
		{Name: "EXPUNGE", Help: "Remove the messages that have \\Deleted"},
		{Name: "IDLE", Help: "Wait for news, until DONE"},
		{Name: "DONE", Help: "End IDLE"},
		{Name: "NOOP", Help: "Do nothing, and hear what is new", Button: true},
		{Name: "CHECK", Help: "Have the server keep what was done"},
		{Name: "CLOSE", Help: "Close the mailbox, and remove what has \\Deleted"},
		{Name: "UNSELECT", Help: "Close the mailbox, and remove nothing"},
		{Name: "CREATE", Help: "Make a mailbox", Fields: fields(mailbox)},
		{Name: "DELETE", Help: "Remove a mailbox", Fields: fields(mailbox)},
		{Name: "RENAME", Help: "Rename a mailbox", Fields: fields(mailbox, text("to", "its new name"))},
		{Name: "SUBSCRIBE", Help: "Have LSUB list a mailbox", Fields: fields(mailbox)},
		{Name: "UNSUBSCRIBE", Help: "Have LSUB list a mailbox no more", Fields: fields(mailbox)},
		{Name: "LSUB", Help: "List the mailboxes that are subscribed to", Fields: fields(text("reference", `"" for all`), text("pattern", "such as * or %"))},
		{Name: "NAMESPACE", Help: "List where mailboxes are"},
		{Name: "ENABLE", Help: "Use extensions", Fields: fields(rest("extensions", "such as IMAP4rev2"))},
		{Name: "ID", Help: "Say and hear which program this is", Fields: fields(rest("parameters", "NIL, or names and values in brackets"))},
		{Name: "LOGOUT", Help: "End the session", Button: true},
	}
}
