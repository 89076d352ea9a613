package lines

import "github.com/protocol-workbench/workbench/core"

// preset is what is particular to a protocol. All but end and fields may be left out.
type preset struct {
	end string // of what is typed
	// cut says where a piece of a line ends that is no line end, as Cut of framing does; 0: nowhere.
	cut func(u *unit, data []byte, seen int) int
	// part takes a piece of a line that is not its last.
	part func(u *unit, piece []byte)
	// next takes a line, without its end, and reports whether the message is whole with it.
	// If it is not, the unit says what follows.
	next func(t *talk, of *unit, line []byte) (whole bool)
	// fields returns those of a message, of which raw has come or is kept, and what is wrong
	// with it. Places are counted from its beginning.
	fields func(raw []byte, asks bool) (all []core.Field, wrong string)
	// wrong says what is wrong with the first line of a message, by which rule.
	wrong func(line []byte, asks bool) string
	// crlf is the rule that lines end in CR LF.
	crlf string
	// secret returns where a line of the client's has its secret, up to its end; -1 if it has none.
	secret func(line []byte) int
	// asks says which answer is expected to a request.
	asks func(line []byte) kind
	// answers says how a message of the server's answers requests.
	answers func(t *talk, line []byte) core.MessageRef
	// typed checks and completes a line that is typed; an error says what is expected.
	typed func(line string) (string, error)
	// reply returns what the machine sends by itself for a line of the server's.
	reply func(line []byte) string
	// tls reports whether TLS follows a line of the server's that answers a request.
	tls func(line []byte) bool
	// lines is the field of how many lines follow the first.
	lines string
	// closes says that the server ends an answer by closing.
	closes bool
}

// kind says what is known of the answer to a request.
type kind uint8

const (
	unanswered kind = iota
	answered        // by one message
	listed          // NNTP's LIST and LISTGROUP, whose answers have lines where another's of that code has none
	quiet           // memcached: perhaps
	noop            // memcached: and those before it are no longer
	rest            // by all that follows
	kinds
)

// presetNames are the choices of option preset, in the order in which they are listed.
var presetNames = []string{"none", "irc", "memcached", "nntp", "scpi", "nmea", "gopher", "finger", "whois", "redis-inline", "syslog"}

func presetNamed(name string) preset {
	switch name {
	case "irc":
		return irc()
	case "memcached":
		return memcached()
	case "nntp":
		return nntp()
	case "scpi":
		return scpi()
	case "nmea":
		return nmea()
	case "gopher":
		return gopher()
	case "finger":
		return query("finger.query", "finger.response")
	case "whois":
		return query("whois.query", "whois.answer")
	case "redis-inline":
		return redisInline()
	case "syslog":
		return syslog()
	}
	return preset{end: "\r\n", fields: whole("lines.text", "lines.text")}
}

// whole returns the field of a message that is one line.
func whole(asks, says string) func([]byte, bool) ([]core.Field, string) {
	return func(raw []byte, asked bool) ([]core.Field, string) {
		f := &scanner{line: trimmed(raw)}
		name := says
		if asked {
			name = asks
		}
		f.field(name, 0, len(f.line))
		return f.all, ""
	}
}

// query is a protocol of one request, which all lines up to the close answer (RFC 1288, RFC 3912).
func query(asks, says string) preset {
	return preset{
		end: "\r\n", fields: whole(asks, says),
		asks: func([]byte) kind { return rest },
	}
}
