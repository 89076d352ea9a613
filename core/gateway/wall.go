package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/class"
)

// wallEvery is the time between two looks at what the students do.
const wallEvery = 500 * time.Millisecond

// wallShown is what a teacher sees of the class, or what of it has changed: only of the
// students those are left out that have not.
type wallShown struct {
	Kind      string            `json:"kind"` // wall
	Now       time.Time         `json:"now"`
	All       bool              `json:"all,omitempty"` // nothing is left out
	Code      string            `json:"code"`
	Join      []string          `json:"join"` // addresses, with the code in them
	Opened    time.Time         `json:"opened"`
	Paused    bool              `json:"paused"`
	Projected *projectedShown   `json:"projected,omitempty"`
	Sent      *class.Sent       `json:"sent,omitempty"`
	Show      any               `json:"show,omitempty"`
	Students  []json.RawMessage `json:"students"` // each a wall.Tile
	Gone      []string          `json:"gone,omitempty"`
}

// watchClass answers GET /api/class/wall.
func (g *Gateway) watchClass(w http.ResponseWriter, r *http.Request) {
	g.seeStudents()
	g.stream(w, r, func(ctx context.Context, c *client) error {
		tick := time.NewTicker(wallEvery)
		defer tick.Stop()
		var look looking
		for {
			if news := look.at(g, time.Now()); news != nil {
				if err := c.ws.WriteMessage(websocket.TextMessage, news); err != nil {
					return errGone
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	})
}

// looking is what a stream has told of the wall.
type looking struct {
	rest  []byte            // all but the students and the time
	tiles map[string][]byte // by user name
}

// at returns what has changed; nil: nothing.
func (l *looking) at(g *Gateway, now time.Time) []byte {
	state := g.Class.State()
	students := state.Students()
	shown := wallShown{
		Kind: "wall", All: l.tiles == nil, Code: state.Code, Join: g.joinAddresses(state.Code), Opened: state.Opened, Paused: !state.Paused.IsZero(),
		Projected: g.projected(state), Show: g.classroom.shown(),
	}
	if !state.Sent.IsNothing() {
		shown.Sent = &state.Sent
	}
	rest, err := json.Marshal(shown)
	if err != nil {
		g.Log.Error("the wall cannot be written", "reason", err.Error())
		return nil
	}
	tiles := make(map[string][]byte, len(students))
	shown.Students = []json.RawMessage{}
	for _, tile := range g.classroom.wall.Tiles(students, now) {
		text, _ := json.Marshal(tile) // strings, numbers and times always can be
		tiles[tile.ID] = text
		if !bytes.Equal(text, l.tiles[tile.ID]) {
			shown.Students = append(shown.Students, text)
		}
	}
	for id := range l.tiles {
		if tiles[id] == nil {
			shown.Gone = append(shown.Gone, id)
		}
	}
	changed := shown.All || !bytes.Equal(rest, l.rest) || len(shown.Students)+len(shown.Gone) > 0
	if l.rest, l.tiles = rest, tiles; !changed {
		return nil
	}
	shown.Now = now.UTC().Truncate(time.Millisecond)
	news, _ := json.Marshal(shown)
	return news
}

// joinAddresses returns where the class is joined.
func (g *Gateway) joinAddresses(code string) []string {
	all := []string{}
	for _, at := range g.Addresses {
		all = append(all, JoinAddress(at, code))
	}
	return all
}

// projection is what the teacher has put on the projector: a session of a student.
type projection struct {
	student, attach string
	named           bool // the student's name is shown with it
}

// projectedShown is a projection as the teacher's page gets it.
type projectedShown struct {
	Student string `json:"student"`
	Name    string `json:"name"`
	Attach  string `json:"attach"`
	Named   bool   `json:"named"`
}

// projected returns what is on the projector, unless its student has left.
func (g *Gateway) projected(state *class.State) *projectedShown {
	p := g.classroom.projection()
	if p == nil {
		return nil
	}
	one, ok := state.Find(p.student)
	if !ok {
		return nil
	}
	return &projectedShown{p.student, one.Name, p.attach, p.named}
}

// project answers PUT /api/class/projector.
func (g *Gateway) project(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Student, Attach string
		Named           bool
	}
	if !readSmall(w, r, &asked) {
		return
	}
	if _, ok := g.Class.Find(asked.Student); !ok {
		g.failedInClass(w, class.ErrNoStudent)
		return
	}
	of := g.account.users()[asked.Student]
	if (of == nil || of.keeping.Find(asked.Attach) == nil) && !g.classroom.wall.HasElsewhere(asked.Student, asked.Attach) {
		refuseWith(w, http.StatusNotFound, errors.New("this student has no such session: it has ended, and nobody watched it for a while"))
		return
	}
	g.classroom.project(&projection{asked.Student, asked.Attach, asked.Named})
	nothing(w)
}

// projectNothing answers DELETE /api/class/projector.
func (g *Gateway) projectNothing(w http.ResponseWriter, _ *http.Request) {
	g.classroom.project(nil)
	nothing(w)
}

// nothing answers a request that was carried out, and needs no words.
func nothing(w http.ResponseWriter) {
	answerAs(w, "")
	w.WriteHeader(http.StatusNoContent)
}
