package redis

// matches reports whether all of s matches the glob pattern of KEYS: * for any
// bytes, ? for one, [a-c] and [^a-c] for one of a set, and \ before a byte that
// stands for itself. It takes at most len(pattern) × len(s) steps: a failed match
// goes on after the last * alone, which is enough.
func matches(pattern, s string) bool {
	star, from := -1, 0 // where to go on when what follows the last * fails
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, i
			p++
			continue
		}
		if p < len(pattern) {
			if ok, n := matchOne(pattern[p:], s[i]); ok {
				p += n
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++
		p, i = star+1, from
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches one byte against the first element of a pattern, which is n
// bytes long.
func matchOne(pattern string, c byte) (ok bool, n int) {
	switch {
	case pattern[0] == '?':
		return true, 1
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == c, 2
	case pattern[0] == '[':
		return matchSet(pattern, c)
	}
	return pattern[0] == c, 1
}

// matchSet matches [abc], [a-c] and [^a-c]. As in Redis, a set that is not
// closed ends with the pattern.
func matchSet(pattern string, c byte) (ok bool, n int) {
	i := 1
	not := i < len(pattern) && pattern[i] == '^'
	if not {
		i++
	}
	for ; i < len(pattern) && pattern[i] != ']'; i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			ok = ok || pattern[i] == c
		case i+2 < len(pattern) && pattern[i+1] == '-':
			low, high := min(pattern[i], pattern[i+2]), max(pattern[i], pattern[i+2])
			ok = ok || low <= c && c <= high
			i += 2
		default:
			ok = ok || pattern[i] == c
		}
	}
	return ok != not, min(i+1, len(pattern))
}
