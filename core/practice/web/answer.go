package web

import (
	"fmt"
	"strconv"
)

// answer is one answer to a request.
type answer struct {
	status int
	fields string // field lines of its own, each with CR LF
	kind   string // Content-Type; "" with no body
	body   string
	chunks []string // the body in pieces, in place of body
	closes bool     // the connection ends after it
}

const (
	plainText = "text/plain; charset=utf-8"
	html      = "text/html; charset=utf-8"
)

func text(status int, kind, body string) *answer {
	return &answer{status: status, kind: kind, body: body}
}

// says is an answer whose body is one sentence for the person who typed the request.
func says(status int, format string, args ...any) *answer {
	return text(status, plainText, fmt.Sprintf("%d %s: %s\n", status, reason(status), fmt.Sprintf(format, args...)))
}

// refuse is such an answer to what is no request, or none that can be read on after.
func refuse(status int, format string, args ...any) *answer {
	a := says(status, format, args...)
	a.closes = true
	return a
}

// with adds a field line.
func (a *answer) with(name, value string) *answer {
	a.fields += name + ": " + value + "\r\n"
	return a
}

// write appends the answer to dst: to method, in a request of HTTP/1.minor whose
// connection was asked to stay open if keeps. Its status line is always of HTTP/1.1: it
// names what the server speaks (RFC 9112, section 2.3).
func (a *answer) write(dst []byte, method string, minor int, keeps bool) []byte {
	dst = fmt.Appendf(dst, "HTTP/1.1 %d %s\r\nServer: practice\r\n", a.status, reason(a.status))
	dst = append(dst, a.fields...)
	if a.kind != "" {
		dst = append(dst, "Content-Type: "+a.kind+"\r\n"...)
	}
	inChunks := a.chunks != nil && minor > 0
	switch {
	case inChunks:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case a.chunks == nil:
		dst = append(dst, "Content-Length: "+strconv.Itoa(len(a.body))+"\r\n"...)
	}
	switch {
	case a.closes:
		dst = append(dst, "Connection: close\r\n"...)
	case keeps && minor == 0:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	if method == "HEAD" {
		return dst
	}
	dst = append(dst, a.body...)
	for _, piece := range a.chunks {
		if inChunks {
			dst = fmt.Appendf(dst, "%x\r\n%s\r\n", len(piece), piece)
		} else {
			dst = append(dst, piece...)
		}
	}
	if inChunks {
		dst = append(dst, "0\r\n\r\n"...)
	}
	return dst
}

// reason is the reason phrase of a status code (RFC 9110, section 15; 431 is of RFC 6585).
func reason(status int) string {
	switch status {
	case 200:
		return "OK"
	case 201:
		return "Created"
	case 301:
		return "Moved Permanently"
	case 302:
		return "Found"
	case 400:
		return "Bad Request"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 411:
		return "Length Required"
	case 413:
		return "Content Too Large"
	case 414:
		return "URI Too Long"
	case 417:
		return "Expectation Failed"
	case 429:
		return "Too Many Requests"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 503:
		return "Service Unavailable"
	case 505:
		return "HTTP Version Not Supported"
	}
	return ""
}
