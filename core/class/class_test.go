package class

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/access"
)

var someTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, folder string) *Class {
	t.Helper()
	c, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func join(t *testing.T, c *Class, name string) Student {
	t.Helper()
	one, err := c.Join(name)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return one
}

func TestNames(t *testing.T) {
	c := open(t, t.TempDir())
	for _, test := range []struct{ chosen, name, id string }{
		{"Anna", "Anna", "anna"},
		{"anna", "anna", "anna-2"},
		{"  Ann\u202e\u200b Lee \t\x1b", "Ann Lee", "ann-lee"},
		{"Ju\u0308rgen", "J\u00fcrgen", "jurgen"},
		{"Ольга", "Ольга", "student-5"},
		{"李雷", "李雷", "student-6"},
		{"...", "...", "student-7"},
		{"admin", "admin", "admin"},
		{"student-9", "student-9", "student-9"},
		{"🙂", "🙂", "student-10"},
		{"../../x", "../../x", "x"},
		{strings.Repeat("w", MaxName), strings.Repeat("w", MaxName), strings.Repeat("w", MaxName)},
	} {
		if one := join(t, c, test.chosen); one.Name != test.name || one.ID != test.id {
			t.Errorf("%q became %q, %q; want %q, %q", test.chosen, one.Name, one.ID, test.name, test.id)
		}
	}
	for _, bad := range []string{"", " ", "\u202e", "\x00\xff", "\u0308", strings.Repeat("w", MaxName+1), strings.Repeat("é", MaxName+1)} {
		var why *NameError
		if _, err := c.Join(bad); !errors.As(err, &why) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	users, err := c.users.List()
	if err != nil || len(users) != 12 {
		t.Fatal(users, err)
	}
	for _, u := range users {
		if u.Role != access.Student {
			t.Errorf("%s is a %s", u.Name, u.Role)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("Anna Lee")
	f.Add("\u0308ü🙂..")
	f.Add("\x89\u036e\x84\xa4A\x87\u030800000000")
	f.Fuzz(func(t *testing.T, chosen string) {
		name, err := CleanName(chosen)
		if err != nil {
			return
		}
		if again, err := CleanName(name); again != name || err != nil || utf8.RuneCountInString(name) > MaxName {
			t.Errorf("%q, cleaned twice: %q, %v", name, again, err)
		}
		taken := 3
		id := userName(name, 1, func(string) bool { taken--; return taken > 0 })
		if err := access.CheckName(id); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	})
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		code := newCode()
		if len(code) != codeLength || strings.Trim(code, codeAlphabet) != "" || seen[code] {
			t.Errorf("code %q", code)
		}
		seen[code] = true
	}
	s := State{Code: "ABC347"}
	for typed, want := range map[string]bool{"ABC347": true, "abc347": true, " abc-347 ": true, "": false, "ABC34": false, "ABC348": false, "ABC3477": false} {
		if s.Admits(typed) != want {
			t.Errorf("%q: %v", typed, !want)
		}
	}
	if new(State).Admits("") {
		t.Error("a class that was not opened lets somebody in")
	}
}

// A class is the same when it is opened again, also after its last line was torn.
func TestOpenedAgain(t *testing.T) {
	folder := t.TempDir()
	c := open(t, folder)
	anna, tom := join(t, c, "Anna"), join(t, c, "Tom")
	for _, err := range []error{c.Hand(anna.ID, true), c.Hand(tom.ID, true), c.Hand(tom.ID, false), c.Pause(true), c.Remove(tom.ID), c.Send(Sent{Lesson: "x", Step: 2})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := c.State()
	if _, there := before.Find(tom.ID); there || len(before.Students()) != 1 || before.Paused.IsZero() || before.Students()[0].Hand.IsZero() || before.Sent.Lesson != "x" {
		t.Errorf("%+v", before)
	}
	if _, err := c.users.Find(tom.ID); !errors.Is(err, access.ErrNoUser) {
		t.Errorf("a student who was removed is still a user: %v", err)
	}
	c.Close()
	events := filepath.Join(folder, eventsFile)
	info, err := os.Stat(events)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	f, err := os.OpenFile(events, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, `{"event":"removed","id":"an`)
	f.Close()
	if _, err := c.users.Add(tom.ID, access.Student); err != nil { // as if it had ended before it took him out
		t.Fatal(err)
	}
	c = open(t, folder)
	if after := c.State(); !reflect.DeepEqual(before, after) {
		t.Errorf("it was %+v and is %+v", before, after)
	}
	if _, err := c.users.Find(tom.ID); !errors.Is(err, access.ErrNoUser) {
		t.Errorf("a student who was removed is a user again: %v", err)
	}
	if again := join(t, c, "Tom"); again.ID == tom.ID {
		t.Error("a user name was given again")
	}
	if data, _ := os.ReadFile(events); strings.Contains(string(data), `"an{`) || strings.Count(string(data), "\n") != 10 {
		t.Errorf("%s", data)
	}
}

func TestAFileThatSaysSomethingElse(t *testing.T) {
	const opened = `{"event":"opened","at":"2026-01-02T03:04:05Z","code":"ABC347"}` + "\n"
	const joined = `{"event":"joined","at":"2026-01-02T03:04:05Z","id":"anna","name":"Anna"}` + "\n"
	for text, words := range map[string]string{
		joined:                             "line 1",
		opened + opened:                    "line 2",
		"{}\n":                             "line 1",
		opened + "x\n":                     "line 2",
		opened + joined + joined:           "joined before",
		opened + `{"event":"flew"}` + "\n": "unknown event",
		opened + `{"event":"hand-up","id":"x"}` + "\n":                                                      "no such student",
		`{"event":"opened","at":"2026-01-02T03:04:05Z","code":"AB"}` + "\n":                                 "no code",
		opened + `{"event":"joined","id":"../x","name":"x"}` + "\n":                                         "not allowed",
		opened + `{"event":"joined","id":"x","name":"x\u202e"}` + "\n":                                      "not allowed",
		opened + `{"event":"code","at":"2026-01-02T03:04:05Z"}` + "\n":                                      "no code",
		`{"event":"code","at":"2026-01-02T03:04:05Z","code":"ABC347"}` + "\n":                               "first of all",
		opened + `{"event":"sent"}` + "\n":                                                                  "does not say",
		opened + `{"event":"sent","sent":{"lesson":"x"}}` + "\n":                                            "out of bounds",
		opened + `{"event":"sent","sent":{"n":1,"lesson":"x","target":"y:1"}}` + "\n":                       "not either",
		opened + `{"event":"sent","sent":{"n":1,"mode":"x"}}` + "\n":                                        "not either",
		opened + `{"event":"sent","sent":{"n":2}}` + "\n" + `{"event":"sent","sent":{"n":2}}` + "\n":        "before it",
		opened + `{"event":"sent","sent":{"n":1,"target":"` + strings.Repeat("x", maxSent+1) + `"}}` + "\n": "out of bounds",
		strings.Repeat("x", 2*maxEvents+1):                                                                  "larger",
	} {
		folder := t.TempDir()
		os.WriteFile(filepath.Join(folder, eventsFile), []byte(text), 0o600)
		if c, err := Open(folder); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%.200q: %v", text, err)
			if err == nil {
				c.Close()
			}
		}
	}
}

func TestAClassIsOpenOnce(t *testing.T) {
	folder := t.TempDir()
	c := open(t, folder)
	if other, err := Open(folder); !errors.Is(err, ErrOpen) {
		other.Close()
		t.Errorf("opened twice: %v", err)
	}
	c.Close()
	open(t, folder)
}

// A long file of events is written anew, and says the same.
func TestALongFile(t *testing.T) {
	folder := t.TempDir()
	c := open(t, folder)
	anna := join(t, c, "Anna")
	for n := range 7 {
		if n == 6 {
			c.size = maxEvents - 10
		}
		if err := c.Hand(anna.ID, n%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	join(t, c, "Tom")
	if data, err := os.ReadFile(filepath.Join(folder, eventsFile)); err != nil || bytes.Count(data, []byte("\n")) != 4 {
		t.Errorf("%v: %s", err, data)
	}
	before := c.State()
	c.Close()
	after := open(t, folder).State()
	if !reflect.DeepEqual(before, after) || after.Students()[0].Hand.IsZero() {
		t.Errorf("it was %+v and is %+v", before, after)
	}
}

// What was sent last is known, and its number only rises, also over a file that was
// written anew after all was taken back.
func TestSending(t *testing.T) {
	folder := t.TempDir()
	c := open(t, folder)
	if s := c.Sent(); s.N != 0 || !s.IsNothing() {
		t.Errorf("before anything was sent: %+v", s)
	}
	if err := c.Send(Sent{Target: "a:1", Lesson: "b"}); err == nil || c.Sent().N != 0 {
		t.Errorf("both at once: %v", err)
	}
	for n, what := range []Sent{{Lesson: "http-by-hand", Step: 2}, {Target: "127.0.0.1:7", Mode: "raw"}, {}} {
		if err := c.Send(what); err != nil {
			t.Fatal(err)
		}
		got := c.Sent()
		if got.N != n+1 || got.At.IsZero() || got.IsNothing() != (n == 2) {
			t.Errorf("%+v", got)
		}
		if got.At, got.N = (time.Time{}), 0; got != what {
			t.Errorf("%+v was sent, and is %+v", what, got)
		}
	}
	c.size = maxEvents - 10
	join(t, c, "Anna")
	before := c.State()
	c.Close()
	c = open(t, folder)
	if after := c.State(); !reflect.DeepEqual(before, after) {
		t.Errorf("it was %+v and is %+v", before, after)
	}
	if err := c.Send(Sent{Lesson: "x"}); err != nil || c.Sent().N != 4 {
		t.Errorf("%+v, %v", c.Sent(), err)
	}
}

// A new code is the only one that lets somebody join.
func TestANewCode(t *testing.T) {
	folder := t.TempDir()
	c := open(t, folder)
	old := c.State().Code
	code, err := c.ChangeCode()
	if err != nil || code == old || c.Admits(old) || !c.Admits(code) {
		t.Errorf("%s, then %s: %v", old, code, err)
	}
	for range 2 {
		c.Close()
		if c = open(t, folder); c.Admits(old) || !c.Admits(code) {
			t.Error("it is another one when the class is opened again")
		}
		c.size = maxEvents - 10
		join(t, c, "Anna")
	}
}

func TestAFullClass(t *testing.T) {
	s := State{}
	s.Apply(Event{Kind: Opened, At: someTime, Code: "ABC347"})
	for n := range maxJoins {
		id := fmt.Sprint("s", n)
		if err := s.Apply(Event{Kind: Joined, ID: id, Name: id}); err != nil {
			t.Fatal(n, err)
		}
		if n >= MaxStudents-1 {
			if err := s.Apply(Event{Kind: Joined, ID: "more", Name: "more"}); !errors.Is(err, ErrFull) {
				t.Fatal(n, err)
			}
			s.Apply(Event{Kind: Removed, ID: id})
		}
	}
	if err := s.Apply(Event{Kind: Joined, ID: "more", Name: "more"}); !errors.Is(err, ErrFull) {
		t.Errorf("more than ever may: %v", err)
	}
	again := State{}
	for _, e := range s.Events() {
		if err := again.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(s.Students(), again.Students()) {
		t.Error("the fewest events add up to something else")
	}
}

func TestJoiningAtOnce(t *testing.T) {
	c := open(t, t.TempDir())
	ids := make(chan string, 20)
	var all sync.WaitGroup
	for range cap(ids) {
		all.Go(func() {
			one, err := c.Join("Anna")
			if err != nil {
				t.Error(err)
			}
			ids <- one.ID
			c.Hand(one.ID, true)
			c.State()
		})
	}
	all.Wait()
	close(ids)
	seen := map[string]bool{}
	for id := range ids {
		if seen[id] {
			t.Errorf("two are %s", id)
		}
		seen[id] = true
	}
	if n := len(c.State().Students()); n != cap(ids) {
		t.Errorf("%d have joined", n)
	}
}
