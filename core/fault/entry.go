package fault

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Fault is what a rule has done, for the log.
type Fault struct {
	Line int // of the rule
	Flow core.Flow
	// From and To are the bytes that the rule was about, as they came to it: sent by the
	// peer, or ordered by the machine, and counted from the flow's first. Where there are
	// none both are the place.
	From, To int64
	Verb     Verb
	Taken    []byte // what did not go on
	Forged   []byte // what did, and nobody has sent
	// At is where Forged begins in what went on: for what comes in, in the events of the
	// transcript. Of an answer that is in from-server.
	At int64
	// Detail is the time of a delay, and the rate of a limit.
	Detail string
	// Withheld leaves the bytes out: they may be a secret.
	Withheld bool
}

// prefix begins the words of a fault, as a remark of the transcript.
const prefix = "fault "

// maxText is how much of a rule's text a remark has.
const maxText = 500

// String returns the rule on one line, as the transcript has it as a remark where it begins
// to act:
//
//	fault rule 3: from-server after line 1: delay 2s
func (r *Rule) String() string {
	return fmt.Sprintf("%srule %d: %s", prefix, r.Line, core.Printable(core.CutWords(r.Text, maxText)))
}

// String returns the fault on one line, as the transcript has it as a remark:
//
//	fault 3 from-server 120-125 replace "hello" forged 120-125 "HELLO"
func (f *Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%d %s %d-%d %s", prefix, f.Line, f.Flow, f.From, f.To, f.Verb)
	if f.Detail != "" {
		b.WriteString(" " + f.Detail)
	}
	if len(f.Taken) > 0 {
		b.WriteString(" " + f.shown(f.Taken))
	}
	if len(f.Forged) > 0 {
		fmt.Fprintf(&b, " forged %d-%d %s", f.At, f.At+int64(len(f.Forged)), f.shown(f.Forged))
	}
	return b.String()
}

func (f *Fault) shown(data []byte) string {
	if f.Withheld {
		return "withheld"
	}
	return strconv.QuoteToASCII(string(data))
}
