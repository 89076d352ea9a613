package gateway

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/wall"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/stall"
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

// withLessons has the workbench offer the teapot, and keep what each has reached.
func withLessons(t *testing.T) func(*Config) {
	folder := t.TempDir()
	return func(config *Config) {
		config.Lessons = func() []*lesson.Source { return []*lesson.Source{teapot()} }
		config.Of = func(user string) (Belongings, error) {
			log, err := progress.Open(filepath.Join(folder, user))
			return Belongings{Progress: log}, err
		}
	}
}

// Where students are in a lesson is on the wall, and the same after the workbench was
// started again, also of those who have not come back yet.
func TestLessonsOnTheWall(t *testing.T) {
	m := newRoom(t, withLessons(t))
	teacher, anna, tom := &person{room: m, token: m.teacher}, &person{room: m}, &person{room: m}
	anna.joins("Anna")
	tom.joins("Tom")
	page := anna.follows("/api/class/live")
	var w seenWall
	watch := teacher.follows("/api/class/wall")
	anna.wants(200, "", "GET", "/api/lessons", "") // looking at all opens none
	anna.wants(200, "", "GET", "/api/lessons/teapot", "")
	w.until(t, watch, "she has opened a lesson", func() bool {
		a := w.tiles["anna"]
		return a.Lesson == "teapot" && a.Title == "The teapot" && a.Step == 1 && a.Steps == 2 && *a.Points == 0 && *a.Of == 7 && a.State == wall.Working
	})
	check := func(answer string) {
		t.Helper()
		anna.wants(200, "", "POST", "/api/lessons/teapot/check", `{"step":2,"answers":{"2.1":"2","2.2":"`+answer+`"}}`)
	}
	check("a")
	w.until(t, watch, "she has got points", func() bool { return w.tiles["anna"].Step == 2 && *w.tiles["anna"].Points == 3 })
	for _, answer := range []string{"a", "b", "b", "c", "d"} { // the first again, which she had when she got points
		if tile := m.classroom.wall.Tiles(m.Class.State().Students(), time.Now())[0]; tile.State != wall.Working {
			t.Errorf("stuck before %s: %+v", answer, tile)
		}
		check(answer)
	}
	w.until(t, watch, "she is stuck", func() bool {
		a := w.tiles["anna"]
		return a.State == wall.Stuck && a.Why == wall.ByError && a.Error == "And who are you?" && a.Step == 2
	})
	tom.wants(200, "", "GET", "/api/lessons/teapot", "")
	w.until(t, watch, "he has opened it", func() bool { return w.tiles["tom"].Step == 1 })
	page.Close()
	watch.Close()

	m.startsAgain()
	w = seenWall{}
	watch = teacher.follows("/api/class/wall")
	w.until(t, watch, "as before", func() bool {
		a, tom := w.tiles["anna"], w.tiles["tom"]
		return a.Step == 2 && a.Points != nil && *a.Points == 3 && a.State == wall.Away && tom.Step == 1 && *tom.Points == 0 && tom.Steps == 2
	})
	anna.follows("/api/class/live")
	w.until(t, watch, "she is back", func() bool { return w.tiles["anna"].State == wall.Working && w.tiles["anna"].Step == 2 })
	var shown struct{ Students []studentShown }
	_, text := teacher.ask("GET", "/api/class", "")
	if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown.Students) != 2 || shown.Students[0].Step != 2 || shown.Students[0].State != wall.Working {
		t.Errorf("%s, %v", text, err)
	}
}

// What was sent is kept, and what cannot be is refused and says why.
func TestSending(t *testing.T) {
	m := newRoom(t, withLessons(t))
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	for body, words := range map[string]string{
		`{"lesson":"kettle"}`:                             `unknown lesson "kettle"`,
		`{"lesson":"teapot","step":3}`:                    "no step 3",
		`{"lesson":"teapot","step":-1}`:                   "no step -1",
		`{"step":1}`:                                      "names none",
		`{"mode":"upper"}`:                                "names none",
		`{"lesson":"teapot","mode":"upper"}`:              "each of its steps",
		`{"lesson":"teapot","target":"a:1"}`:              "not both",
		`{"target":"a:1","mode":"lower"}`:                 `unknown mode "lower"`,
		`{"target":"a:b:1"}`:                              "",
		`{"target":"` + strings.Repeat("a", 300) + `:1"}`: "",
		`[]`: "parse the request",
	} {
		teacher.wants(400, words, "POST", "/api/class/send", body)
	}
	if sent := m.Class.Sent(); sent.N != 0 {
		t.Errorf("%+v was sent", sent)
	}
	teacher.wants(204, "", "POST", "/api/class/send", `{"lesson":"teapot","step":2}`)
	teacher.wants(204, "", "POST", "/api/class/send", `{"lesson":"teapot"}`)
	m.startsAgain()
	anna.joins("Anna") // late
	comes(t, anna.follows("/api/class/live"), "what was sent", func(live liveShown) bool {
		return live.Sent != nil && live.Sent.N == 2 && live.Sent.Lesson == "teapot" && !live.Sent.At.IsZero()
	})
	_, text := teacher.ask("POST", "/api/class/code", `{}`)
	if strings.Contains(text, m.code) || !strings.Contains(text, m.Class.State().Code) {
		t.Error(text)
	}
	late := &person{room: m}
	late.wants(403, "not the code", "POST", "/api/join", `{"code":"`+m.code+`","name":"Tom"}`)
	m.code = m.Class.State().Code
	late.joins("Tom")
	comes(t, teacher.follows("/api/class/live"), "the teacher's", func(live liveShown) bool { return live.Role == "teacher" && live.You == "teacher" && live.Name == "" })
}

// A viewer who is no student has nothing to follow.
func TestWhoIsInNoClass(t *testing.T) {
	m := newRoom(t)
	users, err := access.OpenUsers(class.UsersFile(m.folder))
	if err != nil {
		t.Fatal(err)
	}
	p := &person{room: m}
	if p.token, err = users.Add("guest", access.Student); err != nil {
		t.Fatal(err)
	}
	p.wants(409, "not in the class", "GET", "/api/class/live", "")
	p.wants(403, "", "GET", "/api/class/wall", "")
}

// A user has so many streams, which end when the user is not known any more, and when the
// workbench stops.
func TestStreamsEnd(t *testing.T) {
	m := newRoom(t)
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	anna.joins("Anna")
	var all []*websocket.Conn
	for n := range maxStreams {
		all = append(all, teacher.follows([]string{"/api/class/live", "/api/class/wall"}[n%2]))
	}
	teacher.wants(429, "at most 16", "GET", "/api/class/live", "")
	hers := anna.follows("/api/class/live") // hers are counted apart
	all[0].Close()
	for { // until it is noticed
		if ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(m.url, "http")+"/api/class/wall", teacher.header()); err == nil {
			all[0] = ws
			break
		}
	}
	users, err := access.OpenUsers(class.UsersFile(m.folder))
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Remove("teacher"); err != nil {
		t.Fatal(err)
	}
	for _, ws := range all {
		ends(t, ws, websocket.ClosePolicyViolation, "revoked")
	}
	go m.Stop(context.Background())
	ends(t, hers, websocket.CloseGoingAway, "stopping")
}

// pipeTo opens a stream over a connection in memory.
func pipeTo(s served, path string) *websocket.Conn {
	s.t.Helper()
	d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return s.connect(), nil }}
	ws, answer, err := d.Dial("ws://127.0.0.1:8000"+path, nil)
	if err != nil {
		s.t.Fatalf("%s: %v: %v", path, err, answer)
	}
	return ws
}

// However fast the class changes, a stream tells of it only so often, and what was last is
// told.
func TestStreamsAreSlowedDown(t *testing.T) {
	for path, every := range map[string]time.Duration{"/api/class/live": liveEvery, "/api/class/wall": wallEvery} {
		inBubble(t, 0, func(t *testing.T, s served) {
			ws := pipeTo(s, path)
			defer ws.Close()
			var told []time.Duration
			began := time.Now()
			heard := make(chan struct{})
			go func() {
				defer close(heard)
				for last := false; !last; {
					_, text, err := ws.ReadMessage()
					if err != nil {
						t.Error(err)
						return
					}
					told = append(told, time.Since(began))
					last = strings.Contains(string(text), `"n":201`)
				}
			}()
			for n := range 201 {
				if err := s.Class.Send(class.Sent{Target: "a:1"}); err != nil {
					t.Fatal(n, err)
				}
				s.classroom.change(func() {})
				time.Sleep(10 * time.Millisecond)
			}
			<-heard
			if n := int(2*time.Second/every) + 2; len(told) > n || len(told) < n-2 || told[0] > 0 {
				t.Errorf("%s: told at %v", path, told)
			}
			for i := 1; i < len(told); i++ {
				if pause := told[i] - told[i-1]; pause < every-time.Millisecond {
					t.Errorf("%s: told again after %v", path, pause)
				}
			}
			time.Sleep(time.Minute)
			if n := len(told); s.Class.Sent().N != 201 || n != len(told) {
				t.Error("it tells without a change")
			}
		})
	}
}

// A client that reads nothing, and one that is gone without a word, are dropped.
func TestSlowStreams(t *testing.T) {
	for _, path := range []string{"/api/class/live", "/api/class/wall"} {
		inBubble(t, 0, func(t *testing.T, s served) {
			ws := pipeTo(s, path)
			began := time.Now()
			for time.Since(began) < time.Hour {
				if s.Class.Send(class.Sent{Target: "a:1"}) != nil {
					t.Fatal("cannot send")
				}
				s.classroom.change(func() {})
				time.Sleep(time.Second)
				if s.openStreams() == 0 {
					break
				}
			}
			if took := time.Since(began); took > stall.Limit+2*closeLimit {
				t.Errorf("%s: dropped after %v", path, took)
			}
			ws.Close()
		})
	}
}

func (s served) openStreams() int {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return len(s.streams.open)
}
