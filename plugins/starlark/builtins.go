package starlark

import (
	"fmt"

	"go.starlark.net/starlark"
)

// Bounds of what one operation makes of a number or a text, which may have come
// from the network.
const (
	MaxValue  = 8 << 20 // bytes of a product, of JSON and of base64
	MaxRange  = 1 << 20 // elements of a range or product, values that are read from JSON
	MaxDigits = 4300    // digits of a number that is read from text
	maxBits   = 1 << 16 // of a product
	maxNested = 64      // lists within lists in JSON and in the state
)

// predeclared is what a script finds beside Starlark's own, and in its place.
var predeclared = starlark.StringDict{
	multiplied: multiplier{builtin("*", nil)},
	whileTrue:  starlark.True,
	"range":    builtin("range", boundedRange),
	"int":      builtin("int", boundedInt),
	"framing":  framingModule,
	"octets":   octets,
	"json":     jsonModule,
	"base64":   base64Module,
	"hash":     hashModule,
	"chance":   chanceModule,

	"parse_command": builtin("parse_command", parseCommand),
}

// goFunction is how Starlark calls Go.
type goFunction = func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

func builtin(name string, f goFunction) *starlark.Builtin { return starlark.NewBuiltin(name, f) }

// own calls Starlark's own function.
func own(name string, t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.Universe[name].(*starlark.Builtin).CallInternal(t, args, kwargs)
}

func boundedRange(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	r, err := own("range", t, args, kwargs)
	if err == nil && starlark.Len(r) > MaxRange {
		return nil, fmt.Errorf("a range of %d numbers is too long; it may have %d. To go on until something happens, use while", starlark.Len(r), MaxRange)
	}
	return r, err
}

// boundedInt refuses texts that would take seconds: the time grows by the square.
func boundedInt(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		if s, ok := starlark.AsString(args[0]); ok && len(s) > MaxDigits {
			return nil, fmt.Errorf("the number has %d digits; at most %d are read", len(s), MaxDigits)
		}
	}
	return own("int", t, args, kwargs)
}

func checkSize(size int) error {
	if size > MaxValue {
		return fmt.Errorf("the text would have over %d bytes", MaxValue)
	}
	return nil
}
