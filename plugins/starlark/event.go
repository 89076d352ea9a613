package starlark

import (
	"strconv"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

// event is what a script sees of a core.Event: name, data, text, timer and link.
type event struct {
	kind     core.EventKind
	data     string
	link     string
	commands []core.Command // of the script's manifest, for parse_command
}

var _ starlark.HasAttrs = (*event)(nil)

func newEvent(ev core.Event, commands []core.Command) *event {
	return &event{kind: ev.Kind, data: string(ev.Data), link: ev.Link, commands: commands}
}

func (e *event) Attr(name string) (starlark.Value, error) {
	data, timer := e.data, ""
	if e.kind == core.TimerFired {
		data, timer = "", e.data
	}
	switch name {
	case "name":
		return starlark.String(e.kind.String()), nil
	case "data":
		return starlark.Bytes(data), nil
	case "text":
		return starlark.String(repaired(data)), nil
	case "timer":
		return starlark.String(timer), nil
	case "link":
		return starlark.String(e.link), nil
	}
	return nil, nil
}

func (e *event) AttrNames() []string   { return []string{"data", "link", "name", "text", "timer"} }
func (e *event) String() string        { return "event(" + strconv.Quote(e.kind.String()) + ")" }
func (e *event) Type() string          { return "event" }
func (e *event) Freeze()               {}
func (e *event) Truth() starlark.Bool  { return true }
func (e *event) Hash() (uint32, error) { return 0, errUnhashable("event") }

// repaired returns s with U+FFFD for each invalid byte.
func repaired(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
