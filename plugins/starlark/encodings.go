package starlark

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// bytesPerStep is how many bytes that base64 and hash work through at one stroke
// count as a step.
const bytesPerStep = 16

func pay(t *starlark.Thread, n int) { t.Steps += uint64(n / bytesPerStep) }

// textOrBytes is an argument that is either; a text stands for its UTF-8.
type textOrBytes string

// Unpack implements starlark.Unpacker.
func (p *textOrBytes) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.String:
		*p = textOrBytes(v)
	case starlark.Bytes:
		*p = textOrBytes(v)
	default:
		return fmt.Errorf("got %s, want string or bytes", v.Type())
	}
	return nil
}

// base64Module is base64 of RFC 4648.
var base64Module = &starlarkstruct.Module{Name: "base64", Members: starlark.StringDict{
	"encode": builtin("base64.encode", base64Encode),
	"decode": builtin("base64.decode", base64Decode),
}}

// encode(data, url=False, padding=True) writes data in the alphabet of section
// 4, or with url in that of section 5.
func base64Encode(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	data, encoding, _, err := base64Arguments(b.Name(), "data", args, kwargs)
	if err != nil {
		return nil, err
	}
	size := encoding.EncodedLen(len(data))
	if err := checkSize(size); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	pay(t, size)
	return starlark.String(encoding.EncodeToString([]byte(data))), nil
}

// decode(text, url=False, padding=True) reads what encode writes, and nothing
// else: no other alphabet, no line ends, no bits that are left over.
func base64Decode(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	text, encoding, form, err := base64Arguments(b.Name(), "text", args, kwargs)
	if err != nil {
		return nil, err
	}
	pay(t, len(text))
	at := strings.IndexAny(text, "\r\n") // which the decoder skips
	data, err := encoding.DecodeString(text)
	if wrong, ok := err.(base64.CorruptInputError); ok && (at < 0 || int(wrong) < at) {
		at = int(wrong)
	}
	if at >= 0 {
		return nil, fmt.Errorf("%s: the text is wrong from byte %d on: expected base64 %s, and nothing else", b.Name(), at, form)
	}
	return starlark.Bytes(data), nil
}

// base64Arguments returns the first argument, the encoding that the others name,
// and that in words.
func base64Arguments(function, first string, args starlark.Tuple, kwargs []starlark.Tuple) (string, *base64.Encoding, string, error) {
	var data textOrBytes
	url, padding := false, true
	if err := starlark.UnpackArgs(function, args, kwargs, first, &data, "url?", &url, "padding?", &padding); err != nil {
		return "", nil, "", err
	}
	encoding, form := base64.StdEncoding, "of A-Z a-z 0-9 + /"
	if url {
		encoding, form = base64.URLEncoding, "of A-Z a-z 0-9 - _"
	}
	if padding {
		return string(data), encoding.Strict(), form + " padded with =", nil
	}
	return string(data), encoding.WithPadding(base64.NoPadding).Strict(), form + " without padding", nil
}

// hashModule is the module hash. It can be called too, as Starlark's own function
// of that name.
var hashModule = hashes{&starlarkstruct.Module{Name: "hash", Members: starlark.StringDict{
	"sha256": digest("hash.sha256", func(data []byte) starlark.Value { d := sha256.Sum256(data); return starlark.Bytes(d[:]) }),
	"sha1":   digest("hash.sha1", func(data []byte) starlark.Value { d := sha1.Sum(data); return starlark.Bytes(d[:]) }),
	"md5":    digest("hash.md5", func(data []byte) starlark.Value { d := md5.Sum(data); return starlark.Bytes(d[:]) }),
	"crc32":  digest("hash.crc32", func(data []byte) starlark.Value { return starlark.MakeUint64(uint64(crc32.ChecksumIEEE(data))) }),
}}}

type hashes struct{ *starlarkstruct.Module }

var _ starlark.Callable = hashes{}

// Name implements starlark.Callable.
func (hashes) Name() string { return "hash" }

// CallInternal implements starlark.Callable.
func (hashes) CallInternal(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return own("hash", t, args, kwargs)
}

// digest is a function of one argument, data.
func digest(name string, sum func([]byte) starlark.Value) *starlark.Builtin {
	return builtin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var data textOrBytes
		if err := starlark.UnpackArgs(name, args, kwargs, "data", &data); err != nil {
			return nil, err
		}
		pay(t, len(data))
		return sum([]byte(data)), nil
	})
}
