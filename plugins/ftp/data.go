package ftp

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// link is the name of the data connection.
const link = "data"

// conn says how far the data connection is.
type conn uint8

const (
	none      conn = iota
	asked          // EPSV or PASV was sent
	dialling       // the answer was there
	listening      // the workbench is to wait for the server
	informed       // EPRT or PORT was sent
	awaited        // the server has taken it
	open
	closing // ordered to end
	conns
)

// isLink reports whether there is a link that was not ordered to end.
func (c conn) isLink() bool { return c >= dialling && c <= open }

func (m *machine) closeLink(out *core.Out) {
	m.Conn = closing
	out.CloseLink(link)
}

// open asks for the data connection: as was typed, or else as the options say.
func (m *machine) open(out *core.Out) {
	m.Foreign, m.Moved = "", 0
	switch m.Way = ""; {
	case m.Job.Kind == opening:
		m.Way = string(m.Job.Line)
	case m.active && m.NoEPRT:
		m.Way = "PORT"
	case m.active:
		m.Way = "EPRT"
	case m.NoEPSV:
		m.Way = "PASV"
	default:
		m.Way = "EPSV"
	}
	if m.Way == "EPSV" || m.Way == "PASV" {
		m.Conn = asked
		m.sendAs(passive, m.Way, out)
		return
	}
	if m.Protected {
		m.failed(out, "the workbench has no TLS on data connections that the server opens: type PROT C, or EPSV")
		return
	}
	m.Conn = listening
	out.Accept(link, "")
}

// unknown reports whether a server that replies so may know an older command.
func unknown(r *reply) bool {
	switch code(r.First) {
	case "500", "501", "502", "503", "504", "522":
		return true
	}
	return false
}

// connect connects where the answer to EPSV or PASV says.
func (m *machine) connect(r *reply, out *core.Out) {
	if m.Way == "EPSV" && unknown(r) && m.Job != nil && m.Job.Kind != opening {
		m.NoEPSV, m.Way = true, "PASV"
		m.sendAs(passive, m.Way, out)
		return
	}
	a := address{}
	switch rest := r.First[min(len(r.First), 4):]; code(r.First) {
	case "229":
		a = extendedPort(rest)
	case "227":
		a = sixNumbers(rest, passiveAt(rest))
	default:
		m.failed(out, "")
		return
	}
	if a.port == 0 {
		m.failed(out, "the answer to "+m.Way+" names no port")
		return
	}
	host := m.host
	if a.host != "" && a.host != host {
		m.Foreign = a.host
		if !m.nat {
			host = a.host
		}
	}
	scheme := ""
	if m.Protected {
		scheme = "tls://"
	}
	m.Conn = dialling
	out.Connect(link, fmt.Sprintf("%s%s:%d", scheme, host, a.port))
}

// told takes the answer to EPRT or PORT.
func (m *machine) told(r *reply, out *core.Out) {
	switch {
	case !m.Conn.isLink():
	case r.is('2'):
		if m.Conn == informed {
			m.Conn = awaited
		}
	case m.Way == "EPRT" && unknown(r) && m.Job != nil && m.Job.Kind != opening:
		m.NoEPRT, m.Way = true, "PORT"
		m.tell(out)
	default:
		m.closeLink(out)
		m.failed(out, "")
	}
}

// tell tells the server where it is waited for.
func (m *machine) tell(out *core.Out) {
	at, err := netip.ParseAddrPort(m.Address)
	if err != nil {
		m.closeLink(out)
		m.failed(out, "where the workbench waits is no address")
		return
	}
	ip := at.Addr().Unmap()
	switch {
	case m.Way == "PORT" && !ip.Is4():
		m.closeLink(out)
		m.failed(out, "PORT is for IPv4 (RFC 959, section 4.1.2): the server was reached at "+m.host+"; EPRT is for IPv6")
	case m.Way == "PORT":
		m.Conn = informed
		m.sendAs(active, fmt.Sprintf("PORT %s,%d,%d", strings.ReplaceAll(ip.String(), ".", ","), at.Port()>>8, at.Port()&255), out)
	default:
		family := 1
		if ip.Is6() {
			family = 2
		}
		m.Conn = informed
		m.sendAs(active, fmt.Sprintf("EPRT |%d|%s|%d|", family, ip, at.Port()), out)
	}
}

// failed gives up a job for which there is no data connection. The link may still have to end.
func (m *machine) failed(out *core.Out, why string) {
	if m.Conn != closing {
		m.Conn = none
	}
	if why != "" {
		out.Error(why)
	}
	if j := m.Job; j != nil && j.Stage == planned {
		m.Job = nil
		m.notSent(j, out)
	}
}

// data takes an event of the data connection.
func (m *machine) data(ev core.Event, out *core.Out) {
	switch ev.Kind {
	case core.LinkListening:
		if m.Conn == listening {
			m.Address = string(ev.Data[:min(len(ev.Data), maxAddress)])
			m.tell(out)
		}
	case core.LinkConnected:
		if m.Conn.isLink() {
			m.Conn = open
			out.Note("data connection: " + string(ev.Data) + m.foreign())
			m.upload(out)
		}
	case core.LinkBytes:
		if m.Conn == open {
			m.take(ev.Data, out)
		}
		return
	case core.LinkEOF:
		if m.Conn.isLink() {
			m.closeLink(out)
		}
	case core.LinkFailed:
		out.Error("no data connection: " + core.CutWords(string(ev.Data), 2<<10) + m.refused())
		m.ended(out)
	case core.LinkClosed:
		m.ended(out)
	}
	m.advance(out)
}

// foreign says that the server has named another host than its own.
func (m *machine) foreign() string {
	if m.Foreign == "" || !m.nat {
		return ""
	}
	return "; the answer to PASV names " + m.Foreign + ", of which the port alone was used"
}

// refused says what to do if the host that the server has named was refused.
func (m *machine) refused() string {
	if m.Foreign == "" || m.nat {
		return ""
	}
	return ". The answer to PASV names " + m.Foreign + ", and not " + m.host + ". EPSV names no host; with the option foreign=port the port alone counts; " +
		"and a session may be allowed to connect to other hosts than the server's"
}

// take takes what has come by the data connection: of a listing the beginning is kept, and a
// file is shown in messages of maxData bytes.
func (m *machine) take(data []byte, out *core.Out) {
	m.Moved += int64(len(data))
	for len(data) > 0 {
		n := min(len(data), maxData-len(m.Data))
		m.Data = append(m.Data, data[:n]...)
		if data = data[n:]; len(m.Data) < maxData {
			return
		}
		if m.lists() {
			m.Left += int64(len(data))
			return
		}
		m.show(out)
	}
}

func (m *machine) lists() bool { return m.Job != nil && m.Job.Kind == listing }

// show shows what has come by the data connection.
func (m *machine) show(out *core.Out) {
	if len(m.Data) == 0 {
		return
	}
	if m.lists() {
		text := bytes.TrimSuffix(bytes.ReplaceAll(m.Data, []byte("\r\n"), []byte("\n")), []byte("\n"))
		if m.Left > 0 {
			text = fmt.Appendf(text, "\n… (%d more bytes)", m.Left)
		}
		out.Text(text)
	} else {
		out.Binary(m.Data)
	}
	m.Data, m.Left = nil, 0
}

// ended takes the end of the data connection. It may be there before the reply that begins
// with 1, and all that has come is shown after that.
func (m *machine) ended(out *core.Out) {
	was, j := m.Conn, m.Job
	m.Conn, m.Uncounted = none, true
	if j == nil || j.Stage != sent {
		m.count(out)
	}
	switch {
	case j == nil:
	case j.Stage == done:
		m.finish(out)
	case j.Stage == planned && was != closing:
		m.failed(out, "")
	}
}

// count shows and counts what has crossed by a data connection that has ended.
func (m *machine) count(out *core.Out) {
	if !m.Uncounted {
		return
	}
	m.show(out)
	n := core.Plural(int(m.Moved), "byte")
	switch j := m.Job; {
	case j != nil && j.Kind == putting && m.Moved > 0:
		out.Note(n + " went by the data connection")
	case m.Moved > 0 || j != nil && j.Stage >= begun && j.Kind != putting:
		out.Note(n + " came by the data connection")
	}
	m.Moved, m.Uncounted = 0, false
}
