package lines

import (
	"bytes"
	"errors"
	"strings"
)

// irc is IRC (RFC 2812, with the tags of IRCv3).
func irc() preset {
	return preset{
		end: "\r\n", fields: ircFields, wrong: ircWrong, secret: ircSecret, crlf: "RFC 2812, section 2.3",
		typed: func(line string) (string, error) {
			if len(line)-ircTags([]byte(line)) > 510 {
				return "", errors.New("a message has at most 512 bytes with its end (RFC 2812, section 2.3)")
			}
			return line, nil
		},
		reply: func(line []byte) string {
			c := ircCommand(line)
			word, rest, _ := bytes.Cut(line[c:], []byte(" "))
			if !strings.EqualFold(string(word), "PING") || len(rest) > 500 {
				return ""
			}
			return strings.TrimRight("PONG "+string(rest), " ") + "\r\n"
		},
	}
}

// ircTags returns how long the tags before a message are, with the blank after them.
func ircTags(line []byte) int {
	if !bytes.HasPrefix(line, []byte("@")) {
		return 0
	}
	_, to := wordAt(line, 0)
	return min(to+1, len(line))
}

// ircCommand returns where the command begins.
func ircCommand(line []byte) int {
	at, to := wordAt(line, ircTags(line))
	if at < to && line[at] == ':' {
		at, _ = wordAt(line, to)
	}
	return at
}

func ircWrong(line []byte, _ bool) string {
	at := ircCommand(line)
	_, to := wordAt(line, at)
	word := line[at:to]
	letters, digits := true, len(word) == 3
	for _, b := range word {
		letters = letters && (b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z')
		digits = digits && b >= '0' && b <= '9'
	}
	switch {
	case len(line) > 0 && (len(word) == 0 || !letters && !digits):
		return "RFC 2812, section 2.3.1: a message has a command, of letters or three digits"
	case len(line)-ircTags(line) > 510:
		return "RFC 2812, section 2.3: a message has at most 512 bytes with its end"
	}
	return ""
}

func ircSecret(line []byte) int {
	c := ircCommand(line)
	if c >= len(line) {
		return -1
	}
	n := 0
	switch words := append(upper(line[c:]), "", "", ""); {
	case words[0] == "PASS", words[0] == "AUTHENTICATE":
		n = 1
	case words[0] == "OPER", words[0] == "NICKSERV" || words[0] == "NS":
		n = 2
	case words[0] == "PRIVMSG" && words[1] == "NICKSERV" && (words[2] == ":IDENTIFY" || words[2] == ":REGISTER"):
		n = 3
	default:
		return -1
	}
	if at := afterWords(line[c:], n); at >= 0 {
		return c + at
	}
	return -1
}

func ircFields(raw []byte, _ bool) ([]field, string) {
	s := scan(raw)
	if len(s.line) > 0 && s.line[0] == '@' {
		s.word("irc.tags")
	}
	if at, to := wordAt(s.line, s.at); at < to && s.line[at] == ':' {
		s.word("irc.prefix")
	}
	if s.word("irc.command") == nil {
		s.field("irc.command", len(s.line), len(s.line))
	}
	for len(s.all) < maxWords {
		at, to := wordAt(s.line, s.at)
		if at == to {
			return s.all, ""
		}
		if s.line[at] == ':' {
			s.at = at + 1
			s.field("irc.trailer", at+1, len(s.line))
			return s.all, ""
		}
		s.word("irc.parameter")
	}
	return s.all, ""
}
