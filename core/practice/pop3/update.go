package pop3

import (
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// quit ends the session. In the state TRANSACTION it goes to UPDATE, and only there are
// marked messages deleted: RFC 1939, section 6.
func (m *machine) quit(arg string, out *core.Out) {
	if !m.noArgument("QUIT", arg, out) {
		return
	}
	if m.box == nil {
		m.close(out, "+OK goodbye", "QUIT")
		return
	}
	question := m.box.release()
	for _, one := range m.box.all {
		if one.deleted {
			question = fmt.Appendf(question, " %d", one.uid)
		}
	}
	m.box, m.closed = nil, true
	m.ask(out, question, func(answer string, out *core.Out) {
		count, ok := strings.CutPrefix(answer, "ok ")
		if ok {
			m.reply(out, "+OK goodbye; messages deleted: "+count)
		} else {
			m.reply(out, "-ERR [SYS/TEMP] nothing was deleted: the mailbox was no longer this session's")
		}
		out.Close("QUIT")
	})
}
