package redis

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// arity reports whether there is a command of this name, in upper case, and
// whether it takes so many arguments, its name among them.
func arity(name string, n int) (known, fits bool) {
	switch name {
	case "DBSIZE":
		return true, n == 1
	case "ECHO", "SELECT", "KEYS", "TYPE", "TTL", "PERSIST", "GET", "STRLEN", "INCR", "DECR", "LLEN":
		return true, n == 2
	case "EXPIRE", "INCRBY", "DECRBY", "APPEND":
		return true, n == 3
	case "LRANGE":
		return true, n == 4
	case "PING":
		return true, n <= 2
	case "LPOP", "RPOP":
		return true, n == 2 || n == 3
	case "QUIT", "HELLO", "COMMAND", "FLUSHALL":
		return true, true
	case "CLIENT", "DEL", "EXISTS":
		return true, n >= 2
	case "SET", "LPUSH", "RPUSH":
		return true, n >= 3
	}
	return false, false
}

// isOwn reports whether the connection answers a command by itself.
func isOwn(name string) bool {
	switch name {
	case "PING", "ECHO", "SELECT", "QUIT", "HELLO", "COMMAND", "CLIENT":
		return true
	}
	return false
}

// own answers the commands that need no keyspace.
func (m *machine) own(name string, args [][]byte, out *core.Out) {
	switch name {
	case "PING":
		if len(args) == 1 {
			m.values(false, []string{string(args[0])}, out)
		} else {
			m.send("+PONG\r\n", out)
		}
	case "ECHO":
		m.values(false, []string{string(args[0])}, out)
	case "SELECT":
		m.selects(string(args[0]), out)
	case "QUIT":
		m.send("+OK\r\n", out)
		m.end("the client said QUIT", out)
	case "HELLO":
		m.hello(args, out)
	case "COMMAND":
		m.describe(args, out)
	case "CLIENT":
		m.client(args, out)
	}
}

func (m *machine) selects(db string, out *core.Out) {
	switch n, ok := parseInt(db); {
	case !ok:
		m.fail(notInteger, out)
	case n != 0: // there is one keyspace
		m.fail("DB index is out of range", out)
	default:
		m.send("+OK\r\n", out)
	}
}

// hello answers HELLO [VERSION [SETNAME NAME]].
func (m *machine) hello(args [][]byte, out *core.Out) {
	if len(args) > 0 {
		switch version, ok := parseInt(string(args[0])); {
		case !ok:
			m.fail("Protocol version is not an integer or out of range", out)
			return
		case version != 2:
			m.send("-NOPROTO unsupported protocol version\r\n", out)
			return
		case len(args) > 1 && (len(args) != 3 || !strings.EqualFold(string(args[1]), "SETNAME")):
			m.fail(fmt.Sprintf("Syntax error in HELLO option '%s'", args[1]), out)
			return
		}
	}
	answer := "*14\r\n"
	for _, s := range []string{"server", "workbench", "version", "7.0.0", "proto", ":2", "id", ":" + m.id,
		"mode", "standalone", "role", "master", "modules"} {
		if strings.HasPrefix(s, ":") {
			answer += s + crlf
		} else {
			answer += "$" + strconv.Itoa(len(s)) + crlf + s + crlf
		}
	}
	m.send(answer+"*0\r\n", out)
}

// describe answers COMMAND: there is nothing to tell. redis-cli asks it for
// hints while one types.
func (m *machine) describe(args [][]byte, out *core.Out) {
	if len(args) > 0 && !strings.EqualFold(string(args[0]), "DOCS") {
		m.fail(unknownSub("COMMAND", args[0]), out)
		return
	}
	m.send("*0\r\n", out)
}

// client answers what client libraries say of themselves.
func (m *machine) client(args [][]byte, out *core.Out) {
	sub := strings.ToUpper(string(args[0]))
	switch want := map[string]int{"ID": 1, "SETNAME": 2, "SETINFO": 3}[sub]; {
	case want == 0:
		m.fail(unknownSub("CLIENT", args[0]), out)
	case want != len(args):
		m.fail(wrongNumber("client|"+strings.ToLower(sub)), out)
	case sub == "ID":
		m.send(":"+m.id+crlf, out)
	default:
		m.send("+OK\r\n", out)
	}
}

// maxShown is how many bytes of a command, and of its arguments, an error shows.
const maxShown = 128

// unknown is what Redis says of a command that there is not.
func unknown(name string, args [][]byte) string {
	var shown strings.Builder
	for _, a := range args {
		left := maxShown - shown.Len()
		if left <= 0 {
			break
		}
		fmt.Fprintf(&shown, "'%s' ", a[:min(len(a), left)])
	}
	return fmt.Sprintf("unknown command '%s', with args beginning with: %s", name[:min(len(name), maxShown)], shown.String())
}

func unknownSub(name string, sub []byte) string {
	return fmt.Sprintf("unknown subcommand '%s'. Try %s HELP.", sub[:min(len(sub), maxShown)], name)
}

func wrongNumber(name string) string {
	return fmt.Sprintf("wrong number of arguments for '%s' command", name)
}

// parseInt reads an integer as strictly as Redis: no sign but -, no zeros in front.
func parseInt(s string) (n int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}
