package starlark

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/protocol-workbench/workbench/core"
)

// MaxDraw is how many bytes one name of a seed has: RFC 5869, section 2.3.
const MaxDraw = 255 * sha256.Size

// chanceModule has what makes bytes of a session's seed.
var chanceModule = &starlarkstruct.Module{Name: "chance", Members: starlark.StringDict{"draw": builtin("chance.draw", draw)}}

// draw(seed, name, size) is HKDF-Expand. It keeps no state, so there is none that a
// checkpoint would have to hold.
func draw(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var seed, name textOrBytes
	var size int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "seed", &seed, "name", &name, "size", &size); err != nil {
		return nil, err
	}
	if size < 0 || size > MaxDraw {
		return nil, fmt.Errorf("%s: %d bytes; 0 to %d can be drawn for one name", b.Name(), size, MaxDraw)
	}
	if len(name) > core.MaxOptionValue { // each block hashes it anew
		return nil, fmt.Errorf("%s: the name has %d bytes; it may have %d", b.Name(), len(name), core.MaxOptionValue)
	}
	if len(seed) != sha256.Size {
		return nil, fmt.Errorf("%s: the seed has %d bytes, not %d: pass session.seed", b.Name(), len(seed), sha256.Size)
	}
	pay(t, (1+len(name))*(1+size/sha256.Size)+size)
	drawn, err := hkdf.Expand(sha256.New, []byte(seed), string(name), size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return starlark.Bytes(drawn), nil
}

// nanoseconds returns a time as a number since 1970, also one that UnixNano cannot hold.
func nanoseconds(t time.Time) starlark.Int {
	n := new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(int64(time.Second)))
	return starlark.MakeBigInt(n.Add(n, big.NewInt(int64(t.Nanosecond()))))
}
