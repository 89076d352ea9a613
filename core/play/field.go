package play

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Decoder is a line mode that watches what crosses: it says which messages there are.
type Decoder interface {
	// Decode takes the next bytes of a side's stream, and returns the messages that are
	// whole now, on the flows FromClient and FromServer. An error, in words, says that the
	// line mode cannot go on.
	Decode(from core.Side, data []byte) ([]core.Message, error)
}

// fieldRule is a match field rule: what a field of a message has to be.
type fieldRule struct {
	rule *transcript.Rule
	re   *regexp.Regexp
}

// fits says what the field is instead, or "".
func (f *fieldRule) fits(m *core.Message) string {
	var values []string
	if eachField(m.Fields, func(x *core.Field) bool {
		if x.Name == f.rule.Field {
			values = append(values, x.Value)
		}
		return x.Name == f.rule.Field && f.re.MatchString(x.Value)
	}) {
		return ""
	}
	if len(values) == 0 {
		return "a message without a field " + f.rule.Field + ": " + quote([]byte(m.Summary))
	}
	words := f.rule.Field
	for i, v := range values[:min(len(values), 3)] {
		if i > 0 {
			words += ","
		}
		words += " " + quote([]byte(v))
	}
	return words
}

// eachField calls is for each field, those below it after it, until it returns true.
func eachField(fields []core.Field, is func(*core.Field) bool) bool {
	return slices.ContainsFunc(fields, func(f core.Field) bool { return is(&f) || eachField(f.Fields, is) })
}

// NeedsMode reports whether the script has rules about fields, which only a player with a
// Decoder can compare. Any other one takes as many bytes as were recorded.
func (s *Script) NeedsMode() bool { return s.decoded > 0 }

// WithoutMode returns a *transcript.SyntaxError if the script has rules about fields.
func (s *Script) WithoutMode() error {
	if s.decoded == 0 {
		return nil
	}
	return &transcript.SyntaxError{File: s.file, Line: s.decoded, Msg: "expected no match field here: it needs the recording's line mode, which only play server and play client with one recording have"}
}

// PlayWith is Play, with a line mode for the rules about fields. The decoder is of this
// player alone.
func (s *Script) PlayWith(as core.Side, d Decoder) *Player {
	p := s.Play(as)
	p.decoding.by = d
	return p
}

// recognised gathers the messages of the recording, by the side whose stream they are of. In
// a tap that watches, what the client sent is what the server got.
func (b *builder) recognised(t *transcript.Transcript) {
	for i := range t.Entries {
		e := &t.Entries[i]
		if e.Dir != transcript.Action || e.Action.Kind != core.Decoded {
			continue
		}
		m, err := core.ParseMessage(e.Action.Data)
		switch {
		case err != nil: // a part of it is masked
		case m.Flow == core.FromServer:
			b.messages[core.Server] = append(b.messages[core.Server], m)
		case m.Flow == core.ToServer, m.Flow == core.FromClient && t.Watch:
			b.messages[core.Client] = append(b.messages[core.Client], m)
		}
	}
}

// findMessages returns what a match field rule takes: the messages that were recognised in
// the bytes below it and have such a field. One that another match field above has taken
// has to fit both.
func (b *builder) findMessages(r *transcript.Rule, from core.Side, data []byte, taken []piece) (found []piece, err error) {
	re, err := regexp.Compile(`\A(?s:` + string(r.Text) + `)\z`)
	if err != nil {
		return nil, b.unusable(r.Line, "expected a regexp that can be used: %v", err)
	}
	f := fieldRule{r, re}
	any := false
	for i := range b.messages[from] {
		m := &b.messages[from][i]
		at, end := int(m.From-b.said[from]), int(m.To-b.said[from])
		has := eachField(m.Fields, func(x *core.Field) bool { return x.Name == r.Field })
		if !has || end <= 0 || at >= len(data) || at == end {
			continue
		}
		if at < 0 || end > len(data) {
			return nil, b.unusable(r.Line, "expected a message that lies in one entry: %s begins in another one or ends there; join these entries", quote([]byte(m.Summary)))
		}
		if wrong := f.fits(m); wrong != "" {
			return nil, b.unusable(r.Line, "expected a field that matches as recorded; it is %s", wrong)
		}
		same := slices.IndexFunc(taken, func(p piece) bool { return p.from < end && at < p.from+len(p.data) })
		switch {
		case same < 0:
			found = append(found, piece{from: at, data: data[at:end], rule: r, fields: []fieldRule{f}})
		case taken[same].fields == nil:
			return nil, b.unusable(r.Line, "expected a message of which no rule above it has taken a part: put match field first")
		default:
			taken[same].fields = append(taken[same].fields, f)
		}
		any = true
	}
	if !any {
		return nil, b.unusable(r.Line, "expected a message with a field %s in the bytes below, as << message has it: record the session in a line mode that says messages, or replay it with --update", r.Field)
	}
	if b.decoded == 0 {
		b.decoded = r.Line
	}
	return found, nil
}

// fieldsFit refuses rules about fields where no line mode could follow what crosses.
func (b *builder) fieldsFit() error {
	switch {
	case b.decoded == 0:
		return nil
	case b.Datagrams():
		return b.unusable(b.decoded, "expected no match field here: this is a recording of datagrams")
	case b.Upgrades():
		return b.unusable(b.decoded, "expected no match field here: this recording upgrades to TLS")
	}
	return nil
}

// decoding is what a player knows of the messages that cross.
type decoding struct {
	by       Decoder
	err      error
	came     int64 // bytes of the peer's that were taken
	fed      int64 // of them and of those that follow, how many the decoder has had
	messages []core.Message
}

// heard has the decoder take what it has not had of the peer's next bytes.
func (p *Player) heard(data []byte) {
	d := &p.decoding
	fresh := data[min(max(0, d.fed-d.came), int64(len(data))):]
	d.came += int64(len(data))
	d.fed = max(d.fed, d.came)
	p.decode(other(p.as), fresh)
}

// decode has the decoder take bytes, and keeps the peer's messages.
func (p *Player) decode(from core.Side, data []byte) {
	d := &p.decoding
	if d.by == nil || d.err != nil || len(data) == 0 {
		return
	}
	flow := core.FromServer
	if p.as == core.Server {
		flow = core.FromClient
	}
	found, err := d.by.Decode(from, data)
	d.err = err
	for _, m := range found {
		if m.Flow == flow && m.To > p.offset {
			d.messages = append(d.messages, m)
		}
	}
}

// compareFields waits for the message that begins where the peer is, and compares its fields.
func (p *Player) compareFields(c *piece, data []byte) ([]byte, *Mismatch) {
	d := &p.decoding
	n := min(len(data), MaxHeld-len(p.held))
	p.held = append(p.held, data[:n]...)
	over := data[n:]
	d.messages = slices.DeleteFunc(d.messages, func(m core.Message) bool { return m.To <= p.offset })
	var got string
	var m *core.Message
	switch {
	case len(d.messages) > 0:
		m = &d.messages[0]
	case d.err != nil:
		got = "nothing that the line mode understands: " + d.err.Error()
	case len(p.held) == MaxHeld:
		return p.tooMuch(over)
	default:
		return nil, nil
	}
	size := 0
	if m != nil {
		size = int(m.To - p.offset)
		switch {
		case m.From != p.offset:
			got = "a message that begins elsewhere: " + quote([]byte(m.Summary))
		case size > len(p.held):
			return nil, nil
		}
		for i := range c.fields {
			if wrong := c.fields[i].fits(m); got == "" && wrong != "" {
				p.ruleLine = c.fields[i].rule.Line
				differs := c.fields[i].rule
				rest, mismatch := p.giveBack(over, nil)
				mismatch.Want, mismatch.Got = string(transcript.AppendRule(nil, differs)), wrong
				return rest, mismatch
			}
		}
	}
	if got != "" {
		rest, mismatch := p.giveBack(over, nil)
		mismatch.Got = got
		return rest, mismatch
	}
	rest := append(bytes.Clone(p.held[size:]), over...)
	p.done(size)
	return rest, nil
}
