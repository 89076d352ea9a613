package imap

import (
	"bytes"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// word is one of a message: an atom, a quoted string, a literal, or a list in brackets. It is
// text[from:to], with its quotes or what announces the literal.
type word struct {
	from, to int
	literal  int  // which one it is, -1: none
	quoted   bool // it is a quoted string
	open     bool // what ends it is missing
}

// words returns the first words of a message, most of them, or of one that has begun.
func (d *decoder) words(most int) (all []word) {
	s := scanner{text: bytes.TrimRight(d.Text, "\r\n"), literals: d.Literals}
	if n := len(d.Literals); n > 0 { // the line ends are its own
		s.text = d.Text[:max(len(s.text), d.Literals[n-1].At+d.Literals[n-1].Kept)]
	}
	for len(all) < most {
		for s.at < len(s.text) && s.text[s.at] == ' ' {
			s.at++
		}
		if s.at == len(s.text) {
			break
		}
		all = append(all, s.word())
	}
	if last := len(all) - 1; last >= 0 && s.at == len(s.text) {
		if l := all[last].literal; l >= 0 && l == len(d.Literals)-1 && d.Left > 0 {
			all[last].open = true
		}
	}
	return all
}

// scanner goes through the text of a message.
type scanner struct {
	text     []byte
	at       int
	literals []literal
	passed   int // literals
}

func (s *scanner) word() word {
	w := word{from: s.at, literal: -1}
	switch c := s.text[s.at]; {
	case s.literal():
		w.literal = s.passed - 1
	case c == '"':
		w.quoted = true
		w.open = !s.string()
	default:
		w.open = !s.atom()
	}
	w.to = s.at
	return w
}

// literal passes a literal, if one begins here.
func (s *scanner) literal() bool {
	if s.passed == len(s.literals) || s.literals[s.passed].Head != s.at {
		return false
	}
	l := s.literals[s.passed]
	s.passed++
	s.at = min(l.At+l.Kept, len(s.text))
	return true
}

// string passes a quoted string, and reports whether it ends.
func (s *scanner) string() bool {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		case '\r', '\n':
			return false
		}
	}
	s.at = len(s.text)
	return false
}

// atom passes an atom, with what stands in brackets in it. It reports whether they are
// closed.
func (s *scanner) atom() bool {
	for depth := 0; ; {
		switch {
		case s.at == len(s.text):
			return depth == 0
		case s.literal():
			continue
		}
		switch s.text[s.at] {
		case ' ':
			if depth == 0 {
				return true
			}
		case '(', '[':
			depth++
		case ')', ']':
			depth = max(0, depth-1)
		case '"':
			if depth > 0 {
				if !s.string() {
					return false
				}
				continue
			}
		}
		s.at++
	}
}

// value returns what a word means, and where that is in the flow. Of a literal it is what is
// kept.
func (d *decoder) value(w word) (value []byte, from, to int64) {
	if w.literal >= 0 {
		l := d.Literals[w.literal]
		return d.Text[l.At : l.At+l.Kept], l.From, l.From + l.come(d.At)
	}
	begin, end := w.from, w.to
	if w.quoted {
		begin++
		if !w.open {
			end--
		}
	}
	value, from = d.Text[begin:end], d.place(begin)
	to = from + int64(end-begin)
	if w.quoted && bytes.IndexByte(value, '\\') >= 0 {
		value = unquoted(value)
	}
	return value, from, to
}

// unquoted is what stands between quotes, without the backslashes.
func unquoted(inner []byte) (plain []byte) {
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		plain = append(plain, inner[i])
	}
	return plain
}

// maxTag is how long a tag may be that is known again.
const maxTag = 64

// isTag reports whether a word can be a tag (RFC 9051, section 9).
func isTag(w []byte) bool {
	for _, c := range w {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`(){%*"\+`, c) >= 0 {
			return false
		}
	}
	return len(w) > 0
}

// isStatus reports whether a word is a status of the server's.
func isStatus(w []byte) bool {
	switch len(w) {
	case 2, 3:
		return bytes.EqualFold(w, []byte("OK")) || completes(w)
	case 7:
		return bytes.EqualFold(w, []byte("PREAUTH"))
	}
	return false
}

// completes reports whether a word is a status but OK and PREAUTH.
func completes(w []byte) bool {
	return bytes.EqualFold(w, []byte("NO")) || bytes.EqualFold(w, []byte("BAD")) || bytes.EqualFold(w, []byte("BYE"))
}

// plausibleCommand reports whether a line begins a command, as far as can be seen.
func plausibleCommand(line []byte) bool {
	tag, rest, _ := bytes.Cut(line[:min(len(line), maxTag+32)], []byte(" "))
	name, _, _ := bytes.Cut(rest, []byte(" "))
	return isTag(tag) && core.FindCommand(commands, string(name)) != nil
}

// plausibleResponse reports whether a line begins a response, as far as can be seen.
func plausibleResponse(line []byte) bool {
	tag, rest, _ := bytes.Cut(line[:min(len(line), maxTag+32)], []byte(" "))
	name, after, _ := bytes.Cut(rest, []byte(" "))
	switch {
	case string(tag) == "+":
		return true
	case string(tag) != "*":
		return isTag(tag) && isStatus(name)
	case isNumber(name):
		name, _, _ = bytes.Cut(after, []byte(" "))
	}
	switch strings.ToUpper(string(name)) {
	case "CAPABILITY", "LIST", "LSUB", "STATUS", "SEARCH", "ESEARCH", "FLAGS", "EXISTS", "RECENT", "EXPUNGE", "FETCH", "ENABLED", "NAMESPACE", "ID", "VANISHED", "SORT", "THREAD":
		return true
	}
	return isStatus(name)
}

func isNumber(w []byte) bool {
	for _, c := range w {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(w) > 0
}
