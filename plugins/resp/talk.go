package resp

import (
	"bytes"
	"math"

	"github.com/protocol-workbench/workbench/core"
)

// maxPending is how many requests that are not answered are kept by where they begin.
const maxPending = 8192

// pending is a request that is not answered.
type pending struct {
	From int64 // where it begins
	// Confirms is how many confirmations answer it, as with SUBSCRIBE; -1 if any number
	// does, 0 if it is answered by one reply.
	Confirms int64
}

// talk is what both sides of a connection have said, and which reply is for which request.
type talk struct {
	flow     core.Flow // of the requests
	requests decoder
	replies  decoder
	expected

	// What the last event came to.
	data        []byte   // what is taken
	hidden      [][2]int // where it has passwords
	made        []made
	asked       pool // of the fields in made
	replied     pool
	most, omits int  // how many may be made, and were not
	replication bool // the server has been asked for a stream of it
}

// made is what is said of a request.
type made struct {
	message core.Message
	secrets [][]byte
}

// expected is what is known about the replies that will come.
type expected struct {
	Pending    []pending // in the order of the requests
	Later      int64     // requests after them, which are not kept
	Apart      bool      // something was missed, so no reply is said to be for a request
	Subscribed bool      // published messages come, as arrays in RESP2
	Monitor    bool      // … and what others do, as simple strings
	Mute       mute
}

// mute says which requests get no reply, by CLIENT REPLY.
type mute uint8

const (
	muteNone mute = iota
	muteAll
	muteNext
	mutes
)

// request takes bytes of requests. What becomes of them is in hidden, values and made.
func (t *talk) request(data []byte, most int) {
	t.begin(most)
	t.data, t.requests.part = data, t.hide
	t.requests.feed(data, t.requested)
	t.requests.part, t.data = nil, nil
}

// lastRequest takes what has come of a request that will never be whole.
func (t *talk) lastRequest() {
	t.begin(unlimited)
	if t.requests.ended() {
		t.requested()
		t.requests.reset()
	}
}

func (t *talk) begin(most int) {
	t.most, t.omits = most, 0
	t.hidden, t.made = t.hidden[:0], t.made[:0]
	t.asked.reset()
}

// requested takes a request that is whole.
func (t *talk) requested() {
	vs := t.requests.Values
	v := &vs[0]
	args, n := vs[1:], int(v.Size)
	arg := func(i int) []byte { return args[i].Text }
	if v.Kind == inline {
		all, _ := words(v.Text)
		n = len(all)
		arg = func(i int) []byte { return all[i].value }
	} else if n = min(n, len(args)); v.Kind != '*' {
		n = 0
	}
	var secrets [][]byte
	isSecret := func(i int) bool { return false }
	if n > 1 && mayHide(arg(0)) {
		isSecret = func(i int) bool { return i < n && secret(arg, i, n) }
		for i := range n {
			if s := arg(i); isSecret(i) && len(s) <= core.MaxSecret {
				secrets = append(secrets, bytes.Clone(s))
			}
		}
	}
	if len(t.made) < t.most || len(secrets) > 0 {
		t.made = append(t.made, made{message(t.flow, vs, isSecret, &t.asked), secrets})
	} else {
		t.omits++
	}
	if n > 0 {
		t.expect(v.From, arg, n)
	}
}

// expect notes which replies a request gets.
func (t *talk) expect(from int64, arg func(int) []byte, n int) {
	p, first := pending{From: from}, arg(0)
	switch {
	case equal(first, "CLIENT") && n == 3 && equal(arg(1), "REPLY"):
		switch mode := arg(2); {
		case equal(mode, "OFF"):
			t.Mute = muteAll
		case equal(mode, "SKIP") && t.Mute == muteNone:
			t.Mute = muteNext
			return
		case equal(mode, "ON"):
			t.Mute = muteNone
		}
	case equal(first, "MONITOR"):
		t.Monitor = true
	case equal(first, "SYNC"), equal(first, "PSYNC"):
		t.replies.reset()
		t.replies.State, t.replication = nothing, true
	case confirms(bytes.ToLower(first[:min(len(first), 16)])):
		if p.Confirms = int64(n - 1); n == 1 {
			p.Confirms = -1
		}
	}
	switch {
	case t.Mute == muteNext:
		t.Mute = muteNone
	case t.Mute == muteAll || t.Apart:
	case t.Later > 0 || len(t.Pending) == maxPending:
		t.Later++
	default:
		t.Pending = append(t.Pending, p)
	}
}

// confirms reports whether a word names a command that is answered by confirmations, and
// so these too.
func confirms(word []byte) bool {
	switch string(word) {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return true
	}
	return false
}

// answered returns the request that the reply is for, if it is for one.
func (t *talk) answered() core.MessageRef {
	vs := t.replies.Values
	v, word := &vs[0], []byte(nil)
	if (v.Kind == '*' || v.Kind == '>') && len(vs) > 1 {
		word = vs[1].Text
	}
	switch {
	case confirms(word):
		t.Subscribed = len(vs) < 4 || string(vs[len(vs)-1].Text) != "0"
		if len(t.Pending) == 0 || t.Pending[0].Confirms == 0 {
			break
		}
		p := &t.Pending[0]
		ref := t.ref(p.From)
		if p.Confirms--; p.Confirms == 0 {
			t.pop()
		}
		p.Confirms = max(p.Confirms, -1)
		return ref
	case v.Kind == '>',
		v.Kind == '*' && t.Subscribed && isWord(word),
		v.Kind == '+' && t.Monitor && len(v.Text) > 0 && v.Text[0] >= '0' && v.Text[0] <= '9':
		return core.MessageRef{}
	}
	for len(t.Pending) > 0 && t.Pending[0].Confirms < 0 {
		t.pop()
	}
	if len(t.Pending) > 0 {
		ref := t.ref(t.Pending[0].From)
		t.pop()
		return ref
	}
	t.Later = max(0, t.Later-1)
	return core.MessageRef{}
}

func (t *talk) ref(from int64) core.MessageRef { return core.MessageRef{Flow: t.flow, From: from} }

func (t *talk) pop() {
	if t.Pending = t.Pending[1:]; len(t.Pending) == 0 {
		t.Pending = nil
	}
}

// missed says that bytes of a decoder's side were missed.
func (t *talk) missed(d *decoder, n int64) {
	d.missed(n)
	t.Pending, t.Later, t.Apart = nil, 0, true
}

// unlimited is how many messages are made for a piece of a stream, whose size is bounded.
const unlimited = math.MaxInt
