package starlark

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Bounds of what one operation makes.
const (
	MaxValue  = 8 << 20 // bytes of a text or bytes, made at one stroke
	MaxRange  = 1 << 20 // elements of a range, and of a list or tuple made at one stroke
	MaxDigits = 4300    // digits of a number that is read from text
	maxBits   = 1 << 16 // of a product
	maxNested = 64      // lists within lists that may be printed or kept
)

// predeclared is what a script finds beside Starlark's own, and in its place.
var predeclared = starlark.StringDict{
	callMultiply: builtin("*", multiply),
	callFormat:   builtin("%", formatted),
	callAdd:      builtin("+", add),
	callGrow:     builtin("+=", grow),
	callMethod:   builtin(".", method),
	whileTrue:    starlark.True,
	"getattr":    builtin("getattr", method),
	"range":      builtin("range", boundedRange),
	"int":        builtin("int", boundedInt),
	"zip":        builtin("zip", boundedZip),
	"str":        printing("str"),
	"repr":       printing("repr"),
	"print":      printing("print"),
	"fail":       printing("fail"),
	"octets":     octets,
	"json":       jsonModule,
	"base64":     base64Module,
	"hash":       hashModule,
}

// goFunction is how Starlark calls Go.
type goFunction = func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

func builtin(name string, f goFunction) *starlark.Builtin { return starlark.NewBuiltin(name, f) }

// own calls Starlark's own function.
func own(name string, t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.Universe[name].(*starlark.Builtin).CallInternal(t, args, kwargs)
}

func multiply(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, y := args[0], args[1]
	if n, ok := x.(starlark.Int); ok {
		x, y = y, n // the number is y, if there is one
	}
	if n, ok := y.(starlark.Int); ok {
		if err := checkRepeat(x, n); err != nil {
			return nil, err
		}
	}
	return starlark.Binary(syntax.STAR, args[0], args[1])
}

// checkRepeat reports whether x, n times over, is too large.
func checkRepeat(x starlark.Value, n starlark.Int) error {
	unit, most, what := 0, MaxValue, "bytes"
	switch x := x.(type) {
	case starlark.Int:
		if bits := bitLen(x) + bitLen(n); bits > maxBits {
			return fmt.Errorf("the product would have %d bits; at most %d fit", bits, maxBits)
		}
		return nil
	case starlark.String, starlark.Bytes:
		unit = starlark.Len(x)
	case *starlark.List, starlark.Tuple:
		unit, most, what = starlark.Len(x), MaxRange, "elements"
	}
	times, ok := n.Int64()
	if unit == 0 || n.Sign() <= 0 || ok && times <= int64(most/unit) {
		return nil
	}
	return fmt.Errorf("%d %s, %v times over, would be too much; at most %d %s are made at once", unit, what, n, most, what)
}

func add(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if err := checkSum(args[0], args[1]); err != nil {
		return nil, err
	}
	return starlark.Binary(syntax.PLUS, args[0], args[1])
}

// grow returns y of x += y.
func grow(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return args[1], checkSum(args[0], args[1])
}

// checkSum reports whether x followed by y is too large.
func checkSum(x, y starlark.Value) error {
	most, what := MaxValue, "bytes"
	switch x.(type) {
	case starlark.String, starlark.Bytes:
	case *starlark.List, starlark.Tuple:
		most, what = MaxRange, "elements"
	default:
		return nil
	}
	if n := starlark.Len(x) + max(starlark.Len(y), 0); n > most {
		return fmt.Errorf("this would make %d %s; at most %d are made at once", n, what, most)
	}
	return nil
}

// bitLen avoids a big.Int for the numbers that there nearly always are.
func bitLen(n starlark.Int) int {
	if _, ok := n.Int64(); ok {
		return 64
	}
	return n.BigInt().BitLen()
}

func formatted(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if format, ok := args[0].(starlark.String); ok {
		size := printed(args[1])
		if _, ok := args[1].(*starlark.Dict); ok {
			size *= strings.Count(string(format), "%(") // each may print any of it
		}
		if err := checkSize(len(format) + size); err != nil {
			return nil, err
		}
	}
	return starlark.Binary(syntax.PERCENT, args[0], args[1])
}

// method is getattr, and returns a guarded method of a text or list in its
// checked form.
func method(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 2 {
		name, _ := starlark.AsString(args[1])
		switch args[0].(type) {
		case starlark.String, *starlark.List:
			if m, err := args[0].(starlark.HasAttrs).Attr(name); err == nil && m != nil && guardedMethods[name] {
				return checkedMethods[name].BindReceiver(args[0]), nil
			}
		}
	}
	return own("getattr", t, args, kwargs)
}

var checkedMethods = map[string]*starlark.Builtin{
	"join":    builtin("join", checked(joinSize)),
	"replace": builtin("replace", checked(replaceSize)),
	"format":  builtin("format", checked(formatSize)),
	"extend":  builtin("extend", extend),
}

// checked calls the method of a text unless the size of its result is too
// large. Arguments that are wrong have any size: the method says what is wrong.
func checked(size func(s string, args starlark.Tuple, kwargs []starlark.Tuple) int) goFunction {
	return func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := b.Receiver().(starlark.String)
		if err := checkSize(size(string(s), args, kwargs)); err != nil {
			return nil, err
		}
		return ownMethod(t, s, b.Name(), args, kwargs)
	}
}

func extend(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	l := b.Receiver().(*starlark.List)
	if len(args) == 1 {
		if err := checkSum(l, args[0]); err != nil {
			return nil, err
		}
	}
	return ownMethod(t, l, b.Name(), args, kwargs)
}

func ownMethod(t *starlark.Thread, of starlark.HasAttrs, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m, err := of.Attr(name)
	if err != nil {
		return nil, err
	}
	return m.(*starlark.Builtin).CallInternal(t, args, kwargs)
}

func joinSize(s string, args starlark.Tuple, _ []starlark.Tuple) int {
	size := 0
	if len(args) == 1 {
		if parts, ok := args[0].(starlark.Iterable); ok {
			for part := range starlark.Elements(parts) {
				text, _ := starlark.AsString(part)
				size += len(s) + len(text)
			}
		}
	}
	return size
}

func replaceSize(s string, args starlark.Tuple, kwargs []starlark.Tuple) int {
	size := len(s)
	if len(args) >= 2 {
		before, _ := starlark.AsString(args[0])
		after, _ := starlark.AsString(args[1])
		size += strings.Count(s, before) * len(after)
	}
	return size
}

func formatSize(s string, args starlark.Tuple, kwargs []starlark.Tuple) int {
	largest := 0
	for _, a := range args {
		largest = max(largest, printed(a))
	}
	for _, a := range kwargs {
		largest = max(largest, printed(a[1]))
	}
	return len(s) + strings.Count(s, "{")*largest
}

// printing is one of Starlark's own functions that print their arguments.
func printing(name string) *starlark.Builtin {
	return builtin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := checkSize(printed(args)); err != nil {
			return nil, err
		}
		return own(name, t, args, kwargs)
	})
}

func checkSize(size int) error {
	if size > MaxValue {
		return fmt.Errorf("the text would have over %d bytes, or come from lists nested over %d deep", MaxValue, maxNested)
	}
	return nil
}

// printed returns about how many bytes v has when it is printed. It stops
// counting past MaxValue.
func printed(v starlark.Value) int { return sizes{ofNode: 2, max: MaxValue}.of(v) }

func boundedRange(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	r, err := own("range", t, args, kwargs)
	if err == nil && starlark.Len(r) > MaxRange {
		return nil, fmt.Errorf("a range of %d numbers is too long; it may have %d. To go on until something happens, use while", starlark.Len(r), MaxRange)
	}
	return r, err
}

func boundedInt(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		if s, ok := starlark.AsString(args[0]); ok && len(s) > MaxDigits {
			return nil, fmt.Errorf("the number has %d digits; at most %d are read", len(s), MaxDigits)
		}
	}
	return own("int", t, args, kwargs)
}

func boundedZip(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	shortest := MaxRange
	for _, a := range args {
		if n := starlark.Len(a); n >= 0 {
			shortest = min(shortest, n)
		}
	}
	if shortest*len(args) > MaxRange {
		return nil, fmt.Errorf("this would make %d elements; at most %d are made at once", shortest*len(args), MaxRange)
	}
	return own("zip", t, args, kwargs)
}
