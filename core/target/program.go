package target

import (
	"context"
	"strings"
)

// parseExec reads what follows exec: in an address: a program by its absolute path, and
// its arguments.
func parseExec(rest string) (Target, error) {
	words, err := splitCommand(strings.TrimSpace(rest))
	ok := false
	if len(words) > 0 {
		words[0], ok = absolute(words[0])
	}
	switch {
	case err != nil:
		return Target{}, err
	case !ok:
		return Target{}, fail(nil, `a program is named by its absolute path, as in exec:/usr/bin/sort -n "file one"`)
	}
	for _, w := range words {
		if err := checkPath(w, "the command"); err != nil {
			return Target{}, err
		}
	}
	t := Target{Kind: Exec, Path: joinCommand(words)}
	if len(t.String()) > MaxTarget {
		return Target{}, fail(nil, "the target has %d bytes; at most %d fit", len(t.String()), MaxTarget)
	}
	return t, nil
}

// Command returns the program and the arguments of a target of the kind Exec. Words are
// between spaces. In '…' everything stands for itself, in "…" all but \" and \\, which
// stand for " and \; quotes may be a part of a word. Nothing else means anything: there
// is no shell.
func (t Target) Command() []string {
	words, _ := splitCommand(t.Path)
	return words
}

func splitCommand(s string) (words []string, err error) {
	var word strings.Builder
	inside := false // a word has begun
	var quote byte  // that is open; 0: none
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '"' && c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			word.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inside = c, true
		case c == ' ':
			if inside {
				words, inside = append(words, word.String()), false
				word.Reset()
			}
		default:
			word.WriteByte(c)
			inside = true
		}
	}
	if quote != 0 {
		return nil, fail(nil, "the command has a %c that is not closed", quote)
	}
	if inside {
		words = append(words, word.String())
	}
	return words, nil
}

// joinCommand writes words such that splitCommand reads them.
func joinCommand(words []string) string {
	var s strings.Builder
	for i, w := range words {
		if i > 0 {
			s.WriteByte(' ')
		}
		if w != "" && !strings.ContainsAny(w, ` "'`) {
			s.WriteString(w)
			continue
		}
		s.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`)
	}
	return s.String()
}

// openLocal opens a serial line or a program.
func (d *Dialer) openLocal(ctx context.Context, t Target) (*Conn, error) {
	if err := d.Policy.CheckLocal(t); err != nil {
		return nil, err
	}
	if d.Local == nil {
		return nil, fail(nil, "%s cannot be opened here", t.shown()).as(CodeOff)
	}
	s, err := d.Local(ctx, t)
	if err != nil {
		return nil, err
	}
	return d.over(s, t.place(), d.Policy.DecideLocal(t).By), nil
}

// Remarks has what is at the other end remark on itself, if it is of the kinds that do:
// remark adds words to a session's log, and after them what the other end said.
func (c *Conn) Remarks(remark func(words, said string)) {
	if r, ok := c.stream.(interface {
		Remarks(func(words, said string))
	}); ok {
		r.Remarks(remark)
	}
}
