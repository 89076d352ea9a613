package telnet

import (
	"bytes"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// Whether what the client sends is a secret depends on what the server has said by then, and
// is decided for each piece of text as it comes:
//
//   - The server asks for one: its unfinished line, or if that is blank its last line that is
//     not, has one of the words of option prompts, in any case.
//   - The server echoes (ECHO) and has not agreed to SGA: so do servers for clients that send
//     whole lines, while these are not to show what is typed.
//
// A server that asks for a log-in name and a password by characters, as telnetd, agrees to
// both options from the beginning and is known by its prompt alone.

// maxValues is how many values are kept secret wherever they occur; a session has a bound for
// them. Those after them are secret where they are said.
const maxValues = 32

// maxPrompt is of how many bytes at the end of a line a prompt is recognised.
const maxPrompt = 256

// promptWords are the words of option prompts.
func promptWords(option string) (words [][]byte) {
	for word := range strings.SplitSeq(option, ",") {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			words = append(words, []byte(word))
		}
	}
	return words
}

// prompts reports whether a line asks for a password. blank: it says nothing.
func (t *talk) prompts(line []byte) (asks, blank bool) {
	line = bytes.ToLower(shownOf(line))
	for _, word := range t.words {
		if bytes.Contains(line, word) {
			return true, false
		}
	}
	return false, len(line) == 0
}

// shownOf returns what is to be seen of the end of a line.
func shownOf(line []byte) []byte {
	return bytes.TrimSpace(view(line[max(0, len(line)-maxPrompt):], true))
}

// remember keeps the end of a line of the server's, unless it is blank.
func (t *talk) remember(line []byte) {
	if end := shownOf(line); len(end) > 0 {
		t.Last = append(t.Last[:0], end...)
	}
}

// refresh finds out what the client's text is from here on, which the server's text decides
// and the options do.
func (t *talk) refresh() {
	asks, blank := t.prompts(t.server.Line)
	if blank {
		asks, _ = t.prompts(t.Last)
	}
	t.asks = asks
	t.agreed()
}

// agreed takes that the options have changed.
func (t *talk) agreed() {
	client, server := &t.Options[ofClient], &t.Options[ofServer]
	t.client.hides = t.asks || server[telopt.Echo].State.Maybe() && !server[telopt.SGA].State.Maybe()
	t.client.binary = client[telopt.Binary].State == telopt.Yes
	t.server.binary = server[telopt.Binary].State == telopt.Yes
}

// value returns what is to be kept out of recordings of a line that is a secret, wherever it
// occurs: its bytes as they are sent. Of a short one that would be too much.
func (t *talk) value(line []byte) []byte {
	sent := bytes.ReplaceAll(line, []byte{telopt.IAC}, []byte{telopt.IAC, telopt.IAC})
	if len(sent) < core.LastingSecret || t.Values == maxValues {
		return nil
	}
	t.Values++
	return sent[:min(len(sent), core.MaxSecret)]
}
