package resp

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// commands are what the page completes and has forms for. Every other one can be typed: the
// server alone decides what is right.
var commands = newCommands()

func newCommands() []core.Command {
	text := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help}
	}
	number := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueInt, Help: help}
	}
	// Words, in redis-cli's quoting, as on a line that is typed.
	words := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Rest: true, Help: help}
	}
	maybe := func(f core.CommandField) core.CommandField {
		f.Optional = true
		return f
	}
	choice := func(name string, choices ...string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueChoice, Choices: choices}
	}
	of := func(name, help string, fields ...core.CommandField) core.Command {
		return core.Command{Name: name, Help: help, Fields: fields}
	}
	button := func(c core.Command) core.Command {
		c.Button = true
		return c
	}
	secret := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueSecret, Help: help}
	}

	key, value, field, member := text("key", ""), text("value", ""), text("field", ""), text("member", "")
	keys := words("key", "one or more")
	seconds, milliseconds := number("seconds", ""), number("milliseconds", "")
	when := maybe(choice("condition", "NX", "XX", "GT", "LT"))
	start, stop := number("start", "0 is the first, -1 the last"), number("stop", "and this one too; -1 is the last")
	first, last := text("start", "an ID, or - for the first"), text("end", "an ID, or + for the last")
	count := maybe(number("count", "how many; without it one"))
	values, members, fields := words("value", "one or more"), words("member", "one or more"), words("field", "one or more")
	many := maybe(words("COUNT", "COUNT and how many"))
	least, most := int64(0), int64(1<<31-1)
	index := core.CommandField{Name: "index", Type: core.ValueInt, Min: &least, Max: &most, Help: "of the database, from 0"}
	how := maybe(choice("how", "ASYNC", "SYNC"))
	return []core.Command{
		button(of("PING", "Ask whether the server is there", maybe(text("message", "comes back")))),
		of("ECHO", "Have a message come back", text("message", "")),
		of("AUTH", "Log in: a password, or a user's name and then the password",
			secret("user-or-password", "the password, or a user's name before it"), maybe(secret("password", "of the user"))),
		of("HELLO", "Choose RESP2 or RESP3", maybe(choice("version", "2", "3")), maybe(words("options", "such as SETNAME me"))),
		of("SELECT", "Use another database", index),
		of("CLIENT", "See and steer connections",
			choice("action", "ID", "INFO", "LIST", "GETNAME", "SETNAME", "KILL", "PAUSE", "UNPAUSE", "REPLY", "TRACKING", "NO-EVICT", "HELP"),
			maybe(words("arguments", "as the action wants them"))),

		of("GET", "Read a string", key),
		of("SET", "Write a string", key, value, maybe(words("options", "such as NX, XX, GET, KEEPTTL, EX 60 or PX 1500"))),
		of("GETDEL", "Read a string and delete it", key),
		of("SETNX", "Write a string unless there is one", key, value),
		of("SETEX", "Write a string that expires", key, seconds, value),
		of("MGET", "Read several strings", keys),
		of("MSET", "Write several strings", key, value, maybe(words("more", "more keys, each with its value"))),
		of("INCR", "Add 1 to a number", key),
		of("INCRBY", "Add to a number", key, number("by", "")),
		of("DECR", "Subtract 1 from a number", key),
		of("APPEND", "Write at the end of a string", key, value),
		of("STRLEN", "How long a string is", key),

		of("DEL", "Delete keys", keys),
		of("UNLINK", "Delete keys, and free them later", keys),
		of("EXISTS", "How many of the keys there are", keys),
		of("TYPE", "What a key holds", key),
		of("EXPIRE", "Have a key expire", key, seconds, when),
		of("PEXPIRE", "Have a key expire, in milliseconds", key, milliseconds, when),
		of("TTL", "How many seconds a key still has: -1 no end, -2 there is none", key),
		of("PERSIST", "Have a key not expire", key),
		of("RENAME", "Give a key another name", key, text("newkey", "")),
		of("KEYS", "All keys that match; slow where there are many", text("pattern", "such as user:* or ?")),
		of("SCAN", "Keys, some at a time", text("cursor", "0, then the one that came"), maybe(words("options", "such as MATCH user:* COUNT 100"))),

		of("HSET", "Write fields of a hash", key, field, value, maybe(words("more", "more fields, each with its value"))),
		of("HGET", "Read a field of a hash", key, field),
		of("HMGET", "Read fields of a hash", key, fields),
		of("HGETALL", "Read a hash", key),
		of("HDEL", "Delete fields of a hash", key, fields),
		of("HINCRBY", "Add to a field of a hash", key, field, number("by", "")),
		of("HLEN", "How many fields a hash has", key),

		of("LPUSH", "Put values before a list", key, values),
		of("RPUSH", "Put values after a list", key, values),
		of("LPOP", "Take values from the head of a list", key, count),
		of("RPOP", "Take values from the end of a list", key, count),
		of("LRANGE", "Read a part of a list", key, start, stop),
		of("LLEN", "How long a list is", key),
		of("BLPOP", "Wait for a value at the head of a list", key, words("timeout", "in seconds, 0 for ever; more keys may come before it")),

		of("SADD", "Put members in a set", key, members),
		of("SREM", "Take members out of a set", key, members),
		of("SMEMBERS", "Read a set", key),
		of("SISMEMBER", "Whether a set has a member", key, member),
		of("SCARD", "How many members a set has", key),

		of("ZADD", "Put members with scores in a sorted set", key, text("score", "a number; NX, XX, GT, LT, CH or INCR may come before it"),
			member, maybe(words("more", "more scores, each with its member"))),
		of("ZRANGE", "Read a part of a sorted set", key, text("start", ""), text("stop", ""), maybe(words("options", "such as REV, BYSCORE, LIMIT 0 10 or WITHSCORES"))),
		of("ZSCORE", "The score of a member", key, member),
		of("ZRANK", "The place of a member, from 0", key, member),
		of("ZREM", "Take members out of a sorted set", key, members),

		of("SUBSCRIBE", "Have what is published come", words("channel", "one or more")),
		of("UNSUBSCRIBE", "Have it come no more", maybe(words("channel", "without it, all"))),
		of("PSUBSCRIBE", "Have what is published to matching channels come", words("pattern", "one or more, such as news.*")),
		of("PUBLISH", "Send a message to all who subscribed", text("channel", ""), text("message", "")),

		of("MULTI", "Begin a transaction: commands wait for EXEC"),
		of("EXEC", "Run the commands that wait"),
		of("DISCARD", "Drop the commands that wait"),
		of("WATCH", "Have EXEC do nothing if keys change before", keys),

		of("XADD", "Put an entry in a stream", key, text("id", "* for the next one"), field, value, maybe(words("more", "more fields, each with its value"))),
		of("XRANGE", "Read a part of a stream", key, first, last, many),
		of("XLEN", "How many entries a stream has", key),

		of("EVAL", "Run a script in Lua", text("script", `such as "return redis.call('PING')"`), number("numkeys", "how many of the arguments are keys"),
			maybe(words("arguments", "the keys, then the others"))),
		button(of("INFO", "What the server says of itself", maybe(text("section", "such as memory, clients or keyspace")))),
		of("CONFIG", "Read and write the server's settings", choice("action", "GET", "SET", "RESETSTAT", "REWRITE"), maybe(words("arguments", "such as maxmemory"))),
		of("DBSIZE", "How many keys the database has"),
		of("FLUSHDB", "Delete all keys of the database", how),
		of("MONITOR", "Have all that the server is asked come"),
	}
}

// used sends a command that was filled in, as the line of the same words.
func (m *machine) used(line []byte, out *core.Out) {
	call, err := core.ParseCommand(commands, string(line))
	if err != nil {
		refuse(out, "nothing was sent: "+err.Error())
		return
	}
	args := []word{{value: []byte(call.Command.Name)}}
	for i := range call.Command.Fields {
		f := &call.Command.Fields[i]
		switch {
		case !call.Has(f.Name):
		case f.Rest:
			rest := call.Bytes(f.Name)
			more, wrong := words(rest)
			args = append(args, more...)
			hideRest(args, rest, bytes.TrimRight(line, " \t\r\n"), out)
			if wrong != nil {
				refuse(out, f.Name+": "+wrong.why+", so nothing was sent. Within \"…\" a quote is written \\\", within '…' \\'.")
				return
			}
		default:
			args = append(args, word{value: call.Bytes(f.Name)})
		}
	}
	m.send(appendRequest(nil, args), out)
}

// hideRest marks the passwords in the last value of a command, which has words. The values
// before it have none; those that are secrets the core marks.
func hideRest(args []word, rest, line []byte, out *core.Out) {
	if at := len(line) - len(rest); bytes.HasSuffix(line, rest) {
		hideTyped(args, at, out)
		return
	}
	// It stands in quotes, where escapes move what is in it.
	arg := func(i int) []byte { return args[i].value }
	for i := range args {
		if mayHide(args[0].value) && secret(arg, i, len(args)) {
			out.Secret(false, bytes.IndexByte(line, '"')+1, bytes.LastIndexByte(line, '"'))
			return
		}
	}
}
