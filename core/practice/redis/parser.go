package redis

import (
	"bytes"
	"fmt"
	"strconv"
)

// Bounds of what a client sends.
const (
	maxLine    = 64 << 10  // bytes of a line without CR LF, as in Redis
	maxBulk    = 64 << 10  // bytes of an argument
	maxArgs    = 1024      // arguments of a command, its name among them
	maxCommand = 128 << 10 // bytes of a command's arguments together
)

// keep is how much memory, in bytes, an empty buffer may keep.
const keep = 4 << 10

// parser takes the client's stream apart into commands. Where the stream was cut
// changes nothing.
type parser struct {
	strict bool

	buf     []byte
	at      int // buf[:at] is parsed
	scanned int // buf[at:scanned] has no LF
	line    int // the number of the line that begins at buf[at]

	missing int      // arguments of the array that are still to come
	bulk    int      // the length of the next one, if inBulk
	inBulk  bool     // its header was read
	args    [][]byte // of the array, so far
	size    int      // their bytes
}

// parseError is what the client is told about bytes that are no command.
type parseError struct {
	words  string // of the error, after -ERR
	goesOn bool   // the next line can still be parsed
}

func (e *parseError) Error() string { return e.words }

// broken is an error after which nothing can be parsed. Redis words it as this.
func broken(format string, args ...any) error {
	return &parseError{words: "Protocol error: " + fmt.Sprintf(format, args...)}
}

// feed takes a piece of the stream.
func (p *parser) feed(data []byte) { p.buf = append(p.buf, data...) }

// held returns how many bytes are not parsed yet.
func (p *parser) held() int { return len(p.buf) - p.at }

// partial reports whether a command has begun that is not whole.
func (p *parser) partial() bool { return p.held() > 0 || p.missing > 0 }

// compact lets go of what was parsed. Large buffers are moved only once half of
// them is parsed, so that a long pipeline is not moved for each command.
func (p *parser) compact() {
	switch {
	case p.at == len(p.buf) && cap(p.buf) > keep:
		p.buf = nil
	case p.at < len(p.buf)/2:
		return
	default:
		p.buf = append(p.buf[:0], p.buf[p.at:]...)
	}
	p.scanned -= p.at
	p.at = 0
}

// next returns the next command, or nil if none is whole yet. It is valid until
// the next call of the parser. Errors are [*parseError].
func (p *parser) next() ([][]byte, error) {
	for {
		switch {
		case p.missing == 0 && p.held() == 0:
			return nil, nil
		case p.missing == 0 && p.buf[p.at] != '*':
			line, err := p.readLine("too big inline request")
			if line == nil || err != nil {
				return nil, err
			}
			if args, err := splitInline(line); err != nil || len(args) > 0 {
				return args, err
			}
		case p.missing == 0:
			if more, err := p.array(); !more || err != nil {
				return nil, err
			}
		case !p.inBulk:
			if more, err := p.bulkHeader(); !more || err != nil {
				return nil, err
			}
		default:
			if more, err := p.bulkString(); !more || err != nil {
				return nil, err
			}
			if p.missing == 0 {
				return p.args, nil
			}
		}
	}
}

// array reads "*3\r\n". As in Redis, an array of none is no command.
func (p *parser) array() (more bool, err error) {
	line, err := p.readLine("too big mbulk count string")
	if line == nil || err != nil {
		return false, err
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n > maxArgs {
		return false, broken("invalid multibulk length (a command is an array of 1 to %d bulk strings here)", maxArgs)
	}
	p.missing, p.args, p.size = max(n, 0), nil, 0
	return true, nil
}

// bulkHeader reads "$5\r\n".
func (p *parser) bulkHeader() (more bool, err error) {
	line, err := p.readLine("too big bulk count string")
	if line == nil || err != nil {
		return false, err
	}
	if len(line) == 0 || line[0] != '$' {
		got := " "
		if len(line) > 0 {
			got = string(line[:1])
		}
		return false, broken("expected '$', got '%s'", got)
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < 0 || n > maxBulk {
		return false, broken("invalid bulk length (an argument has 0 to %d bytes here)", maxBulk)
	}
	if p.size += n; p.size > maxCommand {
		return false, broken("invalid bulk length (the arguments of a command have at most %d bytes together here)", maxCommand)
	}
	p.bulk, p.inBulk = n, true
	return true, nil
}

// bulkString reads the bytes that its header announced, and CR LF.
func (p *parser) bulkString() (more bool, err error) {
	rest := p.buf[p.at:]
	if len(rest) <= p.bulk {
		return false, nil
	}
	arg, end := rest[:p.bulk], rest[p.bulk:]
	ends := 2
	switch {
	case end[0] == '\n' && p.strict:
		return false, broken("%s", p.bareLF(p.bulk))
	case end[0] == '\n':
		ends = 1
	case end[0] == '\r' && len(end) == 1:
		return false, nil
	case end[0] != '\r' || end[1] != '\n':
		return false, broken("no CR LF after the %d bytes of the bulk string in line %d", p.bulk, p.line)
	}
	p.args = append(p.args, bytes.Clone(arg))
	p.take(p.bulk + ends)
	p.missing--
	p.inBulk = false
	return true, nil
}

// readLine returns the next line without its end, nil if it is not whole yet.
// A line over maxLine bytes is refused by the words.
func (p *parser) readLine(tooBig string) ([]byte, error) {
	rest := p.buf[p.at:]
	from := max(0, p.scanned-p.at)
	i := bytes.IndexByte(rest[from:], '\n')
	if i >= 0 {
		i += from
	}
	switch {
	case i >= maxLine+2, i < 0 && len(rest) >= maxLine+2:
		return nil, broken("%s", tooBig)
	case i < 0:
		p.scanned = len(p.buf)
		return nil, nil
	}
	line, crlf := bytes.CutSuffix(rest[:i], []byte("\r"))
	if !crlf && p.strict {
		words := p.bareLF(i)
		if p.missing > 0 || rest[0] == '*' {
			return nil, broken("%s", words)
		}
		p.take(i + 1)
		return nil, &parseError{words: words, goesOn: true}
	}
	p.take(i + 1)
	return line, nil
}

// bareLF says that the line that begins at buf[at] ended wrong, after so many
// bytes.
func (p *parser) bareLF(length int) string {
	return fmt.Sprintf("line %d ended in LF alone at byte %d; RESP wants CR LF", p.line, length+1)
}

// take moves on after a line.
func (p *parser) take(n int) {
	p.at += n
	p.line++
}
