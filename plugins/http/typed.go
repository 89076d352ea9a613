package http

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// userAgent is said where a person says none.
const userAgent = "workbench"

// typing is a request that a person has begun to type, or that was not sent.
type typing struct {
	Typed  []byte // as it will be sent
	Typing bool   // its head has not ended
}

// typed takes what was typed: a request, or a line of one.
func (m *machine) typed(text []byte, out *core.Out) {
	raw, asItIs := bytes.CutPrefix(text, []byte("="))
	switch {
	case asItIs && len(bytes.TrimSpace(raw)) == 0 && len(m.Typed) > 0:
		m.flush(out)
		return
	case asItIs || m.requests.State == inRaw:
		m.typing = typing{}
		plain, err := core.Unescape(string(raw))
		if err != nil {
			refuse("nothing was sent: what was typed "+err.Error(), out)
			return
		}
		if m.send([]byte(plain), out) {
			out.Secret(false, 0, len(text))
		}
		return
	}
	m.hideTyped(text, out)
	if lacks := m.lacks(); lacks != "" {
		refuse("nothing was sent: the request before lacks "+lacks+". A line that begins with = is sent as it is, with its escapes", out)
		return
	}
	if !m.Typing {
		m.typing = typing{}
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if !hasVersion(line) {
			m.short(string(line), rest, out)
			return
		}
		m.Typing = true
		if len(rest) == 0 {
			out.Note("header lines follow, such as Host: " + m.host + "; an empty line sends the request")
		}
	}
	m.lines(text, out)
}

// hideTyped marks the secrets of header lines that were typed, after those that were before.
func (m *machine) hideTyped(text []byte, out *core.Out) {
	var lines secretLines
	for line := range bytes.Lines(m.Typed) {
		lines.next(line)
	}
	at := 0
	for line := range bytes.Lines(text) {
		for _, s := range lines.next(line) {
			out.Secret(false, at+s.from, at+s.to)
		}
		at += len(line)
	}
}

// hasVersion reports whether a line that was typed is a request line with its version.
func hasVersion(line []byte) bool {
	words := bytes.Fields(line)
	return len(words) == 3 && bytes.HasPrefix(bytes.ToUpper(words[2]), []byte("HTTP/"))
}

// lines takes lines of a head that is sent as it was typed. What stands after its empty line
// is the body.
func (m *machine) lines(text []byte, out *core.Out) {
	for {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if len(m.Typed)+len(line)+2 > maxHead {
			m.typing = typing{}
			refuse("nothing was sent: a head may have 64 KiB here", out)
			return
		}
		m.Typed = append(append(m.Typed, line...), "\r\n"...)
		if len(line) == 0 {
			m.finish(rest, out)
			return
		}
		if text = rest; len(text) == 0 {
			return
		}
	}
}

// finish takes the body of a request whose head is whole, and sends it if nothing is wrong.
func (m *machine) finish(body []byte, out *core.Out) {
	m.Typing = false
	if len(body) > 0 && len(m.Typed)+len(body) > maxHead+core.MaxEventPayload/2 {
		m.typing = typing{}
		refuse("nothing was sent: a body may have 512 KiB here; send a larger one as bytes", out)
		return
	}
	m.Typed = append(m.Typed, body...)
	why := check(m.Typed)
	if why == "" {
		m.flush(out)
		return
	}
	same := "To send it all the same, type = alone"
	if len(m.Typed) > maxHead { // which would be kept until then
		m.typing = typing{}
		same = "A line that begins with = is sent as it is"
	}
	refuse("nothing was sent. "+why+". "+same, out)
}

// flush sends what was typed.
func (m *machine) flush(out *core.Out) {
	data := m.Typed
	m.typing = typing{}
	m.send(data, out)
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error(why)
	out.Text([]byte("(not sent)"))
}

// used takes a command that was used, such as GET with its target.
func (m *machine) used(line string, out *core.Out) {
	if m.requests.State == inRaw {
		refuse("nothing was sent: this connection does not speak HTTP any more", out)
		return
	}
	m.typing = typing{}
	m.typed([]byte(line), out)
}

// short sends a request of which the line has the method, the target and perhaps the body,
// and the rest header lines, and the body after an empty one. What it needs is added.
func (m *machine) short(line string, rest []byte, out *core.Out) {
	method, target, body, err := words(line)
	if err != nil {
		shown := core.CutWords(line, 80)
		if k, _ := headerKind([]byte(line)); k.isSecret() { // a header line without a head
			shown = "…"
		}
		refuse(fmt.Sprintf("nothing was sent: %v. To send it all the same, type =%s\\r\\n", err, shown), out)
		return
	}
	var fields []byte
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if rest = after; len(bytes.TrimRight(line, "\r")) == 0 {
			body, rest = string(rest), nil
			break
		}
		fields = append(append(fields, bytes.TrimRight(line, "\r")...), "\r\n"...)
	}
	has := func(k kind) bool {
		for l := range bytes.Lines(fields) {
			if name, _, _ := bytes.Cut(l, []byte(":")); kindOf(bytes.TrimSpace(name)) == k {
				return true
			}
		}
		return false
	}
	if len(fields) > maxHead/2 || len(target) > maxHead/2 {
		refuse("nothing was sent: a head may have 64 KiB here", out)
		return
	}
	head := method + " " + target + " HTTP/1.1\r\n"
	if !has(host) {
		head += "Host: " + m.hostFor(method, target) + "\r\n"
	}
	if !has(agent) {
		head += "User-Agent: " + userAgent + "\r\n"
	}
	head += string(fields)
	needs := body != "" || method == "POST" || method == "PUT" || method == "PATCH" // RFC 9110, section 8.6
	if needs && !has(contentLength) && !has(transferEncoding) {
		head += "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	m.Typed = []byte(head + "\r\n")
	m.finish([]byte(body), out)
}

// words takes a line apart that has no version.
func words(line string) (method, target, body string, err error) {
	call, err := core.ParseCommand(commands, line)
	switch {
	case err == nil:
		method, target = call.Command.Name, call.Text("target")
		switch {
		case call.Command.Fields[1].Name == "body":
			body = call.Text("body")
		case call.Has("version"): // which begins a head otherwise
			return "", "", "", errors.New("expected a version after the target, such as HTTP/1.1, or nothing")
		}
	case errors.Is(err, core.ErrUnknownCommand):
		method, target, _ = strings.Cut(strings.TrimSpace(line), " ")
		target, body, _ = strings.Cut(strings.TrimSpace(target), " ")
		if target == "" || !isToken([]byte(method)) || !isTarget([]byte(method), []byte(target)) {
			return "", "", "", errors.New("expected a method and a target, such as GET /path")
		}
	default:
		return "", "", "", err
	}
	if strings.ContainsAny(target, " \t\r\n") || target == "" {
		return "", "", "", errors.New("a target has no blanks: %20 stands for one")
	}
	return method, target, body, nil
}

// hostFor returns the Host of a request (RFC 9112, section 3.2).
func (m *machine) hostFor(method, target string) string {
	if method == "CONNECT" {
		return target
	}
	if _, rest, ok := strings.Cut(target, "://"); ok {
		authority, _, _ := strings.Cut(rest, "/")
		authority, _, _ = strings.Cut(authority, "?")
		return authority[strings.LastIndexByte(authority, '@')+1:]
	}
	return m.host
}

// hostOf returns what is dialled as a field Host has it.
func hostOf(target string) string {
	target = strings.TrimSuffix(strings.TrimSuffix(target, ":80"), ":443")
	if target == "" || strings.ContainsAny(target, "/ \\\t\r\n") {
		return "localhost"
	}
	return target
}

// check says what is wrong with a request, "" if nothing is.
func check(request []byte) string {
	c := checker{}
	d := decoder{client: true}
	d.feed(request, &c)
	if c.why == "" && !c.body && c.head < len(request) {
		return fmt.Sprintf("RFC 9110, section 8.6: there is a body, and nothing says how long it is: Content-Length: %d is missing", len(request)-c.head)
	}
	return c.why
}

// checker finds what is wrong with a request.
type checker struct {
	head int  // bytes of its head
	body bool // it says that it has one
	why  string
}

// headed implements listener.
func (c *checker) headed(d *decoder) state {
	if c.head > 0 { // what follows
		return inStart
	}
	c.head = int(d.At)
	next := inStart
	if d.Message.Start.Kind == full {
		next = d.requestBody()
	}
	c.body = next != inStart
	m := &d.Message
	all := []wrong{m.Start.Wrong, m.Start.Parts[0].Wrong, m.Start.Parts[1].Wrong, m.Start.Parts[2].Wrong}
	for i := range m.Headers {
		all = append(all, m.Headers[i].Wrong)
	}
	for _, w := range all {
		if w != 0 && c.why == "" {
			c.why = wrongWords[w]
		}
	}
	return next
}

// whole implements listener.
func (c *checker) whole(*decoder) {}
