package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
)

// maxCount is the largest number that a regexp may count up to.
const maxCount = 1000

// sets are the characters that values are made of, those with fewer first.
var sets = [...]struct {
	expr string
	has  func(b byte) bool
	most bool // only for values with a digit among them, and of 4 characters or more
}{
	{"[0-9]", isDigit, false},
	{"[0-9a-f]", func(b byte) bool { return isDigit(b) || 'a' <= b && b <= 'f' }, true},
	{"[0-9A-F]", func(b byte) bool { return isDigit(b) || 'A' <= b && b <= 'F' }, true},
	{"[a-z]", isLower, false},
	{"[A-Z]", isUpper, false},
	{"[A-Za-z]", func(b byte) bool { return isLower(b) || isUpper(b) }, false},
	{"[0-9A-Za-z]", isAlnum, false},
	{"[0-9A-Za-z+/=_.~-]", func(b byte) bool { return isAlnum(b) || bytes.IndexByte([]byte("+/=_.~-"), b) >= 0 }, false},
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
func isLower(b byte) bool { return 'a' <= b && b <= 'z' }
func isUpper(b byte) bool { return 'A' <= b && b <= 'Z' }
func isAlnum(b byte) bool { return isDigit(b) || isLower(b) || isUpper(b) }

func every(data []byte, yes func(byte) bool) bool {
	return !slices.ContainsFunc(data, func(b byte) bool { return !yes(b) })
}

// isStarred reports whether stars stand for a secret here.
func isStarred(data []byte) bool {
	return len(data) > 0 && every(data, func(b byte) bool { return b == '*' })
}

// nothing, as any below 0, stands for the byte that is not there after the end.
const nothing = -1

// class returns the regexp for a part of a cell. next is the byte that follows
// in a, or nothing. fixed says that it takes as many bytes each time; lazy that
// what follows in the regexp has to end it.
func (p *part) class(binary bool, next int) (expr string, fixed, lazy bool) {
	switch n := len(p.x); {
	case p.equal:
		return regexp.QuoteMeta(string(p.x)), true, false
	case p.moment != noMoment:
		return moments[p.moment], true, false
	case binary && n == len(p.y) && n <= maxCount:
		return "(?s:." + count(n) + ")", true, false
	case binary:
		return "(?s:.+?)", false, true
	}
	if !isStarred(p.x) && !isStarred(p.y) {
		for _, set := range sets {
			if every(p.x, set.has) && every(p.y, set.has) && (!set.most || isHex(p.x, p.y)) {
				return p.counted(set.expr, next)
			}
		}
	}
	switch {
	case bytes.ContainsAny(p.x, "\r\n") || bytes.ContainsAny(p.y, "\r\n"):
		return "(?s:.+?)", false, true
	case p.cut && len(p.x) <= maxCount:
		return "[^\r\n]" + count(len(p.x)), true, false
	case next > ' ' && next < 0x7f && bytes.IndexByte(p.x, byte(next)) < 0 && bytes.IndexByte(p.y, byte(next)) < 0:
		return `[^` + regexp.QuoteMeta(string(rune(next))) + "\r\n]+", false, false
	case next == '\r' || next == '\n' || next < 0:
		return "[^\r\n]+", false, false
	}
	return "[^\r\n]+?", false, true
}

// counted says how many of a set may come: as many as in both, if both have as
// many; any number, if not. Of a number any number of digits may come, unless
// it is filled up with zeros or nothing shows where it ends.
func (p *part) counted(set string, next int) (expr string, fixed, lazy bool) {
	n := len(p.x)
	number := set == "[0-9]" && !p.cut && !isFilled(p.x) && !isFilled(p.y) && next != nothing && !(next > 0 && isDigit(byte(next)))
	if n == len(p.y) && n <= maxCount && !number {
		return set + count(n), true, false
	}
	return set + "+", false, false
}

// isFilled reports whether zeros make a number as long as others.
func isFilled(digits []byte) bool { return len(digits) > 1 && digits[0] == '0' }

func count(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("{%d}", n)
}

// isHex reports whether two values look like hexadecimal numbers and no words.
func isHex(x, y []byte) bool {
	const digits = "0123456789"
	return min(len(x), len(y)) >= 4 && (bytes.ContainsAny(x, digits) || bytes.ContainsAny(y, digits))
}

// expr returns the regexp for a cell, with its name if it is captured.
func (c *cell) expr(next int) (expr string, fixed, lazy bool) {
	fixed = true
	for i := range c.parts {
		after := next
		if i+1 < len(c.parts) {
			after = int(c.parts[i+1].x[0])
		}
		e, f, l := c.parts[i].class(c.binary, after)
		expr, fixed, lazy = expr+e, fixed && f, l
	}
	if c.name != "" {
		expr = "(?P<" + c.name + ">" + expr + ")"
	}
	return expr, fixed, lazy
}
