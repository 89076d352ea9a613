package frames

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/tinylib/msgp/msgp"

	"github.com/protocol-workbench/workbench/core"
)

// maxNotation is how large a payload may be that is shown in another notation than its own.
const maxNotation = 64 << 10

// toPayload makes the bytes of what was typed.
func (l *layout) toPayload(text string) ([]byte, error) {
	switch l.payload {
	case payloadHex:
		return fromHex(text)
	case payloadText:
		return []byte(text), nil
	}
	text = strings.TrimSpace(text)
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return nil, fmt.Errorf("expected JSON, as in {\"a\": [1, true]}; %s", wordsOf(err))
	}
	switch l.payload {
	case payloadMessagePack:
		return appendMessagePack(nil, v)
	case payloadCBOR:
		return l.toCBOR.Marshal(numbers(v))
	}
	return []byte(text), nil
}

func wordsOf(err error) string {
	if err == nil {
		return "one value, and no more"
	}
	return core.CutWords(err.Error(), 100)
}

// newCBOR returns how CBOR is made, with the members of maps sorted, so that the same text
// makes the same bytes, and how it is shown.
func newCBOR() (to cbor.EncMode, from cbor.DiagMode, err error) {
	if to, err = cbor.CoreDetEncOptions().EncMode(); err != nil {
		return nil, nil, err
	}
	from, err = cbor.DiagOptions{MaxArrayElements: maxNotation, MaxMapPairs: maxNotation}.DiagMode()
	return to, from, err
}

// numbers puts the numbers of JSON as those of Go.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		x, _ := v.Float64()
		return x
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = numbers(v[name])
		}
	}
	return v
}

// appendMessagePack appends a value of JSON, the members of maps by their names.
func appendMessagePack(dst []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return msgp.AppendNil(dst), nil
	case bool:
		return msgp.AppendBool(dst, v), nil
	case string:
		return msgp.AppendString(dst, v), nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return msgp.AppendInt64(dst, n), nil
		}
		x, err := v.Float64()
		return msgp.AppendFloat64(dst, x), err
	case []any:
		dst = msgp.AppendArrayHeader(dst, uint32(len(v)))
		for _, one := range v {
			if dst, err = appendMessagePack(dst, one); err != nil {
				return nil, err
			}
		}
		return dst, nil
	case map[string]any:
		dst = msgp.AppendMapHeader(dst, uint32(len(v)))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if dst, err = appendMessagePack(msgp.AppendString(dst, name), v[name]); err != nil {
				return nil, err
			}
		}
		return dst, nil
	}
	return nil, errors.New("no value of JSON")
}

// show returns a payload as text, and what is wrong with it.
func (l *layout) show(data []byte) (text, wrong string) {
	switch l.payload {
	case payloadText:
		return string(data), ""
	case payloadJSON:
		if !json.Valid(data) {
			return string(data), "RFC 8259: this is no JSON"
		}
		return string(data), ""
	case payloadMessagePack, payloadCBOR:
		if len(data) <= maxNotation {
			break
		}
		fallthrough
	default:
		return spaced(data), ""
	}
	if l.payload == payloadCBOR {
		text, err := l.fromCBOR.Diagnose(data)
		if err != nil {
			return spaced(data), "RFC 8949: " + core.CutWords(strings.TrimPrefix(err.Error(), "cbor: "), 100)
		}
		return text, ""
	}
	rest, err := msgp.Skip(data)
	var b bytes.Buffer
	if err == nil && len(rest) == 0 {
		_, err = msgp.UnmarshalAsJSON(&b, data)
	}
	switch {
	case err != nil:
		return spaced(data), "MessagePack: " + core.CutWords(strings.TrimPrefix(err.Error(), "msgp: "), 100)
	case len(rest) > 0:
		return spaced(data), "MessagePack: one value, and " + core.Plural(len(rest), "byte") + " more"
	}
	return b.String(), ""
}

// spaced writes bytes as pairs of hex digits.
func spaced(data []byte) string { return fmt.Sprintf("% x", data) }
