package redis

import "strconv"

// errQuotes is what Redis says of a quote that is not closed, or is followed by
// more than a space.
func errQuotes() error { return broken("unbalanced quotes in request") }

// splitInline splits a typed line into arguments by the rules of Redis: at
// spaces; "…" knows \n, \r, \t, \b, \a, \xHH and \ before any other byte; '…'
// knows only \'.
func splitInline(line []byte) (args [][]byte, err error) {
	size := 0
	for {
		for len(line) > 0 && isSpace(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 {
			return args, nil
		}
		var arg []byte
		if arg, line, err = cutArg(line); err != nil {
			return nil, err
		}
		args = append(args, arg)
		if size += len(arg); len(args) > maxArgs || size > maxCommand {
			return nil, broken("too big inline request")
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' || c == 0 }

// cutArg returns the first argument of a line that does not begin with a space.
func cutArg(line []byte) (arg, rest []byte, err error) {
	arg = []byte{}
	quote := byte(0) // that is open
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == 0 && isSpace(c):
			return arg, line[i:], nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			if i+1 < len(line) && !isSpace(line[i+1]) {
				return nil, nil, errQuotes()
			}
			return arg, line[i+1:], nil
		case quote == '"' && c == '\\' && i+1 < len(line):
			b, n := unescape(line[i+1:])
			arg = append(arg, b)
			i += n
		case quote == '\'' && c == '\\' && i+1 < len(line) && line[i+1] == '\'':
			arg = append(arg, '\'')
			i++
		default:
			arg = append(arg, c)
		}
	}
	if quote != 0 {
		return nil, nil, errQuotes()
	}
	return arg, nil, nil
}

// unescape returns the byte that follows a \ and how many bytes stand for it.
func unescape(s []byte) (b byte, n int) {
	switch s[0] {
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'b':
		return '\b', 1
	case 'a':
		return '\a', 1
	case 'x':
		if len(s) >= 3 {
			if b, err := strconv.ParseUint(string(s[1:3]), 16, 8); err == nil {
				return byte(b), 3
			}
		}
	}
	return s[0], 1
}
