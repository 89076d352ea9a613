// Package abridge shows what is long to a person in few bytes: a transcript, or a
// difference of two, in which one payload may have a megabyte.
package abridge

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// MaxShown is how many bytes [Transcript] shows, about.
const MaxShown = 4 << 10

// Bounds of what is shown of it.
const (
	maxShownLine = 200 // bytes of a line
	maxPlain     = 8   // lines of a payload that are shown as they are
	maxUnit      = 32  // bytes that a run may repeat
	minRun       = 16  // bytes that are worth to be told as a run
	shownEnd     = 48  // bytes of each end of what is not a run
)

// Transcript shows a transcript, or a difference, in few lines. A payload that
// takes many, or a long one, is told by its runs ("\n" × 1048576), else by its
// ends and its length.
func Transcript(text string) string {
	var b strings.Builder
	for text != "" {
		if b.Len() > MaxShown {
			return b.String() + "…\n"
		}
		group, rest := payloadLines(text)
		b.WriteString(shortPayload(group))
		text = rest
	}
	return b.String()
}

// payloadLines cuts the first line from text, with those that go on with its
// payload: they begin with a quote, after the same mark of a difference.
func payloadLines(text string) (group, rest string) {
	end := lineEnd(text)
	mark := markOf(text)
	for end < len(text) {
		next := text[end:]
		if line := next[:lineEnd(next)]; markOf(line) != mark || !strings.HasPrefix(strings.TrimLeft(line, "-+ "), `"`) {
			break
		}
		end += lineEnd(next)
	}
	return text[:end], text[end:]
}

func lineEnd(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

// markOf returns what a line of a difference begins with; ' ' also of others.
func markOf(line string) byte {
	if line != "" && (line[0] == '-' || line[0] == '+') {
		return line[0]
	}
	return ' '
}

// shortPayload shows the lines of one payload.
func shortPayload(group string) string {
	if strings.Count(group, "\n") <= maxPlain && len(group) <= maxPlain*maxShownLine/2 && len(group[:lineEnd(group)]) <= maxShownLine {
		return group
	}
	before := group[:max(0, strings.IndexByte(group, '"'))]
	var payload []byte
	for line := range strings.Lines(group) {
		quoted, err := strconv.Unquote(strings.TrimSpace(line[max(0, strings.IndexByte(line, '"')):]))
		if err != nil { // more than a payload
			return Cut(group[:lineEnd(group)], maxShownLine) + "\n"
		}
		payload = append(payload, quoted...)
	}
	return before + abridged(payload) + "\n"
}

// abridged writes a payload in few bytes: as a run if it is one as a whole,
// else with what runs in it, else by its ends.
func abridged(payload []byte) string {
	if unit := period(payload); unit > 0 {
		return repeated(payload, unit)
	}
	var parts []string
	for rest := payload; len(rest) > 0; {
		plain, same := 0, 0
		for plain+same < len(rest) && same < minRun { // find where a run begins
			if rest[plain] == rest[plain+same] {
				same++
			} else {
				plain, same = plain+same, 0
			}
		}
		if same < minRun {
			plain = len(rest)
		}
		if plain > 0 {
			parts = append(parts, ends(rest[:plain]))
		}
		rest = rest[plain:]
		same = 0
		for same < len(rest) && rest[same] == rest[0] {
			same++
		}
		if same > 0 {
			parts = append(parts, repeated(rest[:same], 1))
		}
		rest = rest[same:]
	}
	if len(parts) > maxPlain {
		parts = []string{ends(payload)}
	}
	return strings.Join(parts, " ") + fmt.Sprintf(" (%d bytes)", len(payload))
}

// period returns how many bytes the payload repeats from its first to its last,
// or 0.
func period(payload []byte) int {
	for unit := 1; unit <= maxUnit && unit*4 <= len(payload); unit++ {
		if len(payload)%unit == 0 && string(payload[unit:]) == string(payload[:len(payload)-unit]) {
			return unit
		}
	}
	return 0
}

func repeated(payload []byte, unit int) string {
	return fmt.Sprintf("%s × %d", strconv.Quote(string(payload[:unit])), len(payload)/unit)
}

// ends shows what is long by its beginning and its end.
func ends(data []byte) string {
	if len(data) <= 2*shownEnd {
		return strconv.Quote(string(data))
	}
	return strconv.Quote(string(data[:shownEnd])) + " … " + strconv.Quote(string(data[len(data)-shownEnd:]))
}

// Cut cuts what is longer than n bytes.
func Cut(text string, n int) string {
	if cut := core.CutWords(text, n); cut != text {
		return cut + "…"
	}
	return text
}
