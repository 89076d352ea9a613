package convert

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Forged are bytes that no peer has sent: a rule on faults made them. Of what came in they
// are in an event; what went out instead of what was ordered, or beside it, is in no entry
// but the remark.
type Forged struct {
	// From and To are of the payload of the entry, for what came in. For what went to the
	// server they are the ordered bytes that it is about, counted from the first.
	From, To int64
	Words    string // of the fault's remark
}

// Forgeries are all of a transcript.
type Forgeries struct {
	In       map[int][]Forged // by the index of their event
	ToServer []Forged
}

// ForgeriesIn returns those that remarks of faults tell of.
func ForgeriesIn(t *transcript.Transcript) Forgeries {
	all := Forgeries{In: map[int][]Forged{}}
	var came [core.Server + 1][]Forged // counted from the flow's first byte
	for i := range t.Entries {
		if e := &t.Entries[i]; e.Dir == transcript.Remark {
			switch flow, about, made, ok := forgedBy(e.Remark); {
			case !ok:
			case flow == core.FromServer:
				came[core.Server] = append(came[core.Server], made)
			case flow == core.FromClient:
				came[core.Client] = append(came[core.Client], made)
			case flow == core.ToServer:
				all.ToServer = append(all.ToServer, about)
			}
		}
	}
	var at [core.Server + 1]int64
	for i := range t.Entries {
		e := &t.Entries[i]
		if e.Dir != transcript.Event || e.Event.Kind != core.ServerBytes && e.Event.Kind != core.ClientBytes {
			continue
		}
		side, size := e.Event.Kind.Side(), int64(len(e.Event.Data))
		for _, f := range came[side] {
			from, to := max(f.From-at[side], 0), min(f.To-at[side], size)
			if from < to {
				all.In[i] = append(all.In[i], Forged{from, to, f.Words})
			}
		}
		at[side] += size
	}
	return all
}

// forgedBy returns what the remark of a fault says was forged: the flow in which that
// stands, what it was about, and where it is.
func forgedBy(remark string) (flow core.Flow, about, made Forged, ok bool) {
	words := strings.SplitN(remark, " ", 6)
	if len(words) < 6 || words[0] != "fault" {
		return 0, about, made, false
	}
	if flow, ok = core.ParseFlow(words[2]); !ok {
		return 0, about, made, false
	}
	rest := words[5]
	if taken, err := strconv.QuotedPrefix(rest); err == nil {
		rest = strings.TrimPrefix(rest[len(taken):], " ")
	} else {
		rest = strings.TrimPrefix(rest, "withheld ")
	}
	rest, ok = strings.CutPrefix(rest, "forged ")
	span, _, _ := strings.Cut(rest, " ")
	about.Words, made.Words = remark, remark
	if _, err := fmt.Sscanf(words[3]+" "+span, "%d-%d %d-%d", &about.From, &about.To, &made.From, &made.To); err != nil || !ok {
		return 0, about, made, false
	}
	if words[4] == "answer" { // it comes in the server's place
		flow = core.FromServer
	}
	return flow, about, made, true
}
