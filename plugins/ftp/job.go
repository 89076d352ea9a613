package ftp

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what is kept for data connections.
const (
	maxData         = 128 << 10 // bytes of a listing, and of one message of a file
	maxContent      = 64 << 10  // bytes of a file that goes up, before the server asks for them
	maxWaiting      = 32        // commands
	maxWaitingBytes = 8 << 10
)

// hand is the state of a session by hand, beside that of the talk.
type hand struct {
	Conn    conn
	Way     string   // the command that opens the data connection, or has
	Address string   // where the server is waited for
	Foreign string   // another host that an answer to PASV names
	Job     *job     // what is being done
	Waiting [][]byte // the commands after it, as lines
	Data    []byte   // what has come by the data connection and is not shown
	Left    int64    // bytes of a listing after it
	Moved   int64    // bytes by the data connection

	Uncounted      bool // what has crossed by one that has ended
	NoEPSV, NoEPRT bool // the server does not know it
	Image          bool // TYPE I
	Warned         bool // that it is not
	Protected      bool // PROT P
	Secured        bool // AUTH TLS
}

// job is a command that needs a data connection.
type job struct {
	Kind    jobKind
	Stage   stage
	Line    []byte // the command
	Asked   bool   // of opening: the server was asked
	Content []byte // of a file that goes up, until the server asks for it
	More    bool   // … and more of it will be typed
	Final   []byte // the server's last reply, shown once all has come
}

type jobKind uint8

const (
	opening jobKind = iota // the data connection itself
	listing
	getting
	putting
	jobKinds
)

type stage uint8

const (
	planned stage = iota // the command was not sent
	sent
	begun // the server said so
	done  // … and that it has ended
	stages
)

// advance does the next step of the job, and of those that wait.
func (m *machine) advance(out *core.Out) {
	for {
		j := m.Job
		switch {
		case j == nil && len(m.Waiting) == 0:
			return
		case j == nil:
			call, err := core.ParseCommand(commands, string(m.Waiting[0]))
			if m.Waiting = m.Waiting[1:]; len(m.Waiting) == 0 {
				m.Waiting = nil
			}
			if err == nil {
				m.begin(call, lineOf(call), out)
			}
		case j.Stage != planned:
			return
		case m.Conn == none:
			j.Asked = true
			if m.open(out); m.Job != nil {
				return
			}
		case j.Kind == opening && !j.Asked && m.Conn.isLink():
			m.closeLink(out)
			return
		case !m.ready():
			return
		case j.Kind == opening:
			m.Job = nil
		default:
			m.order(out)
		}
	}
}

// ready reports whether the data connection can be used. One by TLS shakes hands only after
// the command.
func (m *machine) ready() bool {
	return m.Conn == open || m.Conn == awaited || m.Conn == dialling && m.Protected
}

// order sends the command of the job.
func (m *machine) order(out *core.Out) {
	if m.Job.Kind != listing && !m.Image && !m.Warned {
		m.Warned = true
		out.Note("files go as text (TYPE A), so that line ends may change; after TYPE I they go byte for byte")
	}
	m.Job.Stage = sent
	m.sendAs(transfer, string(m.Job.Line), out)
}

// answer takes a reply, and shows it.
func (m *machine) answer(r *reply, out *core.Out) {
	good := r.is('2')
	if j := m.Job; r.kind == transfer && j != nil && j.Stage != planned {
		m.transferred(j, r, out)
		m.advance(out)
		return
	}
	out.Text(r.text())
	switch {
	case r.cut:
	case r.kind == passive && m.Conn == asked && !r.is('1'):
		m.connect(r, out)
	case r.kind == active && !r.is('1'):
		m.told(r, out)
	case r.kind == typeI && good, r.kind == typeA && good:
		m.Image = r.kind == typeI
	case r.kind == protP && good, r.kind == protC && good:
		m.Protected = r.kind == protP
	}
	m.advance(out)
}

// transferred takes a reply to the command of the job.
func (m *machine) transferred(j *job, r *reply, out *core.Out) {
	switch {
	case r.is('1'):
		out.Text(r.text())
		j.Stage = begun
		if j.More {
			out.Note("what is typed now are lines of the file, and binary messages are bytes of it; a line with a dot alone ends it")
		}
		m.upload(out)
		m.count(out)
	case r.is('2'):
		j.Final, j.Stage = r.text(), done
		if j.Kind == putting && m.Conn == open {
			m.closeLink(out)
		}
		if m.Conn == none {
			m.finish(out)
		}
	default:
		m.count(out)
		m.show(out)
		out.Text(r.text())
		if len(j.Content) > 0 {
			out.Warn(fmt.Sprintf("%s of the file were not sent", core.Plural(len(j.Content), "byte")))
		}
		m.Job = nil
		if m.Conn.isLink() && (m.Conn != open || j.Stage == begun || m.Protected) {
			m.closeLink(out) // else the server still waits there
		}
	}
}

// finish shows the last reply of a job, after all that has come.
func (m *machine) finish(out *core.Out) {
	m.count(out)
	out.Text(m.Job.Final)
	m.Job = nil
}

// takesContent reports whether what is typed is the content of a file.
func (m *machine) takesContent() bool { return m.Job != nil && m.Job.Kind == putting && m.Job.More }

// contentLine takes a line of a file. One of dots alone has one more than is meant, and a
// single dot ends the file.
func (m *machine) contentLine(line []byte, out *core.Out) {
	line = bytes.TrimRight(line, "\r\n")
	if string(line) == "." {
		m.Job.More = false
		m.upload(out)
		return
	}
	if len(line) > 1 && strings.Trim(string(line), ".") == "" {
		line = line[1:]
	}
	m.content(append(line[:len(line):len(line)], "\r\n"...), out)
}

// content takes bytes of a file that goes up.
func (m *machine) content(data []byte, out *core.Out) {
	j := m.Job
	switch {
	case !m.takesContent():
		refuse("a binary message is the content of a file. Type STOR and the file's name before it; a line with a dot alone ends the file", out)
	case j.Stage == begun && !m.Conn.isLink():
		refuse("the data connection has ended", out)
	case j.Stage == begun && m.Conn == open:
		m.Moved += int64(len(data))
		out.SendLink(link, data)
	case len(j.Content)+len(data) > maxContent:
		refuse(fmt.Sprintf("before the server takes the file, at most %d bytes of it wait", maxContent), out)
	default:
		j.Content = append(j.Content, data...)
	}
}

// upload sends what waits of the file that goes up, once the server takes it, and its end.
func (m *machine) upload(out *core.Out) {
	j := m.Job
	if j == nil || j.Kind != putting || j.Stage != begun || m.Conn != open {
		return
	}
	if len(j.Content) > 0 {
		m.Moved += int64(len(j.Content))
		out.SendLink(link, j.Content)
		j.Content = nil
	}
	if !j.More {
		m.closeLink(out)
	}
}
