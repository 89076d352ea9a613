//go:build linux

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/protocol-workbench/workbench/core/class/results"
)

// school is a class that several workbenches hold, behind addresses with the same port.
type school struct {
	t           *testing.T
	name, store string
	token       []byte // with which all of them sign cookies
	port        string
	states      []string // folders
}

// hold starts a workbench of the class, which is the nth, in a folder of its own. It returns
// the class's code, too.
func (s *school) hold(n int) (*workbench, string) {
	s.t.Helper()
	for len(s.states) <= n {
		s.states = append(s.states, s.t.TempDir())
	}
	folder := filepath.Join(s.states[n], "workbench")
	if s.token != nil {
		os.MkdirAll(folder, 0o700)
		if err := os.WriteFile(filepath.Join(folder, "token"), s.token, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	s.t.Setenv("XDG_STATE_HOME", s.states[n])
	flags := []string{"--store", s.store}
	if s.port != "" {
		flags = append(flags, "--listen", "127.0.0."+string(rune('1'+n))+":"+s.port)
	}
	w, code := holdClass(s.t, s.name, flags...)
	if s.token == nil {
		s.port = portOf(w.address)
		var err error
		if s.token, err = os.ReadFile(filepath.Join(folder, "token")); err != nil {
			s.t.Fatal(err)
		}
	}
	return w, code
}

// is reports whether a workbench knows a student.
func (s *student) is(w *workbench) bool {
	_, modes := s.ask(w, "GET", "/api/modes", "")
	return strings.Contains(modes, `"user":"`+s.id+`","role":"student"`)
}

// practice returns the practice server http.
func practice(t *testing.T, w *workbench, s *student) string {
	t.Helper()
	_, modes := s.ask(w, "GET", "/api/modes", "")
	m := practiceHTTP.FindStringSubmatch(modes)
	if m == nil {
		t.Fatalf("no practice server http in %s", modes)
	}
	return m[1]
}

var practiceHTTP = regexp.MustCompile(`"name":"http","target":"([^"]+)","mode":"http-line"`)

// Several workbenches hold one class: students come to any of them, go on at another one
// when theirs dies, and what the teacher does holds everywhere.
func TestClassOfSeveralWorkbenches(t *testing.T) {
	broker, killBroker, brokerAgain := natsServer(t)
	s := &school{t: t, name: "several", store: "nats://" + broker + "/school"}
	one, code := s.hold(0)
	two, same := s.hold(1)
	if code != same {
		t.Fatalf("the codes are %s and %s", code, same)
	}
	anna, ben := &student{t: t}, &student{t: t}
	anna.join(one, code, "Anna")
	ben.join(two, code, "Anna")
	if anna.id == ben.id {
		t.Errorf("both are %s", anna.id)
	}
	eventually(t, "both known at both", func() bool { return anna.is(two) && ben.is(one) })
	word := anna.word(one)
	if passed := anna.does(one, word); !passed.Passed {
		t.Fatalf("the step is not passed: %+v", passed)
	}
	if elsewhere := anna.word(two); elsewhere != word {
		t.Errorf("at the other workbench the word is %s, not %s", elsewhere, word)
	}
	eventually(t, "what was reached, at the other workbench", func() bool {
		_, lesson := anna.ask(two, "GET", "/api/lessons/http-by-hand", "")
		return strings.Contains(lesson, `"passed":true`)
	})
	typing := &typist{student: *anna}
	typing.begin(one, practice(t, one, anna))
	(&client{t, typing.ws}).say(`{"text":"GET /about HTTP/1.0","m":1}`, `{"text":"","m":2}`)
	eventually(t, "the wall of the other workbench with the answer", func() bool {
		_, shown := two.ask(t, "", "GET", "/api/class", nil)
		return strings.Contains(shown, `"here":true`) && strings.Contains(shown, `"from":"server"`)
	})
	eye := &kept{client: &client{t, two.websocket(t, "", "/websocket/ws?attach="+typing.attach+"&student="+anna.id, "workbench.v1")}, w: two}
	eye.hears("SUCC")
	eventually(t, "read along from another workbench", func() bool {
		eye.read(t)
		return strings.Contains(strings.Join(eye.lines, ""), "HTTP/1.1 200 OK")
	})
	own := &client{t, two.websocket(t, anna.cookie, "/websocket/ws?attach="+typing.attach+"&window=w", "workbench.v1")}
	own.hears("SUCC")
	if ws, answer, err := dialer.Dial("ws://"+two.address+"/websocket/ws?attach="+typing.attach+"&window=w", http.Header{"Cookie": {ben.cookie}, "Sec-Fetch-Site": {"same-origin"}, "Sec-WebSocket-Protocol": {"workbench.v1"}}); err != nil {
		t.Errorf("%v, %v", answer, err)
	} else if _, words, _ := ws.ReadMessage(); !strings.Contains(string(words), "FAIL:no such session") {
		t.Errorf("another student is told %s", words)
	}
	// What runs at one workbench is judged as it stands, whichever the page asks.
	running := ben.open(one, practice(t, one, ben))
	running.hears("SUCC")
	running.say("GET / HTTP/1.1", "Host: a", "User-Agent: "+ben.word(one), "") // and stays open
	running.hears("HTTP/1.1 200 OK")
	_, list := ben.ask(one, "GET", "/api/transcripts", "")
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(list)
	if id == nil {
		t.Fatalf("no recording in %s", list)
	}
	if v := ben.check(two, `{"step":2,"transcripts":["`+id[1]+`"]}`); v.Steps == nil {
		t.Errorf("judged elsewhere: %+v", v)
	} else if here := ben.check(one, `{"step":2,"transcripts":["`+id[1]+`"]}`); here.Points != v.Points || !slices.EqualFunc(here.Steps[0].Checks, v.Steps[0].Checks, sameCheck) {
		t.Errorf("judged where it runs: %+v, elsewhere: %+v", here, v)
	}
	running.ws.Close()
	teacher := &kept{client: two.join(t, "?mode=raw&keep=on&window=one", two.echo, "workbench.v1"), w: two}
	teacher.read(t)
	if status, words := two.ask(t, "", "PUT", "/api/class/show", []byte(`{"session":"`+teacher.attach+`"}`)); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, words)
	}
	live := one.websocket(t, anna.cookie, "/api/class/live", "")
	for {
		_, stands, err := live.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stands), `"show":{`) && strings.Contains(string(stands), teacher.attach) {
			break
		}
	}
	looks := &kept{client: &client{t, one.websocket(t, anna.cookie, "/websocket/ws?attach="+teacher.attach+"&show=1", "workbench.v1")}, w: one}
	looks.hears("SUCC")
	teacher.say(`{"text":"look here\n","m":1}`)
	for !strings.Contains(strings.Join(looks.lines, ""), "look here") {
		looks.read(t)
	}
	if status, words := one.ask(t, "", "DELETE", "/api/class/show", nil); status != http.StatusNoContent {
		t.Errorf("%d %s", status, words)
	}
	looks.linesToEnd()
	teacher.ws.Close() // else it would not answer when the workbench stops
	if status, words := two.ask(t, "", "POST", "/api/class/pause", []byte(`{"paused":true}`)); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, words)
	}
	eventually(t, "the class paused at the first", func() bool {
		c := anna.open(one, "127.0.0.1:1")
		defer c.ws.Close()
		_, words := c.next()
		return strings.Contains(string(words), "paused")
	})
	two.ask(t, "", "POST", "/api/class/pause", []byte(`{"paused":false}`))

	one.signal(syscall.SIGKILL)
	one.wait(patience)
	if !anna.is(two) {
		t.Error("the student is not known where the class goes on")
	}
	anna.talk(two)
	eventually(t, "what a dead workbench has recorded", func() bool {
		_, archive := two.ask(t, "", "GET", "/api/class/submissions.zip", nil)
		return strings.Contains(archive, "step-2/") && !strings.Contains(archive, "missing.txt")
	})
	_, table := two.ask(t, "", "GET", "/api/class/results.csv", nil)
	if !strings.Contains(table, "Anna,"+anna.id+",") || !strings.Contains(table, "http-by-hand/2") {
		t.Errorf("the table is %s", table)
	}
	s.leaves(table)

	three, same := s.hold(2)
	if same != code || !anna.is(three) || !ben.is(three) {
		t.Error("one that comes later has another class")
	}
	killBroker()
	if status, words := (&student{t: t}).ask(three, "POST", "/api/join", `{"code":"`+code+`","name":"Carl"}`); status != http.StatusServiceUnavailable || !strings.Contains(words, "is away") {
		t.Errorf("without the shared log somebody joins: %d %s", status, words)
	}
	anna.talk(three)
	brokerAgain()
	carl := &student{t: t}
	eventually(t, "somebody joins again", func() bool {
		status, _ := carl.ask(three, "POST", "/api/join", `{"code":"`+code+`","name":"Carl"}`)
		return status == http.StatusOK
	})

	eventually(t, "the class ends", func() bool { // the other has to find the broker, too
		status, _ := two.ask(t, "", "DELETE", "/api/class", []byte(`{"delete":"everything"}`))
		return status == http.StatusAccepted
	})
	for _, w := range []*workbench{two, three} {
		if err := w.stopped(0); err != nil {
			t.Error(err)
		}
		if !strings.Contains(w.stdout.String(), "Class several is deleted.") {
			t.Errorf("it said %s", w.stdout)
		}
	}
	anew, other := s.hold(0) // which died before
	if other == code || anna.is(anew) {
		t.Error("the class that was deleted is back")
	}
	if list := anew.get(t, "/api/transcripts"); strings.Contains(list, `"id"`) {
		t.Errorf("its recordings are back: %s", list)
	}
}

// leaves reads on the command line, where no workbench of the class runs, what the class
// leaves: the table that a workbench gives, and what was handed in.
func (s *school) leaves(table string) {
	s.t.Helper()
	s.t.Setenv("XDG_STATE_HOME", s.t.TempDir())
	at := []string{"--class", s.name, "--store", s.store}
	if said := workbenchRun(s.t, "", append([]string{"class", "results"}, at...)...); results.BOM+said != table {
		s.t.Errorf("the table on the command line is\n%s\nand the workbench's\n%s", said, table)
	}
	folder := filepath.Join(s.t.TempDir(), "handed-in")
	workbenchRun(s.t, "", append([]string{"class", "submissions", folder}, at...)...)
	if found, _ := filepath.Glob(filepath.Join(folder, "*", "http-by-hand", "step-2", "*.transcript")); len(found) != 2 {
		s.t.Errorf("handed in are %v", found)
	}
	fails(s.t, 1, []string{"class", "results", "--class", "other", "--store", s.store}, "no workbench shares a class other")
}

// What cannot be is said before the class begins.
func TestSharedClassRefuses(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	away := "nats://" + freePort(t) + "/school"
	out, err := exec.Command(workbenchBinary, "class", "--store", away, "--listen", "127.0.0.1:0", "--echo-listen", "off").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the shared log cannot be reached, and this machine has no copy of the class") {
		t.Errorf("without a broker: %v, %s", err, out)
	}
	fails(t, 1, []string{"class", "--store", away, "--class", "a.b"}, "class a.b with --store", "letters, digits")
	fails(t, 1, []string{"class", "--store", "http://x"}, "--store", "nats://")
	fails(t, 1, []string{"class", "--store-name", "x"}, "without --store")
	fails(t, 1, []string{"class", "--store", away, "--delete-after", "14d"}, "--delete-after does not work")
	kept, _ := holdClass(t, "kept", "--delete-after", "14d")
	kept.signal(syscall.SIGTERM)
	if err := kept.stopped(0); err != nil {
		t.Error(err)
	}
	fails(t, 1, []string{"class", "--store", away, "--class", "kept"}, "take it back first, without --store")
	holdClass(t, "kept")
}
