package secret

import (
	"bytes"
	"maps"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// Streams cover the answers of one session, in order. The zero value is ready
// to use.
type Streams struct {
	Values
	streams [4]stream
	links   map[string]*[2]stream // from and to each link
	passing [core.Server + 1]bool
	renamed map[string]string // timers that were set under a masked name, and that name

	// Of the answer that is fed.
	patterns []*pattern
	pending  *Pending
	covers   []cover
}

// The four streams.
const (
	fromClient = iota
	fromServer
	toServer
	toClient
)

// cover is a part of a payload to mask.
type cover struct {
	p        *payload
	from, to int
}

// Feed masks an event and its answer in place. It may change them later too,
// until the returned Pending is done. Event 0, of no kind, is the opening. If a
// side passes through, an event without actions also stands for its copy.
func (s *Streams) Feed(e core.Event, actions []core.Action) *Pending {
	over := s.over
	short, added := s.add(actions)
	if s.over != over {
		s.Decide()
	}
	s.pending, s.covers = &Pending{}, s.covers[:0]
	s.patterns = slices.Concat(s.lasting, short)
	for st := range s.all {
		st.at = append(st.at[:min(len(st.at), len(s.lasting))], make([]int, len(s.patterns))...)[:len(s.patterns)]
	}
	whole := s.over || len(short) > MaxValues
	half := s.half(e, actions, added)
	ends := s.event(e, len(actions) == 0)
	if half > 0 {
		s.coverLone(e.Data, 0, half, e.Kind.IsText())
		half := bytes.Clone(e.Data[:half])
		s.halves(actions, half)
	}
	for i := range actions {
		s.action(&actions[i])
	}
	s.spans(e, actions)
	for _, c := range s.covers {
		Cover(c.p.data, c.from, c.to, c.p.text)
	}
	if whole {
		coverAll(e, actions)
	}
	s.names(e, actions)
	for _, st := range ends {
		s.end(st, core.LastingSecret)
	}
	for st := range s.all {
		st.at = st.at[:len(s.lasting)]
		st.settle(st.pos - int64(st.begun()))
	}
	return s.pending
}

// half returns how many bytes at the end of a new value the event begins with, if
// the machine cannot have got the value from this event alone: the rest came
// before.
func (s *Streams) half(e core.Event, actions []core.Action, added int) (longest int) {
	if e.Kind.IsBytes() {
		for _, p := range s.lasting[len(s.lasting)-added:] {
			longest = max(longest, half(p.value, e.Data))
		}
	}
	return longest
}

// halves masks the same half where the machine passes it on.
func (s *Streams) halves(actions []core.Action, half []byte) {
	seen := map[*stream]bool{}
	for i := range actions {
		a := &actions[i]
		if st := s.streamOf(a); st != nil && !seen[st] {
			seen[st] = true
			if bytes.HasPrefix(a.Data, half) {
				s.coverLone(a.Data, 0, len(half), false)
			}
		}
	}
}

// event finds the values in an event, and returns the streams that it ends.
// copied says that no actions answer it.
func (s *Streams) event(e core.Event, copied bool) (ends []*stream) {
	from, across := &s.streams[fromClient], &s.streams[toServer]
	if e.Kind.Side() == core.Server {
		from, across = &s.streams[fromServer], &s.streams[toClient]
	}
	switch {
	case e.Kind == core.LinkBytes:
		s.put(&s.link(e.Link)[fromLink], e.Data, false, false)
	case e.Kind == core.LinkListening, e.Kind == core.LinkConnected:
		s.lone(e.Data)
	case e.Kind == core.LinkFailed:
		s.lone(e.Data)
		return []*stream{&s.link(e.Link)[fromLink]}
	case e.Kind == core.LinkEOF, e.Kind == core.LinkClosed:
		return []*stream{&s.link(e.Link)[fromLink]}
	case e.Kind.IsBytes():
		s.put(from, e.Data, e.Kind.IsText(), false)
		if e.Kind == core.ClientRaw || copied && s.passing[e.Kind.Side()] {
			s.put(across, e.Data, e.Kind.IsText(), false)
		}
	case e.Kind == core.WorldSaid, e.Kind == core.ServerTLS, e.Kind == core.ClientTLS, e.Kind == core.ClientCommand:
		s.lone(e.Data)
	case e.Kind == core.ServerFailed, e.Kind == core.ClientTLSFailed:
		s.lone(e.Data)
		return []*stream{from}
	case e.Kind == core.ServerEOF, e.Kind == core.ClientEOF, e.Kind == core.ClientClosed:
		return []*stream{from}
	}
	return nil
}

// action finds the values in an action.
func (s *Streams) action(a *core.Action) {
	switch a.Kind {
	case core.SendServer, core.SendBinary, core.SendText, core.ShowPart, core.SendLink:
		s.put(s.streamOf(a), a.Data, false, a.Kind == core.ShowPart)
	case core.Close, core.Note, core.Failed, core.AskWorld, core.Connect, core.Accept:
		s.lone(a.Data)
	case core.Decoded:
		s.message(a.Data, s.patterns)
	case core.PassThrough:
		s.passing[a.Side] = true
	case core.SecretBytes:
		s.coverLone(a.Data, 0, len(a.Data), false)
	}
}

// streamOf returns the stream that an action adds to, or nil.
func (s *Streams) streamOf(a *core.Action) *stream {
	switch a.Kind {
	case core.SendServer:
		return &s.streams[toServer]
	case core.SendText, core.SendBinary, core.ShowPart:
		return &s.streams[toClient]
	case core.SendLink:
		return &s.link(a.Link)[toLink]
	}
	return nil
}

// The two streams of a link.
const (
	fromLink = iota
	toLink
)

// link returns the streams of a link; one that has the name of another goes on with its.
func (s *Streams) link(name string) *[2]stream {
	if s.links == nil {
		s.links = map[string]*[2]stream{}
	}
	l := s.links[name]
	if l == nil {
		l = &[2]stream{}
		for i := range l {
			l[i].at = make([]int, len(s.patterns))
		}
		s.links[name] = l
	}
	return l
}

// all yields the streams.
func (s *Streams) all(yield func(*stream) bool) {
	for i := range s.streams {
		if !yield(&s.streams[i]) {
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.links)) {
		for i := range s.links[name] {
			if !yield(&s.links[name][i]) {
				return
			}
		}
	}
}

// put adds a payload to a stream. The next payload replaces a part.
func (s *Streams) put(st *stream, data []byte, text, part bool) {
	end := st.pos + int64(len(data))
	p := &payload{data: data, text: text, from: st.pos, until: end, of: s.pending}
	if !part {
		for _, before := range st.open {
			if before.begun > 0 {
				before.until, before.begun = min(before.until, end), 0
			}
		}
	}
	st.open = append(st.open, p)
	s.pending.payloads++
	begun := 0
	for i, pat := range s.patterns {
		k := pat.feed(st.at[i], data, func(at int) {
			to := st.pos + int64(at)
			s.found(st, to-int64(len(pat.value)), to)
		})
		begun = max(begun, k)
		if !part {
			st.at[i] = k
		}
	}
	switch {
	case !part:
		st.pos = end
	case begun == 0:
		p.until = 0
	default:
		p.begun = begun
	}
}

// found masks a part of a stream.
func (s *Streams) found(st *stream, from, to int64) {
	for _, p := range st.open {
		if p.until > 0 && p.from < to && p.from+int64(len(p.data)) > from {
			s.covers = append(s.covers, cover{p, int(max(from-p.from, 0)), int(to - p.from)})
		}
	}
}

// lone finds the values in words.
func (s *Streams) lone(data []byte) {
	for _, r := range s.find(s.patterns, data) {
		s.coverLone(data, r[0], r[1], true)
	}
}

func (s *Streams) coverLone(data []byte, from, to int, text bool) {
	s.covers = append(s.covers, cover{&payload{data: data, text: text}, from, to})
}

// spans masks what spans mark.
func (s *Streams) spans(e core.Event, actions []core.Action) {
	var last []byte
	for i := range actions {
		a := &actions[i]
		switch {
		case a.Kind == core.Secret:
			switch span, err := core.ParseSpan(string(a.Data)); {
			case err != nil:
			case span.OfAction:
				s.coverLone(last, span.From, span.To, false)
			default:
				s.coverLone(e.Data, span.From, span.To, e.Kind.IsText())
				s.messages(actions, span.Of(e.Data))
			}
		case a.Kind == core.SetTimer, a.Kind == core.StopTimer, a.Kind == core.Decoded:
			last = nil // neither a name nor a message holds bytes of a peer
		case a.Kind != core.SecretBytes:
			last = a.Data
		}
	}
}

// coverAll masks all payloads and words.
func coverAll(e core.Event, actions []core.Action) {
	if e.Kind != core.TimerFired {
		Cover(e.Data, 0, len(e.Data), false)
	}
	for i := range actions {
		switch a := &actions[i]; a.Kind {
		case core.Secret, core.SetTimer, core.StopTimer:
		case core.Decoded:
			core.MessageTexts(a.Data, func(_ []byte, at []int) { Cover(a.Data, at[0], at[len(at)-1], true) })
		default:
			Cover(a.Data, 0, len(a.Data), false)
		}
	}
}

// names masks the values in timers' names, with 'x', so that they stay names. A
// timer that was set under its own name fires under it.
func (s *Streams) names(e core.Event, actions []core.Action) {
	if e.Kind == core.TimerFired {
		name := string(e.Data)
		copy(e.Data, s.renamed[name])
		delete(s.renamed, name)
	}
	for i := range actions {
		a := &actions[i]
		if a.Kind != core.SetTimer && a.Kind != core.StopTimer {
			continue
		}
		name := string(a.Data)
		if !s.rename(a.Data) || a.Kind == core.StopTimer {
			delete(s.renamed, name)
			continue
		}
		if s.renamed == nil {
			s.renamed = map[string]string{}
		}
		s.renamed[name] = string(a.Data)
	}
}

// rename masks the values in one name, and reports whether there were any.
func (s *Streams) rename(name []byte) (found bool) {
	if s.over {
		return false
	}
	for _, r := range s.find(s.patterns, bytes.Clone(name)) {
		found = true
		for i := r[0]; i < r[1]; i++ {
			name[i] = 'x'
		}
	}
	return found
}

// end ends a stream: nothing will complete a value that may have begun at its
// end. A beginning of at least least bytes is masked all the same.
func (s *Streams) end(st *stream, least int) {
	st.decide(least)
	clear(st.at)
}

// End says that nothing follows, which decides everything fed so far. What looks
// like the beginning of a value at the end of a stream is masked if it has
// core.LastingSecret bytes or more.
func (s *Streams) End() {
	for st := range s.all {
		s.end(st, core.LastingSecret)
	}
}

// Decide decides everything fed so far although more follows: what may be the
// beginning of a value is masked.
func (s *Streams) Decide() {
	for st := range s.all {
		st.decide(1)
	}
}
