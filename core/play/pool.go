package play

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/protocol-workbench/workbench/core"
)

// MaxPool bounds the scripts of a pool. A connection compares what its client
// says first with all of them.
const MaxPool = 256

// Pool holds scripts of one connection each, and finds for a client that
// connects one that nobody has taken. Which it is shows in what the client
// says; as long as several fit, the server says what they have in common. When
// they differ in what the server does next, the first of those that have
// something to do is taken, in the order of the scripts.
//
// As long as a client fits several, the one that it holds is given to another
// client that fits no other (a maximum matching, by augmenting paths). Once all
// are taken the next client begins another round, in which all are free.
type Pool struct {
	scripts []*Script
	once    bool // there is one round

	mu     sync.Mutex
	round  *round
	played []bool // by script: a client had it
}

// round is one time through all scripts.
type round struct{ holders []*guest } // by script; nil: it is free

// NewPool makes a pool of 1 to MaxPool scripts. With once there is no second
// round: a client that comes when all that it fits are taken is a mismatch.
func NewPool(scripts []*Script, once bool) (*Pool, error) {
	if len(scripts) == 0 || len(scripts) > MaxPool {
		return nil, fmt.Errorf("%d scripts: a pool has 1 to %d", len(scripts), MaxPool)
	}
	for _, s := range scripts {
		if err := cmp.Or(s.WithoutMode(), s.unrated(), s.Alone()); err != nil {
			return nil, err
		}
	}
	p := &Pool{scripts: scripts, once: once, played: make([]bool, len(scripts))}
	p.begin()
	return p, nil
}

func (p *Pool) begin() { p.round = &round{holders: make([]*guest, len(p.scripts))} }

// Unplayed returns the files of the scripts that no client has had so far.
func (p *Pool) Unplayed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var files []string
	for i, s := range p.scripts {
		if !p.played[i] {
			files = append(files, s.file)
		}
	}
	return files
}

// join begins to play the server to a client.
func (p *Pool) join() *guest {
	g := &guest{pool: p, at: nowhere}
	for i, s := range p.scripts {
		g.left = append(g.left, &candidate{Player: s.Play(core.Server), index: i})
	}
	return g
}

// leave ends a guest's stay. What it holds is played, or free again for one
// that was no client.
func (p *Pool) leave(g *guest, wasClient bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case g.at == nowhere:
	case wasClient:
		p.played[g.at] = true
		g.spoke = true
		g.left = []*candidate{{index: g.at}} // nobody can move it any more
	default:
		g.round.holders[g.at] = nil
	}
}

// place gives the guest a script among the candidates and takes the others from
// it, or changes nothing.
func (p *Pool) place(g *guest, among []*candidate) bool {
	if slices.ContainsFunc(among, func(c *candidate) bool { return c.index == g.at }) {
		g.left = among
		return true
	}
	before, at := g.left, g.at
	g.left = among
	if g.round != nil && at != nowhere {
		g.round.holders[at] = nil
		if g.round.find(g, false) {
			return true
		}
		g.round.holders[at] = g
		g.left = before
		return false
	}
	if g.round = p.round; p.round.find(g, false) || p.round.find(g, true) {
		return true
	}
	if !p.once {
		p.begin()
		g.round = p.round
		return g.round.find(g, false)
	}
	g.left = before
	return false
}

// find gives a guest without a script a free one, or one whose holder can have
// another. With evict one will do whose holder has said nothing: it may be no
// client, and if it is one it asks again.
func (r *round) find(g *guest, evict bool) bool {
	tried := make([]bool, len(r.holders))
	var try func(g *guest) bool
	try = func(g *guest) bool {
		for _, c := range g.left {
			if r.holders[c.index] == nil {
				r.holders[c.index], g.at = g, c.index
				return true
			}
		}
		for _, c := range g.left {
			if tried[c.index] {
				continue
			}
			tried[c.index] = true
			h := r.holders[c.index]
			if evict && !h.spoke {
				h.at = nowhere
			} else if !try(h) {
				continue
			}
			r.holders[c.index], g.at = g, c.index
			return true
		}
		return false
	}
	return try(g)
}
