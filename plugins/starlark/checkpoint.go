package starlark

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

// A checkpoint is a version byte and the state. A value is a byte that says
// its type, then its payload: counts and sizes as varints, what a list, tuple
// or set holds in order, keys and values of a dict in turn.
const checkpointVersion = 1

const (
	typeNone   = 'n'
	typeFalse  = 'f'
	typeTrue   = 't'
	typeInt    = 'i' // zigzag varint
	typeBigInt = 'I' // sign, size, magnitude; what does not fit an int64
	typeFloat  = 'F' // 8 bytes
	typeString = 's'
	typeBytes  = 'b'
	typeTuple  = '('
	typeList   = '['
	typeDict   = '{'
	typeSet    = '<'
	typeFrozen = '!' // a list, dict or set follows, of the script's globals: it cannot change
)

var errCheckpoint = errors.New("the checkpoint does not parse")

// Checkpoint appends the state. It answers core.ErrNoCheckpoint, with why, for
// a state over core.MaxCheckpoint, nested over 64 deep, or that holds something
// else than None, booleans, numbers, texts, bytes, lists, tuples, dicts and
// sets, or a list, dict or set twice: restored, those would be two.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	e := encoder{out: append(dst, checkpointVersion), from: len(dst)}
	if err := e.value(m.state, maxNested); err != nil {
		return dst, fmt.Errorf("%w: %w", core.ErrNoCheckpoint, err)
	}
	return e.out, nil
}

// Restore takes what Checkpoint wrote. After an error the state is unchanged.
func (m *machine) Restore(checkpoint []byte) error {
	if len(checkpoint) == 0 || len(checkpoint) > core.MaxCheckpoint || checkpoint[0] != checkpointVersion {
		return errCheckpoint
	}
	d := decoder{in: checkpoint[1:]}
	state := d.value(maxNested)
	if d.bad || len(d.in) > 0 {
		return errCheckpoint
	}
	// One state, one encoding: a varint may be written longer than it need be.
	again, err := (&machine{state: state}).Checkpoint(nil)
	if err != nil || !bytes.Equal(again, checkpoint) {
		return errCheckpoint
	}
	m.state, m.size = state, sizer{}
	return nil
}

type encoder struct {
	out    []byte
	from   int // where the checkpoint begins
	seen   map[starlark.Value]bool
	frozen bool // within what is frozen
}

func (e *encoder) value(v starlark.Value, deep int) error {
	if deep == 0 {
		return fmt.Errorf("the state is nested over %d deep", maxNested)
	}
	switch v := v.(type) {
	case starlark.NoneType:
		e.out = append(e.out, typeNone)
	case starlark.Bool:
		if v {
			e.out = append(e.out, typeTrue)
		} else {
			e.out = append(e.out, typeFalse)
		}
	case starlark.Int:
		if n, small := v.Int64(); small {
			e.out = binary.AppendVarint(append(e.out, typeInt), n)
		} else {
			e.out = append(e.out, typeBigInt, byte(v.Sign()))
			return e.payload(string(v.BigInt().Bytes()))
		}
	case starlark.Float:
		e.out = binary.BigEndian.AppendUint64(append(e.out, typeFloat), math.Float64bits(float64(v)))
	case starlark.String:
		e.out = append(e.out, typeString)
		return e.payload(string(v))
	case starlark.Bytes:
		e.out = append(e.out, typeBytes)
		return e.payload(string(v))
	case starlark.Tuple:
		return e.elements(typeTuple, v, deep)
	case *starlark.List, *starlark.Dict, *starlark.Set:
		return e.container(v, deep)
	default:
		return fmt.Errorf("the state holds a value of type %s", v.Type())
	}
	return e.room()
}

func (e *encoder) container(v starlark.Value, deep int) error {
	if e.seen[v] {
		return fmt.Errorf("the state holds the same %s in two places", v.Type())
	}
	switch {
	case e.frozen: // may be in two places: nobody can tell it from two
	case frozen(v):
		e.out = append(e.out, typeFrozen)
		e.frozen = true
		defer func() { e.frozen = false }()
	case e.seen == nil:
		e.seen = map[starlark.Value]bool{v: true}
	default:
		e.seen[v] = true
	}
	switch v := v.(type) {
	case *starlark.List:
		return e.elements(typeList, v, deep)
	case *starlark.Set:
		return e.elements(typeSet, v, deep)
	case *starlark.Dict:
		e.count(typeDict, v.Len())
		for k, x := range v.Entries() {
			if err := errors.Join(e.value(k, deep-1), e.value(x, deep-1)); err != nil {
				return err
			}
		}
	}
	return e.room()
}

func (e *encoder) elements(t byte, v starlark.Sequence, deep int) error {
	e.count(t, v.Len())
	for x := range starlark.Elements(v) {
		if err := e.value(x, deep-1); err != nil {
			return err
		}
	}
	return e.room()
}

func (e *encoder) count(t byte, n int) { e.out = binary.AppendUvarint(append(e.out, t), uint64(n)) }

func (e *encoder) payload(s string) error {
	e.out = append(binary.AppendUvarint(e.out, uint64(len(s))), s...)
	return e.room()
}

func (e *encoder) room() error {
	if len(e.out)-e.from > core.MaxCheckpoint {
		return fmt.Errorf("the state has over %d bytes", core.MaxCheckpoint)
	}
	return nil
}

// frozen reports whether v cannot be changed any more, by a change that
// changes nothing.
func frozen(v starlark.Value) bool {
	switch v := v.(type) {
	case *starlark.List:
		if v.Len() > 0 {
			return v.SetIndex(0, v.Index(0)) != nil
		}
		return v.Clear() != nil
	case *starlark.Dict:
		if k := first(v); k != nil {
			x, _, _ := v.Get(k)
			return v.SetKey(k, x) != nil
		}
		return v.Clear() != nil
	case *starlark.Set:
		if x := first(v); x != nil {
			return v.Insert(x) != nil
		}
		return v.Clear() != nil
	}
	return false
}

// first returns what an iteration begins with, or nil.
func first(v starlark.Iterable) (x starlark.Value) {
	it := v.Iterate()
	defer it.Done()
	it.Next(&x)
	return x
}
