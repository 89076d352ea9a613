package smtp

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// Bounds of one connection.
const (
	MaxCommand    = 512       // bytes of a command with its end; RFC 5321, section 4.5.3.1.4
	MaxText       = 1000      // bytes of a message's line with its end, but for a dot that was added; section 4.5.3.1.6
	MaxAuth       = 12288     // bytes of a line that answers 334; RFC 4954, section 4
	MaxRecipients = 100       // of one message; section 4.5.3.1.8
	MaxData       = 254 << 10 // bytes of a message as it is sent; what is left to mail.MaxMessage is for the trace
	MaxHeld       = 320 << 10 // bytes that wait while the world is asked: a message and some commands
	MaxCommands   = 10000
	MaxErrors     = 100 // commands that were answered by 500 to 504
)

// Discipline returns the server.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name: "smtp", Title: "SMTP server", Version: "1", Input: core.InputLine,
			Summary: "A mail server of a fictional domain, example.test. It takes mail in anybody's name, and nothing leaves it.",
			Sends:   "replies, each line with CR LF",
			Options: append(linewise.Options("SMTP"), linewise.StartTLS("STARTTLS")),
			Events:  []string{core.ClientBytes.String(), core.WorldSaid.String(), core.ClientTLS.String()},
		},
		Open: open,
	}
}

func open(o core.Opening, out *core.Out) (core.Machine, error) {
	m := &machine{
		strict: o.Options["lines"] == "strict",
		seed:   o.Options["seed"],
		host:   mail.Host(o.Options["seed"]),
		offers: o.Options["starttls"] == "true",
	}
	m.secrets.Rule = secretLines
	m.reply(out, "220 "+m.host+" ESMTP practice server; nothing that you send leaves this room")
	return m, nil
}
