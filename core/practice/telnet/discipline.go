package telnet

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// Bounds of one connection.
const (
	MaxLine  = 256                  // bytes of a line; the rest of it is dropped
	MaxSub   = 256                  // bytes of a subnegotiation; one that has more is given up
	MaxTries = 3                    // wrong passwords
	MaxHeld  = core.MaxEventPayload // bytes that wait while the time is asked: one event fits
	MaxSent  = 1 << 20              // bytes of answers
)

// Discipline returns the server.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name: "telnet", Title: "Telnet server", Version: "1", Input: core.InputLine,
			Summary: "A log-in by Telnet, and a small shell that tells what was negotiated.",
			Sends:   "prompts, echoes and answers, each line with CR LF",
			Options: []core.Option{{
				Name: "seed", Type: core.OptionText,
				Help: "The student's seed: it decides whose log-in the server names.",
			}},
			Events: []string{core.ClientBytes.String(), core.WorldSaid.String()},
		},
		Open: open,
	}
}

func open(o core.Opening, out *core.Out) (core.Machine, error) {
	m := new(machine)
	m.echoes = true
	m.want(ofClient, telopt.TTYPE, true)
	m.want(ofClient, telopt.NAWS, true)
	m.want(ofServer, telopt.SGA, true)
	m.want(ofServer, telopt.Echo, true)
	who := mail.Cast()[0]
	if p := mail.Student(o.Options["seed"]); p.Name != "" {
		who = p
	}
	m.line("The practice Telnet server of " + mail.Domain + ". Log in as " + who.Name + ", password " + who.Password + ".")
	m.prompt()
	m.flush(out)
	return m, nil
}
