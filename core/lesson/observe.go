package lesson

import (
	"bytes"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// outcome is what became of a condition.
type outcome struct {
	holds bool
	code  Code
	why   string
	entry int // index in the transcript of what shows it; -1 if nothing does
	line  int // of the condition, in lesson.md
}

// place is how far the conditions of a list have got in a connection.
type place struct {
	item    int // the next one
	entry   int // the next one
	field   int // the next one of the message of entry fieldOf-1
	fieldOf int
	said    [core.Server + 1]int // bytes of each stream that are behind
}

// observe says of each condition whether it holds, each from where those above it have
// got to. A condition that does not hold leaves the place as it is.
func (w *wire) observe(conditions []condition, answer string) []outcome {
	var all []outcome
	var at place
	for i := range conditions {
		c := &conditions[i]
		if c.kind != anyOrder {
			all = append(all, w.look(c, &at, answer))
			continue
		}
		last := at
		for j := range c.any {
			one := at
			all = append(all, w.look(&c.any[j], &one, answer))
			if one.item > last.item || one.entry > last.entry {
				last = one
			}
		}
		at = last
	}
	return all
}

// look looks for a condition, and moves the place past what shows it.
func (w *wire) look(c *condition, at *place, answer string) outcome {
	next := *at
	o := w.find(c, &next, answer)
	o.line = c.line
	if !c.not {
		if o.holds {
			*at = next
		}
		return o
	}
	if o.holds {
		return outcome{code: CodeUnwanted, why: "there is what must not be: " + c.text, entry: o.entry, line: c.line}
	}
	return outcome{holds: true, entry: -1, line: c.line}
}

func missing(code Code, format string, args ...any) outcome {
	return outcome{code: code, why: fmt.Sprintf(format, args...), entry: -1}
}

// find looks for what a condition names, without its not.
func (w *wire) find(c *condition, at *place, answer string) outcome {
	side := c.side
	switch c.kind {
	case sent:
		for i := at.item; i < len(w.items); i++ {
			if it := &w.items[i]; it.side == side && it.kind == convert.Bytes && c.re.Match(it.line) {
				return w.reach(at, i)
			}
		}
		return missing(CodeMissing, "no line of the %s's is %s", side, c.re)
	case stream, bytesSent:
		return w.findBytes(c, at)
	case closed, reset:
		for i := at.item; i < len(w.items); i++ {
			it := &w.items[i]
			if it.side == side && it.kind != convert.Bytes && (c.kind == closed || it.kind == convert.Broken) {
				return w.reach(at, i)
			}
		}
		return missing(CodeOpen, "the %s has not %s the connection", side, map[conditionKind]string{closed: "closed", reset: "reset"}[c.kind])
	case closedFirst:
		switch {
		case w.first == nil:
			return missing(CodeOpen, "nobody has closed the connection yet")
		case w.first.side != side:
			return outcome{code: CodeClosedFirst, why: fmt.Sprintf("the %s closed first", w.first.side), entry: w.entryOf(w.first.at)}
		}
		return outcome{holds: true, entry: w.entryOf(w.first.at)}
	case bareLF, noBareLF:
		return w.findBare(c)
	case segments:
		return w.findSegments(c, at)
	case reaches:
		return w.compare(c.gold, side)
	case entry:
		for i := at.entry; i < len(w.log.Entries); i++ {
			if c.re.Match(entryText(&w.log.Entries[i])) {
				w.pass(at, i)
				return outcome{holds: true, entry: i}
			}
		}
		return missing(CodeMissing, "no entry of the transcript is %s", c.re)
	case field:
		return w.findField(c, at)
	case header:
		if value, ok := w.header(c.name); !ok || !c.re.MatchString(value) {
			return missing(CodeSetting, "the %s of the session is %s, not %s", c.name, shown(value), c.re)
		}
		return outcome{holds: true, entry: -1}
	case answered:
		if c.re.MatchString(answer) {
			return outcome{holds: true, entry: -1}
		}
		return missing(CodeAnswer, "the answer is not %s", c.re)
	}
	return missing(CodeMissing, "no such condition")
}

// header returns what the transcript's header says.
func (w *wire) header(name string) (value string, ok bool) {
	switch name {
	case "mode":
		return w.log.Mode, true
	case "target":
		return w.log.Target, w.log.Target != ""
	}
	for _, o := range w.log.Options {
		if "option "+o.Name == name {
			return o.Value, true
		}
	}
	return "", false
}

// pass moves the place past an entry.
func (w *wire) pass(at *place, entry int) {
	at.entry = max(at.entry, entry+1)
	for at.item < len(w.items) && w.entryOf(w.items[at.item].at) <= entry {
		at.said[w.items[at.item].side] = w.items[at.item].to
		at.item++
	}
}

// reach moves the place past an item.
func (w *wire) reach(at *place, i int) outcome {
	for ; at.item <= i; at.item++ {
		it := &w.items[at.item]
		at.said[it.side] = max(at.said[it.side], it.to)
	}
	e := w.entryOf(w.items[i].at)
	at.entry = max(at.entry, e+1)
	return outcome{holds: true, entry: e}
}

// findBytes looks in a side's stream, and moves the place to where the match ends: a
// line in which it ends is still ahead.
func (w *wire) findBytes(c *condition, at *place) outcome {
	from := at.said[c.side]
	rest := w.said[c.side][from:]
	var end int
	if c.kind == stream {
		span := c.re.FindIndex(rest)
		if span == nil {
			return missing(CodeMissing, "nothing in the %s's stream is %s", c.side, c.re)
		}
		end = from + span[1]
	} else {
		i := bytes.Index(rest, c.data)
		if i < 0 {
			return missing(CodeMissing, "the %s has not sent the bytes %x", c.side, c.data)
		}
		end = from + i + len(c.data)
	}
	piece := w.pieceOf(c.side, end-1)
	for at.item < len(w.items) {
		it := &w.items[at.item]
		if it.at > piece || it.side == c.side && it.to > end {
			break
		}
		at.said[it.side] = max(at.said[it.side], it.to)
		at.item++
	}
	at.said[c.side] = max(at.said[c.side], end)
	e := w.entryOf(piece)
	at.entry = max(at.entry, e+1)
	return outcome{holds: true, entry: e}
}

func (w *wire) findBare(c *condition) outcome {
	offset, line, column := w.bare(c.side)
	switch {
	case offset >= 0:
		return outcome{holds: c.kind == bareLF, code: CodeBareLF, entry: w.entryOf(w.pieceOf(c.side, offset)),
			why: fmt.Sprintf("line %d of the %s's ended in LF alone at byte %d", line, c.side, column)}
	case c.kind == bareLF:
		return missing(CodeMissing, "the %s has sent no LF without a CR", c.side)
	case !bytes.Contains(w.said[c.side], []byte("\r\n")):
		return missing(CodeMissing, "the %s has sent no line that ends in CR LF", c.side)
	}
	return outcome{holds: true, entry: -1}
}

func (w *wire) findSegments(c *condition, at *place) outcome {
	most := 0
	if c.re == nil {
		most = len(w.ends[c.side])
		if most >= c.n {
			return outcome{holds: true, entry: w.entryOf(w.from[c.side][c.n-1])}
		}
	}
	start := 0
	for i := range w.items {
		it := &w.items[i]
		if c.re == nil || it.side != c.side || it.kind != convert.Bytes {
			continue
		}
		if i >= at.item && c.re.Match(it.line) {
			n := w.segments(c.side, start, it.to)
			if most = max(most, n); n >= c.n {
				return w.reach(at, i)
			}
		}
		start = it.to
	}
	what := "what the " + c.side.String() + " sent"
	if c.re != nil {
		what = fmt.Sprintf("a line of the %s's that is %s", c.side, c.re)
	}
	return missing(CodeSegments, "%s came in %s, not in %d", what, core.Plural(most, "segment"), c.n)
}

// compare compares what crossed with a golden: of one side, or of both.
func (w *wire) compare(g *golden, side core.Side) outcome {
	log := *w.log
	log.Entries = make([]transcript.Entry, w.past) // more than a golden has
	for i, e := range w.log.Entries[:w.past] {
		e.Rules = nil // those of the golden count
		log.Entries[i] = e
	}
	script, err := play.New("transcript", &log)
	if err != nil {
		return missing(CodeUnusable, "the transcript cannot be compared: %v", err)
	}
	m := g.script.Fit(only(script, side, g.script))
	if m == nil {
		return outcome{holds: true, entry: -1}
	}
	o := missing(CodeDiffers, "the %s differs from %s:%d: expected %s, got %s", m.From, m.File, m.Line, m.Want, m.Got)
	if int(m.Offset) < len(w.said[m.From]) {
		o.entry = w.entryOf(w.pieceOf(m.From, int(m.Offset)))
	}
	return o
}

// only returns what one side says, 0 for both, and, where like is given, only such ends
// of streams as it has.
func only(s *play.Script, side core.Side, like *play.Script) *play.Script {
	ends := map[core.Side]bool{core.Client: true, core.Server: true}
	if like != nil {
		clear(ends)
		for _, step := range like.Steps() {
			ends[step.From] = ends[step.From] || step.End != "" && !step.Upgrades()
		}
	}
	steps := s.Steps()
	return s.Only(func(i int) bool {
		return (side == 0 || steps[i].From == side) && (steps[i].End == "" || steps[i].Upgrades() || ends[steps[i].From])
	})
}

// entryText returns an entry as the transcript has it, without its time, rules,
// comments and newline.
func entryText(e *transcript.Entry) []byte {
	bare := *e
	bare.Timed, bare.Rules, bare.Comments = false, nil, nil
	return bytes.TrimSuffix(transcript.AppendEntry(nil, &bare), []byte("\n"))
}
