package web

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a connection.
const (
	maxRequests = 100      // requests; the last answer says Connection: close
	maxHeld     = 64 << 10 // bytes of further requests while the world is asked
)

// machine is the server's end of one connection.
type machine struct {
	site   site
	reader reader
	served int    // requests that were answered
	asking bool   // the world is asked on behalf of reader.req
	held   []byte // what came meanwhile
	full   bool   // more came than held takes, and was dropped
	ended  bool   // the client sends no more
	closed bool
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientBytes:
		m.came(ev.Data, out)
	case core.WorldSaid:
		m.heard(ev.Data, out)
	case core.ClientEOF:
		m.ended = true
		m.came(nil, out)
	}
	return nil
}

// came works on what the client sent, as far as it can now, and holds the rest.
func (m *machine) came(data []byte, out *core.Out) {
	if !m.asking {
		data = m.work(data, out)
	}
	if !m.full {
		n := min(len(data), maxHeld-len(m.held))
		m.full = n < len(data)
		m.held = append(m.held, data[:n]...)
	}
}

// work answers requests until the world is asked, or the connection ends, or more must
// come. It returns what is to be held.
func (m *machine) work(data []byte, out *core.Out) []byte {
	for !m.asking && !m.closed {
		used, what, bad := m.reader.next(data)
		data = data[used:]
		switch {
		case bad != nil:
			m.send(bad, out)
		case what == headEnd:
			m.expected(out)
		case what == end:
			m.answer(out)
		case m.full:
			m.send(refuse(429, "more than %d bytes of further requests came before this answer; wait for answers", maxHeld), out)
		case m.ended:
			m.finish(out)
			return nil
		default:
			return nil
		}
	}
	if m.closed {
		return nil
	}
	return data
}

// finish ends a connection whose client sends no more.
func (m *machine) finish(out *core.Out) {
	if bad := m.reader.cut(); bad != nil {
		m.send(bad, out)
		return
	}
	m.close("the client has sent all its requests", out)
}

func (m *machine) close(why string, out *core.Out) {
	m.closed = true
	out.Close(why)
}

// expected answers Expect: 100-continue before the body comes (RFC 9110, section 10.1.1):
// by 100, or by the answer that the head alone has earned.
func (m *machine) expected(out *core.Out) {
	r := &m.reader.req
	if !r.expects || r.length == "" && r.coding == "" {
		return
	}
	if bad := m.refuses(r); bad != nil {
		bad.closes = true // whether the body still comes is in doubt
		m.send(bad, out)
		return
	}
	out.Binary([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
}

// refuses returns the answer to a request whose path or method is not one here, or nil.
func (m *machine) refuses(r *request) *answer {
	allowed := m.site.allows(r.path)
	switch {
	case allowed == "" && strings.HasPrefix(r.path, "/secret/"):
		return says(404, "that is not your word; ask for /hunt, which links to yours")
	case allowed == "":
		return says(404, "nothing is at %s; ask for / to see what there is", shown(r.path))
	case !hasOption(allowed, r.method):
		return says(405, "%s does not take %s; it takes %s", shown(r.path), r.method, allowed).with("Allow", allowed)
	}
	return nil
}

// answer answers a whole request, or asks the world first.
func (m *machine) answer(out *core.Out) {
	r := &m.reader.req
	switch a := m.refuses(r); {
	case a != nil:
		m.send(a, out)
	case r.method == "OPTIONS":
		m.send((&answer{status: 200}).with("Allow", m.site.allows(r.path)), out)
	case r.path == echoPath:
		m.send(echoed(r), out)
	case r.path == guestbookPath && r.method == "POST":
		m.post(out)
	case r.path == guestbookPath:
		m.ask("list", out)
	default:
		m.send(m.site.page(r.path), out)
	}
}

// echoed is the body that came, with its type.
func echoed(r *request) *answer {
	kind := r.kind
	if kind == "" {
		kind = "application/octet-stream" // RFC 9110, section 8.3
	}
	return text(200, kind, string(r.body))
}

// post has the body written into the guest book.
func (m *machine) post(out *core.Out) {
	entry := bytes.TrimRight(m.reader.req.body, "\r\n")
	switch {
	case len(entry) == 0:
		m.send(says(400, "an entry needs words; send them as the body"), out)
	case len(entry) > maxEntry:
		m.send(says(413, "an entry may have at most %d bytes; send a shorter one", maxEntry), out)
	case !isEntry(string(entry)):
		m.send(says(400, "an entry is one line of text in UTF-8; send it without control characters"), out)
	default:
		m.ask("post "+strconv.Quote(string(entry)), out)
	}
}

// isEntry reports whether s can be an entry of the guest book: one line that can be shown.
func isEntry(s string) bool {
	return s != "" && len(s) <= maxEntry && utf8.ValidString(s) && core.Printable(s) == s
}

func (m *machine) ask(question string, out *core.Out) {
	m.asking = true
	out.World([]byte(question))
}

// heard answers the request that the world was asked for, and goes on with what came
// meanwhile.
func (m *machine) heard(said []byte, out *core.Out) {
	if !m.asking {
		return
	}
	m.asking = false
	m.send(m.told(string(said)), out)
	m.held = m.work(m.held, out)
}

// told is the answer to a request for the guest book, of what the world said.
func (m *machine) told(said string) *answer {
	line, list, _ := strings.Cut(said, "\n")
	word, arg, _ := strings.Cut(line, " ")
	switch {
	case word == "no" && arg == "full":
		return says(503, "the guest book is full; ask for it with GET to read what others wrote")
	case word != "ok":
		return says(500, "the guest book gave no answer; try again")
	case m.reader.req.method == "POST":
		return text(201, plainText, "Entry "+shown(arg)+" is yours.\n").with("Location", guestbookPath)
	case list == "":
		list = "The guest book is empty.\n"
	}
	return text(200, plainText, list)
}

// send sends the answer to the request that was read last, and ends the connection if that
// is due (RFC 9112, section 9.3).
func (m *machine) send(a *answer, out *core.Out) {
	r := &m.reader.req
	m.served++
	why := "the client asked to close"
	switch {
	case a.closes:
		why = strings.TrimSuffix(a.body, "\n")
	case r.closes:
	case r.minor == 0 && a.chunks != nil:
		why = "the end of the connection is the end of the answer"
	case r.minor == 0 && !r.keeps:
		why = "HTTP/1.0 has one request a connection"
	case m.served == maxRequests:
		why = "as many requests as a connection may have were answered"
	default:
		why = ""
	}
	sent := *a
	sent.closes = why != ""
	out.Binary(sent.write(nil, r.method, r.minor, r.keeps))
	if why != "" {
		m.close(why, out)
	}
	m.reader.reset()
}
