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
// tells the others, so that the wall of any of them shows the whole class.

// Peers are the other workbenches that have the same users, or hold the same class. What is
// told may be missed.
type Peers interface {
	// Tell tells all of them something of a kind.
	Tell(kind string, text []byte) error
	// Hear calls heard with what one of them tells, until ctx is done.
	Hear(ctx context.Context, kind string, heard func(from string, text []byte)) error
	// Ask returns the name of one that knows something of a kind, "" if none says so soon.
	Ask(ctx context.Context, kind string, text []byte) (peer string)
	// Answer answers what they ask of a kind, if known says so, until ctx is done.
	Answer(ctx context.Context, kind string, known func(text []byte) bool) error
	// Dial connects to one of them, by its name, and Listen accepts their connections. The
	// remote address of those is the name.
	Dial(ctx context.Context, peer string) (net.Conn, error)
	Listen() (net.Listener, error)
}

// kindSeen is told of what is seen of students.
const kindSeen = "seen"

const (
	tellSeen    = 500 * time.Millisecond // between two looks at what is to be told
	tellAllSeen = wall.ElsewhereLife / 3 // between two times that all of it is told
	maxSeen     = 256 << 10              // bytes of what is told at once, about
)

// tellClass tells the other workbenches what this one sees of the class, and takes in what
// they see, until the gateway stops.
func (g *Gateway) tellClass() {
	g.sessions.Go(func() {
		err := g.Peers.Hear(g.stopping, kindSeen, func(from string, text []byte) {
			var all []wall.Seen
			if json.Unmarshal(text, &all) == nil {
				g.classroom.wall.SeenElsewhere(from, all, time.Now())
			}
		})
		if err != nil {
			g.Log.Error("what other workbenches see of the class is not heard", "reason", err.Error())
		}
	})
	tick := time.NewTicker(tellSeen)
	defer tick.Stop()
	var told map[string][]byte // by student
	var toldAll time.Time
	for {
		select {
		case now := <-tick.C:
			if now.Sub(toldAll) >= tellAllSeen {
				told, toldAll = map[string][]byte{}, now
			}
			g.tellSeen(told, now)
		case <-g.stopping.Done():
			return
		}
	}
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
