package feed

import (
	"fmt"
	"maps"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// link is how far a link is.
type link uint8

const (
	ordered link = iota + 1 // its outcome has not come
	there
	closing // the machine has closed it: only its end is fed
)

// What ends a session whose machine ordered what cannot be of a link.
const (
	linkUnknown = "the machine ordered the link %s, and its manifest does not name the event link closed, and the others of a link, which are the outcome"
	linkThere   = "the machine ordered the link %s, which has not ended"
	linkNot     = "the machine sent to the link %s, which is not there"
	linkTooMany = "the machine ordered more than %d links at once"
)

// HasLinks reports that a link is ordered or there.
func (f *Feeder) HasLinks() bool { return len(f.links) > 0 }

// linkFate returns what happens to an event of a link.
func (f *Feeder) linkFate(ev core.Event) Fate {
	switch f.links[ev.Link] {
	case 0:
		if !f.AnyTimer {
			return Unlinked
		}
	case closing:
		if !ev.Kind.EndsLink() {
			return Early
		}
	}
	return Fed
}

// link takes one action about a link.
func (f *Feeder) link(a core.Action) End {
	fails := func(format string, args ...any) End { return End{MachineFailed, fmt.Sprintf(format, args...)} }
	now := f.links[a.Link]
	switch a.Kind {
	case core.Connect, core.Accept:
		switch {
		case !f.Feeds(core.LinkClosed):
			return fails(linkUnknown, a.Link)
		case now != 0:
			return fails(linkThere, a.Link)
		case len(f.links) == core.MaxLinks:
			return fails(linkTooMany, core.MaxLinks)
		case f.links == nil:
			f.links = map[string]link{}
		}
		f.links[a.Link] = ordered
	case core.SendLink, core.FinishLink, core.CloseLink:
		if now == 0 && !f.AnyTimer {
			return fails(linkNot, a.Link)
		}
		if a.Kind == core.CloseLink && now != 0 {
			f.links[a.Link] = closing
		}
	}
	return End{}
}

// linkBy has an event do what it does to its link, before the actions that answer it: a
// link that has ended may be ordered again.
func (f *Feeder) linkBy(ev core.Event) {
	switch {
	case ev.Kind.EndsLink():
		delete(f.links, ev.Link)
	case ev.Kind == core.LinkConnected && f.links[ev.Link] == ordered:
		f.links[ev.Link] = there
	}
}

// goOnLinks has the links be as they are in another session.
func (f *Feeder) goOnLinks(from *Feeder) { f.links = maps.Clone(from.links) }

// LinkFor returns the link, the first by name, of which an event of a kind may come now, or
// "".
func (f *Feeder) LinkFor(k core.EventKind) string {
	for _, name := range slices.Sorted(maps.Keys(f.links)) {
		may := false
		switch f.links[name] {
		case ordered:
			may = k == core.LinkListening || k == core.LinkConnected || k == core.LinkFailed
		case there:
			may = k != core.LinkListening && k != core.LinkConnected
		case closing:
			may = k.EndsLink()
		}
		if may {
			return name
		}
	}
	return ""
}
