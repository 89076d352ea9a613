package jsonl

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// action is an action as the program says it. Which fields belong to which
// action is in actionFields.
type action struct {
	Action string  `json:"action"`
	Text   *string `json:"text"`
	B64    *string `json:"b64"`
	Name   *string `json:"name"`
	After  *string `json:"after"`
	Side   *string `json:"side"`
	Link   *string `json:"link"`
	Span   *string `json:"span"`
	Rest   int     `json:"rest"`  // of start-tls, which may leave it out
	Level  string  `json:"level"` // of note, which may leave it out

	Message *core.Message `json:"message"`
}

// actionFields are the fields of each action. Of text and b64 it has one, of
// the others all.
var actionFields = map[string][]string{
	"server":        {"text", "b64"},
	"client text":   {"text"},
	"client part":   {"text"},
	"client binary": {"text", "b64"},
	"server eof":    {},
	"note":          {"text"},
	"close":         {"text"},
	"timer":         {"name", "after"},
	"pass-through":  {"side"},
	"secret":        {"span"},
	secretValue:     {"text", "b64"},
	startTLS:        {"side", "name"},
	"message":       {"message"},
	"connect":       {"text", "link"},
	"accept":        {"text", "link"},
	"link bytes":    {"text", "b64", "link"},
	"link eof":      {"link"},
	"link close":    {"link"},
}

// actionNames lists them for a person.
const actionNames = "server, client text, client part, client binary, server eof, note, close, timer, pass-through, secret, secret value, start-tls, message, connect, accept, link bytes, link eof and link close"

// secretValue is the action whose payload nobody is told.
const secretValue = "secret value"

// startTLS is the action that has a field rest.
const startTLS = "start-tls"

// appendTo gives the order to out, whose bounds hold it.
func (a *action) appendTo(out *core.Out) error {
	data, err := a.payload()
	if err != nil {
		return err
	}
	switch a.Action {
	case "server":
		out.Server(data)
	case "client text":
		out.Text(data)
	case "client part":
		out.Part(data)
	case "client binary":
		out.Binary(data)
	case "server eof":
		out.FinishServer()
	case "note":
		level, ok := core.LevelInfo, true
		if a.Level != "" {
			level, ok = core.ParseLevel(a.Level)
		}
		if !ok {
			return fmt.Errorf("level is %q; it has to be info, warning or error", core.CutWords(a.Level, 80))
		}
		out.NoteAt(level, string(data))
	case "close":
		out.Close(string(data))
	case "timer":
		if *a.After == "off" {
			out.StopTimer(*a.Name)
			break
		}
		after, err := time.ParseDuration(*a.After)
		if err != nil {
			return fmt.Errorf(`after is %q; it has to be a time such as "250ms" or "2s", or "off"`, core.CutWords(*a.After, 80))
		}
		out.Timer(*a.Name, after)
	case "pass-through":
		out.PassThrough(a.side()) // refuses side 0
	case "connect":
		out.Connect(*a.Link, string(data))
	case "accept":
		out.Accept(*a.Link, string(data))
	case "link bytes":
		out.SendLink(*a.Link, data)
	case "link eof":
		out.FinishLink(*a.Link)
	case "link close":
		out.CloseLink(*a.Link)
	case "message":
		out.Message(*a.Message)
	case startTLS:
		out.StartTLS(a.side(), *a.Name, a.Rest)
	case "secret":
		span, err := core.ParseSpan(*a.Span)
		if err != nil {
			return err
		}
		out.Secret(span.OfAction, span.From, span.To)
	case secretValue:
		out.SecretBytes(data)
	}
	return out.Err()
}

// side returns the side that is named, or 0.
func (a *action) side() core.Side {
	return map[string]core.Side{"client": core.Client, "server": core.Server}[*a.Side]
}

// payload checks which fields are there and returns the bytes of text or b64.
func (a *action) payload() ([]byte, error) {
	fields, ok := actionFields[a.Action]
	if !ok {
		return nil, fmt.Errorf("unknown action %q; expected %s", core.CutWords(a.Action, 80), actionNames)
	}
	for _, f := range []struct {
		name  string
		value *string
	}{{"text", a.Text}, {"b64", a.B64}, {"name", a.Name}, {"after", a.After}, {"side", a.Side}, {"link", a.Link}, {"span", a.Span}} {
		belongs := slices.Contains(fields, f.name)
		switch {
		case f.value != nil && !belongs:
			return nil, fmt.Errorf("the action %s has no field %s%s", a.Action, f.name, has(fields))
		case f.value == nil && belongs && f.name != "text" && f.name != "b64":
			return nil, fmt.Errorf("the action %s needs a field %s", a.Action, f.name)
		}
	}
	if a.Rest != 0 && a.Action != startTLS {
		return nil, fmt.Errorf("the action %s has no field rest%s", a.Action, has(fields))
	}
	if a.Level != "" && a.Action != "note" {
		return nil, fmt.Errorf("the action %s has no field level%s", a.Action, has(fields))
	}
	switch belongs := slices.Contains(fields, "message"); {
	case a.Message != nil && !belongs:
		return nil, fmt.Errorf("the action %s has no field message%s", a.Action, has(fields))
	case a.Message == nil && belongs:
		return nil, fmt.Errorf("the action %s needs a field message", a.Action)
	}
	switch wantsPayload := len(fields) > 0 && fields[0] == "text"; {
	case wantsPayload && (a.Text == nil) == (a.B64 == nil):
		return nil, fmt.Errorf("the action %s needs %s", a.Action, strings.Join(slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "link" }), " or "))
	case a.Text != nil:
		return []byte(*a.Text), nil
	case a.B64 != nil:
		data, err := base64.StdEncoding.DecodeString(*a.B64)
		if err != nil {
			return nil, errors.New("b64 is not base64 (RFC 4648, section 4, with padding)")
		}
		return data, nil
	}
	return nil, nil
}

func has(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return "; it has " + strings.Join(fields, " and ")
}
