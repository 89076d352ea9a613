package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

const (
	// maxPipelined bounds, in bytes, what is held while the keyspace has not
	// answered. One event always fits.
	maxPipelined = core.MaxEventPayload
	// maxInARow bounds, in bytes, what is answered without a question to the
	// world. The machine then asks the time, to pause: one event would
	// otherwise be answered by more than core.MaxAnswer.
	maxInARow = 1 << 20
)

// machine is one connection.
type machine struct {
	parser
	id string // that HELLO and CLIENT ID answer

	asked  string // the question that is not answered yet, or ""
	eof    bool   // the client sends no more
	over   bool   // Close was said
	inARow int    // bytes answered since the last question
}

// pause is the question whose answer nobody needs.
const pause = "time"

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientBytes:
		m.feed(ev.Data)
	case core.ClientEOF:
		m.eof = true
	case core.WorldSaid:
		if m.asked == "" {
			return nil
		}
		if m.asked != pause {
			m.answer(string(ev.Data), out)
		}
		m.asked, m.inARow = "", 0
	}
	if m.over {
		return nil
	}
	m.run(out)
	m.compact()
	return nil
}

// run answers what is held, up to the next question.
func (m *machine) run(out *core.Out) {
	for m.asked == "" && !m.over {
		args, err := m.next()
		var wrong *parseError
		switch {
		case errors.As(err, &wrong):
			m.fail(wrong.words, out)
			if !wrong.goesOn {
				m.end("the client broke the protocol", out)
			}
		case args != nil:
			m.command(args[0], args[1:], out)
		case m.eof && m.partial():
			m.fail("Protocol error: the stream ended within a command", out)
			m.end("the client ended its stream within a command", out)
		case m.eof:
			m.end("the client ended its stream", out)
		default:
			return
		}
		if m.inARow > maxInARow && !m.over && m.asked == "" {
			m.ask(pause, out)
		}
	}
	if !m.over && m.held() > maxPipelined {
		m.fail(fmt.Sprintf("Protocol error: more than %d bytes pipelined; read the answers before you send more", maxPipelined), out)
		m.end("the client pipelined too much", out)
	}
}

// command answers a command, or asks the keyspace.
func (m *machine) command(typed []byte, args [][]byte, out *core.Out) {
	name := strings.ToUpper(string(typed))
	switch known, fits := arity(name, 1+len(args)); {
	case name == "POST", name == "HOST:": // a page that has a browser send commands, which Redis cuts off too
		m.fail("this is HTTP, and the server speaks RESP", out)
		m.end("the client spoke HTTP", out)
	case !known:
		m.fail(unknown(string(typed), args), out)
	case !fits:
		m.fail(wrongNumber(strings.ToLower(name)), out)
	case isOwn(name):
		m.own(name, args, out)
	default:
		m.ask(question(name, args), out)
	}
}

// question writes a command for the world.
func question(name string, args [][]byte) string {
	q := []byte(name)
	for _, a := range args {
		q = append(q, ' ')
		q = strconv.AppendQuote(q, string(a))
	}
	return string(q)
}

func (m *machine) ask(question string, out *core.Out) {
	m.asked = question
	out.World([]byte(question))
}

// answer sends the keyspace's answer on, as RESP.
func (m *machine) answer(said string, out *core.Out) {
	ok, what, _ := strings.Cut(said, " ")
	kind, rest, _ := strings.Cut(what, " ")
	switch ok + " " + kind {
	case "ok status":
		m.send("+"+rest+crlf, out)
		return
	case "ok int":
		m.send(":"+rest+crlf, out)
		return
	case "ok nil":
		if rest == "list" {
			m.send("*-1"+crlf, out)
		} else {
			m.send("$-1"+crlf, out)
		}
		return
	case "ok bulk", "ok list":
		values, err := unquote(rest)
		if err == nil && (kind == "list" || len(values) == 1) {
			m.values(kind == "list", values, out)
			return
		}
	case "no full":
		m.send("-OOM command not allowed when used memory > 'maxmemory'."+crlf, out)
		return
	}
	if ok == "no" && what != "" {
		m.send("-"+oneLine(what)+crlf, out)
		return
	}
	m.fail("the keyspace cannot answer now", out)
}

// unquote reads arguments of a question or an answer: "a" "b".
func unquote(s string) (values []string, err error) {
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, err
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		s = s[len(quoted):]
	}
	return values, nil
}

const crlf = "\r\n"

// values sends bulk strings.
func (m *machine) values(list bool, values []string, out *core.Out) {
	var answer strings.Builder
	if list {
		fmt.Fprintf(&answer, "*%d\r\n", len(values))
	}
	for _, v := range values {
		fmt.Fprintf(&answer, "$%d\r\n%s\r\n", len(v), v)
	}
	m.send(answer.String(), out)
}

func (m *machine) send(answer string, out *core.Out) {
	out.Binary([]byte(answer))
	m.inARow += len(answer) + core.ActionOverhead
}

// fail sends an error.
func (m *machine) fail(words string, out *core.Out) { m.send("-ERR "+oneLine(words)+crlf, out) }

// oneLine keeps line ends out of an error, as Redis does.
func oneLine(words string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(words)
}

// end closes the connection; the words are for those who watch.
func (m *machine) end(why string, out *core.Out) {
	m.over = true
	out.Close(why)
}
