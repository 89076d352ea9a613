package starlark

import (
	"errors"
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/protocol-workbench/workbench/core/framing"
)

// framingModule cuts a direction of a connection into frames, as package core/framing does.
// Its functions take a stream, which is a dict in the script's state, {} at first, so that
// it is written down with the state.
var framingModule = &starlarkstruct.Module{Name: "framing", Members: starlark.StringDict{
	"lines":          builtin("framing.lines", framingLines),
	"after":          builtin("framing.after", framingAfter),
	"prefixed":       builtin("framing.prefixed", framingPrefixed),
	"content_length": builtin("framing.content_length", framingContentLength),
	"skip":           builtin("framing.skip", framingSkip),
	"resync":         builtin("framing.resync", framingResync),
}}

// Keys of a stream's dict.
const (
	atKey    = "at"    // where held begins in the stream
	heldKey  = "held"  // the beginning of a frame
	wrongKey = "wrong" // why the stream cannot go on

	// searchKey is whether the stream looks for a place where a frame begins: one of
	// searches, and absent for the first.
	searchKey = "search"
)

var searches = []string{framing.Unsought: "", framing.Searching: "searching", framing.Found: "found"}

// frameStream is the arguments that all functions which return frames have.
type frameStream struct {
	dict      *starlark.Dict
	data      starlark.Bytes
	most      int
	plausible starlark.Callable // of a frame, and whether it is whole; nil: not given
}

// lines(stream, data, most=1048576, plausible=None) cuts after each LF.
func framingLines(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := frameStream{most: framing.DefaultMost}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "stream", &s.dict, "data", &s.data, "most?", &s.most, "plausible?", &s.plausible); err != nil {
		return nil, err
	}
	return s.frames(t, b.Name(), framing.Lines())
}

// after(stream, data, delimiter, most=1048576, plausible=None) cuts after each delimiter.
func framingAfter(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := frameStream{most: framing.DefaultMost}
	var delimiter starlark.Bytes
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "stream", &s.dict, "data", &s.data, "delimiter", &delimiter, "most?", &s.most, "plausible?", &s.plausible); err != nil {
		return nil, err
	}
	if delimiter == "" {
		return nil, fmt.Errorf("%s: there is nothing to cut after: delimiter is empty", b.Name())
	}
	return s.frames(t, b.Name(), framing.After(string(delimiter)))
}

// prefixed(stream, data, size, order="big", counts="rest", most=1048576, plausible=None) cuts frames
// that begin with their length, in size bytes.
func framingPrefixed(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := frameStream{most: framing.DefaultMost}
	var size int
	order, counts := "big", "rest"
	err := starlark.UnpackArgs(b.Name(), args, kwargs,
		"stream", &s.dict, "data", &s.data, "size", &size, "order?", &order, "counts?", &counts, "most?", &s.most, "plausible?", &s.plausible)
	switch {
	case err != nil:
		return nil, err
	case size < 1 || size > 8:
		return nil, fmt.Errorf("%s: size is %d; it is 1 to 8", b.Name(), size)
	case order != "big" && order != "little":
		return nil, fmt.Errorf(`%s: order is "big" or "little", not %q`, b.Name(), order)
	case counts != "rest" && counts != "whole":
		return nil, fmt.Errorf(`%s: counts is "rest", what follows the length, or "whole", not %q`, b.Name(), counts)
	}
	what := framing.Rest
	if counts == "whole" {
		what = framing.Whole
	}
	return s.frames(t, b.Name(), framing.Prefixed(size, order == "little", what))
}

// content_length(stream, data, most=1048576, plausible=None) cuts headers with the bytes that
// their Content-Length announces.
func framingContentLength(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := frameStream{most: framing.DefaultMost}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "stream", &s.dict, "data", &s.data, "most?", &s.most, "plausible?", &s.plausible); err != nil {
		return nil, err
	}
	return s.frames(t, b.Name(), framing.ContentLength())
}

// frames returns a list of the frames that are whole now, each with where it begins in the
// stream. A script can catch no error, and an error would take with it what was found
// before, so that the outcome depended on the reads: why a stream cannot go on is therefore
// written into its dict.
func (s *frameStream) frames(t *starlark.Thread, name string, cut framing.Cut) (starlark.Value, error) {
	stream := framing.Stream{Cut: cut, Most: s.most}
	err := takeStream(name, s.dict, &stream)
	switch {
	case err != nil:
		return nil, err
	case s.most < 1:
		return nil, fmt.Errorf("%s: most is %d; it is 1 or more", name, s.most)
	case stream.Search != framing.Unsought && s.plausible == nil:
		return nil, fmt.Errorf("%s: after framing.resync it needs plausible, a function that says of a frame whether it looks like one", name)
	}
	var all []starlark.Value
	if _, wrong, _ := s.dict.Get(starlark.String(wrongKey)); wrong {
		return starlark.NewList(all), nil
	}
	_, held := stream.Held()
	pay(t, len(held)+len(s.data))
	stream.Plausible = func(frame []byte, whole bool) bool {
		if err != nil {
			return false
		}
		var is starlark.Value
		if is, err = starlark.Call(t, s.plausible, starlark.Tuple{starlark.Bytes(frame), starlark.Bool(whole)}, nil); err != nil {
			return false
		}
		return bool(is.Truth())
	}
	failed := stream.Feed([]byte(s.data), func(at int64, frame []byte) error {
		all = append(all, starlark.Tuple{starlark.MakeInt64(at), starlark.Bytes(frame)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if failed != nil {
		if err := s.dict.SetKey(starlark.String(wrongKey), starlark.String(failed.Error())); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return starlark.NewList(all), nil
	}
	return starlark.NewList(all), keepStream(name, s.dict, &stream)
}

// skip(stream, n) says that n bytes were missed, and that the next one begins a frame.
func framingSkip(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return missed(b, args, kwargs, (*framing.Stream).Skip)
}

// resync(stream, n) says that n bytes were missed, and that the next one may be anywhere.
func framingResync(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return missed(b, args, kwargs, (*framing.Stream).Resync)
}

func missed(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, miss func(s *framing.Stream, n int64)) (starlark.Value, error) {
	var dict *starlark.Dict
	var n int64
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "stream", &dict, "n", &n); err != nil {
		return nil, err
	}
	var stream framing.Stream
	err := takeStream(b.Name(), dict, &stream)
	switch {
	case err != nil:
		return nil, err
	case n < 0:
		return nil, fmt.Errorf("%s: n is %d; it is 0 or more", b.Name(), n)
	}
	miss(&stream, n)
	return starlark.None, keepStream(b.Name(), dict, &stream)
}

// takeStream has s go on where a stream's dict says.
func takeStream(name string, d *starlark.Dict, s *framing.Stream) error {
	wrong := errors.New(`a stream is a dict of the state, {} at first, which these functions change`)
	var at int64
	if v, ok, _ := d.Get(starlark.String(atKey)); ok {
		if err := starlark.AsInt(v, &at); err != nil || at < 0 {
			return fmt.Errorf("%s: %w", name, wrong)
		}
	}
	var held starlark.Bytes
	if v, ok, _ := d.Get(starlark.String(heldKey)); ok {
		if held, ok = v.(starlark.Bytes); !ok {
			return fmt.Errorf("%s: %w", name, wrong)
		}
	}
	if v, ok, _ := d.Get(starlark.String(searchKey)); ok {
		word, _ := starlark.AsString(v)
		i := slices.Index(searches, word)
		if i < 0 {
			return fmt.Errorf("%s: %w", name, wrong)
		}
		s.Search = framing.Search(i)
	}
	s.Resume(at, []byte(held))
	return nil
}

func keepStream(name string, d *starlark.Dict, s *framing.Stream) error {
	at, held := s.Held()
	err := d.SetKey(starlark.String(atKey), starlark.MakeInt64(at))
	if err == nil {
		err = d.SetKey(starlark.String(heldKey), starlark.Bytes(held))
	}
	if _, searched, _ := d.Get(starlark.String(searchKey)); err == nil && (searched || s.Search != framing.Unsought) {
		err = d.SetKey(starlark.String(searchKey), starlark.String(searches[s.Search]))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
