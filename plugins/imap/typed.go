package imap

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// typed sends what a person has typed.
func (m *machine) typed(text string, out *core.Out) {
	if raw, ok := strings.CutPrefix(text, "="); ok {
		m.raw(raw, out)
		return
	}
	said := text
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	first, more, several := strings.Cut(text, "\n")
	after := m.afterQueue()
	switch {
	case m.Opaque || after.within(): // the rest of a literal, or of its command
		if after.hides() {
			hideLines(said, 0, out)
		}
		m.enqueue(strings.ReplaceAll(text, "\n", "\r\n")+"\r\n", out)
	case several && !announcesLiteral(first):
		refuse("type one command at a time. A line that begins with = is sent as it is, with its escapes: =A1 NOOP\\r\\nA2 NOOP\\r\\n", out)
	case m.Challenged && len(m.Answers) == 0: // an answer in base64, or * to give up
		if text != "*" {
			hideLines(said, 0, out)
		}
		m.enqueue(text+"\r\n", out)
	default:
		if several {
			more = strings.ReplaceAll(more, "\n", "\r\n") + "\r\n"
			if namesSecret(first) {
				hideLines(said, strings.Index(said, "\n")+1, out)
			}
		}
		m.command(first, more, true, out)
	}
}

// hideLines keeps the lines of what was typed out of recordings, from one on.
func hideLines(text string, at int, out *core.Out) {
	for line := range strings.Lines(text[at:]) {
		inner := strings.TrimRight(line, "\r\n")
		if inner != "" {
			out.Secret(false, at, at+len(inner))
			out.SecretBytes([]byte(inner[:min(len(inner), core.MaxSecret)]))
		}
		at += len(line)
	}
}

// namesSecret reports whether a line is of a command with a secret, with a tag or without.
func namesSecret(line string) bool {
	words := strings.Fields(line)
	for _, w := range words[:min(len(words), 2)] {
		if hidesArgument([]byte(w)) {
			return true
		}
	}
	return false
}

// afterQueue returns where the client's direction is once what waits is sent.
func (m *machine) afterQueue() *decoder {
	d := m.requests
	if len(m.Queue) > 0 {
		d.Text, d.Literals, d.Tail = slices.Clone(d.Text), slices.Clone(d.Literals), slices.Clone(d.Tail)
	}
	for at := 0; at < len(m.Queue); {
		n, whole := d.next(m.Queue[at:])
		if at += n; whole {
			d.begin()
		}
	}
	return &d
}

func announcesLiteral(line string) bool {
	_, _, _, ok := announced([]byte(line))
	return ok
}

// raw sends what stands after =, at once.
func (m *machine) raw(typed string, out *core.Out) {
	plain, err := core.Unescape(typed)
	if err != nil {
		refuse("what stands after = "+err.Error(), out)
		return
	}
	out.Server([]byte(plain))
	if hidden := m.asks([]byte(plain), true, out); len(hidden) > 0 {
		at := escapes(typed)
		for _, h := range hidden {
			out.Secret(false, 1+at[h[0]], 1+at[h[1]])
		}
	}
}

// escapes returns where each byte of what is typed with escapes stands, and where it ends.
func escapes(typed string) (at []int) {
	for rest := typed; rest != ""; {
		from, n, after := len(typed)-len(rest), 1, rest[1:]
		if rest[0] == '\\' {
			r, isRune, tail, err := strconv.UnquoteChar(rest, '"')
			if err != nil {
				break
			}
			if after = tail; isRune {
				n = len(string(r))
			}
		}
		for range n {
			at = append(at, from)
		}
		rest = after
	}
	return append(at, len(typed))
}

// enqueue sends bytes, or keeps them until the server asks for them.
func (m *machine) enqueue(data string, out *core.Out) {
	if m.requests.Awaits && len(m.Queue)+len(data) > maxQueue {
		refuse(fmt.Sprintf("%d bytes wait for the server to ask for a literal, and at most %d may. A line that begins with = does not wait", len(m.Queue), maxQueue), out)
		return
	}
	m.send([]byte(data), out)
}

// command sends a command that was typed, with what follows it on other lines, once it is as
// IMAP wants it. It marks where there are secrets in the event if mark.
func (m *machine) command(typed, more string, mark bool, out *core.Out) {
	if strings.ContainsAny(typed, "\r\n") {
		refuse("a command is one line; {\"…\"} can have line ends, as \\r\\n", out)
		return
	}
	e, err := expand(typed)
	if err != nil {
		if fields := strings.Fields(typed); mark && len(fields) > 2 && namesSecret(typed) {
			out.Secret(false, strings.Index(typed, fields[1])+len(fields[1]), len(typed))
		}
		m.refuseTyped(err, typed, out)
		return
	}
	d := e.decode()
	words := d.words(maxTypedWords)
	name := func(i int) string {
		if i < len(words) {
			return string(d.Text[words[i].from:words[i].to])
		}
		return ""
	}
	if len(words) == 0 {
		refuse("a command is missing, such as NOOP; =\\r\\n sends an empty line", out)
		return
	}
	at := 0
	if core.FindCommand(commands, name(0)) == nil && looksLikeTag(name(0), name(1)) {
		at = 1
	}
	authenticates := at == 0 && len(words) == 4 && strings.EqualFold(name(0), "AUTHENTICATE")
	if hidesArgument([]byte(name(at))) {
		first := at + 2
		if authenticates {
			first++
		}
		for _, w := range words[min(first, len(words)):] {
			e.hide(d, w, mark, out)
			if value, _, _ := d.value(w); authenticates || len(d.Literals) > 0 { // it may wait
				out.SecretBytes(value[:min(len(value), core.MaxSecret)])
			}
		}
	}
	wire := append(e.wire, "\r\n"+more...)
	switch {
	case at == 1: // it is as it was typed
	case authenticates:
		wire, err = m.authenticate(d, words)
	default:
		if err = m.check(d, words); err == nil {
			wire = append(append([]byte(strings.ToUpper(name(0))), d.Text[words[0].to:len(d.Text)-2]...), "\r\n"+more...)
		}
	}
	if err != nil {
		m.refuseTyped(err, typed, out)
		return
	}
	if d.waits() && len(m.Queue)+len(wire) > maxQueue {
		refuse(fmt.Sprintf("at most %d bytes can wait for the server to ask for a literal; {+\"…\"} does not wait, if the server has LITERAL+", maxQueue), out)
		return
	}
	if at == 0 && !strings.EqualFold(name(0), "DONE") {
		wire = append([]byte(m.nextTag()+" "), wire...)
	}
	m.enqueue(string(wire), out)
}

// refuseTyped refuses what was typed, and says how it is sent all the same.
func (m *machine) refuseTyped(why error, typed string, out *core.Out) {
	shown := core.CutWords(typed, 80)
	if namesSecret(typed) {
		first, _, _ := strings.Cut(strings.TrimLeft(shown, " "), " ")
		shown = first + " …"
	}
	tag := fmt.Sprintf("A%d ", m.Tags+1)
	if strings.EqualFold(shown, "DONE") {
		tag = ""
	}
	refuse(fmt.Sprintf("%v. To send it all the same, type =%s%s\\r\\n", why, tag, shown), out)
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error("nothing was sent: " + why)
	out.Text([]byte("(not sent)"))
}

// looksLikeTag reports whether the first word of a line is a tag.
func looksLikeTag(first, second string) bool {
	if !isTag([]byte(first)) || second == "" {
		return false
	}
	return strings.ContainsAny(first, "0123456789") || core.FindCommand(commands, second) != nil
}

// nextTag makes a tag.
func (m *machine) nextTag() string {
	for {
		m.Tags++
		if tag := "A" + strconv.FormatInt(m.Tags, 10); m.tagged(tag) < 0 {
			return tag
		}
	}
}
