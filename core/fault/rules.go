package fault

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds.
const (
	MaxFile  = 64 << 10         // bytes of a file of rules
	MaxRules = 100              // rules in it
	MaxBytes = 4 << 10          // bytes that are forged at once, or kept to be replaced, duplicated or answered
	MaxMatch = 4 << 10          // bytes that a match can have
	MaxPause = 10 * time.Minute // of one delay
	MaxStall = 5 * time.Minute  // how long a stall lasts if neither side ends its stream
)

// Rules are what a file says.
type Rules struct {
	Seed uint64 // for rules that act by chance
	All  []Rule // in the order of the file
}

// Rule is one line of it.
type Rule struct {
	Line   int    // in the file, from 1
	Text   string // the line, as it was written
	Flow   core.Flow
	When   Trigger
	Chance int // in percent, 1 to 100
	Do     Action
}

// TriggerKind says what a rule waits for.
type TriggerKind uint8

// The kinds of trigger.
const (
	AtByte       TriggerKind = iota + 1 // byte N of the flow is next, 0 being the first
	AfterLine                           // LF has come for the N-th time
	AfterMatch                          // the regexp has matched for the N-th time, as soon as it can
	OnMatch                             // the N-th match begins, as package regexp finds it
	AfterMessage                        // the machine has decoded the N-th message
	AfterField                          // … with such a field
)

// Trigger is when a rule acts.
type Trigger struct {
	Kind  TriggerKind
	N     int64     // of AtByte the byte, else which time, from 1
	Every bool      // each time, in place of the N-th
	Of    core.Flow // that the messages are of
	Field string    // the name of AfterField

	match *matcher       // of the matches
	value *regexp.Regexp // of AfterField
}

// Verb is what a rule does.
type Verb uint8

// The verbs.
const (
	Delay     Verb = iota + 1 // nothing goes on for a time
	Cut                       // each byte goes on alone
	Drop                      // bytes do not go on
	Replace                   // others do in their place
	Duplicate                 // they go on twice
	Forge                     // bytes go on that nobody sent
	Answer                    // bytes to the server do not go on; the machine is told that it has answered
	HalfClose                 // the flow ends here, cleanly
	Reset                     // the connection of the flow's peer is reset
	Stall                     // nothing goes on or is taken any more
	Limit                     // so many bytes a second go on
)

var verbs = [...]string{
	Delay: "delay", Cut: "cut", Drop: "drop", Replace: "replace", Duplicate: "duplicate", Forge: "forge",
	Answer: "answer", HalfClose: "half-close", Reset: "reset", Stall: "stall", Limit: "limit",
}

// String returns the verb as rules write it.
func (v Verb) String() string {
	if v < Delay || v > Limit {
		return "verb?"
	}
	return verbs[v]
}

// ExtentKind says which bytes an action is about.
type ExtentKind uint8

// The kinds of extent. A match and a line have at most MaxMatch and MaxBytes bytes.
const (
	Bytes ExtentKind = iota + 1 // so many
	Line                        // up to LF, which belongs to it
	Match                       // those that the trigger has matched
	Rest                        // all that follow
)

// Extent is the bytes that an action is about, from its place on.
type Extent struct {
	Kind ExtentKind
	N    int64 // of Bytes
}

// Action is what a rule does.
type Action struct {
	Verb   Verb
	Extent Extent        // of Cut, Drop, Replace, Duplicate, Answer and Limit
	Pause  time.Duration // of Delay
	Rate   int64         // of Limit, in bytes a second
	Forged []byte        // of Replace, Forge and Answer
}

// isIncoming reports that a flow's bytes come from a peer, and have yet to be fed to the
// machine.
func isIncoming(f core.Flow) bool { return f == core.FromServer || f == core.FromClient }

// Names reports whether a rule is about a flow.
func (r *Rules) Names(f core.Flow) bool {
	return r != nil && slices.ContainsFunc(r.All, func(rule Rule) bool { return rule.Flow == f })
}

// OfClient reports whether a rule is about the client's end, which has to be a stream.
func (r *Rules) OfClient() bool { return r.Names(core.FromClient) || r.Names(core.ToClient) }

// OfMessages reports whether a rule waits for what the machine decodes.
func (r *Rules) OfMessages() bool {
	return r != nil && slices.ContainsFunc(r.All, func(rule Rule) bool {
		return rule.When.Kind == AfterMessage || rule.When.Kind == AfterField
	})
}

// ByChance reports whether a rule does not act each time.
func (r *Rules) ByChance() bool {
	return slices.ContainsFunc(r.All, func(rule Rule) bool { return rule.Chance < 100 })
}

// NumberedAfter returns the rules with the numbers after that one in place of their lines.
func (r *Rules) NumberedAfter(last int) *Rules {
	numbered := &Rules{r.Seed, slices.Clone(r.All)}
	for i := range numbered.All {
		numbered.All[i].Line = last + 1 + i
	}
	return numbered
}

// String says in words how many rules there are.
func (r *Rules) String() string {
	words := core.Plural(len(r.All), "fault rule")
	if r.ByChance() {
		words += fmt.Sprintf(", seed %d", r.Seed)
	}
	return words
}
