package convert

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// curlDisconnect is the line of <protocol> with which connection-monitor tells an end.
const curlDisconnect = "[DISCONNECT]"

// http makes transcripts of a test of HTTP: a request's number says which <data> answers
// it, and that says whether the connection goes on.
func (c *curlTest) http() error {
	open := false
	for at := 0; at < len(c.sent); {
		if strings.TrimSpace(c.sent[at].text) == curlDisconnect {
			if open {
				c.end(core.ClientEOF)
			}
			open = false
			at++
			continue
		}
		request, err := c.request(at)
		if err != nil {
			return err
		}
		if !open {
			if err := c.connect(c.sent[at].number); err != nil {
				return err
			}
		}
		part := "data"
		if request.number > 0 {
			part = fmt.Sprintf("data%d", request.number)
		}
		p := c.parts["reply/"+part]
		if p == nil {
			return c.fail(c.sent[at].number, "expected <%s> in <reply>, which answers %s", part, core.CutWords(request.line, 60))
		}
		reply, err := c.bytes(p)
		if err != nil {
			return err
		}
		if bytes.Contains(reply, []byte("swsbounce")) {
			return c.fail(p.line(), "the test has the server do swsbounce, which a transcript cannot say")
		}
		c.sends(c.sent[at : at+request.lines])
		c.says(reply)
		at += request.lines
		open = true
		switch {
		case bytes.Contains(reply, []byte("swsclose")):
			c.end(core.ServerEOF)
			open = false
		case !httpGoesOn(request.line, reply):
			c.end(core.ClientEOF)
			open = false
		}
	}
	if len(c.made) == 0 {
		return c.fail(c.parts["verify/protocol"].line(), "expected a request in <protocol>")
	}
	return nil
}

// curlRequest is a request of <protocol>.
type curlRequest struct {
	line   string // its first
	number int    // of the <data> that answers it; 0: <data> itself
	lines  int    // how many it has
}

var (
	requestLine = regexp.MustCompile(`^([A-Z]+) (\S+) HTTP/1\.[01]\r?\n$`)
	pathNumber  = regexp.MustCompile(`/([0-9]{1,12})[^/0-9]*$`)
)

// request reads the request that begins at a line.
func (c *curlTest) request(at int) (r curlRequest, err error) {
	first := c.sent[at]
	r.line = strings.TrimSpace(first.text)
	m := requestLine.FindStringSubmatch(first.text)
	switch {
	case m == nil:
		return r, c.fail(first.number, "expected a request of HTTP/1, found %q", core.CutWords(r.line, 60))
	case m[1] == "CONNECT":
		return r, c.fail(first.number, "expected no CONNECT: what crosses a tunnel is no request to its server")
	}
	path, _, _ := strings.Cut(m[2], "?")
	if n := pathNumber.FindStringSubmatch(path); n != nil {
		if number, _ := strconv.Atoi(n[1]); number >= 10000 {
			r.number = number % 10000
		}
	}
	body, chunked := 0, false
	n := at + 1
	for ; ; n++ {
		if n == len(c.sent) {
			return r, c.fail(first.number, "expected an empty line after the header of %s", core.CutWords(r.line, 60))
		}
		text := strings.TrimRight(c.sent[n].text, "\r\n")
		if text == "" {
			break
		}
		name, value, _ := strings.Cut(text, ":")
		switch value = strings.TrimSpace(value); strings.ToLower(name) {
		case "content-length":
			if body, err = strconv.Atoi(value); err != nil || body < 0 {
				return r, c.fail(c.sent[n].number, "expected a number as the Content-Length, found %q", core.CutWords(value, 60))
			}
		case "transfer-encoding":
			chunked = strings.EqualFold(value, "chunked")
		case "expect":
			return r, c.fail(c.sent[n].number, "expected no Expect: whether the body waits for an answer is not in a test case")
		}
	}
	n++
	for left := body; left > 0 && n < len(c.sent); n++ {
		left -= len(c.sent[n].text)
		if left < 0 {
			return r, c.fail(c.sent[n].number, "expected the body of %s to end with a line of its %d bytes", core.CutWords(r.line, 60), body)
		}
	}
	for last := ""; chunked && n < len(c.sent); n++ {
		text := strings.TrimRight(c.sent[n].text, "\r\n")
		if chunked = text != "" || last != "0"; !chunked {
			n++
			break
		}
		last = text
	}
	r.lines = n - at
	return r, nil
}

// httpGoesOn reports whether the connection can carry another request after a reply.
func httpGoesOn(request string, reply []byte) bool {
	header, _, ended := bytes.Cut(reply, []byte("\r\n\r\n"))
	if !ended {
		header, _, _ = bytes.Cut(reply, []byte("\n\n"))
	}
	lower := strings.ToLower(string(header))
	status := ""
	if words := strings.Fields(lower); len(words) > 1 {
		status = words[1]
	}
	framed := strings.Contains(lower, "\ncontent-length:") || strings.Contains(lower, "\ntransfer-encoding:") ||
		strings.HasPrefix(request, "HEAD ") || status == "204" || status == "304"
	return framed && strings.HasPrefix(lower, "http/1.1 ") && !strings.Contains(lower, "\nconnection: close")
}
