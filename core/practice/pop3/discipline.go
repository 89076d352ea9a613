package pop3

import (
	"bytes"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// Bounds of one connection.
const (
	MaxCommand  = 255      // bytes of a command with its end; RFC 2449, section 4
	MaxHeld     = 64 << 10 // bytes that wait while the world is asked
	MaxCommands = 10000
	MaxErrors   = 100 // commands that were answered by -ERR
)

// Discipline returns the server.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name: "pop3", Title: "POP3 server", Version: "1", Input: core.InputLine,
			Summary: "A mailbox server of a fictional domain, example.test: sign in, list, read, delete.",
			Sends:   "replies, each line with CR LF",
			Options: append(linewise.Options("POP3"), linewise.StartTLS("STLS")),
			Seeded:  true,
			Events:  []string{core.ClientBytes.String(), core.WorldSaid.String(), core.ClientTLS.String()},
		},
		Open: open,
	}
}

func open(o core.Opening, out *core.Out) (core.Machine, error) {
	m := &machine{strict: o.Options["lines"] == "strict", offers: o.Options["starttls"] == "true"}
	m.secrets.Rule = secretLines
	host := mail.Host(o.Options["seed"])
	m.stamp = stamp(o, host)
	words := "+OK " + host + " POP3 practice server " + m.stamp
	if p := mail.Student(o.Options["seed"]); p.Name != "" {
		words += "; your mailbox is " + p.Name + ", its password " + p.Password
	}
	m.reply(out, words)
	return m, nil
}

// stamp is the greeting's time stamp, which differs each time, and has nothing of a clock
// that a replay would read again: RFC 1939, section 7.
func stamp(o core.Opening, host string) string {
	return fmt.Sprintf("<%x.%d@%s>", o.Seed[:8], max(0, o.Start.Unix()), host)
}

// secretLines is the rule by which passwords are marked as they come; see
// linewise.Secrets.
func secretLines(start []byte) (from, skip, more int) {
	const pass = "PASS "
	if len(start) > len(pass) && bytes.EqualFold(start[:len(pass)], []byte(pass)) {
		return len(pass), 0, 0
	}
	return -1, 0, 0
}
