package resp

import (
	"bytes"
	"slices"
	"strconv"
)

// maxShown bounds what is displayed of one reply, in bytes.
const maxShown = 256 << 10

// display writes a reply as redis-cli does.
type display struct {
	values []value // that are not written yet
	out    []byte
}

// appendReply appends a reply as redis-cli displays it, without a line end.
func appendReply(dst []byte, values []value) []byte {
	d := display{values: values, out: dst}
	d.value(0)
	return bytes.TrimSuffix(d.out, []byte("\n"))
}

// value writes the next value with those that it holds, whose lines are indented.
func (d *display) value(indent int) {
	v := &d.values[0]
	d.values = d.values[1:]
	switch {
	case v.children() > 0:
		d.elements(v, indent)
		return
	case v.isNull():
		d.add("(nil)", nil)
	case v.Kind == ':' && v.Wrong < wrongLength:
		d.add("(integer) ", v.Text)
	case v.Kind == ',':
		d.add("(double) ", v.Text)
	case v.Kind == '(':
		d.add("(big number) ", v.Text)
	case v.Kind == '-' || v.Kind == '!':
		d.add("(error) ", v.Text)
	case v.Kind == '#' && v.Wrong == 0:
		d.add(map[byte]string{'t': "(true)", 'f': "(false)"}[v.Text[0]], nil)
	case v.Kind == '$':
		if len(d.out) < maxShown {
			d.out = appendQuoted(d.out, v.Text)
		}
	case v.Kind == unknown:
		d.add("(not RESP) ", v.Text)
	case isAggregate(v.Kind):
		d.add("(empty "+emptyNames[v.Kind]+")", nil)
	default:
		d.add("", v.str())
	}
	if more := v.Size - int64(len(v.Text)); isString(v.Kind) && more > 0 {
		d.add("… ("+strconv.FormatInt(more, 10)+" more of "+strconv.FormatInt(v.Size, 10)+" bytes)", nil)
	}
	d.add("\n", nil)
}

var emptyNames = map[byte]string{'*': "array", '%': "hash", '~': "set", '>': "push", '|': "attribute"}

// elements writes what a value holds, each with its number.
func (d *display) elements(v *value, indent int) {
	many, mark, first := v.children(), ") ", true
	switch v.Kind {
	case '~':
		mark = "~ "
	case '%':
		mark = "# "
	case '|':
		many, mark = many-1, "| "
	}
	pairs := v.Kind == '%' || v.Kind == '|'
	width := len(strconv.FormatInt(v.Size, 10))
	for i := int64(0); i < many; i++ {
		if !first {
			d.pad(indent)
		}
		first = false
		if len(d.values) == 0 || len(d.out) >= maxShown {
			d.add("… ("+strconv.FormatInt(many-i, 10)+" more)\n", nil)
			d.values = nil
			return
		}
		n := i + 1
		if pairs {
			n = i/2 + 1
		}
		number := strconv.FormatInt(n, 10)
		d.pad(width - len(number))
		d.add(number+mark, nil)
		d.value(indent + width + 2)
		if pairs && len(d.values) > 0 {
			d.out = append(bytes.TrimSuffix(d.out, []byte("\n")), " => "...)
			at := len(d.out)
			d.value(indent + width + 2)
			if bytes.IndexByte(d.out[at:len(d.out)-1], '\n') >= 0 { // more than a line begins on one of its own
				d.out = slices.Insert(d.out, at, append([]byte("\n"), bytes.Repeat([]byte(" "), indent+width+2)...)...)
			}
			i++
		}
	}
	if v.Kind == '|' && len(d.values) > 0 {
		d.pad(indent)
		d.value(indent)
	}
}

// add adds text that is not the workbench's own, and has to be UTF-8.
func (d *display) add(text string, peers []byte) {
	d.out = append(append(d.out, text...), bytes.ToValidUTF8(peers[:min(len(peers), max(0, maxShown-len(d.out)))], []byte("\uFFFD"))...)
}

func (d *display) pad(n int) {
	for range n {
		d.out = append(d.out, ' ')
	}
}
