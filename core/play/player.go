package play

import (
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// MaxHeld bounds the bytes that one match or until rule may take, and what is
// kept of bytes that differ.
const MaxHeld = 1 << 20

// Player plays one side of a script to a live peer. It is a pure state machine:
// the peer's bytes go in, orders come out. How the bytes are cut never changes
// what it says. It is for one goroutine at a time.
type Player struct {
	*Script
	as     core.Side
	values [][]byte // of each capture: recorded, until the peer has said another
	said   int      // steps before it are said, of our own

	// Where the peer is: steps before at are whole, of the peer's own; then
	// pieces, then bytes of the data.
	at, piece, off int
	offset         int64  // bytes that came before that
	held           []byte // of a match or until rule
	scan           *scan  // of a match rule
	ruleLine       int    // of the last rule that was used
	spoke          bool   // the peer has said anything
	ended          bool   // the peer's stream has
	hello          bool   // the client has begun the handshake of an upgrade
	shaking        bool   // an upgrade was ordered, and has no outcome so far

	allows func(seq int) bool // of a step of our own: the other connections are as far; nil: there are none
	told   map[int]bool       // links whose address we know, to tell it

	differs  *Mismatch // the first
	skipping skipping
	decoding decoding
	choosing choosing
	rating   rating

	// Of the first mismatch, for Diff.
	differsAt   int    // the step
	before      []byte // what came of it as expected
	strange     []byte // what came in its place, up to MaxHeld
	strangeFull bool   // no more of it is kept
	brokeOff    string // of TakeEnd
	came        *step  // an upgrade that went otherwise
}

// Play begins to play one side; the peer is the other one.
func (s *Script) Play(as core.Side) *Player {
	p := &Player{Script: s, as: as, values: slices.Clone(s.values), told: map[int]bool{}}
	p.advance()
	return p
}

func (p *Player) side() core.Side { return p.as }

func other(side core.Side) core.Side { return core.Client + core.Server - side }

// OrderKind says what is to be done.
type OrderKind uint8

// The kinds of order.
const (
	Send     OrderKind = iota + 1 // send Data
	Finish                        // end the stream: send FIN
	Break                         // break the connection: send a reset
	StartTLS                      // have the connection become TLS, and give Upgraded the outcome
	Listen                        // wait for the peer to open a further connection, and give Listening the address
)

// Order is what a player wants done next.
type Order struct {
	Kind  OrderKind
	Data  []byte        // of Send; not to be changed
	Name  string        // of StartTLS, as the client: whom the certificate has to be for; "": whom was dialled
	Fails bool          // of StartTLS: it failed when it was recorded; a server ends the connection in its place
	Link  int           // of Listen: which, counted from 1
	Pause time.Duration // that passed before it when it was recorded
	// Silence is what has to pass before it, so that the peer notices.
	Silence time.Duration
}

// Next returns the next order, if it is due: when all that the peer said before
// it in the recording has come. An order is given once.
func (p *Player) Next() (Order, bool) {
	if p.upgradeIsDue() {
		return p.upgrade(), true
	}
	if !p.isDue() {
		return Order{}, false
	}
	i := p.own()
	s := &p.steps[i]
	if n, due := p.listens(s); due {
		return Order{Kind: Listen, Link: n}, true
	}
	p.said = i + 1
	o := Order{Kind: Send, Pause: s.pause, Silence: s.silence}
	switch {
	case s.kind == endStep:
		o.Kind = Finish
	case s.kind == breakStep:
		o.Kind = Break
	default:
		o.Data = p.dataOf(s)
		p.decode(p.as, o.Data)
	}
	return o, true
}

func (p *Player) isDue() bool {
	i := p.own()
	return i < len(p.steps) && i < p.at && (p.allows == nil || p.allows(p.steps[i].seq))
}

// own returns our own next step.
func (p *Player) own() int {
	for p.said < len(p.steps) && p.steps[p.said].from != p.as {
		p.said++
	}
	return p.said
}

// dataOf returns a step's bytes with the values that were captured.
func (p *Player) dataOf(s *step) []byte {
	if !slices.ContainsFunc(s.pieces, piece.varies) {
		return s.data
	}
	return p.join(s.pieces)
}

// stepAt returns a step: one of our own as it is said, with the values that were
// captured; one of the peer's as it was recorded.
func (p *Player) stepAt(i int) Step {
	shown := p.steps[i].shown()
	if p.steps[i].from == p.as && p.steps[i].kind == bytesStep {
		shown.Data = p.dataOf(&p.steps[i])
	}
	return shown
}

func (p *Player) join(pieces []piece) []byte {
	var all []byte
	for i := range pieces {
		all = append(all, p.bytesOf(&pieces[i])...)
	}
	return all
}

// bytesOf returns a piece's bytes: recorded, or what a use rule puts there, or the address
// of a further connection that is waited for.
func (p *Player) bytesOf(c *piece) []byte {
	switch {
	case c.uses():
		return p.values[c.site]
	case c.link > 0 && p.told[c.link]:
		return p.values[c.sites[0]]
	}
	return c.data
}

// Heard reports whether all has come that the peer said in the recording, its
// end too if the recording has one.
func (p *Player) Heard() bool { return p.at == len(p.steps) }

func (p *Player) awaitsBytes() bool { return !p.Heard() && p.steps[p.at].kind == bytesStep }

func (p *Player) awaitsEnd() bool { return !p.awaitsBytes() && !p.atUpgrade() }

// Status is how far a side's part in a talk has come.
type Status struct {
	Due       bool // Next has an order
	Said      bool // there are no more orders to come
	Heard     bool // all has come that the peer said in the recording, its end too if that has one
	AwaitsEnd bool // the peer has nothing more to say but the end of its stream
	Settled   bool // of the last difference all is known that can be shown: the end of what had been expected there has come, or of the stream
	Silent    bool // the peer has said nothing so far
	Upgrades  bool // nothing may be read from the peer until Upgraded was called, but by the handshake
}

// Status returns how far the player has come.
func (p *Player) Status() Status {
	return Status{
		Due: p.isDue() || p.upgradeIsDue(), Said: p.own() == len(p.steps), Heard: p.Heard(), AwaitsEnd: p.awaitsEnd(),
		Settled: p.skipping == skipping{} || p.ended || p.Datagrams(), Silent: !p.spoke,
		Upgrades: p.upgrades(),
	}
}

// advance goes on to the next piece that has to be heard.
func (p *Player) advance() {
	p.toNextPiece()
	p.rate()
}

func (p *Player) toNextPiece() {
	for p.at < len(p.steps) {
		s := &p.steps[p.at]
		switch {
		case s.isUpgrade():
			return
		case s.from == p.as:
		case s.kind != bytesStep:
			return
		case p.piece < len(s.pieces):
			c := &s.pieces[p.piece]
			if c.rule != nil {
				p.ruleLine = c.rule.Line
			}
			if c.match != nil {
				p.scan = c.match.begin()
			}
			return
		}
		p.at, p.piece = p.at+1, 0
	}
}

// Take takes bytes of the peer and returns those that it did not get to. It
// must be called again with them, and what it returned with a Mismatch too: the
// player then goes on after what differs, as the package's comment says. What it returns
// without one came after all that the peer said before an upgrade to TLS: the beginning of
// a client's handshake, or what a server said in clear too early, which is to be dropped.
func (p *Player) Take(data []byte) (rest []byte, m *Mismatch) {
	if p.Datagrams() {
		return nil, p.takeDatagram(data)
	}
	p.spoke = p.spoke || len(data) > 0
	p.heard(data)
	rest, m = p.take(data)
	p.decoding.came -= int64(len(rest))
	return rest, m
}

func (p *Player) take(data []byte) (rest []byte, m *Mismatch) {
	for len(data) > 0 {
		if p.atUpgrade() && p.skipping == (skipping{}) {
			return p.beforeUpgrade(data)
		}
		if data, m = p.takePiece(data); m != nil {
			return data, m
		}
	}
	return nil, nil
}

// takePiece takes bytes up to the end of what is expected next, and returns those after it.
func (p *Player) takePiece(data []byte) (rest []byte, m *Mismatch) {
	switch {
	case p.skipping != skipping{}:
		return p.skip(data), nil
	case p.Heard() && p.as == core.Client:
		// The recorded client left, and did not hear what the server said then.
		return nil, nil
	case p.awaitsEnd():
		return data, p.mismatch(data[:1])
	case p.chooses() && !p.Datagrams():
		return p.choose(data)
	}
	return p.compare(&p.steps[p.at].pieces[p.piece], data)
}

// done ends a piece of which so many bytes came.
func (p *Player) done(size int) {
	p.offset += int64(size)
	p.goTo(p.at, p.piece+1)
}

// goTo goes on with a piece of a step, from its beginning.
func (p *Player) goTo(at, piece int) {
	p.at, p.piece = at, piece
	p.off, p.held, p.scan = 0, p.held[:0], nil
	p.advance()
}

// TakeEnd takes the end of the peer's stream; broken says in words that the
// connection broke, and is "" for a FIN. Nothing may be taken after it.
func (p *Player) TakeEnd(broken string) *Mismatch {
	m := p.decide()
	if more := p.endMatches(); m == nil {
		m = more
	}
	p.ended, p.brokeOff = true, broken
	switch {
	case m != nil:
		m.Got += " and the end of the stream"
		return m
	case p.skipping != skipping{} && !p.skipping.all:
		return nil // it was told already that this is another stream
	case p.Heard(), p.upgrades(): // the handshake will fail
		return nil
	case p.awaitsBytes(), p.atUpgrade(), p.steps[p.at].kind == endStep && broken != "" && p.as == core.Client:
		m = p.mismatch(nil)
		m.Got = "the end of the " + m.From.String() + "'s stream"
		if broken != "" {
			m.Got = broken
		}
		return m
	}
	p.at++
	p.advance()
	return nil
}

// endMatches ends the match rules that were waiting to see whether more comes.
func (p *Player) endMatches() (m *Mismatch) {
	for p.skipping == (skipping{}) {
		var rest []byte
		var first *Mismatch
		if c := p.awaitsSize(); p.scan != nil {
			p.scan.finish()
			rest, first = p.matched(nil)
		} else if c != nil {
			rest, first = p.sized(c, len(p.held), nil)
		} else {
			break
		}
		p.decoding.came -= int64(len(rest)) // they come again
		for m = first; len(rest) > 0; {
			if rest, first = p.Take(rest); m == nil {
				m = first
			}
		}
	}
	return m
}
