package ftp

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode ftp.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "ftp",
			Title:   "FTP files",
			Version: "1",
			Summary: "Type FTP's commands; listings and files come and go by data connections that open by themselves. " +
				"In a tap, each command and the reply to it. After AUTH TLS the connection is TLS.",
			Sends: "the command and CR LF; after = the bytes as they are, with escapes and no line end",
			Input: core.InputLine, FileBytes: true,
			Options: []core.Option{
				{Name: "data", Type: core.OptionChoice, Default: "passive", Choices: []string{"passive", "active"},
					Help: "Who opens data connections: the workbench (EPSV, PASV), or the server (EPRT, PORT)."},
				{Name: "foreign", Type: core.OptionChoice, Default: "refuse", Choices: []string{"refuse", "port"},
					Help: "An answer to PASV that names another host: it is refused, or its port is used at the server's own host."},
			},
			Boundaries: true,
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String(),
				core.ClientCommand.String(), core.ServerTLS.String(), core.LinkListening.String(), core.LinkConnected.String(),
				core.LinkFailed.String(), core.LinkBytes.String(), core.LinkEOF.String(), core.LinkClosed.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String()},
			Secrets:        true,
			Messages:       true,
			Commands:       commands,
			TypedAsText:    true,
			ChecksTyped:    true,
			Group:          "files",
			Brief:          "files and listings, with data connections and AUTH TLS",
			Ports:          []core.UsualPort{{Port: 21, Name: "FTP"}, {Port: 990, Name: "FTP"}},
			Greetings: []core.Greeting{
				{Begins: "220 (vsFTPd", Name: "FTP"}, {Begins: "220 ProFTPD", Name: "FTP"}, {Begins: "220 Microsoft FTP", Name: "FTP"},
				{Begins: "220 ", Name: "FTP"}, {Begins: "220-", Name: "FTP"}, // SMTP begins so, too
			},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) { return newMachine(o), nil },
	}
}

// commands are those that a person can use.
var commands = newCommands()

func newCommands() []core.Command {
	word := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help}
	}
	rest := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help, Rest: true}
	}
	maybe := func(f core.CommandField) core.CommandField {
		f.Optional = true
		return f
	}
	secret := func(name string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueSecret, Rest: true}
	}
	content := core.CommandField{Name: "content", Type: core.ValueBytes, Rest: true, Optional: true,
		Help: "with escapes; without it, what is typed next, up to a line with a dot alone"}
	path, none := rest("path", "of a file"), int64(0)
	folder := maybe(rest("path", "of a folder; without it, the current one"))
	return []core.Command{
		{Name: "USER", Help: "Say who you are", Fields: []core.CommandField{rest("name", "such as anonymous")}},
		{Name: "PASS", Help: "Say the password, as it is", Fields: []core.CommandField{secret("password")}},
		{Name: "ACCT", Help: "Say the account, where the server asks for one", Fields: []core.CommandField{secret("account")}},
		{Name: "LIST", Help: "List a folder, as its server does", Fields: []core.CommandField{folder}, Button: true},
		{Name: "NLST", Help: "List the names in a folder", Fields: []core.CommandField{folder}},
		{Name: "MLSD", Help: "List a folder in a form for programs", Fields: []core.CommandField{folder}},
		{Name: "MLST", Help: "Say what a file or folder is", Fields: []core.CommandField{maybe(path)}},
		{Name: "RETR", Help: "Get a file", Fields: []core.CommandField{path}},
		{Name: "STOR", Help: "Put a file", Fields: []core.CommandField{word("path", "of the file; in double quotes if it has blanks"), content}},
		{Name: "APPE", Help: "Put more at the end of a file", Fields: []core.CommandField{word("path", "of the file"), content}},
		{Name: "STOU", Help: "Put a file under a name that the server chooses", Fields: []core.CommandField{content}},
		{Name: "PWD", Help: "Say which folder is the current one", Button: true},
		{Name: "CWD", Help: "Go to a folder", Fields: []core.CommandField{rest("path", "of the folder")}},
		{Name: "CDUP", Help: "Go to the folder above"},
		{Name: "TYPE", Help: "Say whether files go byte for byte (I) or as text (A)", Fields: []core.CommandField{rest("type", "I or A")}},
		{Name: "EPSV", Help: "Open a data connection for the next transfer, by a port of the server"},
		{Name: "PASV", Help: "The same, by an address that the server names"},
		{Name: "EPRT", Help: "Have the server open the next data connection"},
		{Name: "PORT", Help: "The same, for IPv4 alone"},
		{Name: "SIZE", Help: "Say how large a file is", Fields: []core.CommandField{path}},
		{Name: "MDTM", Help: "Say when a file was changed", Fields: []core.CommandField{path}},
		{Name: "REST", Help: "Begin the next transfer at a byte", Fields: []core.CommandField{{Name: "offset", Type: core.ValueInt, Min: &none}}},
		{Name: "DELE", Help: "Delete a file", Fields: []core.CommandField{path}},
		{Name: "RNFR", Help: "Say which file is to be renamed", Fields: []core.CommandField{path}},
		{Name: "RNTO", Help: "Rename it", Fields: []core.CommandField{path}},
		{Name: "MKD", Help: "Make a folder", Fields: []core.CommandField{rest("path", "of the folder")}},
		{Name: "RMD", Help: "Delete a folder", Fields: []core.CommandField{rest("path", "of the folder")}},
		{Name: "ABOR", Help: "Stop the transfer"},
		{Name: "AUTH", Help: "Go on with TLS", Fields: []core.CommandField{{Name: "mechanism", Type: core.ValueText, Default: "TLS"}}},
		{Name: "PBSZ", Help: "Say the size of protected buffers, 0 with TLS", Fields: []core.CommandField{{Name: "size", Type: core.ValueInt, Min: &none, Default: "0"}}},
		{Name: "PROT", Help: "Say whether data connections are TLS (P) or not (C)", Fields: []core.CommandField{{Name: "level", Type: core.ValueChoice, Choices: []string{"C", "P"}}}},
		{Name: "CCC", Help: "Go on without TLS"},
		{Name: "FEAT", Help: "List what the server can do", Button: true},
		{Name: "OPTS", Help: "Set an option of a command", Fields: []core.CommandField{rest("option", "such as UTF8 ON")}},
		{Name: "SYST", Help: "Say what system the server is"},
		{Name: "STAT", Help: "Say how the session stands, or list a folder by the control connection", Fields: []core.CommandField{folder}},
		{Name: "HELP", Help: "Say what commands there are, or what one does", Fields: []core.CommandField{maybe(rest("command", ""))}},
		{Name: "SITE", Help: "Use a command of this server alone", Fields: []core.CommandField{rest("command", "such as CHMOD 644 file")}},
		{Name: "HOST", Help: "Say which of the server's names is meant", Fields: []core.CommandField{word("name", "")}},
		{Name: "MODE", Help: "Choose how data are sent: S is a stream", Fields: []core.CommandField{word("mode", "S")}},
		{Name: "STRU", Help: "Choose how files are made: F is bytes", Fields: []core.CommandField{word("structure", "F")}},
		{Name: "ALLO", Help: "Reserve room for a file", Fields: []core.CommandField{rest("size", "in bytes")}},
		{Name: "REIN", Help: "Begin the session again"},
		{Name: "NOOP", Help: "Do nothing"},
		{Name: "QUIT", Help: "End the session", Button: true},
	}
}
