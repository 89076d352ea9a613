package starlark

import (
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/protocol-workbench/workbench/core"
)

var (
	manifestKeys = []string{"name", "title", "version", "summary", "sends", "input", "boundaries", "options", "events", "after_server_eof"}
	optionKeys   = []string{"name", "type", "default", "choices", "help"}
)

// table is a dict of the manifest, and where it was written.
type table struct {
	what  string // "the manifest", "an option"
	value *starlark.Dict
	expr  syntax.Expr // a *syntax.DictExpr where it was written down as one
}

// readManifest makes the manifest of the script's global of that name.
func readManifest(file *syntax.File, v starlark.Value) (m core.Manifest, err error) {
	a := assignment(file, "manifest")
	if v == nil || a == nil {
		return m, at(syntax.MakePosition(&file.Path, 1, 1), `expected manifest = {"name": …, "title": …} at the top level; there is none`)
	}
	t, err := newTable("the manifest", v, a.RHS, manifestKeys)
	if err != nil {
		return m, err
	}
	m.Input = core.InputLine
	for _, item := range t.value.Items() {
		key, _ := starlark.AsString(item[0])
		switch key {
		case "name":
			err = t.text(key, &m.Name)
		case "title":
			err = t.text(key, &m.Title)
		case "version":
			err = t.text(key, &m.Version)
		case "summary":
			err = t.text(key, &m.Summary)
		case "sends":
			err = t.text(key, &m.Sends)
		case "input":
			err = t.text(key, (*string)(&m.Input))
		case "boundaries":
			err = t.boolean(key, &m.Boundaries)
		case "options":
			m.Options, err = t.options(key)
		case "events":
			m.Events, err = t.texts(key)
		case "after_server_eof":
			err = t.boolean(key, &m.AfterServerEOF)
		}
		if err != nil {
			return m, err
		}
	}
	if err := m.Validate(); err != nil {
		return m, at(syntax.Start(a), "%v", err)
	}
	return m, nil
}

// newTable takes a dict that has no other keys than these.
func newTable(what string, v starlark.Value, expr syntax.Expr, keys []string) (*table, error) {
	d, ok := v.(*starlark.Dict)
	if !ok {
		return nil, at(syntax.Start(expr), "expected %s as a dict {…}, not a value of type %s", what, v.Type())
	}
	t := &table{what: what, value: d, expr: expr}
	for _, k := range d.Keys() {
		if key, ok := starlark.AsString(k); !ok || !slices.Contains(keys, key) {
			return nil, at(t.position(key), "%s has no key %s; it takes %s", what, core.CutWords(k.String(), 80), strings.Join(keys, ", "))
		}
	}
	return t, nil
}

func (t *table) text(key string, to *string) error {
	v, _, _ := t.value.Get(starlark.String(key))
	s, ok := starlark.AsString(v)
	if !ok {
		return at(t.position(key), "expected a text as the %s of %s, not a value of type %s", key, t.what, v.Type())
	}
	*to = s
	return nil
}

func (t *table) boolean(key string, to *bool) error {
	v, _, _ := t.value.Get(starlark.String(key))
	b, ok := v.(starlark.Bool)
	if !ok {
		return at(t.position(key), "expected True or False as the %s of %s, not a value of type %s", key, t.what, v.Type())
	}
	*to = bool(b)
	return nil
}

// list returns the values of a list or tuple, and where each was written.
func (t *table) list(key string) ([]starlark.Value, []syntax.Expr, error) {
	v, _, _ := t.value.Get(starlark.String(key))
	l, ok := v.(starlark.Sequence)
	if !ok || v.Type() != "list" && v.Type() != "tuple" {
		return nil, nil, at(t.position(key), "expected a list as the %s of %s, not a value of type %s", key, t.what, v.Type())
	}
	values := slices.Collect(starlark.Elements(l))
	exprs := slices.Repeat([]syntax.Expr{t.written(key)}, len(values))
	if e, ok := t.written(key).(*syntax.ListExpr); ok && len(e.List) == len(values) {
		exprs = e.List
	}
	return values, exprs, nil
}

func (t *table) options(key string) ([]core.Option, error) {
	values, exprs, err := t.list(key)
	var options []core.Option
	for i, v := range values {
		var o core.Option
		if o, err = option(v, exprs[i]); err != nil {
			break
		}
		options = append(options, o)
	}
	return options, err
}

func option(v starlark.Value, expr syntax.Expr) (o core.Option, err error) {
	t, err := newTable("an option", v, expr, optionKeys)
	if err != nil {
		return o, err
	}
	for _, item := range t.value.Items() {
		key, _ := starlark.AsString(item[0])
		switch key {
		case "name":
			err = t.text(key, &o.Name)
		case "type":
			err = t.text(key, (*string)(&o.Type))
		case "help":
			err = t.text(key, &o.Help)
		case "choices":
			o.Choices, err = t.texts(key)
		case "default":
			switch d := item[1].(type) {
			case starlark.Int:
				o.Default = d.String()
			case starlark.Bool:
				o.Default = strings.ToLower(d.String())
			default:
				err = t.text(key, &o.Default)
			}
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func (t *table) texts(key string) ([]string, error) {
	values, exprs, err := t.list(key)
	var texts []string
	for i, v := range values {
		s, ok := starlark.AsString(v)
		if !ok {
			return nil, at(syntax.Start(exprs[i]), "expected a text in the %s of %s, not a value of type %s", key, t.what, v.Type())
		}
		texts = append(texts, s)
	}
	return texts, err
}

// written returns the expression of a key's value where it was written down,
// else that of the whole table.
func (t *table) written(key string) syntax.Expr {
	if d, ok := t.expr.(*syntax.DictExpr); ok {
		for _, e := range d.List {
			entry := e.(*syntax.DictEntry)
			if k, ok := entry.Key.(*syntax.Literal); ok && k.Value == key {
				return entry.Value
			}
		}
	}
	return t.expr
}

func (t *table) position(key string) syntax.Position { return syntax.Start(t.written(key)) }

// optionValues returns a session's options as a script gets them: a number for
// an int, True or False for a bool, else a text.
func optionValues(m *core.Manifest, options core.Options) *starlark.Dict {
	values := starlark.NewDict(len(m.Options))
	for _, o := range m.Options {
		var v starlark.Value = starlark.String(options[o.Name])
		switch o.Type {
		case core.OptionInt:
			v = starlark.MakeInt(options.Int(o.Name))
		case core.OptionBool:
			v = starlark.Bool(options.Bool(o.Name))
		}
		values.SetKey(starlark.String(o.Name), v) // a new dict takes any text
	}
	return values
}
