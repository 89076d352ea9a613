package resp

import (
	"bytes"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxText    = 1 << 10  // bytes of a field's value
	maxTexts   = 64 << 10 // … of all of them
	maxFields  = 960      // which leaves some for what is left out
	maxNested  = 32       // levels
)

// fields makes the fields of a request or a reply.
type fields struct {
	values []value // that are not in a field yet
	texts  string  // of these, one after the other
	left   int     // how many fields still fit
	secret func(i int) bool
	pool   *pool
}

// pool is the memory that the fields of messages are in, until others take their place.
type pool struct {
	fields []core.Field
	texts  []byte
}

// of returns an empty slice with room for n fields.
func (p *pool) of(n int) []core.Field {
	from := len(p.fields)
	if cap(p.fields)-from < n {
		p.fields, from = make([]core.Field, 0, max(n, 64, min(2*cap(p.fields), 2048))), 0
	}
	p.fields = p.fields[:from+n]
	return p.fields[from : from : from+n]
}

func (p *pool) reset() { p.fields = p.fields[:0] }

// message makes the message of a request or a reply. secret, which may be nil, says which
// argument of a request is not to be named.
func message(flow core.Flow, values []value, secret func(i int) bool, in *pool) core.Message {
	f := fields{values: values, left: maxFields, secret: secret, pool: in}
	in.texts = in.texts[:0]
	for i := range values {
		text := values[i].str()
		in.texts = append(in.texts, text[:min(len(text), maxText, maxTexts-len(in.texts))]...)
	}
	f.texts = string(in.texts)
	v, text := f.next()
	m := core.Message{Flow: flow, From: v.From, To: v.To}
	switch {
	case v.Kind == inline:
		m.Summary, m.Fields = f.inline(v)
	case flow != core.FromServer && v.Kind == '*':
		m.Summary = f.request()
		m.Fields = f.of(v, text, 0)
	default:
		m.Summary = summary(values)
		m.Fields = f.of(v, text, 0)
	}
	return m
}

// next returns the next value and its text.
func (f *fields) next() (*value, string) {
	v := &f.values[0]
	n := min(len(v.str()), maxText, len(f.texts))
	text := f.texts[:n]
	f.values, f.texts = f.values[1:], f.texts[n:]
	return v, text
}

// of returns the fields of a value with this text, and of those that it holds.
func (f *fields) of(v *value, text string, depth int) []core.Field {
	from := v.From
	if v.Kind != unknown {
		from++
	}
	if depth > 0 && v.Kind == '$' && v.Wrong == 0 { // as most are
		return nil
	}
	all := f.pool.of(3 + int(min(v.children(), int64(len(f.values)), int64(max(0, f.left)))) + 1)
	all = append(all, core.Field{Name: "resp.type", From: v.From, To: from, Value: typeNames[v.Kind], Wrong: wrongWords[v.Wrong]})
	f.left--
	if isString(v.Kind) || isAggregate(v.Kind) && v.Size >= 0 {
		all = append(all, core.Field{Name: "resp.length", From: from, To: v.Mid, Value: strconv.FormatInt(v.Size, 10)})
		f.left--
		from = v.Body
	}
	if !isAggregate(v.Kind) {
		if depth > 0 { // the value is the item's own
			return all
		}
		to := v.Mid
		if isString(v.Kind) && v.Size > 0 {
			to = min(v.To, v.Body+v.Size)
		}
		f.left--
		return append(all, core.Field{Name: "resp.value", From: min(from, to), To: to, Value: said(v, text)})
	}
	return f.items(all, v, depth)
}

// items appends a field for each value that one holds.
func (f *fields) items(all []core.Field, v *value, depth int) []core.Field {
	many := v.children()
	for i := range many {
		if len(f.values) == 0 || f.left < 3 || depth == maxNested {
			from := v.Body
			if n := len(all); i > 0 && n > 0 {
				from = all[n-1].To
			}
			more := core.Field{Name: "resp.more", From: from, To: max(from, v.To), Value: core.Plural(int(many-i), "value")}
			f.values = f.values[:0]
			return append(all, more)
		}
		e, text := f.next()
		name := itemName(v.Kind, i, many)
		if depth == 0 && f.secret != nil {
			name = "resp.argument"
			if i == 0 {
				name = "resp.command"
			}
		}
		value := ""
		switch {
		case depth == 0 && f.secret != nil && f.secret(int(i)):
			value = hidden
		case isAggregate(e.Kind) && e.children() > 0:
			value = typeNames[e.Kind] + " of " + strconv.FormatInt(e.Size, 10)
		default:
			value = said(e, text)
		}
		f.left--
		all = append(all, core.Field{Name: name, From: e.From, To: e.To, Value: value, Fields: f.of(e, text, depth+1)})
	}
	return all
}

func itemName(kind byte, i, many int64) string {
	switch {
	case kind == '|' && i == many-1:
		return "resp.value"
	case kind == '|' && i%2 == 0:
		return "resp.attribute"
	case kind == '%' && i%2 == 0:
		return "resp.key"
	case kind == '%' || kind == '|':
		return "resp.value"
	}
	return "resp.item"
}

// said returns the value of one that holds no others, of whose text this is kept.
func said(v *value, text string) string {
	switch {
	case v.isNull():
		return "(nil)"
	case isAggregate(v.Kind):
		return typeNames[v.Kind] + " of 0"
	case v.Kind == '#' && v.Wrong == 0 && text == "t":
		return "true"
	case v.Kind == '#' && v.Wrong == 0:
		return "false"
	case len(text) < len(v.str()), isString(v.Kind) && int64(len(v.Text)) < v.Size:
		return text + "…"
	}
	return text
}

// hidden stands in the place of a secret.
const hidden = "***"

// request returns the words of a request.
func (f *fields) request() string {
	var all []byte
	for i := range f.values {
		if len(all) >= maxSummary {
			break
		}
		if i > 0 {
			all = append(all, ' ')
		}
		if f.secret != nil && f.secret(i) {
			all = append(all, hidden...)
			continue
		}
		text := f.values[i].Text
		all = appendWord(all, text[:min(len(text), maxSummary)])
	}
	if len(f.values) == 0 {
		return "empty request"
	}
	return short(all)
}

// inline returns the words of an inline command, and its fields.
func (f *fields) inline(v *value) (string, []core.Field) {
	args, _ := words(v.Text)
	kind := core.Field{Name: "resp.type", From: v.From, To: v.From, Value: typeNames[inline], Wrong: wrongWords[v.Wrong]}
	all := []core.Field{kind}
	var summary []byte
	for i, a := range args {
		name, value := "resp.argument", string(a.value[:min(len(a.value), maxText)])
		if i == 0 {
			name = "resp.command"
		} else {
			summary = append(summary, ' ')
		}
		if f.secret != nil && f.secret(i) {
			value, a.value = hidden, []byte(hidden)
		}
		if len(summary) < maxSummary {
			summary = appendWord(summary, a.value[:min(len(a.value), maxSummary)])
		}
		if f.left--; f.left > 0 {
			all = append(all, core.Field{Name: name, From: v.From + int64(a.from), To: v.From + int64(a.to), Value: value})
		}
	}
	return short(summary), all
}

// summary says in a line what a reply is.
func summary(values []value) string {
	v := &values[0]
	if v.children() == 0 {
		cut := *v
		cut.Text = v.Text[:min(len(v.Text), maxSummary)]
		return short(appendReply(nil, []value{cut}))
	}
	all := typeNames[v.Kind] + " of " + strconv.FormatInt(v.Size, 10)
	if len(values) > 1 && (v.Kind == '>' || v.Kind == '*') && isWord(values[1].Text) {
		all += ": " + string(values[1].Text)
	}
	return all
}

// isWord reports whether the first element says what the others are, as it does in what
// is published.
func isWord(text []byte) bool {
	switch string(text) {
	case "message", "pmessage", "smessage", "invalidate":
		return true
	}
	return confirms(text)
}

func short(s []byte) string {
	s, _, _ = bytes.Cut(s, []byte("\n"))
	if len(s) > maxSummary {
		return core.CutWords(string(s), maxSummary) + "…"
	}
	return core.CutWords(string(s), maxSummary)
}
