package imap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

const maxTypedWords = 1024

// expansion is what was typed, with its {"text"} as literals.
type expansion struct {
	wire  []byte
	parts []expanded
}

// expanded is a literal in what was typed: the text within the quotes,
// and where it ends there and on the wire.
type expanded struct{ textFrom, textTo, to, wireTo int }

// expand makes literals of {"text"} and {+"text"}, outside of quotes.
func expand(typed string) (e expansion, err error) {
	quoted := false
	for at := 0; at < len(typed); at++ {
		switch c := typed[at]; {
		case quoted && c == '\\':
			e.wire = append(e.wire, typed[at:min(at+2, len(typed))]...)
			at++
			continue
		case c == '"':
			quoted = !quoted
		case c == '{' && !quoted:
			plus := ""
			from := at + 1
			if strings.HasPrefix(typed[from:], "+") {
				from, plus = from+1, "+"
			}
			if !strings.HasPrefix(typed[from:], `"`) {
				break
			}
			from++
			n := textEnd(typed[from:])
			if n < 0 {
				return e, errors.New(`{" begins a literal, and "} does not end it`)
			}
			plain, err := core.Unescape(typed[from : from+n])
			if err != nil {
				return e, fmt.Errorf("a literal %w", err)
			}
			e.wire = fmt.Appendf(e.wire, "{%d%s}\r\n%s", len(plain), plus, plain)
			e.parts = append(e.parts, expanded{from, from + n, from + n + 2, len(e.wire)})
			at = from + n + 1
			continue
		}
		e.wire = append(e.wire, typed[at])
	}
	return e, nil
}

// textEnd returns where "} stands, with no backslash before it, or -1.
func textEnd(s string) int {
	for i := 0; i+1 < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"' && s[i+1] == '}':
			return i
		}
	}
	return -1
}

// decode takes the command apart.
func (e *expansion) decode() *decoder {
	d := &decoder{keep: 2 * core.MaxEventPayload, keepLiteral: 2 * core.MaxEventPayload}
	for wire := append(e.wire[:len(e.wire):len(e.wire)], "\r\n"...); len(wire) > 0; {
		n, _ := d.next(wire)
		wire = wire[n:]
	}
	return d
}

// hide marks a word that is a secret: where it was typed, if mark.
func (e *expansion) hide(d *decoder, w word, mark bool, out *core.Out) {
	_, at, end := d.value(w)
	from, to := int(at)+e.shift(int(at)), int(end)+e.shift(int(at))
	switch {
	case w.literal >= len(e.parts): // its bytes are still to be typed
		return
	case w.literal >= 0:
		from, to = e.parts[w.literal].textFrom, e.parts[w.literal].textTo
	}
	if mark && from < to {
		out.Secret(false, from, to)
	}
}

// shift returns how much further a byte on the wire that is of no literal stands in what was
// typed.
func (e *expansion) shift(at int) int {
	by := 0
	for _, p := range e.parts {
		if p.wireTo <= at {
			by = p.to - p.wireTo
		}
	}
	return by
}

// check reports why a command should not be sent.
func (m *machine) check(d *decoder, words []word) error {
	text := func(i int) string { return string(d.Text[words[i].from:words[i].to]) }
	c := core.FindCommand(commands, text(0))
	if c == nil {
		_, err := core.ParseCommand(commands, core.CutWords(text(0), 80))
		return err
	}
	idling := m.underWay(idle) != nil
	switch {
	case c.Name == "DONE" && !idling:
		return errors.New("DONE ends an IDLE, and none is under way")
	case c.Name != "DONE" && idling:
		return errors.New("while IDLE is under way, DONE is the only command; then type this one again")
	}
	line := c.Name
	for i := range words[1:] {
		if i == len(c.Fields) {
			if i == 0 || !c.Fields[i-1].Rest {
				line += " " + core.CutWords(text(i+1), 80)
			}
			break
		}
		line += " x"
	}
	if _, err := core.ParseCommand(commands, line); err != nil {
		return err
	}
	for _, w := range words {
		if w.open && w.literal < 0 && d.Left == 0 {
			return fmt.Errorf("%s: a quote, ( or [ is not closed", c.Name)
		}
	}
	if len(c.Fields) > 0 && c.Fields[0].Name == "messages" && !isSequence(text(1)) {
		return fmt.Errorf("%s: messages is %q; it must be numbers, such as 1, 2,4:6 or 1:*", c.Name, core.CutWords(text(1), 40))
	}
	if c.Name == "APPEND" && words[len(words)-1].literal < 0 {
		return errors.New(`APPEND ends in the message, as a literal: APPEND INBOX (\Seen) {"Subject: a\r\n\r\ntext\r\n"}, or {12} and its 12 bytes on the next lines`)
	}
	return nil
}

// isSequence reports whether a word names messages (RFC 9051, section 9).
func isSequence(w string) bool {
	return w != "" && strings.Trim(w, "0123456789:,*$") == ""
}

// authenticate returns the command that begins to log in by a name and a password, and keeps
// what there is to answer.
func (m *machine) authenticate(d *decoder, words []word) (wire []byte, err error) {
	if m.underWay(idle) != nil {
		return nil, errors.New("while IDLE is under way, DONE is the only command")
	}
	name, _, _ := d.value(words[2])
	password, _, _ := d.value(words[3])
	if len(name)+len(password) > maxLiteral {
		return nil, fmt.Errorf("a name and a password have at most %d bytes here", maxLiteral)
	}
	code := base64.StdEncoding.EncodeToString
	if len(bytes.Trim(password, "*")) == 0 { // as in a recording, which has the answers so too
		code = func(plain []byte) string { return strings.Repeat("*", base64.StdEncoding.EncodedLen(len(plain))) }
	}
	mechanism := strings.ToUpper(string(d.Text[words[1].from:words[1].to]))
	begins := "AUTHENTICATE " + mechanism
	switch mechanism {
	case "PLAIN":
		answer := code([]byte("\x00" + string(name) + "\x00" + string(password)))
		if m.SASLIR {
			return []byte(begins + " " + answer + "\r\n"), nil
		}
		m.Answers = []string{answer}
	case "LOGIN":
		m.Answers = []string{code(name), code(password)}
	default:
		return nil, fmt.Errorf("AUTHENTICATE takes a name and a password for PLAIN and LOGIN; for %s type AUTHENTICATE %s, and answer the challenge in base64", core.CutWords(mechanism, 40), core.CutWords(mechanism, 40))
	}
	return []byte(begins + "\r\n"), nil
}

// waits reports whether the server has to ask for a literal.
func (d *decoder) waits() bool {
	for _, l := range d.Literals {
		if d.Text[l.At-len("+}\r\n")] != '+' {
			return true
		}
	}
	return false
}

// lineOf returns a call as a person would type it.
func lineOf(call core.Call) string {
	line := call.Command.Name
	for _, f := range call.Command.Fields {
		if !call.Has(f.Name) {
			continue
		}
		value := call.Text(f.Name)
		switch {
		case f.Type == core.ValueBytes:
			value = "{" + strconv.Quote(value) + "}"
		case f.Type == core.ValueSecret || !f.Rest && f.Name != "messages" && f.Name != "items" && f.Name != "mechanism":
			value = astring(value)
		}
		line += " " + value
	}
	return line
}

// astring writes a value as an atom, a quoted string or a literal (RFC 9051, section 4.3).
func astring(value string) string {
	plain, quotable := value != "", true
	for _, c := range []byte(value) {
		plain = plain && c > ' ' && c < 0x7f && !strings.ContainsRune(`(){%*"\`, rune(c))
		quotable = quotable && c >= ' ' && c < 0x7f
	}
	switch {
	case plain:
		return value
	case quotable:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	return "{" + strconv.Quote(value) + "}"
}
