package http

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// minCookie is how many bytes a cookie's value needs to be kept secret elsewhere too: shorter
// ones are words such as "dark", which other lines have.
const minCookie = 8

// span is where something stands in a line.
type span struct{ from, to int }

// headerKind says which field a line is, and where its value begins.
func headerKind(line []byte) (k kind, value int) {
	i := bytes.IndexByte(line[:min(len(line), 256)], ':')
	if i < 0 {
		return other, 0
	}
	return kindOf(bytes.TrimSpace(line[:i])), i + 1
}

// secretSpans returns where a header line has secrets: credentials, without the name of their
// scheme, and the values of cookies. What stands around them stays, so that a recording is
// read as what was recorded. Of a line that is not whole its beginning is given.
func secretSpans(line []byte, whole bool) (all []span) {
	k, from := headerKind(line)
	if !k.isSecret() {
		return nil
	}
	to := len(line)
	add := func(from, to int) {
		for from < to && isBlank(line[from]) {
			from++
		}
		for whole && from < to && isBlank(line[to-1]) {
			to--
		}
		if from < to {
			all = append(all, span{from, to})
		}
	}
	if k == authorization || k == proxyAuthorization {
		for from < to && isBlank(line[from]) {
			from++
		}
		if i := bytes.IndexByte(line[from:], ' '); i >= 0 {
			from += i
		}
		add(from, to)
		return all
	}
	for from < to {
		end := to
		if i := bytes.IndexByte(line[from:], ';'); i >= 0 {
			end = from + i
		}
		if i := bytes.IndexByte(line[from:end], '='); i >= 0 {
			from += i + 1
		}
		add(from, end)
		if from = end + 1; k == setCookie {
			break
		}
	}
	return all
}

// foldedSpans returns where a line has secrets that is folded into a field that has.
func foldedSpans(line []byte) []span {
	text := bytes.TrimRight(line, " \t\r\n")
	from := len(text) - len(bytes.TrimLeft(text, " \t"))
	if from == len(text) {
		return nil
	}
	return []span{{from, len(text)}}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// secretLines finds the secrets of header lines, one after the other.
type secretLines struct{ hides bool }

// next returns where a line, which may have its end, has secrets. What is folded into a secret
// field is one.
func (s *secretLines) next(line []byte) []span {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		if s.hides {
			return foldedSpans(line)
		}
		return nil
	}
	k, _ := headerKind(line)
	s.hides = k.isSecret()
	return secretSpans(line, true)
}

// secrets returns what is kept out of recordings wherever it occurs.
func (m *message) secrets() (all [][]byte) {
	for i := range m.Headers {
		h := &m.Headers[i]
		if !h.Kind.isSecret() {
			continue
		}
		line, _, _ := bytes.Cut(m.Text[h.Off:], []byte("\n"))
		least := core.LastingSecret
		if h.Kind == cookie || h.Kind == setCookie {
			least = minCookie
		}
		for _, s := range secretSpans(line, true) {
			if value := line[s.from:min(s.to, s.from+core.MaxSecret)]; len(value) >= least {
				all = append(all, bytes.Clone(value))
			}
		}
	}
	return all
}
