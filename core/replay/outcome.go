package replay

import (
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
)

// sides are those of a session of which something holds.
type sides [core.Server + 1]bool

// outcome is what counts of the answer to a run, whatever its pieces were, or
// to another event, where all of it counts.
type outcome struct {
	run      bool
	fed      bool
	passes   bool                        // the server's side passes through at the end of the run
	joined   [core.SendBinary + 1][]byte // by kind, in a row: what went to the server, and to the client as text and as binary
	links    []core.Action               // to each link, in a row
	messages []core.Action               // to the client, when boundaries mean something, in place of those joined
	sends    []core.Action               // to the server, likewise
	rest     []core.Action               // all else, in order
}

// add takes the answer to one event or piece; the actions' data is copied. whole says to
// which sides boundaries mean something. Of what passes through they do not: there they
// are those of the reads.
func (o *outcome) add(a answer, whole sides) {
	o.fed = true
	if !o.run {
		o.rest = core.CloneActions(a.shown())
		return
	}
	o.passes = o.passes || a.passed
	copied := a.passed && !a.broken
	for _, a := range a.actions {
		switch message := a.Kind == core.SendText || a.Kind == core.SendBinary; {
		case a.Kind == core.Secret: // its span moves with the cuts
		case a.Kind == core.StartTLS: // what it leaves unread of an event moves with the cuts
			a.Rest = 0
			o.rest = append(o.rest, a.Clone())
		case message && whole[core.Client]:
			o.messages = append(o.messages, a.Clone())
		case a.Kind == core.SendLink:
			o.addLink(a)
		case a.Kind == core.SendServer && whole[core.Server] && !copied:
			o.sends = append(o.sends, a.Clone())
		case message || a.Kind == core.SendServer:
			o.joined[a.Kind] = append(o.joined[a.Kind], a.Data...)
		default:
			o.passes = o.passes || a.Kind == core.PassThrough && a.Side == core.Server
			o.rest = append(o.rest, a.Clone())
		}
	}
}

// addLink adds what is sent to a link.
func (o *outcome) addLink(a core.Action) {
	for i := range o.links {
		if l := &o.links[i]; l.Link == a.Link {
			l.Data = append(l.Data, a.Data...)
			return
		}
	}
	o.links = append(o.links, a.Clone())
}

// settle joins the binary messages at the end of a run that passes through:
// there a message is as long as a read was.
func (o *outcome) settle() {
	n := len(o.messages)
	for n > 0 && o.messages[n-1].Kind == core.SendBinary {
		n--
	}
	if !o.passes || len(o.messages)-n < 2 {
		return
	}
	var all []byte
	for _, m := range o.messages[n:] {
		all = append(all, m.Data...)
	}
	o.messages = append(o.messages[:n], core.Action{Kind: core.SendBinary, Data: all})
}

// actions returns the lists as actions, one after the other.
func (o *outcome) actions() []core.Action {
	var all []core.Action
	for kind, data := range o.joined {
		if len(data) > 0 {
			all = append(all, core.Action{Kind: core.ActionKind(kind), Data: data})
		}
	}
	return slices.Concat(all, o.links, o.sends, o.messages, o.rest)
}

// same compares two settled outcomes.
func (o *outcome) same(p *outcome) bool {
	if o.run && feed.Fails(o.rest) && feed.Fails(p.rest) {
		return o.sameFailure(p)
	}
	return o.fed == p.fed && slices.EqualFunc(o.actions(), p.actions(), core.Action.Equal)
}

// sameFailure compares two runs that failed. The event that fails answers
// nothing else, so how much went before it depends on where it began.
func (o *outcome) sameFailure(p *outcome) bool {
	for kind, data := range o.joined {
		if !oneBegins(data, p.joined[kind], sameByte) {
			return false
		}
	}
	oLast, pLast := len(o.rest)-1, len(p.rest)-1
	return o.rest[oLast].Equal(p.rest[pLast]) &&
		oneBegins(o.sends, p.sends, core.Action.Equal) &&
		oneBegins(o.links, p.links, func(a, b core.Action) bool { return a.Link == b.Link && oneBegins(a.Data, b.Data, sameByte) }) &&
		oneBegins(o.messages, p.messages, core.Action.Equal) &&
		oneBegins(o.rest[:oLast], p.rest[:pLast], core.Action.Equal)
}

func sameByte(a, b byte) bool { return a == b }

// oneBegins reports whether one of the lists is how the other begins.
func oneBegins[T any](a, b []T, equal func(T, T) bool) bool {
	n := min(len(a), len(b))
	return slices.EqualFunc(a[:n], b[:n], equal)
}
