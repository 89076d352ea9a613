package lines

import (
	"bytes"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// scpi is what measuring instruments speak (SCPI-1999, IEEE 488.2). A line is cut at quotes
// and after the heads of data blocks, #n and n digits, so that a block may hold line ends;
// #0 is one up to the end of the line.
func scpi() preset {
	return preset{
		end: "\n",
		cut: func(u *unit, data []byte, seen int) int {
			from := max(0, seen-12) // where the head of a block may have begun
			if u.Quote != 0 {
				if i := bytes.IndexAny(data[seen:], string(u.Quote)+"\n"); i >= 0 && data[seen+i] != '\n' {
					return seen + i + 1
				}
				return 0
			}
			for i := from; i < len(data); i++ {
				switch data[i] {
				case '\n':
					return 0
				case '"', '\'':
					return i + 1
				case '#':
					if n := scpiHead(data[i:]); n > 0 {
						return i + n
					}
				}
			}
			return 0
		},
		part: func(u *unit, piece []byte) {
			last := piece[len(piece)-1]
			if i := bytes.LastIndexByte(piece, '#'); u.Quote == 0 && i >= 0 && scpiHead(piece[i:]) == len(piece)-i {
				u.Left, _ = strconv.ParseInt(string(piece[i+2:]), 10, 64)
				return
			}
			switch {
			case u.Quote == last:
				u.Quote = 0
			case u.Quote == 0 && (last == '"' || last == '\''):
				u.Quote = last
			}
		},
		fields: func(raw []byte, asks bool) ([]field, string) {
			s := &scanner{line: trimmed(raw)}
			if asks {
				if s.word("scpi.header") == nil {
					s.field("scpi.header", 0, len(s.line))
				}
				s.rest("scpi.parameters")
			} else {
				s.field("scpi.value", 0, len(s.line))
			}
			if from, to := scpiBlock(s.line); from > 0 {
				s.field("scpi.block", from, to)
			}
			return s.all, ""
		},
		asks: func(line []byte) kind {
			if bytes.IndexByte(line, '?') >= 0 {
				return answered
			}
			return unanswered
		},
		answers: (*talk).answeredAny,
	}
}

func (t *talk) answeredAny(_ []byte) core.MessageRef { return t.answered() }

// scpiBlock returns where the first data block of a line is, as far as it is kept; 0: nowhere.
func scpiBlock(line []byte) (from, to int) {
	for i := 0; i < len(line); i++ {
		switch b := line[i]; b {
		case '"', '\'':
			n := bytes.IndexByte(line[i+1:], b)
			if n < 0 {
				return 0, 0
			}
			i += n + 1
		case '#':
			if n := scpiHead(line[i:]); n > 0 {
				size, _ := strconv.Atoi(string(line[i+2 : i+n]))
				return i + n, min(i+n+size, len(line))
			}
			if bytes.HasPrefix(line[i:], []byte("#0")) {
				return i + 2, len(line)
			}
		}
	}
	return 0, 0
}

// scpiHead returns how long the head of a data block is with which bytes begin; 0: they
// begin with none, or not all of it has come.
func scpiHead(data []byte) int {
	if len(data) < 2 || data[0] != '#' || data[1] < '1' || data[1] > '9' {
		return 0
	}
	n := 2 + int(data[1]-'0')
	if len(data) < n {
		return 0
	}
	for _, b := range data[2:n] {
		if b < '0' || b > '9' {
			return 0
		}
	}
	return n
}
