package transcript

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// entry takes the line that begins an entry.
func (p *parser) entry(s string, number int) *SyntaxError {
	e := Entry{Line: number}
	if s[0] >= '0' && s[0] <= '9' {
		word, rest := cutWord(s)
		if e.Time, e.Timed = parseSeconds(word); !e.Timed {
			return errorf("expected a time in seconds such as 0.510, found %s", shown(word))
		}
		s = rest
	}
	mark, rest := cutWord(s)
	var err *SyntaxError
	switch mark {
	case ">>":
		e.Dir = Event
		err = p.fill(&e, eventForms[:], rest)
	case "<<":
		e.Dir = Action
		err = p.fill(&e, actionForms[:], rest)
	case "--":
		e.Dir, e.Remark = Remark, rest
	case ruleMark:
		if e.Timed {
			return errorf("expected no time before a rule")
		}
		return p.rule(rest, number)
	default:
		if p.at == atOptions && !e.Timed {
			return errorf("expected option, target or an entry (>>, << or --), found %s", shown(s))
		}
		return errorf("expected an entry (>>, << or --), found %s", shown(s))
	}
	if err == nil {
		err = p.takeRules(&e)
	}
	if err != nil {
		return err
	}
	if e.Dir == Event {
		p.n++
	}
	e.N = p.n
	e.Comments = p.takeComments()
	p.t.Entries = append(p.t.Entries, e)
	p.at = atEntries
	return nil
}

// fill reads what follows the mark of an event or action.
func (p *parser) fill(e *Entry, forms []form, rest string) *SyntaxError {
	f, link, args := p.match(forms, rest)
	if f == nil {
		return errorf("expected %s; found %s", listForms(forms), shown(rest))
	}
	var data []byte
	var err *SyntaxError
	switch f.arg {
	case nothing:
		if f.event == core.ServerQuiet && p.t.Quiet == 0 {
			err = errorf("expected a line quiet TIME, such as quiet 200ms, in the header of a file with a silence: it says that the machine asked for such events")
		}
	case quoted:
		data, err = p.payload(nil, f, args)
	case levelled:
		if word, words := cutWord(args); word == core.LevelWarning.String() || word == core.LevelError.String() {
			e.Action.Level, _ = core.ParseLevel(word)
			args = words
		}
		data, err = p.payload(nil, f, args)
	case span:
		if _, bad := core.ParseSpan(args); bad != nil {
			err = errorf("expected a secret's span such as event 5 12, bytes from and to; found %s", shown(args))
		}
		data = []byte(args)
	case length:
		data, err = masked(args)
	case counted:
		if n, bad := strconv.ParseInt(args, 10, 64); bad != nil || n < 1 || strconv.FormatInt(n, 10) != args {
			err = errorf("expected how many bytes were unseen, a number from 1 on; found %s", shown(args))
		}
		data = []byte(args)
	case passed:
		e.Action.Side = sideOf(args)
	case message:
		data, p.decoded = []byte(args), true
	case upgraded:
		data, err = upgrade(e, args)
	case linked:
		link, args = cutWord(args)
		if !core.ValidLink(link) {
			err = errorf("expected the name of a link: 1 to %d lower-case letters, digits or '-', beginning with a letter, and no word that begins entries; found %s", core.MaxName, shown(link))
			break
		}
		data, err = p.payload(nil, f, args)
	default:
		data, err = p.timer(e, f, args)
	}
	if err != nil {
		return err
	}
	p.follow(f, link)
	if e.Dir == Event {
		e.Event = core.Event{Kind: f.event, Link: link, Data: data}
	} else {
		e.Action = core.Action{Kind: f.action, Side: e.Action.Side, Rest: e.Action.Rest, After: e.Action.After, Level: e.Action.Level, Link: link, Data: data}
	}
	return nil
}

// hasLink reports whether a link of that name is there. Of a machine that began from a
// state that is not known.
func (p *parser) hasLink(name string) bool {
	return p.links[name] || p.t.State != nil && core.ValidLink(name)
}

// follow takes note of the links that are ordered, and of their ends.
func (p *parser) follow(f *form, link string) {
	switch {
	case f.action == core.Connect, f.action == core.Accept:
		if p.links == nil {
			p.links = map[string]bool{}
		}
		p.links[link] = true
	case f.event.EndsLink():
		delete(p.links, link)
	}
}

// stars replace the value of a secret, which is not written down.
var stars = bytes.Repeat([]byte("*"), core.MaxSecret)

// masked reads the length of a secret's value and returns that many stars.
func masked(length string) ([]byte, *SyntaxError) {
	n, err := strconv.Atoi(length)
	if err != nil || strconv.Itoa(n) != length || n < 1 || n > core.MaxSecret {
		return nil, errorf("expected the length of the secret's value in bytes, from 1 to %d; found %s", core.MaxSecret, shown(length))
	}
	return stars[:n:n], nil
}

// upgrade reads whose connection is upgraded to TLS, a server's name and what was left
// unread.
func upgrade(e *Entry, args string) ([]byte, *SyntaxError) {
	word, args := cutWord(args)
	if e.Action.Side = sideOf(word); e.Action.Side == 0 {
		return nil, errorf(`expected start-tls client|server "NAME", found side %s`, shown(word))
	}
	name, rest := cutWord(args)
	data, err := unquote(nil, name, core.MaxServerName)
	if err != nil {
		return nil, err
	}
	if !core.ValidServerName(string(data)) {
		return nil, errorf("expected a server's name of printable ASCII characters without blanks, quotes and backslashes; found %s", shown(string(data)))
	}
	if rest == "" {
		return data, nil
	}
	word, count := cutWord(rest)
	n, bad := strconv.Atoi(count)
	if word != "rest" || bad != nil || strconv.Itoa(n) != count || n < 1 || n > core.MaxEventPayload {
		return nil, errorf("expected rest and how many last bytes of the event were left unread, from 1 to %d; found %s", core.MaxEventPayload, shown(rest))
	}
	e.Action.Rest = n
	return data, nil
}

// match finds the form that s begins with, and returns the link that it names before its
// words, and what follows them. A link must have been ordered above, and not have ended.
func (p *parser) match(forms []form, s string) (_ *form, link, args string) {
	for i := range forms[1:] {
		f := &forms[i+1]
		link, from := "", s
		if f.link {
			link, from = cutWord(s)
		}
		args, ok := skipWords(from, f.words)
		if !ok || f.kind == "" || f.link && !p.hasLink(link) {
			continue
		}
		_, after := cutWord(args)
		switch f.arg {
		case nothing:
			ok = args == ""
		case levelled:
			ok = args != ""
		case quoted:
			ok = args != "" && args[0] == '"'
		case timerSet:
			ok = after != "off"
		case timerOff:
			ok = after == "off"
		case span:
			word, _ := cutWord(args)
			ok = word != "value"
		case passed:
			ok = sideOf(args) != 0
		}
		if ok {
			return f, link, args
		}
	}
	return nil, "", ""
}

// sideOf returns the side of that name, or 0.
func sideOf(name string) core.Side {
	for _, side := range [...]core.Side{core.Client, core.Server} {
		if name == side.String() {
			return side
		}
	}
	return 0
}

// skipWords returns what follows the given words in s.
func skipWords(s, words string) (rest string, ok bool) {
	for words != "" {
		var want, got string
		want, words = cutWord(words)
		if got, s = cutWord(s); got != want {
			return "", false
		}
	}
	return s, true
}

// timer reads a timer's name and, for an action, what happens to it.
func (p *parser) timer(e *Entry, f *form, args string) ([]byte, *SyntaxError) {
	name, after := cutWord(args)
	if !core.ValidName(name) {
		return nil, errorf("expected a timer's name: 1 to %d letters, digits, '-' or '_', beginning with a letter; found %s", core.MaxName, shown(name))
	}
	switch f.arg {
	case timerFired:
		if after != "" {
			return nil, errorf("expected nothing after the timer's name, found %s", shown(after))
		}
		if !p.armed[name] && p.t.State == nil {
			return nil, errorf("expected a timer that is armed: no << timer %s … above has armed it since it last fired or was stopped", name)
		}
		delete(p.armed, name)
	case timerSet:
		d, err := time.ParseDuration(after)
		if err != nil {
			return nil, errorf("expected when the timer fires, such as 100ms or 2s, or off; found %s", shown(after))
		}
		if d < core.MinTimer || d > core.MaxTimer {
			return nil, final("expected a time between 1ms and 24h, found %s", shown(after))
		}
		e.Action.After = d
		p.armed[name] = true
	case timerOff:
		delete(p.armed, name)
	}
	return []byte(name), nil
}

// payload reads a quoted string, appends it to the payload so far, and lets the
// next line continue it.
func (p *parser) payload(sofar []byte, f *form, s string) ([]byte, *SyntaxError) {
	if p.payloads == nil {
		p.payloads = make([]byte, 0, p.size)
	}
	from := len(p.payloads)
	all, err := unquote(p.payloads, s, f.max-len(sofar))
	if err != nil {
		if err.final {
			err.Msg = "expected at most " + strconv.Itoa(f.max) + " bytes in one " + f.words
		}
		return nil, err
	}
	if f.event.IsText() && !utf8.Valid(all[from:]) {
		return nil, errorf("expected UTF-8, as in all of a client's text; write client binary for other bytes")
	}
	p.payloads = all
	p.open = f
	return all[from-len(sofar) : len(all) : len(all)], nil
}

// more takes a line that continues the payload above it.
func (p *parser) more(s string) *SyntaxError {
	e := &p.t.Entries[len(p.t.Entries)-1]
	data, err := p.payload(e.data(), p.open, s)
	switch {
	case err != nil:
		return err
	case e.Dir == Event:
		e.Event.Data = data
	default:
		e.Action.Data = data
	}
	return nil
}

// unquote appends at most room bytes: those that the quoted string s, which must
// end with its quote, stands for.
func unquote(dst []byte, s string, room int) ([]byte, *SyntaxError) {
	limit := len(dst) + room
	if s == "" || s[0] != '"' {
		return nil, errorf("expected a quoted string, found %s", shown(s))
	}
	for s = s[1:]; ; {
		n := 0 // bytes that stand for themselves
		for n < len(s) && s[n] != '"' && s[n] != '\\' {
			n++
		}
		if len(dst)+n > limit {
			return nil, final("expected at most %d bytes", room)
		}
		if n == len(s) {
			return nil, errorf("expected a closing quote at the end of the line")
		}
		dst = append(dst, s[:n]...)
		if s[n] == '"' {
			if rest := s[n+1:]; rest != "" {
				return nil, errorf("expected nothing after the closing quote, found %s", shown(rest))
			}
			return dst, nil
		}
		r, isRune, rest, err := strconv.UnquoteChar(s[n:], '"')
		if err != nil {
			return nil, errorf(`expected one of \r \n \t \" \\ \xNN \uNNNN, found %s`, shown(s[n:min(n+10, len(s))]))
		}
		if s = rest; isRune {
			dst = utf8.AppendRune(dst, r)
		} else {
			dst = append(dst, byte(r))
		}
	}
}

// parseSeconds reads up to 9 digits, a point and up to 9 more, and truncates to
// the microsecond.
func parseSeconds(s string) (time.Duration, bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if !digits(whole) || point && !digits(fraction) {
		return 0, false
	}
	seconds, _ := strconv.ParseInt(whole, 10, 64)
	micros, _ := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	return time.Duration(seconds)*time.Second + time.Duration(micros)*time.Microsecond, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 9
}
