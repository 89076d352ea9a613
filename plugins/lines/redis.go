package lines

import (
	"bytes"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// redisInline is Redis with commands on one line each, as they are typed into telnet. Mode
// resp speaks the protocol that programs speak.
func redisInline() preset {
	return preset{
		end: "\r\n", crlf: "RESP",
		asks: func([]byte) kind { return answered },
		next: func(t *talk, u *unit, line []byte) bool {
			if t.requests.Unit == u {
				return true
			}
			if u.Lines == 1 {
				u.Items = 1
			}
			u.Items--
			if len(line) == 0 {
				return u.Items == 0
			}
			n, err := strconv.ParseInt(string(line[1:]), 10, 64)
			if n = min(n, core.MaxFlow/4); err != nil || n < 0 {
				return u.Items == 0
			}
			switch line[0] {
			case '$', '=', '!':
				u.Left, u.Last = n+2, u.Items == 0
				return false
			case '*', '~', '>':
				u.Items = min(u.Items+n, core.MaxFlow)
			case '%':
				u.Items = min(u.Items+2*n, core.MaxFlow)
			case '|': // and then the value that it is about
				u.Items = min(u.Items+2*n+1, core.MaxFlow)
			}
			return u.Items == 0
		},
		fields: func(raw []byte, asks bool) ([]field, string) {
			s := scan(raw)
			if !asks {
				s.field("redis.reply", 0, len(s.line))
				return s.all, ""
			}
			if s.word("redis.command") == nil {
				s.field("redis.command", 0, len(s.line))
			}
			s.words("redis.argument")
			return s.all, ""
		},
		wrong: func(line []byte, asks bool) string {
			switch {
			case asks && bytes.HasPrefix(line, []byte("*")):
				return "this is no inline command; mode resp reads what programs send"
			case !asks && (len(line) == 0 || bytes.IndexByte([]byte("+-:$*_,#!=(%~>|"), line[0]) < 0):
				return "RESP: a reply begins with what says its type"
			}
			return ""
		},
		secret: func(line []byte) int {
			words := append(upper(line), "", "", "", "")
			switch {
			case words[0] == "AUTH":
				return afterWords(line, 1)
			case words[0] == "HELLO" && words[2] == "AUTH":
				return afterWords(line, 4)
			case words[0] == "CONFIG" && words[1] == "SET" && (words[2] == "REQUIREPASS" || words[2] == "MASTERAUTH"):
				return afterWords(line, 3)
			}
			return -1
		},
	}
}
