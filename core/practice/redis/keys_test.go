package redis

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// ask holds a keyspace to lines of a question and its answer.
func ask(t *testing.T, k *Keys, lines string) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		q, want, _ := strings.Cut(strings.TrimSpace(line), " → ")
		if got := string(k.Ask([]byte(q))); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
}

// fixed is a clock that stands still.
func fixed() time.Time { return time.Unix(1_800_000_000, 0) }

func TestKeys(t *testing.T) {
	ask(t, NewKeys(fixed), `
		GET "a" → ok nil
		SET "a" "x\r\n\xff" → ok status OK
		GET "a" → ok bulk "x\r\n\xff"
		STRLEN "a" → ok int 4
		APPEND "a" "y" → ok int 5
		APPEND "new" "y" → ok int 1
		TYPE "a" → ok status string
		INCR "a" → no ERR value is not an integer or out of range
		INCR "n" → ok int 1
		INCRBY "n" "9" → ok int 10
		DECRBY "n" "20" → ok int -10
		DECR "n" → ok int -11
		INCRBY "n" "+1" → no ERR value is not an integer or out of range
		SET "n" "9223372036854775807" → ok status OK
		INCR "n" → no ERR increment or decrement would overflow
		DECRBY "n" "-9223372036854775808" → no ERR decrement would overflow
		SET "n" "007" → ok status OK
		INCR "n" → no ERR value is not an integer or out of range
		KEYS "*" → ok list "a" "n" "new"
		EXISTS "a" "a" "b" → ok int 2
		DBSIZE → ok int 3
		DEL "a" "a" "b" → ok int 1
		FLUSHALL "never" → no ERR syntax error
		FLUSHALL → ok status OK
		DBSIZE → ok int 0
		TYPE "a" → ok status none
		STRLEN "a" → ok int 0
	`)
}

func TestLists(t *testing.T) {
	ask(t, NewKeys(fixed), `
		RPUSH "l" "c" "d" → ok int 2
		LPUSH "l" "b" "a" → ok int 4
		TYPE "l" → ok status list
		LLEN "l" → ok int 4
		LRANGE "l" "0" "-1" → ok list "a" "b" "c" "d"
		LRANGE "l" "-3" "1" → ok list "b"
		LRANGE "l" "-100" "100" → ok list "a" "b" "c" "d"
		LRANGE "l" "3" "2" → ok list
		LRANGE "l" "9" "12" → ok list
		LRANGE "l" "0" "-9" → ok list
		LRANGE "l" "x" "1" → no ERR value is not an integer or out of range
		LRANGE "none" "0" "-1" → ok list
		LPOP "l" → ok bulk "a"
		RPOP "l" "2" → ok list "d" "c"
		LPOP "l" "0" → ok list
		LPOP "l" "-1" → no ERR value is out of range, must be positive
		GET "l" → no WRONGTYPE Operation against a key holding the wrong kind of value
		INCR "l" → no WRONGTYPE Operation against a key holding the wrong kind of value
		LPOP "l" "9" → ok list "b"
		EXISTS "l" → ok int 0
		RPOP "l" → ok nil
		RPOP "l" "1" → ok nil list
		LLEN "l" → ok int 0
		SET "s" "x" → ok status OK
		RPUSH "s" "x" → no WRONGTYPE Operation against a key holding the wrong kind of value
		SET "l" "x" → ok status OK
	`)
}

func TestExpiry(t *testing.T) {
	now := fixed()
	k := NewKeys(func() time.Time { return now })
	ask(t, k, `
		SET "a" "1" "EX" "10" → ok status OK
		SET "b" "1" "px" "500" → ok status OK
		SET "c" "1" → ok status OK
		TTL "a" → ok int 10
		TTL "c" → ok int -1
		TTL "d" → ok int -2
		EXPIRE "c" "20" → ok int 1
		EXPIRE "d" "20" → ok int 0
		INCR "a" → ok int 2
	`)
	now = now.Add(500 * time.Millisecond)
	ask(t, k, `
		GET "b" → ok nil
		DBSIZE → ok int 2
		TTL "a" → ok int 10
		PERSIST "a" → ok int 1
		PERSIST "a" → ok int 0
	`)
	now = now.Add(time.Hour)
	ask(t, k, `
		KEYS "*" → ok list "a"
		SET "a" "1" "EX" "1" → ok status OK
		SET "a" "2" → ok status OK
		TTL "a" → ok int -1
		EXPIRE "a" "0" → ok int 1
		GET "a" → ok nil
		EXPIRE "a" "x" → no ERR value is not an integer or out of range
		EXPIRE "a" "99999999999999" → no ERR invalid expire time in 'expire' command
	`)
	if k.expiring != 0 || k.bytes != 0 {
		t.Errorf("%d keys with an end and %d bytes are counted in an empty keyspace", k.expiring, k.bytes)
	}
}

func TestSetOptions(t *testing.T) {
	ask(t, NewKeys(fixed), `
		SET "a" "1" "XX" → ok nil
		SET "a" "1" "nx" → ok status OK
		SET "a" "2" "NX" → ok nil
		SET "a" "2" "XX" "EX" "5" → ok status OK
		TTL "a" → ok int 5
		SET "a" "2" "NX" "XX" → no ERR syntax error
		SET "a" "2" "EX" → no ERR syntax error
		SET "a" "2" "EX" "1" "PX" "1" → no ERR syntax error
		SET "a" "2" "GET" → no ERR syntax error
		SET "a" "2" "EX" "1.5" → no ERR value is not an integer or out of range
		SET "a" "2" "EX" "0" → no ERR invalid expire time in 'set' command
		SET "a" "2" "PX" "9223372036854775807" → no ERR invalid expire time in 'set' command
	`)
}

func TestQuestionsThatNoMachineAsks(t *testing.T) {
	for _, q := range []string{"", "time", "PING", "GET", `GET "a" "b"`, "GET a", `GET "a`, "get \"a\"", "NOPE \"a\"", "SET \"a\"\n\"b\""} {
		if got := string(NewKeys(fixed).Ask([]byte(q))); got != "no ERR unknown question" {
			t.Errorf("%q: %s", q, got)
		}
	}
}

// What is full says so, changes nothing, and has room again after a DEL.
func TestBounds(t *testing.T) {
	say := func(k *Keys, name string, args ...string) string {
		var bytes [][]byte
		for _, a := range args {
			bytes = append(bytes, []byte(a))
		}
		return string(k.Ask([]byte(question(name, bytes))))
	}
	fill := func(t *testing.T, k *Keys, value string) (keys int) {
		for keys = range MaxKeys + 1 {
			if got := say(k, "SET", fmt.Sprint(keys), value); got == full {
				break
			} else if got != okStatus {
				t.Fatal(got)
			}
		}
		if got := say(k, "DBSIZE"); got != okInt(keys) {
			t.Errorf("after %d keys the keyspace has %s", keys, got)
		}
		if got := say(k, "SET", "another", value); got != full {
			t.Errorf("one more: %s", got)
		}
		if got := say(k, "SET", "0", "x"); got != okStatus {
			t.Errorf("a shorter value of a key that there is: %s", got)
		}
		say(k, "DEL", "1", "2")
		if got := say(k, "RPUSH", "list", "a", "b"); got != okInt(2) {
			t.Errorf("RPUSH after DEL: %s", got)
		}
		return keys
	}
	t.Run("keys", func(t *testing.T) {
		if n := fill(t, NewKeys(fixed), "x"); n != MaxKeys {
			t.Errorf("%d keys", n)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		k := NewKeys(fixed)
		if n := fill(t, k, strings.Repeat("x", MaxValue)); n < MaxBytes/MaxValue-1 || n > MaxBytes/MaxValue || k.bytes > MaxBytes {
			t.Errorf("%d keys, %d bytes", n, k.bytes)
		}
		if got := say(k, "FLUSHALL"); got != okStatus || k.bytes != 0 {
			t.Errorf("%s, %d bytes", got, k.bytes)
		}
	})
	t.Run("one value", func(t *testing.T) {
		k := NewKeys(fixed)
		long := strings.Repeat("x", MaxValue)
		for _, got := range []string{
			say(k, "SET", "k", long+"x"), say(k, "SET", long[:MaxKey+1], "x"),
			say(k, "RPUSH", "l", long), say(k, "RPUSH", append([]string{"l"}, make([]string, MaxValue/Overhead+1)...)...),
		} {
			if got != full {
				t.Errorf("%.80s", got)
			}
		}
		say(k, "SET", "k", long)
		if got := say(k, "APPEND", "k", "x"); got != full {
			t.Errorf("APPEND: %.80s", got)
		}
		if got := say(k, "STRLEN", "k"); got != okInt(MaxValue) {
			t.Errorf("STRLEN: %s", got)
		}
	})
	t.Run("one answer", func(t *testing.T) {
		k := NewKeys(fixed)
		for i := range 1000 {
			say(k, "SET", fmt.Sprintf("%0*d", MaxKey, i), "x")
		}
		if got := say(k, "KEYS", "*"); !strings.HasPrefix(got, "no ERR the answer is too long") {
			t.Errorf("KEYS: %.80s", got)
		}
		if got := say(k, "KEYS", "*"+strings.Repeat("?", MaxKey)); !strings.HasPrefix(got, "no ERR the pattern") {
			t.Errorf("KEYS: %.80s", got)
		}
	})
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no string // separated by spaces
	}{
		{"*", "a abc", ""},
		{"a*", "a abc", "ba"},
		{"*c", "c abc", "cb"},
		{"a*b*c", "abc aXbYc abbcc", "acb ab"},
		{"h?llo", "hello hallo", "hllo heello"},
		{"h[ae]llo", "hello hallo", "hillo"},
		{"h[^e]llo", "hallo", "hello"},
		{"h[a-c]llo", "hallo hbllo", "hello"},
		{"h[c-a]llo", "hallo", "hello"},
		{`\*`, "*", "a"},
		{`[\]]`, "]", `\`},
		{"[a", "a", "b"},
		{"*a*a*a*b", "aaab", "aaaa"},
		{`a\`, `a\`, "a"},
	} {
		for _, s := range strings.Fields(c.yes) {
			if !matches(c.pattern, s) {
				t.Errorf("%s does not match %s", c.pattern, s)
			}
		}
		for _, s := range strings.Fields(c.no) {
			if matches(c.pattern, s) {
				t.Errorf("%s matches %s", c.pattern, s)
			}
		}
	}
}
