package gateway

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
)

// Bounds of the taps of a user.
const (
	maxTaps       = 8        // that listen at a time; of those that were stopped, as many are listed
	maxTapClients = 64       // connections of a tap at a time
	maxTapOver    = 50       // connections of a tap that have ended and are listed
	maxTapRequest = 96 << 10 // bytes: of rules on faults most of all
)

// taps are those of a user: what listens, and what came of it.
type taps struct {
	mu    sync.Mutex
	last  int
	all   []*tapping    // the oldest first
	news  chan struct{} // closed at the next change; nil: nobody waits
	count int           // of connections, to number them
}

// tapping is a tap that listens, or was stopped. The mutex of taps guards what changes.
type tapping struct {
	id      string
	wanted  request
	through bool
	address netip.AddrPort
	began   time.Time
	stop    context.CancelFunc
	live    *session.Registry

	over       bool
	problem    string // why it was stopped, if nobody said so
	came       int    // connections so far
	open       int    // of them
	turnedAway int    // … that got no session
	why        string // of the last of those
	conns      []*tapConn
}

// tapConn is a connection of a tap.
type tapConn struct {
	number     int
	session    string
	attach     string // what it is watched by
	transcript string // "": it is not recorded
	from       string
	began      time.Time
	ended      time.Time
	state      tapState
	code       string // how it ended
	words      string
	counts     session.Counters
}

type tapState string

const (
	tapDialling tapState = "dialling"
	tapOpen     tapState = "open"
	tapOver     tapState = "over"
)

// change has the taps changed, and tells those who follow them.
func (t *taps) change(how func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	how()
	if t.news != nil {
		close(t.news)
		t.news = nil
	}
}

// changes returns a channel that is closed at the next change.
func (t *taps) changes() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.news == nil {
		t.news = make(chan struct{})
	}
	return t.news
}

// add lists a tap that begins, unless there are too many. Of those that were stopped, the
// oldest are forgotten.
func (t *taps) add(one *tapping) bool {
	added := false
	t.change(func() {
		running := 0
		for _, other := range t.all {
			if !other.over {
				running++
			}
		}
		if running == maxTaps {
			return
		}
		if stopped := len(t.all) - running; stopped == maxTaps {
			at := slices.IndexFunc(t.all, func(other *tapping) bool { return other.over })
			t.all = slices.Delete(t.all, at, at+1)
		}
		t.last++
		one.id = "t" + strconv.Itoa(t.last)
		t.all = append(t.all, one)
		added = true
	})
	return added
}

// find returns a tap, or nil.
func (t *taps) find(id string) *tapping {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.all {
		if one.id == id {
			return one
		}
	}
	return nil
}

func (t *taps) forget(one *tapping) {
	t.change(func() {
		t.all = slices.DeleteFunc(t.all, func(other *tapping) bool { return other == one })
	})
}

// isOver reports whether a tap was stopped.
func (t *taps) isOver(one *tapping) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return one.over
}

// end stops a tap, whose sessions end so.
func (t *taps) end(one *tapping, why session.End, problem string) {
	var sessions []string
	t.change(func() {
		if one.over {
			return
		}
		one.over, one.problem = true, problem
		for _, c := range one.conns {
			if c.state != tapOver {
				sessions = append(sessions, c.session)
			}
		}
	})
	for _, id := range sessions {
		if live := one.live.Find(id); live != nil {
			live.Stop(why)
		}
	}
	one.stop()
}

// stopAll stops all taps.
func (t *taps) stopAll(why session.End) {
	t.mu.Lock()
	all := slices.Clone(t.all)
	t.mu.Unlock()
	for _, one := range all {
		t.end(one, why, why.Words)
	}
}

// enter counts a connection of a tap, if there may be one more.
func (t *taps) enter(one *tapping, c *tapConn) (err error) {
	t.change(func() {
		one.came++
		switch {
		case one.over:
			err = errTapOver
		case one.open == maxTapClients:
			err = errTapFull
		}
		if err != nil {
			one.turnedAway++
			one.why = err.Error()
			return
		}
		t.count++
		c.number, c.state = t.count, tapDialling
		one.open++
		one.conns = append(one.conns, c)
	})
	return err
}

// turnAway says that a connection that was counted gets no session.
func (t *taps) turnAway(one *tapping, c *tapConn, why error) {
	t.change(func() {
		one.open--
		one.turnedAway++
		one.why = why.Error()
		one.conns = slices.DeleteFunc(one.conns, func(other *tapConn) bool { return other == c })
	})
}

// leave says how a connection has ended.
func (t *taps) leave(one *tapping, c *tapConn, code, words string) {
	t.change(func() {
		one.open--
		c.state, c.ended, c.code, c.words = tapOver, time.Now(), code, words
		if over := len(one.conns) - one.open; over > maxTapOver {
			at := slices.IndexFunc(one.conns, func(other *tapConn) bool { return other.state == tapOver })
			one.conns = slices.Delete(one.conns, at, at+1)
		}
	})
}

// tapShown is a tap as the page sees it.
type tapShown struct {
	ID          string       `json:"id"`
	Listen      string       `json:"listen"` // where clients connect
	Target      string       `json:"target"`
	Mode        string       `json:"mode"`
	Options     core.Options `json:"options"`
	Through     bool         `json:"through"`
	Faults      int          `json:"faults,omitempty"` // rules on them
	Recorded    bool         `json:"recorded"`
	Began       time.Time    `json:"began"`
	Over        bool         `json:"over"`
	Problem     string       `json:"problem,omitempty"`
	Came        int          `json:"came"` // connections
	Open        int          `json:"open"`
	TurnedAway  int          `json:"turnedAway,omitempty"`
	Why         string       `json:"why,omitempty"` // the last of them was
	Connections []connShown  `json:"connections"`   // the newest first
}

// connShown is a connection of a tap as the page sees it.
type connShown struct {
	Number     int        `json:"number"`
	Session    string     `json:"session"`
	Attach     string     `json:"attach"`
	Transcript string     `json:"transcript,omitempty"`
	From       string     `json:"from"`
	Began      time.Time  `json:"began"`
	Ended      *time.Time `json:"ended,omitempty"`
	State      tapState   `json:"state"`
	ToServer   uint64     `json:"toServer"` // bytes that the client has sent
	ToClient   uint64     `json:"toClient"` // … that the server has
	Code       string     `json:"code,omitempty"`
	Words      string     `json:"words,omitempty"`
}

// shown returns all taps, the newest first, and whether there are connections.
func (t *taps) shown() (all []tapShown, busy bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all = []tapShown{}
	for _, one := range slices.Backward(t.all) {
		busy = busy || one.open > 0
		s := tapShown{
			ID: one.id, Listen: one.address.String(), Target: one.wanted.target.String(), Mode: one.wanted.mode.Name, Options: one.wanted.options,
			Through: one.through, Recorded: one.wanted.record, Began: one.began, Over: one.over, Problem: one.problem,
			Came: one.came, Open: one.open, TurnedAway: one.turnedAway, Why: one.why, Connections: []connShown{},
		}
		if rules := one.wanted.faults; rules != nil {
			s.Faults = len(rules.All)
		}
		for _, c := range slices.Backward(one.conns) {
			shown := connShown{
				Number: c.number, Session: c.session, Attach: c.attach, Transcript: c.transcript, From: c.from, Began: c.began, State: c.state,
				ToServer: c.counts.FromClient.Load(), ToClient: c.counts.FromServer.Load(), Code: c.code, Words: core.CutWords(c.words, core.MaxWords),
			}
			if c.state == tapOver {
				shown.Ended = &c.ended
			}
			s.Connections = append(s.Connections, shown)
		}
		all = append(all, s)
	}
	return all, busy
}

// tapsFollowed is what was told of the taps on one connection.
type tapsFollowed map[string]string

// tell returns what a follower is told: which taps there are, and those that have changed;
// nil: nothing has.
func (told tapsFollowed) tell(all []tapShown) ([]byte, error) {
	message := struct {
		Order []string          `json:"order"`
		Taps  []json.RawMessage `json:"taps"`
	}{[]string{}, []json.RawMessage{}}
	for _, one := range all {
		text, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		message.Order = append(message.Order, one.ID)
		if told[one.ID] != string(text) {
			told[one.ID] = string(text)
			message.Taps = append(message.Taps, text)
		}
	}
	gone := false
	for id := range told {
		if id != "" && !slices.Contains(message.Order, id) {
			delete(told, id)
			gone = true
		}
	}
	if _, began := told[""]; began && len(message.Taps) == 0 && !gone {
		return nil, nil
	}
	told[""] = ""
	return json.Marshal(message)
}
