package toys

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
)

// Quote returns the practice server of RFC 865: it says one of its quotes, and
// closes. The RFC wants fewer than 512 bytes.
func Quote() core.Discipline {
	return core.Discipline{
		Manifest: asking(manifest("quote", "Quote of the day (RFC 865)", "Says a quote as soon as you connect, and closes.", "one line: a quote")),
		Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			m := &once{says: func(answer string) (string, bool) {
				k, ok := drawn(answer, len(quotes))
				if !ok {
					return "", false
				}
				return quotes[k], true
			}}
			return m.ask(fmt.Sprintf("random %d", len(quotes)), out)
		},
	}
}

var quotes = [...]string{
	"A packet lost is a lesson; a packet sent twice is a protocol.",
	"The network is calm only in the diagram.",
	"Say what you mean, count what you sent, and wait for the answer.",
	"Every protocol is a polite conversation between strangers.",
	"Two line ends walked into a server. Only one pair was served.",
	"A timeout is patience with a number on it.",
	"Read the document first. The other side did.",
	"What you cannot see on the wire, you do not know.",
	"Be exact when you send, and curious about what you receive.",
	"The first byte is the hardest; the last byte is the most often forgotten.",
	"A stream has no seams. If you see one, you sewed it.",
	"Ports are doors. Knocking is free.",
	"The shortest path to understanding is a connection opened by hand.",
	"An error message is a letter to someone who is tired. Write it kindly.",
	"Whoever closes first has to remember the longest.",
	"A protocol without a way to say no is a trap.",
	"Half closed is still half open.",
	"If it works only on your machine, you have written a diary.",
	"Trust the length, then check the length, then trust it again.",
	"A good name is the shortest documentation.",
	"The network does not lose your mind, only your packets.",
	"Old protocols never die. They are tunnelled.",
	"Silence is also an answer, but nobody knows to which question.",
	"Big ends and little ends agree about zero.",
	"All numbers are guesses until two machines agree on their order.",
}
