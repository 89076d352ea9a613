package lines

import (
	"bytes"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// field is a field of a message.
type field = core.Field

// memcached is memcached's text protocol, with its meta commands (doc/protocol.txt there).
func memcached() preset {
	return preset{
		end: "\r\n", fields: memcachedFields, crlf: "memcached's protocol.txt",
		next: func(t *talk, u *unit, line []byte) bool {
			if n := memcachedBlock(line, t.requests.Unit == u); n >= 0 {
				u.Left = n + 2
				u.Last = !bytes.HasPrefix(line, []byte("VALUE "))
				return false
			}
			switch word, _, _ := bytes.Cut(line, []byte(" ")); string(word) {
			case "VALUE", "STAT", "ITEM", "PREFIX":
				return false // lines up to END
			}
			return !bytes.HasPrefix(line, []byte("key="))
		},
		wrong: func(line []byte, asks bool) string {
			word, _, _ := bytes.Cut(line[:min(len(line), 64)], []byte(" "))
			_, err := strconv.ParseUint(string(word), 10, 64) // as incr answers
			switch {
			case asks && !memcachedCommand(string(word)):
				return "memcached's protocol.txt has no such command"
			case !asks && err != nil && !memcachedAnswer(string(word)) && !bytes.HasPrefix(line, []byte("key=")):
				return "memcached's protocol.txt has no such answer"
			}
			return ""
		},
		asks: func(line []byte) kind {
			words := bytes.Fields(line[:min(len(line), 1024)])
			if len(words) == 0 {
				return answered
			}
			last := string(words[len(words)-1])
			switch word := string(words[0]); {
			case last == "noreply" && len(words) > 1, word == "quit", word == "shutdown":
				return unanswered
			case word == "mn":
				return noop
			case len(word) == 2 && word[0] == 'm' && len(words) > 2:
				for _, w := range words[2:] {
					if w[0] == 'q' {
						return quiet
					}
				}
			}
			return answered
		},
		answers: func(t *talk, line []byte) core.MessageRef {
			word, _, _ := bytes.Cut(line, []byte(" "))
			meta := len(word) == 2 && word[0] >= 'A' && word[0] <= 'Z'
			for p, ok := t.front(); ok && p.Kind == quiet; p, ok = t.front() {
				if meta && string(word) != "MN" { // to one of those that are quiet, and nothing says to which
					return core.MessageRef{}
				}
				t.answered()
			}
			return t.answered()
		},
	}
}

func memcachedCommand(word string) bool {
	switch word {
	case "get", "gets", "gat", "gats", "set", "add", "replace", "append", "prepend", "cas", "incr", "decr", "delete", "touch",
		"mg", "ms", "md", "ma", "mn", "me", "stats", "flush_all", "version", "verbosity", "quit", "shutdown", "slabs", "lru",
		"lru_crawler", "watch", "cache_memlimit", "misbehave", "refresh_certs", "extstore":
		return true
	}
	return false
}

func memcachedAnswer(word string) bool {
	switch word {
	case "VALUE", "END", "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "DELETED", "TOUCHED", "OK", "ERROR", "CLIENT_ERROR", "SERVER_ERROR",
		"STAT", "ITEM", "PREFIX", "VERSION", "RESET", "BUSY", "BADCLASS", "NOSPARE", "NOTFULL", "UNSAFE", "SAME",
		"HD", "VA", "EN", "NS", "EX", "NF", "MN", "ME":
		return true
	}
	return false
}

// memcachedBlock returns how many bytes a line of either side announces; -1: none.
func memcachedBlock(line []byte, asks bool) int64 {
	words := bytes.Fields(line[:min(len(line), 1024)])
	at := 0
	if len(words) == 0 {
		return -1
	}
	switch word := string(words[0]); {
	case asks && word == "ms":
		at = 2
	case !asks && word == "VA":
		at = 1
	case asks && isStorage(word):
		at = 4
	case !asks && word == "VALUE":
		at = 3
	}
	if at == 0 || at >= len(words) {
		return -1
	}
	n, err := strconv.ParseInt(string(words[at]), 10, 64)
	if err != nil || n < 0 || n > core.MaxFlow/2 {
		return -1
	}
	return n
}

func memcachedFields(raw []byte, asks bool) (all []field, wrong string) {
	if !asks {
		values := 0
		for at := 0; at < len(raw) && values < maxItems; values++ {
			line := trimmed(first(raw[at:]))
			n := memcachedBlock(line, false)
			if n < 0 || at > 0 && !bytes.HasPrefix(line, []byte("VALUE ")) {
				break
			}
			v := scan(raw[at:])
			v.word("memcache.response")
			if string(v.line[:2]) == "VA" && v.line[2] == ' ' {
				v.word("memcache.value_length")
				v.words("memcache.flag")
			} else {
				v.word("memcache.key")
				v.word("memcache.flags")
				v.word("memcache.value_length")
				v.word("memcache.cas")
			}
			from := at + len(first(raw[at:]))
			value, bad := memcachedValue(raw, from, n)
			for i := range v.all {
				v.all[i].From += int64(at)
				v.all[i].To += int64(at)
			}
			if v.all = append(v.all, value); bad != "" {
				wrong = bad
			}
			if all == nil {
				all = v.all
			} else {
				all = append(all, v.all...)
			}
			at = int(min(int64(from)+n+2, int64(len(raw))))
		}
		if len(all) > 0 {
			return all, wrong
		}
		s := scan(raw)
		if s.word("memcache.response") == nil {
			s.field("memcache.response", 0, len(s.line))
		}
		s.rest("memcache.text")
		return s.all, ""
	}
	s := scan(raw)
	word := s.word("memcache.command")
	if word == nil {
		s.field("memcache.command", 0, len(s.line))
		return s.all, ""
	}
	for _, name := range memcachedNames(string(word)) {
		s.word(name)
	}
	other := "memcache.argument"
	if w := string(word); w == "get" || w == "gets" || w == "gat" || w == "gats" {
		other = "memcache.key"
		if w[1] == 'a' {
			s.word("memcache.expiration")
		}
	}
	s.words(other)
	if n := memcachedBlock(s.line, true); n >= 0 {
		value, bad := memcachedValue(raw, len(first(raw)), n)
		return append(s.all, value), bad
	}
	return s.all, ""
}

func isStorage(word string) bool {
	switch word {
	case "set", "add", "replace", "append", "prepend", "cas":
		return true
	}
	return false
}

// memcachedNames returns the fields that follow a command.
func memcachedNames(word string) []string {
	switch word {
	case "cas":
		return []string{"memcache.key", "memcache.flags", "memcache.expiration", "memcache.value_length", "memcache.cas"}
	case "ms":
		return []string{"memcache.key", "memcache.value_length"}
	case "incr", "decr":
		return []string{"memcache.key", "memcache.delta"}
	case "touch":
		return []string{"memcache.key", "memcache.expiration"}
	case "delete", "mg", "md", "ma":
		return []string{"memcache.key"}
	}
	if isStorage(word) {
		return []string{"memcache.key", "memcache.flags", "memcache.expiration", "memcache.value_length"}
	}
	return nil
}

// memcachedValue returns the field of a data block, as far as it is kept.
func memcachedValue(raw []byte, from int, n int64) (f field, wrong string) {
	to := int(min(int64(from)+n, int64(len(raw))))
	f = field{Name: "memcache.value", From: int64(from), To: int64(to), Value: clipped(raw[from:to])}
	if end := raw[to:min(to+2, len(raw))]; len(end) == 2 && string(end) != "\r\n" {
		wrong = "memcached's protocol.txt: a data block ends in CR LF, after as many bytes as were announced"
	}
	return f, wrong
}
