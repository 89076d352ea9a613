package play

import (
	"github.com/protocol-workbench/workbench/core"
)

// guest is the server's part toward one client of a pool. It plays all scripts
// at once that fit what the client has said so far. The pool's lock guards it.
type guest struct {
	pool  *Pool
	round *round       // in which it holds a script
	at    int          // the script that it holds, or nowhere
	left  []*candidate // that fit, one at least, in the order of the scripts
	lost  bool         // it fits none, and goes on with what it came nearest to
	spoke bool         // the client has said something
}

// nowhere is where a guest is that holds no script.
const nowhere = -1

// candidate is a script that may be the client's.
type candidate struct {
	*Player
	index int
	order Order // that is due, as far as it is not carried out; Kind is 0 for none
}

// isDue takes the next order, if there is one. Sends of nothing are left out.
func (c *candidate) isDue() bool {
	for due := true; due && (c.order.Kind == 0 || c.order.Kind == Send && len(c.order.Data) == 0); {
		c.order, due = c.Player.Next()
	}
	return c.order.Kind != 0
}

func (g *guest) side() core.Side { return core.Server }

// Next returns what all candidates do next, if any of them does something now.
// Those that would wait for the client are others then.
func (g *guest) Next() (Order, bool) {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	for {
		var due, waiting []*candidate
		for _, c := range g.left {
			if c.isDue() {
				due = append(due, c)
			} else {
				waiting = append(waiting, c)
			}
		}
		if len(due) == 0 || g.at == nowhere && !g.lost && !g.pool.place(g, g.left) {
			return Order{}, false
		}
		if len(waiting) > 0 {
			if !g.pool.place(g, due) {
				g.left = waiting
			}
			continue
		}
		if o, ok := commonOrder(due); ok {
			return o, true
		}
		if !g.pool.place(g, due[:1:1]) {
			g.left = due[1:]
		}
	}
}

// commonOrder takes from each candidate's order what all of them begin with.
func commonOrder(all []*candidate) (Order, bool) {
	o := all[0].order
	for _, c := range all[1:] {
		if c.order.Kind != o.Kind || c.order.Fails != o.Fails {
			return Order{}, false
		}
		o.Data = o.Data[:common(o.Data, c.order.Data)]
	}
	if o.Kind == Send && len(o.Data) == 0 {
		return Order{}, false
	}
	for _, c := range all {
		if rest := c.order.Data[len(o.Data):]; len(rest) > 0 {
			c.order = Order{Kind: Send, Data: rest}
		} else {
			c.order = Order{}
		}
	}
	return o, true
}

// Take compares with all candidates, and leaves those out that differ.
func (g *guest) Take(data []byte) (rest []byte, m *Mismatch) {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	if len(data) == 0 {
		return nil, nil
	}
	g.spoke = true
	return g.narrow(data, func(c *candidate) ([]byte, *Mismatch) { return c.Player.Take(data) })
}

// TakeEnd takes the end of the client's stream.
func (g *guest) TakeEnd(broken string) *Mismatch {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	_, m := g.narrow(nil, func(c *candidate) ([]byte, *Mismatch) { return nil, c.Player.TakeEnd(broken) })
	return m
}

// narrow lets each candidate take what came, which was data. It returns a
// mismatch if none is left, or none that is not taken: that of the one which
// agreed the longest, with which the guest goes on.
func (g *guest) narrow(data []byte, take func(*candidate) ([]byte, *Mismatch)) (rest []byte, m *Mismatch) {
	if g.lost || len(g.left) == 1 && g.at != nowhere {
		return take(g.left[0])
	}
	var fit []*candidate
	var nearest *candidate
	var over []byte
	for _, c := range g.left {
		left, differs := take(c)
		switch {
		case differs == nil && len(fit) == 0:
			fit, over = append(fit, c), left
		case differs == nil && len(left) == len(over):
			fit = append(fit, c)
		case differs == nil: // for one of them a TLS handshake begins, for the other it does not
		case m == nil || differs.Offset > m.Offset:
			nearest, rest, m = c, left, differs
		}
	}
	if len(fit) > 0 {
		if g.pool.place(g, fit) {
			return over, nil
		}
		nearest, rest, m = fit[0], nil, taken(fit[0], data)
	}
	if g.at != nowhere {
		g.round.holders[g.at] = nil
	}
	m.Nearest = true
	g.lost, g.at, g.left = true, nowhere, []*candidate{nearest}
	return rest, m
}

// taken is the mismatch of a client for which there is no recording any more.
func taken(c *candidate, data []byte) *Mismatch {
	m := c.describe()
	m.Want = "no further connection that begins like this: all such recordings are taken"
	m.Got = "the end of the client's stream"
	if len(data) > 0 {
		m.Got = quote(data[:min(len(data), maxShown)])
	}
	return m
}

// Status returns how far all candidates have come. An order is due if one of
// them has one.
func (g *guest) Status() Status {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	all := Status{Said: true, Heard: true, AwaitsEnd: true, Settled: true, Silent: !g.spoke}
	for _, c := range g.left {
		due := c.isDue()
		at := c.Player.Status()
		all.Due = all.Due || due
		all.Said = all.Said && !due && at.Said
		all.Heard = all.Heard && at.Heard
		all.AwaitsEnd = all.AwaitsEnd && at.AwaitsEnd
		all.Settled = all.Settled && at.Settled
		all.Upgrades = all.Upgrades || at.Upgrades
	}
	return all
}

// Upgraded has all candidates take the outcome of an upgrade.
func (g *guest) Upgraded(secured string, err error) *Mismatch {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	_, m := g.narrow(nil, func(c *candidate) ([]byte, *Mismatch) { return nil, c.Player.Upgraded(secured, err) })
	return m
}

// Awaited tells what the first candidate waits for.
func (g *guest) Awaited(got string) *Mismatch {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	return g.left[0].Player.Awaited(got)
}

// source returns the file of the script that it holds, "" if it fits none.
func (g *guest) source() string {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	if g.at == nowhere {
		return ""
	}
	return g.pool.scripts[g.at].file
}
