package resp

import "bytes"

// secret reports whether argument i of a request is a password. count is how many there
// are, -1 if that is not known yet. arg returns one that has come, or the beginning of it.
func secret(arg func(i int) []byte, i, count int) bool {
	is := func(at int, word string) bool { return at >= 0 && at < i && equal(arg(at), word) }
	if i == 0 {
		return false
	}
	switch first := arg(0); {
	case equal(first, "AUTH"): // [user] password
		return i == count-1 || count < 0
	case equal(first, "HELLO"): // version AUTH user password
		return is(i-2, "AUTH")
	case equal(first, "MIGRATE"): // … AUTH password, AUTH2 user password
		return is(i-1, "AUTH") || is(i-2, "AUTH2")
	case equal(first, "CONFIG"): // SET requirepass password
		return i >= 3 && is(1, "SET") && (is(i-1, "requirepass") || is(i-1, "masterauth"))
	case equal(first, "ACL"): // SETUSER user >password
		text := arg(i)
		return i >= 3 && is(1, "SETUSER") && len(text) > 0 && bytes.IndexByte([]byte("><#!"), text[0]) >= 0
	}
	return false
}

// mayHide reports whether a request of this command may have a password.
func mayHide(command []byte) bool {
	if len(command) < 3 || len(command) > 7 {
		return false
	}
	switch command[0] | 0x20 {
	case 'a', 'h', 'm', 'c':
		return equal(command, "AUTH") || equal(command, "HELLO") || equal(command, "MIGRATE") ||
			equal(command, "CONFIG") || equal(command, "ACL")
	}
	return false
}

func equal(s []byte, word string) bool {
	return len(s) == len(word) && bytes.EqualFold(s, []byte(word))
}

// hide notes where a piece of a request has a password; it is the part of a decoder.
func (t *talk) hide(from, to int) {
	d := &t.requests
	if d.State == inLine {
		t.hideInLine(from, to)
		return
	}
	if len(d.Open) != 1 || d.Full || len(d.Values) < 3 || !mayHide(d.Values[1].Text) {
		return
	}
	args := d.Values[1:]
	if secret(func(i int) []byte { return args[i].Text }, len(args)-1, int(d.Values[0].Size)) && from < to {
		t.hidden = append(t.hidden, [2]int{from, to})
	}
}

// manyBytes is how much of a line is looked through again with each piece of it.
const manyBytes = 4 << 10

// hideInLine looks for one in a line, of which Line has what came before.
func (t *talk) hideInLine(from, to int) {
	d := &t.requests
	if len(d.Open) > 0 || from == to {
		return
	}
	before := len(d.Line)
	line := append(d.Line[:before:before], t.data[from:min(to, from+manyBytes)]...)
	first, _ := words(line[:min(len(line), len("MIGRATE  "))])
	switch {
	case len(first) == 0 || !mayHide(first[0].value):
		return
	case len(line) > manyBytes:
		t.hidden = append(t.hidden, [2]int{from, to})
		return
	}
	args, _ := words(line)
	for i, a := range args {
		start, end := max(a.from-before, 0), a.to-before
		if start < end && secret(func(i int) []byte { return args[i].value }, i, -1) {
			t.hidden = append(t.hidden, [2]int{from + start, from + end})
		}
	}
}
