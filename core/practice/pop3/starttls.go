package pop3

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// startTLS answers STLS: RFC 2595, section 4.
func (m *machine) startTLS(arg string, out *core.Out) {
	switch {
	case !m.offers:
		m.fail(out, "STLS"+notHere)
	case m.secured:
		m.fail(out, "this connection is TLS already")
	case m.box != nil:
		m.fail(out, "STLS comes before you sign in")
	case m.noArgument("STLS", arg, out):
		m.reply(out, "+OK begin the TLS handshake; what you said before is forgotten")
		out.StartTLS(core.Client, "", min(m.in.Held(), m.fed))
		m.forget()
	}
}

// forget has the session begin again, and drops what came in clear after STLS: anybody on
// the way may have put it there (CVE-2011-0411).
func (m *machine) forget() {
	m.in = linewise.Lines{}
	m.secrets = linewise.Secrets{Rule: secretLines}
	m.user = ""
}
