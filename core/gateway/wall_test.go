package gateway

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/wall"
)

// follows opens a stream of the class.
func (p *person) follows(path string) *websocket.Conn {
	p.t.Helper()
	ws, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.url, "http")+path, p.header())
	if err != nil {
		p.t.Fatalf("%s: %v: %v", path, err, answer)
	}
	p.t.Cleanup(func() { ws.Close() })
	return ws
}

// seen is the wall as a page has it after what it was told so far.
type seenWall struct {
	Kind      string
	All       bool
	Code      string
	Paused    bool
	Sent      *class.Sent
	Projected *projectedShown
	Students  []wall.Tile
	Gone      []string

	tiles map[string]wall.Tile
}

// comes reads a stream until what it tells holds.
func comes[T any](t *testing.T, ws *websocket.Conn, what string, holds func(T) bool) {
	t.Helper()
	ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var told T
		if err := json.Unmarshal(text, &told); err != nil {
			t.Fatal(err)
		}
		if holds(told) {
			return
		}
	}
}

// until reads the wall until what it shows holds.
func (s *seenWall) until(t *testing.T, ws *websocket.Conn, what string, holds func() bool) {
	t.Helper()
	comes(t, ws, what, func(told seenWall) bool {
		if told.All == (s.tiles != nil) {
			t.Errorf("%s: told of all is %v", what, told.All)
		}
		if told.tiles = s.tiles; told.tiles == nil {
			told.tiles = map[string]wall.Tile{}
		}
		for _, tile := range told.Students {
			told.tiles[tile.ID] = tile
		}
		for _, id := range told.Gone {
			delete(told.tiles, id)
		}
		*s = told
		return holds()
	})
}

// What a student does is on the wall, and what the teacher does on the student's page.
func TestWallAndLive(t *testing.T) {
	m := newRoom(t)
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	anna.joins("Anna")
	var w seenWall
	watch := teacher.follows("/api/class/wall")
	w.until(t, watch, "the whole", func() bool {
		return w.All && w.Kind == "wall" && w.Code == m.code && w.tiles["anna"].State == wall.Away
	})

	page := anna.follows("/api/class/live")
	comes(t, page, "the whole", func(live liveShown) bool {
		return live.Kind == "class" && live.You == "anna" && live.Name == "Anna" && live.Role == "student" && live.Sent == nil && live.Show == nil
	})
	w.until(t, watch, "she is here", func() bool { return w.tiles["anna"].Here && w.tiles["anna"].State == wall.Working })

	ws, said := anna.opens("practice:7")
	if said != "SUCC" {
		t.Fatal(said)
	}
	<-m.dialled
	var hello []struct{ Attach, Session string }
	comes(t, ws, "hello", func(told []struct{ Attach, Session string }) bool { hello = told; return true })
	say(t, ws, websocket.TextMessage, `{"text":"EHLO \u001b[2Jme"}`)
	w.until(t, watch, "her line", func() bool {
		a := w.tiles["anna"]
		return a.Line != nil && a.Line.From == "client" && a.Line.Text == `EHLO \x1b[2Jme` &&
			len(a.Sessions) == 1 && a.Sessions[0].Attach == hello[0].Attach && a.Sessions[0].Session == hello[0].Session && a.Sessions[0].Target == "practice:7"
	})

	for range 3 {
		if _, said := anna.opens("refused:1"); !strings.HasPrefix(said, "FAIL:") {
			t.Fatal(said)
		}
	}
	w.until(t, watch, "she is stuck", func() bool {
		a := w.tiles["anna"]
		return a.State == wall.Stuck && a.Why == wall.ByError && strings.HasPrefix(a.Error, "connection refused") && a.Line.From == "workbench"
	})

	anna.wants(204, "", "POST", "/api/class/hand", `{"up":true}`)
	w.until(t, watch, "her hand", func() bool { return w.tiles["anna"].State == wall.Hand && w.tiles["anna"].Hand != nil })
	comes(t, page, "her hand", func(live liveShown) bool { return live.Hand != nil })

	teacher.wants(204, "", "POST", "/api/class/send", `{"target":"127.0.0.1:4080","mode":"upper"}`)
	comes(t, page, "what was sent", func(live liveShown) bool {
		return live.Sent != nil && live.Sent.N == 1 && live.Sent.Target == "127.0.0.1:4080"
	})
	w.until(t, watch, "what was sent", func() bool { return w.Sent != nil && w.Sent.Mode == "upper" })
	teacher.wants(204, "", "POST", "/api/class/send", `{}`)
	comes(t, page, "taken back", func(live liveShown) bool { return live.Sent == nil })
	teacher.wants(204, "", "PUT", "/api/class/projector", `{"student":"anna","attach":"`+hello[0].Attach+`","named":true}`)
	w.until(t, watch, "the projector", func() bool {
		return w.Projected != nil && *w.Projected == projectedShown{"anna", "Anna", hello[0].Attach, true} && w.Sent == nil
	})
	teacher.wants(204, "", "DELETE", "/api/class/projector", "")
	w.until(t, watch, "no projector", func() bool { return w.Projected == nil })
	teacher.wants(204, "", "POST", "/api/class/pause", `{"paused":true}`)
	comes(t, page, "the pause", func(live liveShown) bool { return live.Paused })

	page.Close()
	w.until(t, watch, "she is away, with her hand up", func() bool { return !w.tiles["anna"].Here && w.tiles["anna"].State == wall.Hand })
	page = anna.follows("/api/class/live")
	teacher.wants(204, "", "DELETE", "/api/class/students/anna", "")
	w.until(t, watch, "she is gone", func() bool { return len(w.tiles) == 0 })
	ends(t, page, websocket.ClosePolicyViolation, "not in the class")
}
