//go:build linux

package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// verdict is what became of a step, as the page gets it and as lesson check prints it.
type verdict struct {
	Seed   string
	Passed bool
	Points int
	Steps  []struct {
		Checks []struct {
			Holds bool
			Code  string
			Shown *struct{ Entry int }
		}
	}
}

// does does a step of http-by-hand, whose word is the student's own, and has it checked.
func (s *student) does(w *workbench, word string) verdict {
	s.t.Helper()
	_, modes := s.ask(w, "GET", "/api/modes", "")
	m := regexp.MustCompile(`"name":"http","target":"([^"]+)"`).FindStringSubmatch(modes)
	if m == nil {
		s.t.Fatalf("no practice server http in %s", modes)
	}
	c := s.open(w, m[1])
	defer c.ws.Close()
	c.hears("SUCC")
	c.say("GET / HTTP/1.0", "User-Agent: "+word, "")
	c.linesToEnd()
	var list []struct {
		ID    string
		Ended string
	}
	eventually(s.t, "the recording", func() bool {
		_, text := s.ask(w, "GET", "/api/transcripts", "")
		return json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 && list[0].Ended != ""
	})
	return s.check(w, fmt.Sprintf(`{"step":2,"transcripts":[%q]}`, list[0].ID))
}

func (s *student) check(w *workbench, attempt string) (v verdict) {
	s.t.Helper()
	status, text := s.ask(w, "POST", "/api/lessons/http-by-hand/check", attempt)
	if err := json.Unmarshal([]byte(text), &v); status != 200 || err != nil {
		s.t.Fatalf("%d %s", status, text)
	}
	return v
}

// word returns the student's own.
func (s *student) word(w *workbench) string {
	s.t.Helper()
	_, text := s.ask(w, "GET", "/api/lessons/http-by-hand", "")
	m := regexp.MustCompile(`your request has the field User-Agent: ([a-z]+-[a-z]+)`).FindStringSubmatch(text)
	if m == nil {
		s.t.Fatalf("no word in %s", text)
	}
	return m[1]
}

// What a class leaves is the same from the page and from the command, while it runs and
// afterwards, and lesson check gives each submission the verdict that the page gave.
func TestWhatAClassLeaves(t *testing.T) {
	const name = "leaving"
	w, code := holdClass(t, name)
	anna, olga := &student{t: t}, &student{t: t}
	anna.join(w, code, "=Anna")
	olga.join(w, code, "../Ольга")
	given := map[string]verdict{
		"=Anna (anna)/http-by-hand/step-2":          anna.does(w, anna.word(w)),
		"=Anna (anna)/http-by-hand/step-3":          anna.check(w, `{"step":3,"answers":{"3.1":"2"}}`),
		"_.._Ольга (student-2)/http-by-hand/step-2": olga.does(w, anna.word(w)),
	}
	if own, others := given["=Anna (anna)/http-by-hand/step-2"], given["_.._Ольга (student-2)/http-by-hand/step-2"]; !own.Passed || others.Passed {
		t.Errorf("own word: %+v; another's: %+v", own, others)
	}

	folder := filepath.Join(t.TempDir(), "submissions")
	command(t, "class", "submissions", folder, "--class", name)
	inFolder := filesIn(t, os.DirFS(folder))
	_, archive := w.ask(t, "", "GET", "/api/class/submissions.zip", nil)
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	if inZip := filesIn(t, z); !maps.Equal(inZip, inFolder) {
		t.Errorf("the archive has %v, the folder %v", slices.Sorted(maps.Keys(inZip)), slices.Sorted(maps.Keys(inFolder)))
	}
	_, table := w.ask(t, "", "GET", "/api/class/results.csv", nil)
	printed := command(t, "class", "results", "--class", name)
	if table != "\ufeff"+printed || table != inFolder["results.csv"] || !strings.Contains(table, "\n'=Anna,anna,") || !strings.Contains(table, "http-by-hand/3\n") {
		t.Errorf("the page has %q, the command %q, the folder %q", table, printed, inFolder["results.csv"])
	}

	for step, want := range given {
		in := filepath.Join(folder, step)
		seed := strings.TrimSpace(inFolder[strings.Split(step, "/")[0]+"/seed"])
		args := []string{"lesson", "check", "http-by-hand", "--json", "--seed", seed, "--step", step[len(step)-1:]}
		if answers := filepath.Join(in, "answers.json"); strings.HasSuffix(step, "3") {
			args = append(args, "--answers", answers)
		}
		transcripts, _ := filepath.Glob(filepath.Join(in, "*.transcript"))
		out, err := exec.Command(workbenchBinary, append(args, transcripts...)...).Output()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
			t.Errorf("%s: %v", step, err)
		}
		var got verdict
		if err := json.Unmarshal(out, &got); err != nil || got.Seed != want.Seed || got.Passed != want.Passed || got.Points != want.Points || !slices.EqualFunc(got.Steps[0].Checks, want.Steps[0].Checks, sameCheck) {
			t.Errorf("%s: the page said %+v, lesson check %s", step, want, out)
		}
	}

	w.signal(syscall.SIGTERM)
	if err := w.stopped(0); err != nil {
		t.Error(err)
	}
	if again := command(t, "class", "results", "--class", name); again != printed {
		t.Errorf("while it ran: %q, afterwards: %q", printed, again)
	}
	command(t, "class", "end", "--class", name, "--yes")
}

func sameCheck(a, b struct {
	Holds bool
	Code  string
	Shown *struct{ Entry int }
}) bool {
	return a.Holds == b.Holds && a.Code == b.Code && (a.Shown == nil) == (b.Shown == nil) && (a.Shown == nil || *a.Shown == *b.Shown)
}

// command runs a command that must succeed, and returns what it prints.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command(workbenchBinary, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, &errs)
	}
	return string(out)
}

// filesIn returns the texts of all files.
func filesIn(t *testing.T, from fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// classFolders returns what is in the folder of all classes and looks like one of a name.
func classFolders(t *testing.T, name string) (left []string) {
	t.Helper()
	state := ofState(t, func(folder string) (string, error) { return folder, nil })
	entries, err := os.ReadDir(filepath.Join(state, "class"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == name || strings.HasPrefix(e.Name(), ".") {
			left = append(left, e.Name())
		}
	}
	return left
}

// A class that its teacher ends is gone when its process has ended, and the student was
// told.
func TestAClassIsEnded(t *testing.T) {
	const name = "ended"
	w, code := holdClass(t, name)
	anna := &student{t: t}
	anna.join(w, code, "Anna")
	c := anna.open(w, "127.0.0.1"+w.echo[strings.LastIndexByte(w.echo, ':'):])
	defer c.ws.Close()
	c.hears("SUCC")
	if status, text := anna.ask(w, "DELETE", "/api/class", `{"delete":"everything"}`); status != 403 {
		t.Errorf("a student ends the class: %d %s", status, text)
	}
	if status, text := w.ask(t, "", "DELETE", "/api/class", []byte(`{"delete":"everything"}`)); status != 202 {
		t.Fatalf("%d %s", status, text)
	}
	c.closes(1001, "the class has ended, and all that it recorded is deleted")
	if err := w.stopped(0); err != nil {
		t.Error(err)
	}
	if !strings.HasSuffix(w.stdout.String(), "\nClass ended is deleted.\n") {
		t.Errorf("it said %s", w.stdout)
	}
	if left := classFolders(t, name); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A workbench that is killed once it has said that the class ends leaves nothing that the
// next start would take for the class.
func TestAClassThatEndedIsKilled(t *testing.T) {
	const name = "killed"
	w, code := holdClass(t, name)
	(&student{t: t}).join(w, code, "Anna")
	if status, text := w.ask(t, "", "DELETE", "/api/class", []byte(`{"delete":"everything"}`)); status != 202 {
		t.Fatalf("%d %s", status, text)
	}
	w.signal(syscall.SIGKILL)
	w.wait(patience)
	t.Logf("left behind: %v", classFolders(t, name))
	again, another := holdClass(t, name, "--delete-after", "14d")
	if another == code {
		t.Error("the class goes on")
	}
	if _, shown := again.ask(t, "", "GET", "/api/class", nil); !strings.Contains(shown, `"students":[]`) {
		t.Errorf("there is %s", shown)
	}
	if left := classFolders(t, name); !slices.Equal(left, []string{name}) {
		t.Errorf("there is %v", left)
	}
	if !strings.Contains(again.stdout.String(), "\nIf it is not used for 14 days, the class is deleted: after ") {
		t.Errorf("it said %s", again.stdout)
	}

	// Nor when it was killed just before that, or long ago.
	again.signal(syscall.SIGTERM)
	if err := again.stopped(0); err != nil {
		t.Error(err)
	}
	state := ofState(t, func(folder string) (string, error) { return folder, nil })
	folder := filepath.Join(state, "class", name)
	f, err := os.OpenFile(filepath.Join(folder, "events.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, `{"event":"ended","at":"2026-01-02T03:04:05Z"}`)
	f.Close()
	os.MkdirAll(filepath.Join(state, "class", ".deleted-1", name), 0o700)
	other, _ := holdClass(t, "other")
	if said := other.stdout.String(); !strings.HasPrefix(said, "Class killed is deleted: ") {
		t.Errorf("it said %s", said)
	}
	if left := classFolders(t, name); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
