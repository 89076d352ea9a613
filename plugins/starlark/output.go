package starlark

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

// output is the out of a script. Its methods are the words that follow
// << in a transcript.
type output struct {
	to      *core.Out      // of the call that is running
	joined  []byte         // for the parts of one action
	marked  bool           // the script has marked a secret
	quiet   *time.Duration // set while open runs: the silence that the script asks for
	methods [len(outNames)]starlark.Value
}

var _ starlark.HasAttrs = (*output)(nil)

// keepJoined is how much memory a session keeps for its next action.
const keepJoined = 4 << 10

var outNames = [...]string{"server", "text", "part", "binary", "finish_server", "close", "note", "timer", "stop_timer", "pass_through", "secret", "secret_bytes", "quiet", "start_tls", "message", "connect", "accept", "send_link", "finish_link", "close_link"}

// do carries out out.name(args).
func (o *output) do(name string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	switch name {
	case "server":
		return o.send((*core.Out).Server, name, args, kwargs)
	case "text":
		return o.send((*core.Out).Text, name, args, kwargs)
	case "part":
		return o.send((*core.Out).Part, name, args, kwargs)
	case "binary":
		return o.send((*core.Out).Binary, name, args, kwargs)
	case "finish_server":
		if err := starlark.UnpackArgs("out."+name, args, kwargs); err != nil {
			return err
		}
		o.to.FinishServer()
	case "close":
		return o.say((*core.Out).Close, "words", name, args, kwargs)
	case "note":
		return o.note(args, kwargs)
	case "timer":
		return o.timer(args, kwargs)
	case "stop_timer":
		return o.say((*core.Out).StopTimer, "name", name, args, kwargs)
	case "pass_through":
		return o.passThrough(args, kwargs)
	case "secret":
		o.marked = true
		return o.secret(args, kwargs)
	case "secret_bytes":
		o.marked = true
		return o.send(secretBytes, name, args, kwargs)
	case "start_tls":
		return o.startTLS(args, kwargs)
	case "message":
		return o.message(args, kwargs)
	case "connect":
		return o.connect(args, kwargs)
	case "accept":
		return o.accept(args, kwargs)
	case "send_link":
		return o.sendLink(args, kwargs)
	case "finish_link":
		return o.say((*core.Out).FinishLink, "link", name, args, kwargs)
	case "close_link":
		return o.say((*core.Out).CloseLink, "link", name, args, kwargs)
	case "quiet":
		return o.askQuiet(args, kwargs)
	}
	return nil
}

// send joins parts and makes them one action.
func (o *output) send(action func(*core.Out, ...[]byte), name string, parts starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(kwargs) > 0 {
		return fmt.Errorf("out.%s: it takes texts and bytes, and nothing by name", name)
	}
	o.joined = o.joined[:0]
	for _, part := range parts {
		switch p := part.(type) {
		case starlark.String:
			o.joined = append(o.joined, p...)
		case starlark.Bytes:
			o.joined = append(o.joined, p...)
		default:
			return fmt.Errorf("out.%s: expected a str or bytes, not a value of type %s; str(x) makes a text of any value", name, part.Type())
		}
		if len(o.joined) > core.MaxActionPayload {
			break // which the action below refuses
		}
	}
	action(o.to, o.joined)
	if cap(o.joined) > keepJoined {
		o.joined = nil
	}
	return nil
}

func secretBytes(to *core.Out, parts ...[]byte) { to.SecretBytes(slices.Concat(parts...)) }

// say gives an action its one text, which the script calls what.
func (o *output) say(action func(*core.Out, string), what, name string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	var text string
	if err := starlark.UnpackArgs("out."+name, args, kwargs, what, &text); err != nil {
		return err
	}
	action(o.to, text)
	return nil
}

func (o *output) note(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var text string
	level := core.LevelInfo.String()
	if err := starlark.UnpackArgs("out.note", args, kwargs, "words", &text, "level?", &level); err != nil {
		return err
	}
	l, ok := core.ParseLevel(level)
	if !ok {
		return fmt.Errorf(`out.note: expected the level "info", "warning" or "error", not %q`, core.CutWords(level, 80))
	}
	o.to.NoteAt(l, text)
	return nil
}

func (o *output) timer(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var name string
	var after starlark.Value
	if err := starlark.UnpackArgs("out.timer", args, kwargs, "name", &name, "after", &after); err != nil {
		return err
	}
	d, err := duration(after)
	if err != nil {
		return fmt.Errorf("out.timer: %w", err)
	}
	o.to.Timer(name, d)
	return nil
}

func (o *output) passThrough(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var side string
	if err := starlark.UnpackArgs("out.pass_through", args, kwargs, "side", &side); err != nil {
		return err
	}
	s, err := sideOf("pass_through", side)
	if err == nil {
		o.to.PassThrough(s)
	}
	return err
}

// sideOf reads a side for an order of that name.
func sideOf(order, side string) (core.Side, error) {
	for _, s := range []core.Side{core.Client, core.Server} {
		if s.String() == side {
			return s, nil
		}
	}
	return 0, fmt.Errorf(`out.%s: expected "client" or "server", not %q`, order, core.CutWords(side, 80))
}

func (o *output) startTLS(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var side, name string
	var rest int
	if err := starlark.UnpackArgs("out.start_tls", args, kwargs, "side", &side, "name?", &name, "rest?", &rest); err != nil {
		return err
	}
	s, err := sideOf("start_tls", side)
	if err == nil {
		o.to.StartTLS(s, name, rest)
	}
	return err
}

func (o *output) secret(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var of string
	var begin, end int
	if err := starlark.UnpackArgs("out.secret", args, kwargs, "of", &of, "begin", &begin, "end", &end); err != nil {
		return err
	}
	if of != "event" && of != "action" {
		return fmt.Errorf(`out.secret: expected "event" or "action", not %q`, core.CutWords(of, 80))
	}
	o.to.Secret(of == "action", begin, end)
	return nil
}

// askQuiet asks to be told when the server falls silent.
func (o *output) askQuiet(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var after starlark.Value
	if err := starlark.UnpackArgs("out.quiet", args, kwargs, "after", &after); err != nil {
		return err
	}
	d, err := duration(after)
	switch {
	case err != nil:
		return fmt.Errorf("out.quiet: %w", err)
	case o.quiet == nil:
		return errors.New("out.quiet: only open may ask for silences, once for the session")
	case d < core.MinQuiet || d > core.MaxQuiet:
		return fmt.Errorf("out.quiet: a silence lasts from %v to %v, not %v", core.MinQuiet, core.MaxQuiet, d)
	}
	*o.quiet = d
	return nil
}

// duration reads "2s", as in a transcript, or a number of seconds.
func duration(v starlark.Value) (time.Duration, error) {
	if s, ok := starlark.AsString(v); ok {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, fmt.Errorf(`expected a time such as "2s" or "100ms", not %q`, core.CutWords(s, 80))
		}
		return d, nil
	}
	seconds, ok := starlark.AsFloat(v)
	if !ok {
		return 0, fmt.Errorf(`expected a time such as "2s", or a number of seconds, not a value of type %s`, v.Type())
	}
	// Past its bounds a float has no time.Duration; the action refuses the bound.
	return time.Duration(min(max(seconds, 0), 2*core.MaxTimer.Seconds()) * float64(time.Second)), nil
}

func (o *output) Attr(name string) (starlark.Value, error) {
	i := slices.Index(outNames[:], name)
	if i < 0 {
		return nil, nil
	}
	if o.methods[i] == nil {
		o.methods[i] = builtin("out."+name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := o.do(name, args, kwargs); err != nil {
				return nil, err
			}
			return starlark.None, o.to.Err()
		})
	}
	return o.methods[i], nil
}

func (o *output) AttrNames() []string   { return slices.Sorted(slices.Values(outNames[:])) }
func (o *output) String() string        { return "out" }
func (o *output) Type() string          { return "out" }
func (o *output) Freeze()               {}
func (o *output) Truth() starlark.Bool  { return true }
func (o *output) Hash() (uint32, error) { return 0, errUnhashable("out") }

func errUnhashable(what string) error { return fmt.Errorf("unhashable type: %s", what) }
