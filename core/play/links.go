package play

import (
	"math"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// A further connection has steps of its own. Those of all connections are numbered in the
// order of the recording, which a side keeps: it says a thing when all has come that the other
// had said before it by any of them, and what it had said itself has gone out. Only an end
// that answers an end, as that of who was sent a file, is not waited for: many a client sends
// it after it has heard more.

// link is a further connection of a script.
type link struct {
	*Script             // its steps
	line      int       // that ordered it
	by        core.Side // who connects
	address   string    // where to, when it was recorded
	ordered   int       // the number of the line mode's order
	listening int       // … of the event that it was waited for; 0: there is none
	opened    int       // … since when it was there; 0: it did not come to be
	ended     [core.Server + 1]bool
	over      bool // nothing more is said by it

	form form
	site int // of values: where the main connection tells the address
}

// never is after all steps.
const never = math.MaxInt

// NewLinked makes a script as New does, also of a transcript whose line mode opened further
// connections. As either side the address of each is told, and read, in the place of the
// recorded one: the play cannot do without a place that tells it. Upgrades to TLS beside them
// are refused.
func NewLinked(file string, t *transcript.Transcript) (*Script, error) {
	return newScript(file, t, true)
}

// Alone returns a *transcript.SyntaxError if the script has further connections.
func (s *Script) Alone() error {
	if len(s.links) == 0 {
		return nil
	}
	l := s.links[0]
	return &transcript.SyntaxError{File: s.file, Line: l.line, Msg: "expected a recording of one connection here, and not the further connection " + l.link + ": it is played only in clear over TCP, where one recording is played"}
}

// linked takes what happened by a further connection.
func (b *builder) linked(e *transcript.Entry) error {
	name := e.Event.Link
	if e.Dir == transcript.Action {
		name = e.Action.Link
	}
	switch {
	case !b.further:
		return b.unusable(e.Line, "expected a recording of one connection: the further connection %s, which begins here, is not played", name)
	case e.Dir == transcript.Event:
		b.linkEvent(e, b.open[name])
	case e.Action.Kind == core.Connect || e.Action.Kind == core.Accept:
		l := &link{Script: &Script{file: b.file, link: name}, line: e.Line, by: core.Client, address: string(e.Action.Data), ordered: b.next()}
		if e.Action.Kind == core.Accept {
			l.by, l.address = core.Server, ""
		}
		if b.open == nil {
			b.open = map[string]*link{}
		}
		b.links, b.open[name] = append(b.links, l), l
	default:
		b.linkAction(e, b.open[name])
	}
	return nil
}

func (b *builder) linkEvent(e *transcript.Entry, l *link) {
	switch e.Event.Kind {
	case core.LinkListening:
		l.address, l.listening = string(e.Event.Data), b.next()
	case core.LinkConnected:
		l.opened = b.next()
		for i := range l.steps { // what was sent earlier waited
			l.steps[i].seq = l.opened
		}
	case core.LinkBytes:
		b.addTo(l, e, core.Server, bytesStep)
	case core.LinkEOF:
		b.addTo(l, e, core.Server, endStep)
	case core.LinkFailed:
		if l.opened > 0 {
			b.addTo(l, e, core.Server, breakStep)
		}
		l.over = true
	case core.LinkClosed:
		b.closeLink(l, e)
		l.over = true
	}
}

func (b *builder) linkAction(e *transcript.Entry, l *link) {
	switch e.Action.Kind {
	case core.SendLink:
		b.addTo(l, e, core.Client, bytesStep)
	case core.FinishLink:
		b.addTo(l, e, core.Client, endStep)
	case core.CloseLink:
		b.closeLink(l, e)
	}
}

// closeLink has both sides end a link.
func (b *builder) closeLink(l *link, e *transcript.Entry) {
	b.addTo(l, e, core.Client, endStep)
	b.addTo(l, e, core.Server, endStep)
}

// addTo adds a step to a link, unless its side has ended or nobody could hear it.
func (b *builder) addTo(l *link, e *transcript.Entry, from core.Side, kind stepKind) {
	if l.over || l.ended[from] {
		return
	}
	l.ended[from] = kind != bytesStep
	s := step{from: from, kind: kind, line: e.Line, seq: b.next(), pause: b.pauseOf(e)}
	if kind != endStep {
		s.data = e.Event.Data
		if e.Dir == transcript.Action {
			s.data = e.Action.Data
		}
	}
	if kind == bytesStep {
		s.pieces = []piece{{data: s.data}}
	}
	l.steps = append(l.steps, s)
}

// places finds where the main connection tells the addresses, and makes them pieces that
// are read and written anew. A link that waited nowhere is no part of what crossed.
func (b *builder) places() error {
	b.links = slices.DeleteFunc(b.links, func(l *link) bool { return l.by == core.Server && l.listening == 0 })
	for n, l := range b.links {
		if b.secured || slices.ContainsFunc(b.steps, func(s step) bool { return s.isUpgrade() }) {
			return b.unusable(l.line, "expected no further connection beside an upgrade to TLS: such a recording is not played")
		}
		if !l.over {
			b.closeLink(l, &transcript.Entry{Line: l.line})
		}
		i, from, to := b.tells(l)
		if l.form == 0 {
			return b.unusable(l.line, "expected the %s to have told where the further connection %s goes, %s, as (|||port|), as h1,h2,h3,h4,p1,p2, as |1|host|port| or as host:port", other(l.by), l.link, core.CutWords(l.address, 60))
		}
		if err := b.addressPiece(n, &b.steps[i], from, to); err != nil {
			return err
		}
	}
	return nil
}

// tells returns the step that tells a link's address, and its place: the last of the server's
// before the line mode's order, or the first of the client's after the address was known.
func (b *builder) tells(l *link) (at, from, to int) {
	for i := range b.steps {
		s := &b.steps[i]
		if s.from == l.by || s.kind != bytesStep || l.by == core.Client && s.seq > l.ordered || l.by == core.Server && s.seq < l.listening {
			continue
		}
		if first, end, f := findAddress(s.data, l.address); f != 0 {
			at, from, to, l.form = i, first, end, f
			if l.by == core.Server {
				break
			}
		}
	}
	return at, from, to
}

// addressPiece makes bytes of a step the address of a link.
func (b *builder) addressPiece(n int, s *step, from, to int) error {
	l := b.links[n]
	i := slices.IndexFunc(s.pieces, func(p piece) bool { return from < p.from+len(p.data) })
	whole := s.pieces[i]
	if whole.rule != nil || whole.match != nil || to > whole.from+len(whole.data) || s.order != nil {
		return b.unusable(s.line, "expected no rule for bytes %d to %d, and any-order above none of them: the address of the further connection %s is there, which is read and told by itself", from, to-1, l.link)
	}
	for _, f := range forms {
		if f.form == l.form {
			match, err := compile("(?P<address>"+f.regexp+")", onlyBytes)
			if err != nil {
				return err
			}
			l.site = len(b.values)
			b.values = append(b.values, s.data[from:to])
			address := piece{from: from, data: s.data[from:to], match: match, sites: []int{l.site}, link: n + 1}
			parts := []piece{{from: whole.from, data: s.data[whole.from:from]}, address, {from: to, data: s.data[to : whole.from+len(whole.data)]}}
			parts = slices.DeleteFunc(parts, func(p piece) bool { return len(p.data) == 0 })
			s.pieces = slices.Replace(s.pieces, i, i+1, parts...)
		}
	}
	return nil
}

// listens returns the link whose address our own step tells, if nobody waits for it so far.
func (p *Player) listens(s *step) (link int, due bool) {
	for i := range s.pieces {
		if n := s.pieces[i].link; n > 0 && !p.told[n] {
			return n, true
		}
	}
	return 0, false
}

// Listening takes where a link is waited for, as it is to be told.
func (p *Player) Listening(link int, address []byte) {
	p.told[link] = true
	p.values[p.links[link-1].site] = address
}

// awaitedSeq returns the number of the peer's next step that is waited for.
func (p *Player) awaitedSeq() int {
	if p.Heard() {
		return never
	}
	s := &p.steps[p.at]
	if s.kind == endStep && slices.ContainsFunc(p.steps[:p.at], func(s step) bool { return s.from == p.as && s.kind == endStep }) {
		return never
	}
	return s.seq
}

// ownSeq returns the number of our own next step.
func (p *Player) ownSeq() int {
	if i := p.own(); i < len(p.steps) {
		return p.steps[i].seq
	}
	return never
}
