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
	counted        // COUNT: a number of bytes
	passed         // client|server: the action's side
	upgraded       // client|server "…" [rest N]: the action's side, a name, and its rest
	levelled       // [warning|error] "…": the action's level, and words
	message        // a core.Message: FLOW FROM-TO "…", and a line for each field below
	linked         // LINK "…": the name of a link, and where to connect it
)

// form is how one kind of event or action is written. The parser, the printer
// and the JSON all read it, so each kind has one form.
type form struct {
	event  core.EventKind  // one of the two
	action core.ActionKind // …
	words  string          // between the mark and the argument
	arg    arg
	max    int    // most bytes of a quoted argument
	link   bool   // the name of a link stands before the words
	side   string // in JSON, "" when there is none or the argument says it
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
	core.ClientBytes:  {event: core.ClientBytes, words: "client bytes", arg: quoted, max: core.MaxEventPayload, side: "client", kind: "bytes"},
	core.ClientUnseen: {event: core.ClientUnseen, words: "client unseen", arg: counted, side: "client", kind: "unseen"},
	core.ServerUnseen: {event: core.ServerUnseen, words: "server unseen", arg: counted, side: "server", kind: "unseen"},
	core.WorldSaid:    {event: core.WorldSaid, words: "world", arg: quoted, max: core.MaxEventPayload, kind: "world"},
	core.ServerTLS:    {event: core.ServerTLS, words: "server tls", arg: quoted, max: core.MaxWords, side: "server", kind: "tls"},

	core.ClientStartTLS:  {event: core.ClientStartTLS, words: "client start-tls", side: "client", kind: "start-tls"},
	core.ClientTLS:       {event: core.ClientTLS, words: "client tls", arg: quoted, max: core.MaxWords, side: "client", kind: "tls"},
	core.ClientTLSFailed: {event: core.ClientTLSFailed, words: "client tls-failed", arg: quoted, max: core.MaxWords, side: "client", kind: "tls-failed"},
	core.ClientCommand:   {event: core.ClientCommand, words: "client command", arg: quoted, max: core.MaxEventPayload, side: "client", kind: "command"},

	core.LinkListening: {event: core.LinkListening, link: true, words: "listening", arg: quoted, max: core.MaxLinkAddress, kind: "listening"},
	core.LinkConnected: {event: core.LinkConnected, link: true, words: "connected", arg: quoted, max: core.MaxLinkAddress, kind: "connected"},
	core.LinkFailed:    {event: core.LinkFailed, link: true, words: "failed", arg: quoted, max: core.MaxWords, kind: "failed"},
	core.LinkBytes:     {event: core.LinkBytes, link: true, words: "bytes", arg: quoted, max: core.MaxEventPayload, kind: "bytes"},
	core.LinkEOF:       {event: core.LinkEOF, link: true, words: "eof", kind: "eof"},
	core.LinkClosed:    {event: core.LinkClosed, link: true, words: "closed", kind: "closed"},
}

var actionForms = [...]form{
	core.SendServer:   {action: core.SendServer, words: "server", arg: quoted, max: core.MaxActionPayload, side: "server", kind: "bytes"},
	core.SendText:     {action: core.SendText, words: "client text", arg: quoted, max: core.MaxActionPayload, side: "client", kind: "text"},
	core.SendBinary:   {action: core.SendBinary, words: "client binary", arg: quoted, max: core.MaxActionPayload, side: "client", kind: "binary"},
	core.FinishServer: {action: core.FinishServer, words: "server eof", side: "server", kind: "eof"},
	core.Close:        {action: core.Close, words: "close", arg: quoted, max: core.MaxWords, kind: "close"},
	core.Note:         {action: core.Note, words: "note", arg: levelled, max: core.MaxWords, kind: "note"},
	core.SetTimer:     {action: core.SetTimer, words: "timer", arg: timerSet, kind: "timer"},
	core.StopTimer:    {action: core.StopTimer, words: "timer", arg: timerOff, kind: "timer"},
	core.PassThrough:  {action: core.PassThrough, words: "pass-through", arg: passed, kind: "pass-through"},
	core.Failed:       {action: core.Failed, words: "failed", arg: quoted, max: core.MaxWords, kind: "failed"},
	core.Secret:       {action: core.Secret, words: "secret", arg: span, kind: "secret"},
	core.ShowPart:     {action: core.ShowPart, words: "client part", arg: quoted, max: core.MaxActionPayload, side: "client", kind: "part"},
	core.SecretBytes:  {action: core.SecretBytes, words: "secret value", arg: length, kind: "secret-value"},
	core.AskWorld:     {action: core.AskWorld, words: "world", arg: quoted, max: core.MaxActionPayload, kind: "world"},
	core.Decoded:      {action: core.Decoded, words: "message", arg: message, max: core.MaxActionPayload, kind: "message"},
	core.StartTLS:     {action: core.StartTLS, words: "start-tls", arg: upgraded, max: core.MaxServerName, kind: "start-tls"},

	core.Connect:    {action: core.Connect, words: "connect", arg: linked, max: core.MaxLinkAddress, kind: "connect"},
	core.Accept:     {action: core.Accept, words: "accept", arg: linked, max: core.MaxLinkAddress, kind: "accept"},
	core.SendLink:   {action: core.SendLink, link: true, words: "bytes", arg: quoted, max: core.MaxActionPayload, kind: "bytes"},
	core.FinishLink: {action: core.FinishLink, link: true, words: "eof", kind: "eof"},
	core.CloseLink:  {action: core.CloseLink, link: true, words: "close", kind: "close"},
}

// unknown is printed for what no machine and no core makes; Parse refuses it.
var unknown = form{words: "unknown", kind: "unknown"}

// formOf returns the form of an event or action.
func formOf(e *Entry) *form {
	switch {
	case e.Dir == Event && e.Event.Kind.IsLink() && !core.ValidLink(e.Event.Link):
		return &unknown
	case e.Dir == Event && e.Event.Kind.Valid():
		return &eventForms[e.Event.Kind]
	case e.Dir != Action || !e.Action.Kind.Valid():
		return &unknown
	case (e.Action.Kind == core.PassThrough || e.Action.Kind == core.StartTLS) && e.Action.Side != core.Client && e.Action.Side != core.Server:
		return &unknown
	case e.Action.Kind.IsLink() && !core.ValidLink(e.Action.Link):
		return &unknown
	}
	return &actionForms[e.Action.Kind]
}

// argWords are what listForms writes for each arg.
var argWords = [...]string{
	nothing: "", quoted: ` "…"`, timerFired: " NAME", timerSet: " NAME 2s", timerOff: " NAME off",
	span: " event|action FROM TO", length: " LENGTH", counted: " COUNT", passed: " client|server",
	upgraded: ` client|server "…"`, levelled: ` [warning|error] "…"`, message: ` FLOW FROM-TO "…"`, linked: ` LINK "…"`,
}

// listForms writes the forms that are allowed here, for an error.
func listForms(forms []form) string {
	var list []string
	for _, f := range forms[1:] {
		switch {
		case f.kind == "": // a number that no kind has
		case f.link:
			list = append(list, "LINK "+f.words+argWords[f.arg])
		default:
			list = append(list, f.words+argWords[f.arg])
		}
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
