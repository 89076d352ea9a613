package redis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of a keyspace. What would pass the first three is answered "no full".
const (
	MaxKeys   = 4096
	MaxBytes  = 8 << 20   // of all keys and values, and Overhead for each key and element
	MaxValue  = 64 << 10  // of one value, and Overhead for each element of a list
	MaxKey    = 128       // of one key, and of the pattern of KEYS
	MaxAnswer = 128 << 10 // of one list in an answer, and Overhead for each element
	MaxExpiry = 100 * 365 * 24 * time.Hour
	Overhead  = 16
)

// Keys is the keyspace that connections share: the world of this server. It is
// safe for concurrent use. Make it with [NewKeys].
type Keys struct {
	now func() time.Time

	mu       sync.Mutex
	keys     map[string]value
	bytes    int // as MaxBytes counts
	expiring int // keys that have an end
}

// value is a string or a list. A list is never empty.
type value struct {
	text   string
	list   []string // nil: it is a string
	expiry time.Time
}

// NewKeys returns an empty keyspace. It asks now for the time when keys expire.
func NewKeys(now func() time.Time) *Keys {
	return &Keys{now: now, keys: map[string]value{}}
}

// Ask answers a question of a machine; the package's comment has their forms.
func (k *Keys) Ask(question []byte) (answer []byte) {
	name, rest, _ := strings.Cut(string(question), " ")
	args, err := unquote(rest)
	if known, fits := arity(name, 1+len(args)); err != nil || !known || !fits || isOwn(name) {
		return []byte("no ERR unknown question")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire()
	return []byte(k.do(name, args))
}

// Answers that many commands give, in the words of Redis.
const (
	okNil      = "ok nil"
	okStatus   = "ok status OK"
	full       = "no full"
	wrongType  = "no WRONGTYPE Operation against a key holding the wrong kind of value"
	notInteger = "value is not an integer or out of range"
	badInteger = "no ERR " + notInteger
	badSyntax  = "no ERR syntax error"
)

func okInt(n int) string     { return "ok int " + strconv.Itoa(n) }
func okBulk(s string) string { return "ok bulk " + strconv.Quote(s) }

// okList answers several strings, if they are not too many.
func okList(values []string) string {
	answer := []byte("ok list")
	size := 0
	for _, v := range values {
		if size += len(v) + Overhead; size > MaxAnswer {
			return "no ERR the answer is too long for this server; ask for less"
		}
		answer = append(answer, ' ')
		answer = strconv.AppendQuote(answer, v)
	}
	return string(answer)
}

// do answers a command whose number of arguments is right.
func (k *Keys) do(name string, args []string) string {
	switch name {
	case "DBSIZE":
		return okInt(len(k.keys))
	case "FLUSHALL":
		return k.flush(args)
	case "KEYS":
		return k.match(args[0])
	case "DEL", "EXISTS":
		return k.count(name, args)
	case "TYPE":
		return k.kind(args[0])
	case "EXPIRE", "PERSIST", "TTL":
		return k.life(name, args)
	case "LPUSH", "RPUSH", "LPOP", "RPOP", "LLEN", "LRANGE":
		return k.lists(name, args)
	}
	return k.strings(name, args)
}

// flush drops all keys. ASYNC and SYNC are the same here.
func (k *Keys) flush(args []string) string {
	if len(args) > 1 || len(args) == 1 && !strings.EqualFold(args[0], "SYNC") && !strings.EqualFold(args[0], "ASYNC") {
		return badSyntax
	}
	clear(k.keys)
	k.bytes, k.expiring = 0, 0
	return okStatus
}

// match answers the keys that match, sorted: Redis leaves their order open.
func (k *Keys) match(pattern string) string {
	if len(pattern) > MaxKey {
		return fmt.Sprintf("no ERR the pattern is longer than %d bytes", MaxKey)
	}
	var found []string
	for key := range k.keys {
		if matches(pattern, key) {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	return okList(found)
}

// count counts the keys that there are, and DEL drops them.
func (k *Keys) count(name string, keys []string) string {
	n := 0
	for _, key := range keys {
		if _, there := k.keys[key]; there {
			n++
		}
		if name == "DEL" {
			k.drop(key)
		}
	}
	return okInt(n)
}

func (k *Keys) kind(key string) string {
	switch v, there := k.keys[key]; {
	case !there:
		return "ok status none"
	case v.list != nil:
		return "ok status list"
	}
	return "ok status string"
}

// life sets, ends or tells the time that a key has left.
func (k *Keys) life(name string, args []string) string {
	v, there := k.keys[args[0]]
	switch {
	case name == "EXPIRE":
		seconds, ok := parseInt(args[1])
		switch {
		case !ok:
			return badInteger
		case seconds > int64(MaxExpiry/time.Second):
			return "no ERR invalid expire time in 'expire' command"
		case !there:
			return okInt(0)
		case seconds <= 0:
			k.drop(args[0])
			return okInt(1)
		}
		v.expiry = k.now().Add(time.Duration(seconds) * time.Second)
		k.put(args[0], v)
		return okInt(1)
	case name == "TTL" && !there:
		return okInt(-2)
	case name == "TTL" && v.expiry.IsZero():
		return okInt(-1)
	case name == "TTL":
		return okInt(int(v.expiry.Sub(k.now()).Round(time.Second) / time.Second))
	case !there || v.expiry.IsZero(): // PERSIST
		return okInt(0)
	}
	v.expiry = time.Time{}
	k.put(args[0], v)
	return okInt(1)
}

// expire drops the keys whose time is over.
func (k *Keys) expire() {
	if k.expiring == 0 {
		return
	}
	now := k.now()
	for key, v := range k.keys {
		if !v.expiry.IsZero() && !v.expiry.After(now) {
			k.drop(key)
		}
	}
}

// put sets a key, and reports whether it found room. What it keeps must be in
// memory of its own: arguments are parts of a question, which can be large.
func (k *Keys) put(key string, v value) bool {
	old, there := k.keys[key]
	grows := v.size()
	if there {
		grows -= old.size()
	} else {
		grows += len(key) + Overhead
	}
	if len(key) > MaxKey || v.size() > MaxValue || k.bytes+grows > MaxBytes || !there && len(k.keys) >= MaxKeys {
		return false
	}
	k.expiring += expires(v) - expires(old)
	k.bytes += grows
	k.keys[strings.Clone(key)] = v
	return true
}

// drop removes a key, if there is one.
func (k *Keys) drop(key string) {
	if v, there := k.keys[key]; there {
		k.expiring -= expires(v)
		k.bytes -= v.size() + len(key) + Overhead
		delete(k.keys, key)
	}
}

func expires(v value) int {
	if v.expiry.IsZero() {
		return 0
	}
	return 1
}

// size is what a value counts for in bytes.
func (v value) size() int {
	n := len(v.text)
	for _, s := range v.list {
		n += len(s) + Overhead
	}
	return n
}
