package starlark

import (
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/protocol-workbench/workbench/core"
)

// table is a dict of the manifest, and where it was written.
type table struct {
	what string      // "the manifest", "an option"
	expr syntax.Expr // a *syntax.DictExpr where it was written down as one
}

// field is a key of a table, and where its value goes; see table.take for the types.
type field struct {
	key string
	to  any
}

// defaultValue is an option's default, which may be given as a number or boolean.
type defaultValue string

// readManifest makes the manifest of the script's global of that name.
func readManifest(file *syntax.File, v starlark.Value) (m core.Manifest, err error) {
	a := assignment(file, "manifest")
	if v == nil || a == nil {
		return m, at(syntax.MakePosition(&file.Path, 1, 1), `expected manifest = {"name": …, "title": …} at the top level; there is none`)
	}
	m.Input = core.InputLine
	err = readTable("the manifest", v, a.RHS, []field{
		{"name", &m.Name}, {"title", &m.Title}, {"version", &m.Version}, {"summary", &m.Summary}, {"sends", &m.Sends},
		{"input", (*string)(&m.Input)}, {"file_bytes", &m.FileBytes}, {"boundaries", &m.Boundaries}, {"options", &m.Options}, {"events", &m.Events},
		{"after_server_eof", &m.AfterServerEOF}, {"clients", &m.Clients}, {"secrets", &m.Secrets}, {"messages", &m.Messages},
		{"seeded", &m.Seeded},
		{"commands", &m.Commands}, {"typed_as_text", &m.TypedAsText}, {"checks_typed", &m.ChecksTyped},
		{"group", &m.Group}, {"brief", &m.Brief}, {"ports", &m.Ports}, {"greetings", &m.Greetings},
	})
	if err != nil {
		return m, err
	}
	if err := m.Validate(); err != nil {
		return m, at(syntax.Start(a), "%v", err)
	}
	return m, nil
}

func readPort(v starlark.Value, expr syntax.Expr) (p core.UsualPort, err error) {
	err = readTable("a port", v, expr, []field{{"port", &p.Port}, {"name", &p.Name}, {"options", &p.Options}})
	return p, err
}

func readGreeting(v starlark.Value, expr syntax.Expr) (g core.Greeting, err error) {
	err = readTable("a greeting", v, expr, []field{{"begins", &g.Begins}, {"name", &g.Name}})
	return g, err
}

func readOption(v starlark.Value, expr syntax.Expr) (o core.Option, err error) {
	err = readTable("an option", v, expr, []field{
		{"name", &o.Name}, {"type", (*string)(&o.Type)}, {"default", (*defaultValue)(&o.Default)}, {"choices", &o.Choices}, {"help", &o.Help},
	})
	return o, err
}

// readTable takes a dict that has no other keys than the fields'.
func readTable(what string, v starlark.Value, expr syntax.Expr, fields []field) error {
	d, ok := v.(*starlark.Dict)
	if !ok {
		return at(syntax.Start(expr), "expected %s as a dict {…}, not a value of type %s", what, v.Type())
	}
	t := table{what, expr}
	for k, v := range d.Entries() {
		key, _ := starlark.AsString(k)
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		if i < 0 {
			var keys []string
			for _, f := range fields {
				keys = append(keys, f.key)
			}
			return at(t.position(key), "%s has no key %s; it takes %s", what, core.CutWords(k.String(), 80), strings.Join(keys, ", "))
		}
		if err := t.take(key, v, fields[i].to); err != nil {
			return err
		}
	}
	return nil
}

// take puts a key's value where it goes.
func (t *table) take(key string, v starlark.Value, to any) error {
	expected := "a text"
	switch to := to.(type) {
	case *string:
		if s, ok := starlark.AsString(v); ok {
			*to = s
			return nil
		}
	case *bool:
		expected = "True or False"
		if b, ok := v.(starlark.Bool); ok {
			*to = bool(b)
			return nil
		}
	case *defaultValue:
		switch v := v.(type) {
		case starlark.String:
			*to = defaultValue(v)
			return nil
		case starlark.Int, starlark.Bool:
			*to = defaultValue(strings.ToLower(v.String()))
			return nil
		}
	case *[]string:
		return t.each(key, v, func(v starlark.Value, expr syntax.Expr) error {
			s, ok := starlark.AsString(v)
			if !ok {
				return at(syntax.Start(expr), "expected a text in the %s of %s, not a value of type %s", key, t.what, v.Type())
			}
			*to = append(*to, s)
			return nil
		})
	case *map[string][]string:
		expected = "a dict of lists"
		if d, ok := v.(*starlark.Dict); ok {
			*to = map[string][]string{}
			lists := table{key + " of " + t.what, t.written(key)}
			for k, v := range d.Entries() {
				name, _ := starlark.AsString(k)
				var values []string
				if err := lists.take(name, v, &values); err != nil {
					return err
				}
				(*to)[name] = values
			}
			return nil
		}
	case *map[string]string:
		expected = "a dict of texts"
		if d, ok := v.(*starlark.Dict); ok {
			*to = map[string]string{}
			texts := table{key + " of " + t.what, t.written(key)}
			for k, v := range d.Entries() {
				name, _ := starlark.AsString(k)
				var text string
				if err := texts.take(name, v, &text); err != nil {
					return err
				}
				(*to)[name] = text
			}
			return nil
		}
	case *int:
		expected = "a whole number"
		if starlark.AsInt(v, to) == nil {
			return nil
		}
	case **int64:
		expected = "a whole number"
		var n int64
		if starlark.AsInt(v, &n) == nil {
			*to = &n
			return nil
		}
	case *[]core.UsualPort:
		return t.each(key, v, func(v starlark.Value, expr syntax.Expr) error {
			p, err := readPort(v, expr)
			*to = append(*to, p)
			return err
		})
	case *[]core.Greeting:
		return t.each(key, v, func(v starlark.Value, expr syntax.Expr) error {
			g, err := readGreeting(v, expr)
			*to = append(*to, g)
			return err
		})
	case *[]core.Command:
		return t.each(key, v, func(v starlark.Value, expr syntax.Expr) error {
			c, err := readCommand(v, expr)
			*to = append(*to, c)
			return err
		})
	case *[]core.CommandField:
		return t.each(key, v, func(v starlark.Value, expr syntax.Expr) error {
			f, err := readCommandField(v, expr)
			*to = append(*to, f)
			return err
		})
	case *[]core.Option:
		return t.each(key, v, func(v starlark.Value, expr syntax.Expr) error {
			o, err := readOption(v, expr)
			*to = append(*to, o)
			return err
		})
	}
	return at(t.position(key), "expected %s as the %s of %s, not a value of type %s", expected, key, t.what, v.Type())
}

// each calls do for the elements of a list or tuple, with where each was written.
func (t *table) each(key string, v starlark.Value, do func(starlark.Value, syntax.Expr) error) error {
	l, ok := v.(starlark.Sequence)
	if !ok || v.Type() != "list" && v.Type() != "tuple" {
		return at(t.position(key), "expected a list as the %s of %s, not a value of type %s", key, t.what, v.Type())
	}
	exprs := slices.Repeat([]syntax.Expr{t.written(key)}, l.Len())
	if e, ok := t.written(key).(*syntax.ListExpr); ok && len(e.List) == l.Len() {
		exprs = e.List
	}
	for x := range starlark.Elements(l) {
		if err := do(x, exprs[0]); err != nil {
			return err
		}
		exprs = exprs[1:]
	}
	return nil
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
