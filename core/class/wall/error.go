package wall

import (
	"bytes"
	"fmt"
	"time"
)

// The kinds of errors. Those of each kind are counted apart, since one try can have an
// outcome of each: a server answers, and then a check does not hold.
const (
	dials   = iota // refused, by their code
	answers        // of servers, by their first line
	checks         // of lessons, by the first of a step that does not hold
	kinds
)

// run is the same error, again and again.
type run struct {
	key, text string
	n         int
	since     time.Time // the first of them
}

// came counts an error. key says which it is, text is what it says; both are short.
func (r *run) came(now time.Time, key, text string) {
	if r.n == 0 || r.key != key {
		*r = run{key: key, text: text, since: now}
	}
	r.n++
}

// over says that a try went well.
func (r *run) over() { *r = run{} }

func checkKey(lesson string, step int, failed string) string {
	return fmt.Sprintf("%s %d %s", lesson, step, failed)
}

// errorIn returns what says in the first line of a server's answer which error it is; nil:
// it is none. These are HTTP's status line (RFC 9112, section 4), the replies of SMTP,
// FTP and NNTP (RFC 5321, section 4.2), those of POP3 and Redis, and IMAP's tagged ones
// (RFC 9051, section 7.1), whose tag is another each time.
func errorIn(line []byte) []byte {
	if rest, ok := bytes.CutPrefix(line, []byte("HTTP/")); ok {
		_, status, _ := bytes.Cut(rest, []byte(" "))
		if isFailure(status) {
			return line
		}
		return nil
	}
	if len(line) > 3 && isFailure(line) {
		return line
	}
	if len(line) > 1 && line[0] == '-' && isUpper(line[1]) {
		return line
	}
	tag, rest, _ := bytes.Cut(line, []byte(" "))
	word, _, _ := bytes.Cut(rest, []byte(" "))
	if isTag(tag) && (string(word) == "NO" || string(word) == "BAD") {
		return rest
	}
	return nil
}

// isFailure reports whether text begins with a status from 400 to 599.
func isFailure(text []byte) bool {
	return len(text) >= 3 && (text[0] == '4' || text[0] == '5') && isDigit(text[1]) && isDigit(text[2]) &&
		(len(text) == 3 || text[3] == ' ' || text[3] == '-')
}

// isTag reports whether somebody may have typed it as the tag of a command.
func isTag(word []byte) bool {
	for _, c := range word {
		if !isDigit(c) && !isUpper(c) && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(word) > 0 && len(word) <= 16
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
