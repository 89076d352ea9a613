package starlark

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// jsonModule has the functions of go.starlark.net/lib/json. That package is not
// used: it writes U+007F as \x7f, which is not JSON, escapes as the version of
// Go does, reads texts that are not JSON, and overflows the stack on a text of
// brackets. Each byte that is read or written counts as a step.
var jsonModule = &starlarkstruct.Module{Name: "json", Members: starlark.StringDict{
	"encode":        builtin("json.encode", jsonEncode),
	"encode_indent": builtin("json.encode_indent", jsonEncodeIndent),
	"indent":        builtin("json.indent", jsonIndent),
	"decode":        builtin("json.decode", jsonDecode),
}}

// objectCost is how many values an object counts as when a text is read, for it
// takes that much memory.
const objectCost = 8

// encode(x) writes x as JSON (RFC 8259) without spaces, an object's keys in the
// order of their bytes.
func jsonEncode(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &x); err != nil {
		return nil, err
	}
	text, err := appendJSON(nil, x, maxNested)
	t.Steps += uint64(len(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return starlark.String(text), nil
}

// encode_indent(x, prefix="", indent="\t") is indent(encode(x)).
func jsonEncodeIndent(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	text, err := jsonEncode(t, b, args, nil)
	if err != nil {
		return nil, err
	}
	return jsonIndent(t, b, starlark.Tuple{text}, kwargs)
}

// indent(text, prefix="", indent="\t") begins a line, with prefix, for each
// element of arrays and objects.
func jsonIndent(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, prefix string
	indent := "\t"
	if err := starlark.UnpackPositionalArgs(b.Name(), args, nil, 1, &text); err != nil {
		return nil, err
	}
	if err := starlark.UnpackArgs(b.Name(), nil, kwargs, "prefix?", &prefix, "indent?", &indent); err != nil {
		return nil, err
	}
	if err := checkSize(indentedSize(text, len(prefix), len(indent))); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	var out bytes.Buffer
	err := json.Indent(&out, []byte(text), prefix, indent)
	t.Steps += uint64(len(text) + out.Len())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), jsonError(err))
	}
	return starlark.String(out.String()), nil
}

// indentedSize returns the bytes of a text that is indented, or more. It stops
// counting past MaxValue.
func indentedSize(text string, prefix, indent int) int {
	size, depth, quoted := len(text), 0, false
	for i := 0; i < len(text) && size <= MaxValue; i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
			continue
		case quoted:
			continue
		case c == ':':
			size++
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth = max(depth-1, 0)
		case c != ',':
			continue
		}
		size += 1 + prefix + depth*indent
	}
	return size
}

// appendJSON appends x, which is nested at most so deep. Past MaxValue it stops
// with an error.
func appendJSON(dst []byte, x starlark.Value, deep int) ([]byte, error) {
	if deep == 0 {
		return dst, fmt.Errorf("the value is nested over %d deep, or holds itself", maxNested)
	}
	var err error
	switch x := x.(type) {
	case starlark.NoneType:
		dst = append(dst, "null"...)
	case starlark.Bool:
		dst = strconv.AppendBool(dst, bool(x))
	case starlark.Int:
		dst = append(dst, x.String()...)
	case starlark.Float:
		if math.IsInf(float64(x), 0) || math.IsNaN(float64(x)) {
			return dst, fmt.Errorf("JSON has no number %v", x)
		}
		dst = append(dst, x.String()...)
	case starlark.String:
		dst, err = appendQuoted(dst, string(x))
	case starlark.Bytes:
		return dst, errors.New("JSON has no bytes: str(data) makes a text of them, base64.encode(data) keeps them as they are")
	case *starlark.Dict:
		dst, err = appendObject(dst, x, deep)
	case starlark.Iterable:
		dst = append(dst, '[')
		n := 0
		for e := range starlark.Elements(x) {
			if n++; n > 1 {
				dst = append(dst, ',')
			}
			if dst, err = appendJSON(dst, e, deep-1); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	default:
		return dst, fmt.Errorf("JSON has no value of type %s", x.Type())
	}
	if err == nil {
		err = checkSize(len(dst))
	}
	return dst, err
}

func appendObject(dst []byte, d *starlark.Dict, deep int) ([]byte, error) {
	items := d.Items()
	for _, item := range items {
		if _, ok := item[0].(starlark.String); !ok {
			return dst, fmt.Errorf("a key of JSON is a text, not a value of type %s", item[0].Type())
		}
	}
	slices.SortFunc(items, func(a, b starlark.Tuple) int {
		return strings.Compare(string(a[0].(starlark.String)), string(b[0].(starlark.String)))
	})
	dst = append(dst, '{')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendQuoted(dst, string(item[0].(starlark.String))); err == nil {
			dst, err = appendJSON(append(dst, ':'), item[1], deep-1)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendQuoted appends a JSON string, which has escapes only where there must be
// some.
func appendQuoted(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errors.New("the text has bytes that are not UTF-8, which JSON cannot hold")
	}
	if err := checkSize(len(dst) + len(s)); err != nil {
		return dst, err
	}
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		}
	}
	return append(dst, '"'), nil
}

// decode(text, default=…) reads JSON: objects as dicts, arrays as lists, numbers
// as int, or as float where they have a point or an exponent. What it refuses is
// the default, when there is one.
func jsonDecode(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text textOrBytes
	var otherwise starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "text", &text, "default?", &otherwise); err != nil {
		return nil, err
	}
	t.Steps += uint64(len(text))
	v, err := decodeJSON(string(text))
	switch {
	case err == nil:
		return v, nil
	case otherwise != nil:
		return otherwise, nil
	}
	return nil, fmt.Errorf("%s: %w", b.Name(), jsonError(err))
}

func decodeJSON(text string) (starlark.Value, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the text has bytes that are not UTF-8")
	}
	r := jsonReader{tokens: json.NewDecoder(strings.NewReader(text)), left: MaxRange}
	r.tokens.UseNumber()
	v, err := r.value(maxNested)
	if err != nil {
		return nil, err
	}
	switch _, err := r.tokens.Token(); {
	case err == nil:
		return nil, fmt.Errorf("more follows the value, before byte %d", r.tokens.InputOffset())
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return v, nil
}

type jsonReader struct {
	tokens *json.Decoder
	left   int // values that may still come
}

func (r *jsonReader) value(deep int) (starlark.Value, error) {
	token, err := r.tokens.Token()
	if err != nil {
		return nil, err
	}
	r.left--
	if token == json.Delim('{') {
		r.left -= objectCost - 1
	}
	switch {
	case r.left < 0:
		return nil, fmt.Errorf("the text holds over %d values, an object counting as %d", MaxRange, objectCost)
	case deep == 0:
		return nil, fmt.Errorf("the text is nested over %d deep", maxNested)
	}
	switch token := token.(type) {
	case bool:
		return starlark.Bool(token), nil
	case string:
		return starlark.String(token), nil
	case json.Number:
		return number(string(token))
	case json.Delim:
		if token == '[' {
			return r.array(deep - 1)
		}
		return r.object(deep - 1)
	}
	return starlark.None, nil
}

func (r *jsonReader) array(deep int) (starlark.Value, error) {
	var elements []starlark.Value
	for r.tokens.More() {
		v, err := r.value(deep)
		if err != nil {
			return nil, err
		}
		elements = append(elements, v)
	}
	_, err := r.tokens.Token() // the bracket, or why there is none
	return starlark.NewList(elements), err
}

func (r *jsonReader) object(deep int) (starlark.Value, error) {
	object := new(starlark.Dict)
	for r.tokens.More() {
		key, err := r.value(deep)
		if err != nil {
			return nil, err
		}
		if _, twice, _ := object.Get(key); twice {
			return nil, errors.New("an object has the same key twice")
		}
		v, err := r.value(deep)
		if err != nil {
			return nil, err
		}
		object.SetKey(key, v) // a new dict takes any text
	}
	_, err := r.tokens.Token()
	return object, err
}

func number(text string) (starlark.Value, error) {
	if strings.ContainsAny(text, ".eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errors.New("a number is too large for a float")
		}
		return starlark.Float(f), nil
	}
	if len(text) > MaxDigits {
		return nil, fmt.Errorf("a number has %d digits; at most %d are read", len(text), MaxDigits)
	}
	n, _ := new(big.Int).SetString(text, 10) // JSON's grammar is within it
	return starlark.MakeBigInt(n), nil
}

// jsonError says where a text is not JSON.
func jsonError(err error) error {
	var wrong *json.SyntaxError
	switch {
	case errors.As(err, &wrong) && strings.HasPrefix(wrong.Error(), "unexpected end"), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the text is not JSON: it ends too early")
	case errors.As(err, &wrong):
		return fmt.Errorf("the text is not JSON: byte %d: %w", wrong.Offset, err)
	}
	return err
}
