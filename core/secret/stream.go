package secret

import (
	"math"
	"slices"
)

// stream is one of the four, or one of a link, so far.
type stream struct {
	at   []int      // by pattern: how many of its first bytes the stream ends with
	pos  int64      // bytes so far
	open []*payload // those in which a value may still be found, in order
}

// payload is a piece of a stream.
type payload struct {
	data  []byte
	text  bool
	from  int64 // where it begins in the stream
	until int64 // it is decided once the stream is decided up to here
	begun int   // of a part: how many bytes at its end may begin a value that the payload replacing it completes
	of    *Pending
}

// Pending says whether an answer is decided completely, so that the rest of it
// may be shown.
type Pending struct{ payloads int }

// Done reports whether the answer is decided.
func (p *Pending) Done() bool { return p.payloads == 0 }

// begun returns how many bytes at the end of the stream may be the beginning of
// a value.
func (st *stream) begun() (most int) {
	for _, k := range st.at {
		most = max(most, k)
	}
	return most
}

// settle releases the payloads up to where the stream is decided.
func (st *stream) settle(decided int64) {
	st.open = slices.DeleteFunc(st.open, func(p *payload) bool {
		done := p.until <= decided && p.begun == 0
		if done {
			p.of.payloads--
		}
		return done
	})
}

// decide decides everything that is open. What may begin a value, in at least
// least bytes, is masked.
func (st *stream) decide(least int) {
	begun := st.begun()
	for _, p := range st.open {
		if begun >= least {
			Cover(p.data, int(st.pos-p.from)-begun, int(st.pos-p.from), p.text)
		}
		if p.begun >= least {
			Cover(p.data, len(p.data)-p.begun, len(p.data), p.text)
		}
		p.begun = 0
	}
	st.settle(math.MaxInt64)
}
