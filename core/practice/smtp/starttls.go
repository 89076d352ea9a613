package smtp

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// startTLS answers STARTTLS: RFC 3207, section 4.
func (m *machine) startTLS(arg string, out *core.Out) {
	switch {
	case !m.offers:
		m.fail(out, "502 STARTTLS"+notHere)
	case m.secured:
		m.fail(out, "503 this connection is TLS already")
	case m.noArgument("STARTTLS", arg, out):
		m.reply(out, "220 begin the TLS handshake; what you said before is forgotten")
		out.StartTLS(core.Client, "", min(m.in.Held(), m.fed))
		m.forget()
	}
}

// forget has the session begin again, as section 4.2 wants it, and drops what came in
// clear after STARTTLS: anybody on the way may have put it there (CVE-2011-0411).
func (m *machine) forget() {
	m.in = linewise.Lines{}
	m.secrets = linewise.Secrets{Rule: secretLines}
	m.client, m.extended, m.user, m.mail = "", false, "", nil
}
