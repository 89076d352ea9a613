package lines

import (
	"bytes"
	"errors"
	"strings"
)

// nntp is news by NNTP (RFC 3977, with the extensions of RFC 4642, 4643 and 4644).
func nntp() preset {
	return preset{
		end: "\r\n", crlf: "RFC 3977, section 3.1", lines: "nntp.lines",
		next: func(t *talk, u *unit, line []byte) bool {
			if t.requests.Unit == u {
				u.Dot = len(line) > 9 && bytes.EqualFold(line[:9], []byte("TAKETHIS "))
				return !u.Dot
			}
			p, _ := t.front()
			switch string(line[:min(len(line), 3)]) {
			case "100", "101", "215", "220", "221", "222", "224", "225", "230", "231", "282":
				u.Dot = true
			case "202", "211": // of LIST EXTENSIONS in old servers, and of LISTGROUP; SLAVE and GROUP have one line
				u.Dot = p.Kind == listed
			case "335", "340":
				t.Posting = t.waits()
			case "383":
				t.Challenge = t.waits()
			}
			return !u.Dot
		},
		fields: func(raw []byte, asks bool) ([]field, string) {
			s := scan(raw)
			if asks {
				if s.word("nntp.command") == nil {
					s.field("nntp.command", 0, len(s.line))
				}
				s.words("nntp.argument")
				return s.all, ""
			}
			if s.word("nntp.code") == nil {
				s.field("nntp.code", 0, len(s.line))
			}
			s.rest("nntp.text")
			return s.all, ""
		},
		wrong: func(line []byte, asks bool) string {
			switch {
			case asks && len(line) > 510:
				return "RFC 3977, section 3.1: a command has at most 512 bytes with its end"
			case !asks && !isCode(line):
				return "RFC 3977, section 3.2: a response begins with three digits"
			}
			return ""
		},
		secret: func(line []byte) int {
			words := append(upper(line), "", "")
			switch {
			case words[0] != "AUTHINFO":
			case words[1] == "PASS":
				return afterWords(line, 2)
			case words[1] == "SASL":
				return afterWords(line, 3)
			}
			return -1
		},
		asks: func(line []byte) kind {
			if len(line) >= 4 && bytes.EqualFold(line[:4], []byte("LIST")) {
				return listed
			}
			return answered
		},
		typed: func(line string) (string, error) {
			switch word, _, _ := strings.Cut(line, " "); {
			case len(line) > 510:
				return "", errors.New("a command has at most 512 bytes with its end (RFC 3977, section 3.1)")
			case strings.EqualFold(word, "COMPRESS"):
				return "", errors.New("after COMPRESS all that is said is compressed (RFC 8054), and nothing is decoded here")
			}
			return line, nil
		},
		tls: func(line []byte) bool { return bytes.HasPrefix(line, []byte("382")) },
	}
}

func isCode(line []byte) bool {
	for i := range 3 {
		if len(line) < 3 || line[i] < '0' || line[i] > '9' {
			return false
		}
	}
	return len(line) == 3 || line[3] == ' '
}
