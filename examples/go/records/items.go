package main

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// The kinds of item. A group's value is items again.
const (
	text   = 1
	number = 2
	group  = 16
)

var kinds = map[byte]string{text: "text", number: "number", group: "group"}

const (
	maxItems  = 100 // of a record, that are shown
	maxGroups = 60  // within each other, that are opened
	maxLooked = 32  // items of what may be a record, which is looked for at each byte
)

// items returns the items of a record as fields; begin is where the first one is in the
// stream. A group is open until its end is reached.
func items(body []byte, begin int64) []core.Field {
	type open struct {
		into *[]core.Field
		end  int
	}
	var top []core.Field
	groups := []open{{&top, len(body)}}
	place := func(at int) int64 { return begin + int64(at) }
	for at, many := 0, 0; len(groups) > 0; {
		g := groups[len(groups)-1]
		if at == g.end {
			groups = groups[:len(groups)-1]
			continue
		}
		if many++; many > maxItems {
			*g.into = append(*g.into, core.Field{Name: "more", From: place(at), To: place(g.end), Value: fmt.Sprintf("%d bytes", g.end-at)})
			break
		}
		if g.end-at < 2 {
			*g.into = append(*g.into, core.Field{Name: "item", From: place(at), To: place(g.end), Wrong: "an item has two bytes before its value"})
			at = g.end
			continue
		}
		kind, size := body[at], int(body[at+1])
		stop := min(at+2+size, g.end)
		value := body[at+2 : stop]
		field := core.Field{Name: "unknown", From: place(at), To: place(stop), Value: shown(kind, value)}
		if name, known := kinds[kind]; known {
			field.Name = name
		}
		if len(value) < size {
			field.Wrong = fmt.Sprintf("it has %d bytes, and says %d", len(value), size)
		}
		*g.into = append(*g.into, field)
		if kind == group && len(groups) < maxGroups {
			groups = append(groups, open{&(*g.into)[len(*g.into)-1].Fields, stop})
			stop = at + 2
		}
		at = stop
	}
	return top
}

// plausible reports whether this can be a record, or its beginning, by its first items: it has
// some, all of kinds that are known, and they end where the record does.
func plausible(frame []byte, _ bool) bool {
	if len(frame) < 2 {
		return true
	}
	left, body := int(frame[0])<<8|int(frame[1]), frame[2:]
	if left == 0 {
		return false
	}
	for many := 0; left > 0 && many < maxLooked; many++ {
		switch {
		case left < 2, len(body) > 0 && kinds[body[0]] == "":
			return false
		case len(body) < 2:
			return true
		}
		item := 2 + int(body[1])
		if item > left {
			return false
		}
		left, body = left-item, body[min(item, len(body)):]
	}
	return true
}

func shown(kind byte, value []byte) string {
	switch kind {
	case text:
		return string([]rune(string(value))) // U+FFFD for each byte that is not UTF-8
	case number:
		return new(big.Int).SetBytes(value).String()
	case group:
		return ""
	}
	return hex.EncodeToString(value)
}

// summarize names the first items, on one line.
func summarize(fields []core.Field) string {
	var words []string
	for _, f := range fields[:min(len(fields), 8)] {
		words = append(words, strings.TrimSuffix(f.Name+" "+f.Value, " "))
	}
	if len(words) == 0 {
		return "an empty record"
	}
	all := []rune(strings.Join(words, ", "))
	return string(all[:min(len(all), 200)])
}
