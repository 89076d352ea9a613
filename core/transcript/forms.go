package transcript

import (
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// arg is what follows the words of an entry.
type arg uint8

const (
	nothing    arg = iota
	quoted         // "…"
	timerFired     // NAME
	timerSet       // NAME DURATION
	timerOff       // NAME off
	span           // event|action FROM TO
	length         // LENGTH: how many bytes the data has; the bytes are not written
)

// form is how one kind of event or action is written. The parser, the printer
// and the JSON all read it, so each kind has one form.
type form struct {
	event  core.EventKind  // one of the two
	action core.ActionKind // …
	pass   core.Side       // of core.PassThrough, which has a form for each side
	words  string          // between the mark and the argument
	arg    arg
	max    int    // most bytes of a quoted argument
	side   string // in JSON, "" for none
	kind   string // in JSON
}

var eventForms = [...]form{
	core.ClientText:   {event: core.ClientText, words: "client text", arg: quoted, max: core.MaxEventPayload, side: "client", kind: "text"},
	core.ClientBinary: {event: core.ClientBinary, words: "client binary", arg: quoted, max: core.MaxEventPayload, side: "client", kind: "binary"},
	core.ClientEOF:    {event: core.ClientEOF, words: "client eof", side: "client", kind: "eof"},
	core.ClientClosed: {event: core.ClientClosed, words: "client closed", side: "client", kind: "closed"},
	core.ServerBytes:  {event: core.ServerBytes, words: "server", arg: quoted, max: core.MaxEventPayload, side: "server", kind: "bytes"},
	core.ServerEOF:    {event: core.ServerEOF, words: "server eof", side: "server", kind: "eof"},
	core.ServerFailed: {event: core.ServerFailed, words: "server failed", arg: quoted, max: core.MaxWords, side: "server", kind: "failed"},
	core.TimerFired:   {event: core.TimerFired, words: "timer", arg: timerFired, kind: "timer"},
	core.ClientPart:   {event: core.ClientPart, words: "client part", arg: quoted, max: core.MaxEventPayload, side: "client", kind: "part"},
	core.ClientRaw:    {event: core.ClientRaw, words: "client raw", arg: quoted, max: core.MaxEventPayload, side: "client", kind: "raw"},
	core.ServerQuiet:  {event: core.ServerQuiet, words: "server quiet", side: "server", kind: "quiet"},
}

// passServer is the second form of core.PassThrough, after the last kind.
const passServer = core.SecretBytes + 1

var actionForms = [...]form{
	core.SendServer:   {action: core.SendServer, words: "server", arg: quoted, max: core.MaxActionPayload, side: "server", kind: "bytes"},
	core.SendText:     {action: core.SendText, words: "client text", arg: quoted, max: core.MaxActionPayload, side: "client", kind: "text"},
	core.SendBinary:   {action: core.SendBinary, words: "client binary", arg: quoted, max: core.MaxActionPayload, side: "client", kind: "binary"},
	core.FinishServer: {action: core.FinishServer, words: "server eof", side: "server", kind: "eof"},
	core.Close:        {action: core.Close, words: "close", arg: quoted, max: core.MaxWords, kind: "close"},
	core.Note:         {action: core.Note, words: "note", arg: quoted, max: core.MaxWords, kind: "note"},
	core.SetTimer:     {action: core.SetTimer, words: "timer", arg: timerSet, kind: "timer"},
	core.StopTimer:    {action: core.StopTimer, words: "timer", arg: timerOff, kind: "timer"},
	core.PassThrough:  {action: core.PassThrough, pass: core.Client, words: "pass-through client", side: "client", kind: "pass-through"},
	core.Failed:       {action: core.Failed, words: "failed", arg: quoted, max: core.MaxWords, kind: "failed"},
	core.Secret:       {action: core.Secret, words: "secret", arg: span, kind: "secret"},
	core.ShowPart:     {action: core.ShowPart, words: "client part", arg: quoted, max: core.MaxActionPayload, side: "client", kind: "part"},
	core.SecretBytes:  {action: core.SecretBytes, words: "secret value", arg: length, kind: "secret-value"},
	passServer:        {action: core.PassThrough, pass: core.Server, words: "pass-through server", side: "server", kind: "pass-through"},
}

// unknown is printed for what no machine and no core makes; Parse refuses it.
var unknown = form{words: "unknown", kind: "unknown"}

// formOf returns the form of an event or action.
func formOf(e *Entry) *form {
	switch {
	case e.Dir == Event && e.Event.Kind.Valid():
		return &eventForms[e.Event.Kind]
	case e.Dir != Action || !e.Action.Kind.Valid():
		return &unknown
	case e.Action.Kind != core.PassThrough:
		return &actionForms[e.Action.Kind]
	case e.Action.Side == core.Client:
		return &actionForms[core.PassThrough]
	case e.Action.Side == core.Server:
		return &actionForms[passServer]
	}
	return &unknown
}

// listForms writes the forms that are allowed here, for an error.
func listForms(forms []form) string {
	var list []string
	for _, f := range forms[1:] {
		switch f.pass {
		case core.Client:
			f.words = "pass-through client|server"
		case core.Server:
			continue
		}
		list = append(list, f.words+[...]string{"", ` "…"`, " NAME", " NAME 2s", " NAME off", " event|action FROM TO", " LENGTH"}[f.arg])
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
