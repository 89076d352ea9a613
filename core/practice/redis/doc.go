// Package redis is a practice server: a small keyspace that speaks RESP2, the
// protocol of Redis, over a stream.
//
// The duties of its caller, in order:
//
//  1. Make one [Keys] for all sessions that share a keyspace.
//  2. Open a machine of [Discipline] for each connection, and feed it what the
//     client sends as core.ClientBytes.
//  3. Give each question that the machine asks the world to [Keys.Ask], and feed
//     the answer as core.WorldSaid. The question "time" is not for Keys: the
//     machine asks it to pause, and ignores the answer.
//
// # What it speaks
//
// Commands come as arrays of bulk strings, as redis-cli sends them, or as lines
// typed by hand (inline commands, with the quotes of Redis). They may be
// pipelined: each is answered in order. The connection itself answers PING, ECHO,
// HELLO, SELECT 0, CLIENT, COMMAND and QUIT; the keyspace answers DEL, EXISTS,
// TYPE, KEYS, DBSIZE, FLUSHALL, EXPIRE, PERSIST, TTL, SET, GET, INCR, DECR,
// INCRBY, DECRBY, APPEND, STRLEN, LPUSH, RPUSH, LPOP, RPOP, LLEN and LRANGE. The
// words of errors are those of Redis 7.
//
// With option lines=strict a line that ends in LF alone is refused by an error
// that names the line and the byte; Redis itself takes it, as lenient does.
//
// # Questions and answers
//
// A question is a command in upper case and its arguments, each quoted as by
// strconv.Quote: SET "greeting" "hello". The answers are
//
//	ok status OK           a simple string
//	ok int 3               an integer
//	ok bulk "hello"        a bulk string
//	ok nil                 no bulk string
//	ok list "a" "b"        an array of bulk strings
//	ok nil list            no array
//	no ERR syntax error    an error, in the words of Redis
//	no full                the keyspace has reached a bound
//
// # What it is not for
//
// It is not Redis: no RESP3, no transactions, no scripts, no publishing, no
// passwords and no disk. Bounds are small, see the constants.
//
// Sources: https://redis.io/docs/latest/develop/reference/protocol-spec/ and the
// behaviour of redis-server 7.0.
package redis
