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
		}
		f.setLink(a.Link, ordered)
	case core.SendLink, core.FinishLink, core.CloseLink:
		if now == 0 && !f.AnyTimer {
			return fails(linkNot, a.Link)
		}
		if a.Kind == core.CloseLink && now != 0 {
			f.setLink(a.Link, closing)
		}
	}
	return End{}
}

// linkBy has an event do what it does to its link, before the actions that answer it: a
// link that has ended may be ordered again.
func (f *Feeder) linkBy(ev core.Event) {
	switch {
	case ev.Kind.EndsLink():
		f.setLink(ev.Link, 0)
	case ev.Kind == core.LinkConnected && f.links[ev.Link] == ordered:
		f.setLink(ev.Link, there)
	}
}

// setLink changes how far a link is; 0: it is not there. A copy of the Feeder keeps its own.
func (f *Feeder) setLink(name string, to link) {
	links := maps.Clone(f.links)
	if links == nil {
		links = map[string]link{}
	}
	if links[name] = to; to == 0 {
		delete(links, name)
	}
	f.links = links
}

// goOnLinks has the links be as they are in another session.
func (f *Feeder) goOnLinks(from *Feeder) { f.links = from.links }

// LinkFor returns the link of which an event may come now: its own, or the first by name if
// it names none; "" if there is none.
func (f *Feeder) LinkFor(ev core.Event) string {
	k := ev.Kind
	for _, name := range slices.Sorted(maps.Keys(f.links)) {
		may := false
		if ev.Link != "" && ev.Link != name {
			continue
		}
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
