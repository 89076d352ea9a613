package play

import "bytes"

// compare compares the bytes with a piece and returns those after it.
func (p *Player) compare(c *piece, data []byte) ([]byte, *Mismatch) {
	switch {
	case c.match != nil:
		return p.compareMatch(data)
	case c.fields != nil && p.decoding.by != nil:
		return p.compareFields(c, data)
	case c.rule == nil || c.uses():
		want := p.bytesOf(c)
		n := common(want[p.off:], data)
		p.off += n
		if p.off < len(want) {
			if n < len(data) {
				return data[n:], p.mismatch(data[n : n+1])
			}
			return nil, nil
		}
		p.done(len(want))
		return data[n:], nil
	case c.sizes():
		return p.compareSize(c, data)
	case c.isUntil():
		return p.compareUntil(c.rule.Text, data)
	}
	n := min(len(c.data)-p.off, len(data))
	if p.off += n; p.off == len(c.data) {
		p.done(len(c.data))
	}
	return data[n:], nil
}

func (p *Player) compareUntil(end, data []byte) ([]byte, *Mismatch) {
	before := len(p.held)
	n := min(len(data), MaxHeld-before)
	p.held = append(p.held, data[:n]...)
	from := max(0, before-len(end)+1)
	if i := bytes.Index(p.held[from:], end); i >= 0 {
		size := from + i + len(end)
		p.done(size)
		return data[size-before:], nil
	}
	if n == len(data) {
		return nil, nil
	}
	return p.tooMuch(data[n:])
}

func (p *Player) compareMatch(data []byte) ([]byte, *Mismatch) {
	n := 0
	for ; n < len(data) && !p.scan.done(); n++ {
		if len(p.held) == MaxHeld {
			return p.tooMuch(data[n:])
		}
		p.held = append(p.held, data[n])
		p.scan.feed(data[n])
	}
	if !p.scan.done() {
		return nil, nil
	}
	return p.matched(data[n:])
}

// matched ends a match rule whose scan is done. What was held beyond the match
// comes again.
func (p *Player) matched(data []byte) ([]byte, *Mismatch) {
	if p.scan.end < 0 {
		return p.giveBack(data, p.held)
	}
	c := &p.steps[p.at].pieces[p.piece]
	size, held := p.scan.end, p.held
	for n, site := range c.sites {
		p.values[site] = nil
		if from, to := p.scan.at[2*n], p.scan.at[2*n+1]; from >= 0 && to >= from {
			p.values[site] = bytes.Clone(held[from:to])
		}
	}
	if size < len(held) {
		data = append(bytes.Clone(held[size:]), data...)
	}
	p.done(size)
	return data, nil
}

// tooMuch gives a rule up.
func (p *Player) tooMuch(data []byte) ([]byte, *Mismatch) {
	rest, m := p.giveBack(data, nil)
	m.Got = "more than 1 MiB in which it does not end"
	return rest, m
}

// giveBack makes the mismatch of a rule, and the bytes that it held strange.
func (p *Player) giveBack(data, got []byte) ([]byte, *Mismatch) {
	held := bytes.Clone(p.held)
	m := p.mismatch(got)
	return append(held, data...), m
}
