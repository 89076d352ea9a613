package lines

import (
	"bytes"
	"errors"
	"strconv"
)

// syslog is syslog over TCP (RFC 6587): with the size before each message, or LF after it.
func syslog() preset {
	return preset{
		end: "\n",
		cut: func(u *unit, data []byte, _ int) int {
			if len(u.Raw) > 0 {
				return 0
			}
			return countAt(data)
		},
		part: func(u *unit, piece []byte) {
			if len(u.Raw) == len(piece) && countAt(piece) == len(piece) {
				u.Left, _ = strconv.ParseInt(string(piece[:len(piece)-1]), 10, 64)
				u.Last = true
			}
		},
		fields: syslogFields,
		wrong: func(line []byte, _ bool) string {
			if _, _, ok := priority(line[countAt(line):]); !ok {
				return "RFC 5424, section 6.2.1: a message begins with its priority, <0> to <191>"
			}
			return ""
		},
		typed: func(line string) (string, error) {
			if _, _, ok := priority([]byte(line)); !ok {
				return "", errors.New("a message begins with its priority, <0> to <191>, as in: <34>1 - host app - - - text (34: auth.crit)")
			}
			return line, nil
		},
	}
}

// countAt returns how long the size before a message is, with the blank after it; 0: there is none.
func countAt(data []byte) int {
	i := bytes.IndexByte(data[:min(len(data), 11)], ' ')
	for _, b := range data[:max(i, 0)] {
		if b < '0' || b > '9' {
			return 0
		}
	}
	if i < 1 || data[0] == '0' {
		return 0
	}
	return i + 1
}

// priority reads <PRI>.
func priority(line []byte) (number, size int, ok bool) {
	end := bytes.IndexByte(line[:min(len(line), 5)], '>')
	if end < 2 || line[0] != '<' {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(string(line[1:end]), 10, 8)
	return int(n), end + 1, err == nil && n <= 191
}

func syslogFields(raw []byte, _ bool) (all []field, wrong string) {
	s := &scanner{line: trimmed(raw), all: make([]field, 0, 10)}
	s.at = countAt(s.line)
	if s.at > 0 {
		s.field("syslog.msg_len", 0, s.at-1)
	}
	n, size, ok := priority(s.line[s.at:])
	if !ok {
		s.field("syslog.msg", s.at, len(s.line))
		return s.all, ""
	}
	s.field("syslog.facility", s.at+1, s.at+size-1).Value = facilities()[n/8]
	s.field("syslog.level", s.at+1, s.at+size-1).Value = severities()[n%8]
	s.at += size
	if bytes.HasPrefix(s.line[s.at:], []byte("1 ")) {
		for _, name := range []string{"syslog.version", "syslog.timestamp", "syslog.hostname", "syslog.appname", "syslog.procid", "syslog.msgid"} {
			s.word(name)
		}
	}
	s.rest("syslog.msg")
	return s.all, ""
}

func severities() []string {
	return []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
}

func facilities() []string {
	return []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
}
