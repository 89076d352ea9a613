package wall

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// anna is a student, who joined at the start, and what is told of her.
type anna struct {
	Wall
	of class.Student
	s  *Student
}

func newAnna() *anna {
	a := &anna{of: class.Student{ID: "anna", Name: "Anna", Joined: start}}
	a.s = a.Student("anna")
	return a
}

func (a *anna) tile(after time.Duration) Tile {
	return a.Tiles([]class.Student{a.of}, start.Add(after))[0]
}

// is fails unless she is doing so at some time, and since when.
func (a *anna) is(t *testing.T, after time.Duration, state State, why Why, since time.Duration) {
	t.Helper()
	got := a.tile(after)
	if got.State != state || got.Why != why || !got.Since.Equal(start.Add(since)) {
		t.Errorf("after %v she is %s %q since %v; want %s %q since %v", after, got.State, got.Why, got.Since.Sub(start), state, why, since)
	}
}

func (a *anna) came(after time.Duration)             { a.s.Came(start.Add(after)) }
func (a *anna) left(after time.Duration)             { a.s.Left(start.Add(after)) }
func (a *anna) opened(after time.Duration, l Lesson) { a.s.Opened(start.Add(after), l) }

func (a *anna) typed(after time.Duration) {
	a.s.Session("s", "raw", "x:1").Done(start.Add(after), core.Event{Kind: core.ClientText, Data: []byte("x")}, nil)
}

// reached is a lesson of three steps and six points, of which so many steps are passed.
func reached(passed int) Lesson {
	l := Lesson{Name: "http", Title: "HTTP", Steps: 3, Of: 6, Passed: passed, Points: 2 * passed}
	if passed < 3 {
		l.Next = passed + 1
	}
	return l
}

const (
	sec    = time.Second
	minute = time.Minute
	ms     = time.Millisecond
)

func TestAwayAndIdle(t *testing.T) {
	a := newAnna()
	a.is(t, 0, Away, "", 0)
	a.came(sec)
	a.is(t, 3*minute+sec-1, Working, "", sec)
	a.is(t, 3*minute+sec, Idle, "", sec)
	a.typed(4 * minute)
	a.is(t, 4*minute, Working, "", sec)
	a.is(t, 7*minute-1, Working, "", sec)
	a.is(t, 7*minute, Idle, "", 4*minute)
	a.came(7 * minute) // another tab
	a.left(8 * minute)
	a.is(t, 8*minute, Idle, "", 4*minute)
	a.left(9 * minute)
	a.is(t, 9*minute, Away, "", 9*minute)
	a.came(12*minute - 1) // the network was gone for a moment
	a.is(t, 12*minute, Idle, "", 4*minute)
	a.left(13 * minute)
	a.came(16 * minute) // after a break
	a.is(t, 16*minute, Working, "", 16*minute)
}

func TestNoProgress(t *testing.T) {
	a := newAnna()
	a.came(0)
	a.typed(5 * minute)
	a.is(t, 6*minute, Working, "", 0) // without a lesson nobody is stuck
	a.opened(6*minute, reached(0))
	a.typed(8 * minute)
	a.is(t, 9*minute-1, Working, "", 6*minute)
	a.is(t, 9*minute, Stuck, ByProgress, 6*minute)
	a.opened(10*minute, reached(0)) // loaded again
	a.is(t, 10*minute, Stuck, ByProgress, 6*minute)
	a.is(t, 13*minute, Idle, "", 10*minute)
	a.s.Checked(start.Add(14*minute), reached(0), Try{Step: 1, Of: "a", Failed: "x"})
	a.is(t, 14*minute, Stuck, ByProgress, 6*minute)
	more := reached(0)
	more.Points = 1
	a.s.Checked(start.Add(15*minute), more, Try{Step: 1, Of: "b", Failed: "y"}) // a point of a step that is not passed
	a.typed(17 * minute)
	a.is(t, 18*minute-1, Working, "", 15*minute)
	a.is(t, 18*minute, Stuck, ByProgress, 15*minute)
	a.s.Checked(start.Add(19*minute), reached(1), Try{Step: 1, Passed: true, Of: "c"})
	a.is(t, 19*minute, Working, "", 19*minute)
	a.typed(22 * minute)
	a.is(t, 22*minute, Stuck, ByProgress, 19*minute)
	other := reached(1)
	other.Name = "smtp"
	a.opened(23*minute, other)
	a.is(t, 23*minute, Working, "", 23*minute)
	a.left(24 * minute)
	a.came(30 * minute)
	a.typed(32 * minute)
	a.is(t, 33*minute-1, Working, "", 30*minute)
	a.is(t, 33*minute, Stuck, ByProgress, 30*minute)
}

func TestDoneAndHand(t *testing.T) {
	a := newAnna()
	a.came(0)
	a.opened(0, reached(2))
	if tile := a.tile(0); tile.Step != 3 || tile.Steps != 3 || *tile.Points != 4 || *tile.Of != 6 {
		t.Errorf("%+v", tile)
	}
	a.s.Checked(start.Add(sec), reached(3), Try{Step: 3, Passed: true, Of: "a"})
	a.is(t, sec, Done, "", sec)
	a.s.Checked(start.Add(2*sec), reached(3), Try{Step: 1, Failed: "x", Of: "b"}) // once more, for fun
	a.is(t, 10*minute, Done, "", sec)
	a.of.Hand = start.Add(minute)
	a.is(t, 10*minute, Hand, "", minute)
	a.left(11 * minute)
	a.is(t, 12*minute, Hand, "", minute)
	if tile := a.tile(12 * minute); tile.Here || tile.Hand == nil {
		t.Errorf("%+v", tile)
	}
	a.of.Hand = time.Time{}
	a.is(t, 12*minute, Away, "", 11*minute)
}

// The step is the first that is not passed, or the one that was checked last.
func TestSteps(t *testing.T) {
	a := newAnna()
	a.opened(0, reached(1))
	for i, test := range []struct {
		passed int
		try    Try
		step   int
	}{
		{1, Try{Step: 3, Failed: "x", Of: "a"}, 3},
		{1, Try{Step: 1, Passed: true, Of: "b"}, 2},
		{1, Try{Step: 2, Failed: "x", Of: "c"}, 2},
		{2, Try{Step: 2, Passed: true, Of: "d"}, 3},
		{3, Try{Step: 3, Passed: true, Of: "e"}, 3},
	} {
		a.s.Checked(start, reached(test.passed), test.try)
		if got := a.tile(0).Step; got != test.step {
			t.Errorf("%d: step %d", i, got)
		}
	}
	b := newAnna()
	b.s.Was(start, reached(1), 3)
	b.came(sec)
	if lesson, step := b.s.At(); lesson != "http" || step != 3 || b.tile(sec).Step != 3 || b.tile(sec).State != Working {
		t.Errorf("%s %d: %+v", lesson, step, b.tile(sec))
	}
	b.opened(2*sec, reached(1)) // the page asks once more
	if got := b.tile(0).Step; got != 3 {
		t.Errorf("step %d", got)
	}
	c := newAnna()
	c.opened(0, reached(2))
	c.s.Was(start, reached(0), 1) // comes late
	c.came(0)
	if got := c.tile(0); got.Step != 3 {
		t.Errorf("%+v", got)
	}
	d := newAnna()
	d.s.Was(start.Add(-minute), reached(3), 7)
	d.came(0)
	d.is(t, 5*minute, Done, "", -minute)
	if got := d.tile(0); got.Step != 3 {
		t.Errorf("%+v", got)
	}
}

func TestTheSameRefusal(t *testing.T) {
	a := newAnna()
	a.came(0)
	refused := func(after time.Duration, code string) { a.s.Refused(start.Add(after), code, "no: "+code) }
	refused(1*sec, "refused")
	refused(2*sec, "refused")
	refused(3*sec, "no-answer")
	refused(4*sec, "refused")
	refused(5*sec, "refused")
	a.is(t, 5*sec, Working, "", 0)
	refused(6*sec, "refused")
	a.is(t, 6*sec, Stuck, ByError, 4*sec)
	if tile := a.tile(6 * sec); tile.Error != "no: refused" || tile.Line == nil || *tile.Line != (Line{"workbench", "no: refused", start.Add(6 * sec)}) {
		t.Errorf("%+v", tile)
	}
	a.is(t, 10*minute, Stuck, ByError, 4*sec) // also if she has given up
	a.s.Session("s", "raw", "x:1").Began(start.Add(11 * minute))
	a.is(t, 11*minute, Working, "", 0)
	for range 2 {
		refused(12*minute, "refused")
	}
	a.opened(12*minute, reached(0)) // which is a new beginning
	refused(12*minute, "refused")
	a.is(t, 12*minute, Working, "", 12*minute)
}

func TestTheSameFailedCheck(t *testing.T) {
	a := newAnna()
	a.came(0)
	a.opened(0, reached(0))
	check := func(step int, of, failed string) {
		a.s.Checked(start.Add(sec), reached(0), Try{Step: step, Of: of, Failed: failed})
	}
	working := func() { t.Helper(); a.is(t, sec, Working, "", 0) }
	stuck := func() { t.Helper(); a.is(t, sec, Stuck, ByError, sec) }
	for range 5 { // the same try, as the page asks again
		check(1, "a", "Say Host")
	}
	check(1, "b", "Say Host")
	working()
	check(1, "c", "Say Host")
	stuck()
	if tile := a.tile(sec); tile.Error != "Say Host" || tile.Step != 1 {
		t.Errorf("%+v", tile)
	}
	more := reached(0)
	more.Points = 1
	a.s.Checked(start.Add(sec), more, Try{Step: 1, Of: "d", Failed: "Say Host"}) // which brings a point
	for _, of := range []string{"e", "f", "g"} {                                 // which bring none
		a.is(t, sec, Working, "", sec)
		a.s.Checked(start.Add(sec), more, Try{Step: 1, Of: of, Failed: "Say Host"})
	}
	a.is(t, sec, Stuck, ByError, sec)
	b := newAnna()
	b.came(0)
	for _, of := range []string{"a", "b", "c"} {
		b.opened(0, reached(0))
		b.s.Checked(start, reached(0), Try{Step: 1, Of: of, Failed: "Say Host"})
	}
	b.is(t, 0, Stuck, ByError, 0)
	a = newAnna()
	a.came(0)
	a.opened(0, reached(0))
	check(1, "d", "Say GET") // another one
	working()
	check(2, "e", "Say GET") // in another step
	check(2, "f", "Say GET")
	working()
	check(2, "g", "Say GET")
	stuck()
	a.s.Checked(start.Add(sec), reached(0), Try{Step: 1, Passed: true, Of: "h"}) // as before: nothing is gained, and yet it goes well
	working()
}

// While its session runs, a try is not over. One whose end was not seen counts at the next.
func TestTriesThatRun(t *testing.T) {
	a := newAnna()
	a.came(0)
	a.opened(0, reached(0))
	var session *Session
	check := func(of string) {
		a.s.Checked(start.Add(sec), reached(0), Try{Step: 1, Of: of, Failed: "Say Host", Sessions: true})
	}
	for i, of := range []string{"a", "b", "c"} {
		session = a.s.Session("s", "raw", "x:1")
		session.Kept(of)
		session.Began(start)
		check(of)
		check(of)
		if i == 1 {
			session.Ended(start.Add(sec), "")
			check(of)
			check(of)
		}
	}
	a.is(t, sec, Working, "", 0)
	session.Ended(start.Add(sec), "")
	check("c")
	a.is(t, sec, Stuck, ByError, sec)
}

func TestErrorsOfServers(t *testing.T) {
	for line, want := range map[string]string{
		"HTTP/1.1 400 Bad Request":        "HTTP/1.1 400 Bad Request",
		"HTTP/1.0 503":                    "HTTP/1.0 503",
		"HTTP/2 404 ":                     "HTTP/2 404 ",
		"HTTP/1.1 200 OK":                 "",
		"HTTP/1.1 301 Moved":              "",
		"HTTP/1.1 4000 x":                 "",
		"HTTP/1.1":                        "",
		"500 5.5.1 unknown command":       "500 5.5.1 unknown command",
		"550-not here":                    "550-not here",
		"421 bye":                         "421 bye",
		"400":                             "",
		"4000 sheep":                      "",
		"45x here":                        "",
		"250 OK":                          "",
		"-ERR no such message":            "-ERR no such message",
		"-NOAUTH Authentication required": "-NOAUTH Authentication required",
		"+OK":                             "",
		"- a list":                        "",
		"-1":                              "",
		"a1 BAD unknown command":          "BAD unknown command",
		"a2 NO":                           "NO",
		"* BAD":                           "",
		"a1 OK LOGIN completed":           "",
		"a1 NOTHING":                      "",
		"":                                "",
		" ":                               "",
	} {
		if got := string(errorIn([]byte(line))); got != want {
			t.Errorf("%q: %q; want %q", line, got, want)
		}
	}
}

func TestTheSameAnswer(t *testing.T) {
	a := newAnna()
	a.came(0)
	s := a.s.Session("s1", "http-line", "x:80")
	asks := func(line string) { s.Done(start.Add(sec), core.Event{Kind: core.ClientText, Data: []byte(line)}, nil) }
	says := func(text string) { s.Done(start.Add(sec), core.Event{Kind: core.ServerBytes, Data: []byte(text)}, nil) }
	says("421 too busy\r\n421 too busy\r\n421 too busy\r\n") // nobody has asked anything
	a.is(t, sec, Working, "", 0)
	for range 3 {
		a.is(t, sec, Working, "", 0)
		asks("GET / HTTP/1.1")
		asks("")
		says("\r\nHTTP/1.1 400 Bad ")
		says("Request\r")
		says("\nHTTP/1.1 200 OK\r\n\r\n") // only the first line counts
	}
	a.is(t, sec, Stuck, ByError, sec)
	if tile := a.tile(sec); tile.Error != "HTTP/1.1 400 Bad Request" || tile.Line.Text != "HTTP/1.1 200 OK" || tile.Line.From != "server" {
		t.Errorf("%+v, %+v", tile, tile.Line)
	}
	asks("GET / HTTP/1.0")
	says("HTTP/1.1 200 OK\r\n")
	a.is(t, sec, Working, "", 0)
	for n := range 3 {
		asks("x")
		says(fmt.Sprintf("a%d BAD unknown\r\n", n))
	}
	a.is(t, sec, Stuck, ByError, sec)
	if tile := a.tile(sec); tile.Error != "a0 BAD unknown" {
		t.Errorf("%+v", tile)
	}
	for range 2 {
		asks("x")
		says("500 no\n")
	}
	asks("x")
	says("501 no\n")
	a.is(t, sec, Working, "", 0)
}

func TestLastLine(t *testing.T) {
	a := newAnna()
	s := a.s.Session("s1", "telnet", "x:23")
	event := func(kind core.EventKind, text string) {
		s.Done(start.Add(sec), core.Event{Kind: kind, Data: []byte(text)}, nil)
	}
	for i, test := range []struct {
		kind             core.EventKind
		data, from, want string
	}{
		{core.ServerBytes, "one\r\ntwo\r\n\r\n", "server", "two"},
		{core.ServerBytes, "login: ", "server", "login: "},
		{core.ClientPart, "an", "client", "an"},
		{core.ClientText, "na", "client", "anna"},
		{core.ClientText, "", "client", "anna"},
		{core.ServerBytes, "\r\n", "server", "login: "},
		{core.ClientBinary, "\x00\xff\u202e", "client", `\x00\xff\u202e`},
		{core.ClientRaw, "ls\r", "client", "ls"},
		{core.ServerEOF, "", "client", "ls"},
		{core.ServerBytes, strings.Repeat("é", 300) + "\n", "server", strings.Repeat("é", 100)},
		{core.ServerBytes, strings.Repeat("\x01", 300), "server", strings.Repeat(`\x01`, 50)},
	} {
		event(test.kind, test.data)
		if got := a.tile(sec).Line; got == nil || got.From != test.from || got.Text != test.want {
			t.Errorf("%d: %+v; want %s %q", i, got, test.from, test.want)
		}
	}
	s.Began(start)
	s.Ended(start.Add(sec), "")
	if got := a.tile(sec).Line; got.From != "server" {
		t.Errorf("%+v", got)
	}
	s.Ended(start.Add(sec), "the connection broke")
	if got := a.tile(sec).Line; got.From != "workbench" || got.Text != "the connection broke" {
		t.Errorf("%+v", got)
	}
}

// The newest four sessions that can be watched are shown, live or over.
func TestSessions(t *testing.T) {
	a := newAnna()
	var last *Session
	for n := range 7 {
		last = a.s.Session(fmt.Sprint("s", n), "raw", "x:1")
		if n != 5 { // that one ends with its connection
			last.Kept(fmt.Sprint("k", n))
		}
		last.Began(start.Add(time.Duration(n) * sec))
	}
	a.s.Session("s8", "raw", "x:1").Kept("k8") // its target is not reached
	last.Ended(start.Add(minute), "")
	var shown []string
	for _, s := range a.tile(minute).Sessions {
		shown = append(shown, fmt.Sprint(s.Attach, " ", s.Session, " ", s.Over, " ", s.Began.Sub(start)))
	}
	if got := strings.Join(shown, ", "); got != "k6 s6 true 6s, k4 s4 false 4s, k3 s3 false 3s, k2 s2 false 2s" {
		t.Error(got)
	}
}

func TestTileInJSON(t *testing.T) {
	a := newAnna()
	got, err := json.Marshal(a.tile(0))
	if want := `{"id":"anna","name":"Anna","here":false,"joined":"2026-01-02T03:04:05Z","state":"away","since":"2026-01-02T03:04:05Z","sessions":[]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	a.came(0)
	a.opened(0, reached(0))
	s := a.s.Session("s1", "raw", "x:1")
	s.Kept("k")
	s.Began(start)
	for range 3 {
		a.s.Refused(start.Add(1234567*time.Nanosecond), "refused", "no")
	}
	got, _ = json.Marshal(a.tile(0))
	if want := `{"id":"anna","name":"Anna","here":true,"joined":"2026-01-02T03:04:05Z","lesson":"http","title":"HTTP","step":1,"steps":3,"points":0,"of":6,` +
		`"state":"stuck","why":"error","error":"no","since":"2026-01-02T03:04:05.001Z","line":{"from":"workbench","text":"no","at":"2026-01-02T03:04:05.001Z"},` +
		`"sessions":[{"attach":"k","session":"s1","mode":"raw","target":"x:1","began":"2026-01-02T03:04:05Z","over":false}]}`; string(got) != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestRemoved(t *testing.T) {
	a := newAnna()
	a.came(0)
	a.Remove("anna")
	a.left(sec) // of who is not seen any more
	a.is(t, sec, Away, "", 0)
}
