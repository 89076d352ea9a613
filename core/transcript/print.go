package transcript

import (
	"bytes"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// magic is the first line of every transcript.
const magic = "workbench transcript v1"

// byteOrderMark may begin a file: some editors write one.
const byteOrderMark = "\uFEFF"

// Append appends the whole transcript.
func (t *Transcript) Append(dst []byte) []byte {
	start := len(dst)
	if t.ByteOrderMark {
		dst = append(dst, byteOrderMark...)
	}
	dst = AppendHeader(dst, t)
	for i := range t.Entries {
		dst = AppendEntry(dst, &t.Entries[i])
	}
	dst = appendComments(dst, t.Trailing)
	if t.CRLF { // a payload shows its own as \n
		dst = append(dst[:start:start], bytes.ReplaceAll(dst[start:], []byte("\n"), []byte("\r\n"))...)
	}
	return dst
}

// AppendHeader appends the lines above the first entry, with the blank line
// between them. A recorder writes this first and AppendEntry from then on.
func AppendHeader(dst []byte, t *Transcript) []byte {
	dst = append(dst, magic+"\n"...)
	for i, line := range t.HeaderLines() {
		if i < len(t.HeaderComments) {
			dst = appendComments(dst, t.HeaderComments[i])
		}
		dst = append(dst, line.Words...)
		if line.Value != nil {
			dst = AppendString(append(dst, ' '), line.Value)
		}
		dst = append(dst, '\n')
	}
	return append(dst, '\n')
}

// HeaderLine is a line of the header below the first.
type HeaderLine struct {
	Words string
	Value []byte // that follows in quotes; nil for none
}

// HeaderLines returns the lines of the header below the first.
func (t *Transcript) HeaderLines() []HeaderLine {
	lines := []HeaderLine{{Words: "mode " + t.Mode}}
	for _, o := range t.Options {
		lines = append(lines, HeaderLine{"option " + o.Name, []byte(o.Value)})
	}
	if t.Target != "" {
		lines = append(lines, HeaderLine{"target", []byte(t.Target)})
	}
	for _, c := range t.TLS {
		lines = append(lines, HeaderLine{"tls " + c.Name, []byte(c.Value)})
	}
	if t.Quiet > 0 {
		lines = append(lines, HeaderLine{Words: string(appendDuration([]byte("quiet "), t.Quiet))})
	}
	if t.ServerEOFStays {
		lines = append(lines, HeaderLine{Words: "server-eof stay"})
	}
	if t.Client != core.Messages {
		lines = append(lines, HeaderLine{Words: "client " + t.Client.String()})
	}
	if t.Server != core.ServerStream {
		lines = append(lines, HeaderLine{Words: "server " + t.Server.String()})
	}
	if t.Watch {
		lines = append(lines, HeaderLine{Words: "watch"})
	}
	if t.Seed != (core.Seed{}) {
		lines = append(lines, HeaderLine{Words: "seed " + t.Seed.String()})
	}
	if !t.Start.IsZero() {
		lines = append(lines, HeaderLine{Words: "start " + core.FormatStart(t.Start)})
	}
	for i := range t.SkipIf {
		line := HeaderLine{Words: "skip-if " + string(t.SkipIf[i].words())}
		if name := t.SkipIf[i].Capability; name != "" {
			line.Value = []byte(name)
		}
		lines = append(lines, line)
	}
	if t.State != nil {
		lines = append(lines, HeaderLine{"state", t.State})
	}
	return lines
}

// AppendEntry appends one entry, with the rules and comments above it and the
// newline after it. It allocates nothing if dst has room.
//
// Parse reads it back if the entry keeps core's bounds; a remark's line ends and
// control bytes become \xNN.
func AppendEntry(dst []byte, e *Entry) []byte {
	for i := range e.Rules {
		r := &e.Rules[i]
		dst = append(appendComments(dst, r.Comments), ruleMark+" "...)
		dst = append(AppendRule(dst, r), '\n')
	}
	dst = appendComments(dst, e.Comments)
	lineStart := len(dst)
	if e.Timed {
		dst = append(appendSeconds(dst, e.Time, 3), ' ')
	}
	dst = append(dst, e.Dir.String()...)
	if e.Dir == Remark {
		if e.Remark != "" {
			dst = appendLine(append(dst, ' '), e.Remark)
		}
		return append(dst, '\n')
	}
	f := formOf(e)
	if f.link {
		dst = append(append(dst, ' '), e.link()...)
	}
	dst = append(append(dst, ' '), f.words...)
	switch f.arg {
	case quoted:
		dst = appendPayload(append(dst, ' '), lineStart, e.data())
	case linked:
		dst = append(append(dst, ' '), e.link()...)
		dst = appendPayload(append(dst, ' '), lineStart, e.data())
	case levelled:
		if e.Action.Level != core.LevelInfo {
			dst = append(append(dst, ' '), e.Action.Level.String()...)
		}
		dst = appendPayload(append(dst, ' '), lineStart, e.data())
	case timerFired, span, counted, message:
		dst = append(append(dst, ' '), e.data()...)
	case timerSet:
		dst = append(append(dst, ' '), e.Action.Data...)
		dst = appendDuration(append(dst, ' '), e.Action.After)
	case length:
		dst = strconv.AppendInt(append(dst, ' '), int64(len(e.Action.Data)), 10)
	case passed:
		dst = append(append(dst, ' '), e.Action.Side.String()...)
	case upgraded:
		dst = append(append(dst, ' '), e.Action.Side.String()...)
		dst = AppendString(append(dst, ' '), e.Action.Data)
		if e.Action.Rest > 0 {
			dst = strconv.AppendInt(append(dst, " rest "...), int64(e.Action.Rest), 10)
		}
	case timerOff:
		dst = append(append(dst, ' '), e.Action.Data...)
		dst = append(dst, " off"...)
	}
	return append(dst, '\n')
}

func appendComments(dst []byte, lines []string) []byte {
	for _, line := range lines {
		if line != "" && line[0] != '#' {
			dst = append(dst, "# "...)
		}
		dst = append(appendLine(dst, line), '\n')
	}
	return dst
}

// appendSeconds appends a time in seconds with at least the given digits after
// the point (with 0 and a whole number, no point) and at most 6.
func appendSeconds(dst []byte, t time.Duration, digits int) []byte {
	t = max(t, 0)
	dst = strconv.AppendInt(dst, int64(t/time.Second), 10)
	return appendFraction(dst, int64(t%time.Second/time.Microsecond), 6, digits)
}

// appendDuration appends d as a person would write it: 100ms, 1.5s, 2m, 1h30m.
// It is exact, and time.ParseDuration reads it back.
func appendDuration(dst []byte, d time.Duration) []byte {
	if d == 0 {
		return append(dst, "0s"...)
	}
	if d < 0 {
		dst, d = append(dst, '-'), -d
	}
	long := d >= time.Minute
	if h := d / time.Hour; h > 0 {
		dst = append(strconv.AppendInt(dst, int64(h), 10), 'h')
		d -= h * time.Hour
	}
	if m := d / time.Minute; m > 0 {
		dst = append(strconv.AppendInt(dst, int64(m), 10), 'm')
		d -= m * time.Minute
	}
	switch {
	case d == 0:
	case long || d >= time.Second:
		dst = strconv.AppendInt(dst, int64(d/time.Second), 10)
		dst = append(appendFraction(dst, int64(d%time.Second), 9, 0), 's')
	default:
		dst = strconv.AppendInt(dst, int64(d/time.Millisecond), 10)
		dst = append(appendFraction(dst, int64(d%time.Millisecond), 6, 0), "ms"...)
	}
	return dst
}

// appendFraction appends the digits after a decimal point: n has that many, and
// trailing zeros are left out as long as at least least digits remain.
func appendFraction(dst []byte, n int64, digits, least int) []byte {
	point := len(dst)
	dst = append(dst, ".000000000"[:1+digits]...)
	for i := point + digits; n > 0; i-- {
		dst[i] += byte(n % 10)
		n /= 10
	}
	end := len(dst)
	for end > point+1+least && dst[end-1] == '0' {
		end--
	}
	if end == point+1 {
		end = point
	}
	return dst[:end]
}
