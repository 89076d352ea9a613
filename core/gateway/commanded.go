package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
)

// codeCommand is the code of a command that the session has not taken.
const codeCommand = "command"

// notTaken says why one message of a client was not taken. The session goes on.
type notTaken struct{ code, words string }

func (e notTaken) Error() string { return e.words }

// command returns the event of a used command, in its one form. Whatever is wrong with it
// is a notTaken.
func (c *client) command(line string, values map[string]json.RawMessage) (core.Event, error) {
	if !c.knows(core.ClientCommand) || len(c.commands) == 0 {
		return core.Event{}, notTaken{codeCommand, fmt.Sprintf("mode %s has no commands", c.plugin)}
	}
	var call core.Call
	var err error
	if values == nil {
		call, err = core.ParseCommand(c.commands, line)
	} else {
		var typed map[string]string
		if typed, err = asTyped(values); err == nil {
			call, err = core.NewCall(c.commands, line, typed)
		}
	}
	if err != nil {
		return core.Event{}, notTaken{codeCommand, err.Error()}
	}
	return core.Event{Kind: core.ClientCommand, Data: []byte(call.Line())}, nil
}

// addFaults has rules act in the client's session from now on. Whatever is wrong with them
// is a notTaken.
func (c *client) addFaults(text string) error {
	rules, err := fault.Parse([]byte(text))
	if err != nil {
		return notTaken{codeFault, err.Error()}
	}
	live := c.session()
	if live == nil {
		return notTaken{codeFault, "the session is over"}
	}
	if err := live.AddFaults(rules); err != nil {
		return notTaken{codeFault, err.Error()}
	}
	return nil
}

// asTyped returns values as a person types them. In JSON they may be numbers, true and
// false too.
func asTyped(values map[string]json.RawMessage) (map[string]string, error) {
	typed := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var value any
		if err := json.Unmarshal(values[name], &value); err != nil {
			return nil, err // never: it is part of what was JSON
		}
		switch v := value.(type) {
		case string:
			typed[name] = v
		case float64, bool:
			typed[name] = string(values[name])
		default:
			return nil, fmt.Errorf("the value of %s must be a string, a number, true or false", core.CutWords(name, core.MaxName))
		}
	}
	return typed, nil
}

// sayNotTaken tells a client whose session ends with it, as its reader: another goroutine
// may be writing. What cannot be written without waiting is told before what is sent next,
// since a reader that waits for its client to read would hold up the session.
func (c *client) sayNotTaken(e notTaken) {
	object := c.notTaken(0, e.code, e.words)
	c.writing.Lock()
	defer c.writing.Unlock()
	c.untold = append(append(c.untold[:0], '['), object[:len(object)-1]...)
	c.untold = append(c.untold, ']')
	if c.accepted && c.conn.Ready() {
		c.tellUntold()
	}
}

// tellUntold writes what a client was not told yet. Its lock is held.
func (c *client) tellUntold() error {
	if len(c.untold) == 0 {
		return nil
	}
	message := c.untold
	c.untold = nil
	return c.ws.WriteMessage(websocket.TextMessage, message)
}
