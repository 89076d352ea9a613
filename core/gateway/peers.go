package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"time"

	"github.com/protocol-workbench/workbench/core/class/wall"
)

// This file is for a class that several workbenches hold: what each sees of its students it
// tells the others, and what is shown there, so that the wall and the pages of any of them
// have the whole class.

// Peers are the other workbenches that have the same users, or hold the same class. What is
// told may be missed.
type Peers interface {
	// Tell tells all of them something of a kind.
	Tell(kind string, text []byte) error
	// Hear calls heard with what one of them tells, until ctx is done.
	Hear(ctx context.Context, kind string, heard func(from string, text []byte)) error
	// Ask returns the first answer to something of a kind; nil: none came soon. Its error is of
	// a question that cannot be asked now. AskAll returns all answers that come soon.
	Ask(ctx context.Context, kind string, text []byte) ([]byte, error)
	AskAll(ctx context.Context, kind string, text []byte) [][]byte
	// Answer answers what they ask of a kind, unless the answer is nil, until ctx is done.
	Answer(ctx context.Context, kind string, answer func(text []byte) []byte) error
	// Dial connects to one of them, by its name, and Listen accepts their connections. The
	// remote address of those is the name.
	Dial(ctx context.Context, peer string) (net.Conn, error)
	Listen() (net.Listener, error)
}

// What is told of a class.
const (
	kindSeen      = "seen"      // what is seen of students: an array of wall.Seen
	kindShow      = "show"      // what the teacher shows: as classroom.shown returns it
	kindProjector = "projector" // what is on the projector: a sentProjection
)

const (
	tellSeen    = 500 * time.Millisecond // between two looks at what is to be told
	tellAllSeen = wall.ElsewhereLife / 3 // between two times that all of it is told
	maxSeen     = 256 << 10              // bytes of what is told at once, about
)

// sentProjection is what is on the projector, as of N, a time in milliseconds. The newest
// holds.
type sentProjection struct {
	N       int64  `json:"n"`
	Student string `json:"student,omitempty"` // "": nothing is
	Attach  string `json:"attach,omitempty"`
	Named   bool   `json:"named,omitempty"`
}

// hearClass takes in what other workbenches tell of the class, until the gateway stops.
func (g *Gateway) hearClass() {
	hear := func(kind string, heard func(from string, text []byte)) {
		g.sessions.Go(func() {
			if err := g.Peers.Hear(g.stopping, kind, heard); err != nil {
				g.Log.Error("what other workbenches tell of the class is not heard", "kind", kind, "reason", err.Error())
			}
		})
	}
	hear(kindSeen, func(from string, text []byte) {
		var all []wall.Seen
		if json.Unmarshal(text, &all) == nil {
			g.classroom.wall.SeenElsewhere(from, all, time.Now())
		}
	})
	hear(kindShow, func(from string, text []byte) { g.classroom.showsElsewhere(from, text, time.Now()) })
	hear(kindProjector, func(_ string, text []byte) {
		var p sentProjection
		if json.Unmarshal(text, &p) == nil {
			g.classroom.projectedAt(p)
		}
	})
}

// tellClass tells the other workbenches what this one sees of the class, and what is shown
// here, until the gateway stops.
func (g *Gateway) tellClass() {
	tick := time.NewTicker(tellSeen)
	defer tick.Stop()
	var told map[string][]byte // by student
	var shown, projected []byte
	var toldAll time.Time
	for {
		select {
		case now := <-tick.C:
			if now.Sub(toldAll) >= tellAllSeen {
				told, shown, projected, toldAll = map[string][]byte{}, nil, nil, now
			}
			g.classroom.forgetElsewhere(now)
			g.tellSeen(told, now)
			shown = g.tellNews(kindShow, shown, g.classroom.shownHere())
			projected = g.tellNews(kindProjector, projected, g.classroom.sentProjection())
		case <-g.stopping.Done():
			return
		}
	}
}

// tellNews tells something, unless it was told before, and returns it.
func (g *Gateway) tellNews(kind string, told []byte, now any) []byte {
	text, err := json.Marshal(now)
	if err == nil && !bytes.Equal(text, told) {
		g.Peers.Tell(kind, text)
	}
	return text
}

// tellSeen tells what is seen of students, but for what was told of them before.
func (g *Gateway) tellSeen(told map[string][]byte, now time.Time) {
	var news [][]byte
	size := 0
	tell := func() {
		if len(news) > 0 {
			g.Peers.Tell(kindSeen, append(append([]byte("["), bytes.Join(news, []byte(","))...), ']'))
		}
		news, size = nil, 0
	}
	for _, seen := range g.classroom.wall.Seen(g.Class.State().Students(), now) {
		text, err := json.Marshal(seen)
		if err != nil || bytes.Equal(text, told[seen.ID]) {
			continue
		}
		told[seen.ID] = text
		if size+len(text) > maxSeen {
			tell()
		}
		news, size = append(news, text), size+len(text)
	}
	tell()
}
