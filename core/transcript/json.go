package transcript

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// AppendJSON appends the entry as one JSON object, without a newline:
//
//	{"n":12,"t":0.51,"dir":">>","side":"server","kind":"bytes","text":"…"}
//
// Its fields, in this order:
//
//	n      number of the event; an action has its event's. Not in remarks
//	t      seconds since the session's start, when the entry is timed
//	dir    ">>" event, "<<" action, "--" remark
//	side   "client" or "server": where an event came from, where an action
//	       goes, whose bytes pass through; only where there is one
//	link   the name of a link, of kinds that are about one
//	kind   text, part, binary, raw, bytes, eof, closed, failed, quiet, timer,
//	       close, note, pass-through, secret, secret-value, world, tls,
//	       start-tls, message, command, listening, connected, connect, accept or remark
//	name   of timers
//	span   of secret: "event 5 12" or "action 0 8", bytes from and to
//	length of secret-value: how many bytes the value has; of unseen: how many there were
//	rest   of the action start-tls: how many bytes of the event were left unread,
//	       unless none
//	after  of timer actions: "2s", or "off"
//	level  of a note: "warning" or "error"; not of one for information
//	message of message: an object with flow, from, to, answers (flow and from,
//	       where there is one), summary and fields, each with name, from, to,
//	       value, wrong (unless nothing is) and fields; summaryB64, valueB64 and
//	       wrongB64 instead, in base64, where they are not UTF-8
//	text   payload or words, if there can be any and they are UTF-8
//	b64    instead of text, the payload in base64, if it is not UTF-8
//
// It allocates nothing, but of messages, if dst has room: six bytes for each byte of the payload
// and 128 more are always enough. Rules and comments are left out.
func AppendJSON(dst []byte, e *Entry) []byte {
	dst = append(dst, '{')
	if e.Dir != Remark {
		dst = strconv.AppendUint(append(dst, `"n":`...), e.N, 10)
		dst = append(dst, ',')
	}
	if e.Timed {
		dst = append(appendSeconds(append(dst, `"t":`...), e.Time, 0), ',')
	}
	dst = append(append(dst, `"dir":"`...), e.Dir.String()...)
	if e.Dir == Remark {
		dst = append(dst, `","kind":"remark","text":"`...)
		dst = appendJSONText(dst, strings.ToValidUTF8(e.Remark, "\uFFFD"))
		return append(dst, `"}`...)
	}
	f := formOf(e)
	side := f.side
	if f.arg == passed || f.arg == upgraded {
		side = e.Action.Side.String()
	}
	if side != "" {
		dst = append(append(dst, `","side":"`...), side...)
	}
	if link := e.link(); link != "" {
		dst = append(append(dst, `","link":"`...), link...)
	}
	dst = append(append(dst, `","kind":"`...), f.kind...)
	data := e.data()
	if f.arg == levelled && e.Action.Level != core.LevelInfo {
		dst = append(append(dst, `","level":"`...), e.Action.Level.String()...)
	}
	switch {
	case f.arg == nothing, f.arg == passed:
	case f.arg == message:
		return append(appendMessage(append(dst, `","message":`...), data), '}')
	case f.arg == span:
		dst = appendJSONText(append(dst, `","span":"`...), data)
	case f.arg == length:
		dst = strconv.AppendInt(append(dst, `","length":`...), int64(len(data)), 10)
		return append(dst, '}')
	case f.arg == upgraded && e.Action.Rest > 0:
		dst = strconv.AppendInt(append(dst, `","rest":`...), int64(e.Action.Rest), 10)
		dst = appendJSONText(append(dst, `,"text":"`...), data)
	case f.arg == upgraded:
		dst = appendJSONText(append(dst, `","text":"`...), data)
	case f.arg == counted:
		n, _ := strconv.ParseUint(string(data), 10, 64) // 0: no number, which nobody sends
		return append(strconv.AppendUint(append(dst, `","length":`...), n, 10), '}')
	case f.arg != quoted && f.arg != linked && f.arg != levelled:
		dst = appendJSONText(append(dst, `","name":"`...), data)
		if f.arg == timerSet {
			dst = appendDuration(append(dst, `","after":"`...), e.Action.After)
		} else if f.arg == timerOff {
			dst = append(dst, `","after":"off`...)
		}
	case utf8.Valid(data):
		dst = appendJSONText(append(dst, `","text":"`...), data)
	default:
		dst = base64.StdEncoding.AppendEncode(append(dst, `","b64":"`...), data)
	}
	return append(dst, `"}`...)
}
