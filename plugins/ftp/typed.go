package ftp

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// typed takes what a person typed: a command, bytes that are sent as they are, or a line of a
// file that goes up.
func (m *machine) typed(text []byte, out *core.Out) {
	if raw, ok := bytes.CutPrefix(text, []byte("=")); ok {
		plain, err := core.Unescape(string(raw))
		if err != nil {
			refuse("what stands after = "+err.Error(), out)
			return
		}
		if m.send([]byte(plain), out) {
			out.Secret(false, 0, len(text))
		}
		return
	}
	if m.takesContent() {
		m.contentLine(text, out)
		return
	}
	line, more, _ := strings.Cut(strings.TrimRight(string(text), "\r\n"), "\n")
	if more != "" {
		refuse("type one command at a time. A line that begins with = is sent as it is, with its escapes: =NOOP\\r\\nSYST\\r\\n", out)
		return
	}
	call, err := core.ParseCommand(commands, line)
	if err != nil {
		hides := call.Command != nil && hidesArgument(call.Command.Name)
		if i := strings.IndexByte(line, ' '); i >= 0 && hides {
			out.Secret(false, i+1, len(text))
		}
		again := core.CutWords(line, 80)
		if hides {
			again = call.Command.Name + " …"
		}
		why := err.Error()
		if call.Command != nil && (call.Command.Name == "PORT" || call.Command.Name == "EPRT") {
			why = call.Command.Name + " stands alone: the workbench waits for the server's data connection at an address of its own, and tells the server which"
		}
		refuse(fmt.Sprintf("%s. To send it all the same, type =%s\\r\\n", why, again), out)
		return
	}
	call.Hide(out)
	m.use(call, out)
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error("nothing was sent: " + why)
	out.Text([]byte("(not sent)"))
}

// use sends a command, or has it wait for the one before to end.
func (m *machine) use(call core.Call, out *core.Out) {
	name := call.Command.Name
	line := lineOf(call)
	switch {
	case strings.ContainsAny(line, "\r\n"):
		refuse("a command is one line", out)
		return
	case len(line) >= maxLine:
		refuse(fmt.Sprintf("a command has at most %d bytes here", maxLine-1), out)
		return
	case len(m.Pending) > maxPending/2:
		refuse("the server has not answered thousands of commands", out)
		return
	case name == "AUTH" && m.Secured:
		refuse("the connection is TLS already, and becomes so once in a session. To send it all the same, type ="+line+"\\r\\n", out)
		return
	case name == "CCC":
		refuse("CCC takes TLS off the connection, which the workbench cannot do. To send it all the same, type =CCC\\r\\n", out)
		return
	case name == "ABOR":
		m.abort(out)
		return
	case m.Job != nil || len(m.Waiting) > 0:
		m.wait(call, out)
		return
	}
	m.begin(call, line, out)
	m.advance(out)
}

// begin sends a command, or makes what has to be done for it the job.
func (m *machine) begin(call core.Call, line string, out *core.Out) {
	switch name := call.Command.Name; name {
	case "EPSV", "PASV", "EPRT", "PORT":
		m.Job = &job{Kind: opening, Line: []byte(line)}
	case "LIST", "NLST", "MLSD":
		m.Job = &job{Kind: listing, Line: []byte(line)}
	case "RETR":
		m.Job = &job{Kind: getting, Line: []byte(line)}
	case "STOR", "APPE", "STOU":
		m.Job = &job{Kind: putting, Line: []byte(line), Content: call.Bytes("content"), More: !call.Has("content")}
	default:
		m.send([]byte(line+"\r\n"), out)
	}
}

// lineOf returns the line that a command is sent as.
func lineOf(call core.Call) string {
	line := call.Command.Name
	for _, f := range call.Command.Fields {
		if f.Name != "content" && call.Has(f.Name) {
			line += " " + call.Text(f.Name)
		}
	}
	return line
}

// wait keeps a command until the job before has ended.
func (m *machine) wait(call core.Call, out *core.Out) {
	line := []byte(call.Line())
	size := len(line)
	for _, w := range m.Waiting {
		size += len(w)
	}
	if len(m.Waiting) == maxWaiting || size > maxWaitingBytes {
		refuse("wait until the transfer has ended, or type ABOR. A line that begins with = is sent at once", out)
		return
	}
	m.Waiting = append(m.Waiting, line)
}

// abort sends ABOR, and gives up the job and what waits for it.
func (m *machine) abort(out *core.Out) {
	m.send([]byte("ABOR\r\n"), out)
	if n := len(m.Waiting); n > 0 {
		m.Waiting = nil
		out.Warn("not sent any more: " + core.Plural(n, "command") + " that waited")
	}
	j := m.Job
	if j == nil {
		return
	}
	j.More = false
	if m.Conn.isLink() {
		m.closeLink(out)
	}
	if j.Stage == planned {
		m.Job = nil
		m.notSent(j, out)
	}
}

func (m *machine) notSent(j *job, out *core.Out) {
	if j.Kind == opening {
		return
	}
	out.Error(core.CutWords(string(j.Line), 80) + " was not sent: there is no data connection")
	out.Text([]byte("(not sent)"))
}
