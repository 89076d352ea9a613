package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/markdown"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a check.
const (
	maxCheckRequest = 64 << 10  // bytes
	maxJudged       = 512 << 10 // bytes of the text of a transcript
)

// lessons serves the lessons of one user.
type lessons struct {
	*Gateway
	transcripts
}

// lessonInList is a lesson as GET /api/lessons has it.
type lessonInList struct {
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	Summary string       `json:"summary,omitempty"`
	Minutes int          `json:"minutes,omitempty"` // that it takes about; 0: not told
	Points  int          `json:"points"`            // of all steps
	Steps   []stepInList `json:"steps"`
}

type stepInList struct {
	N      int    `json:"n"` // from 1
	Title  string `json:"title"`
	Points int    `json:"points"`
	// Reached is how many of them the asker has got, the most of all tries.
	Reached int  `json:"reached"`
	Passed  bool `json:"passed"`
}

// lessonShown is a lesson as GET /api/lessons/NAME has it: without conditions, and
// without what is right in a quiz.
type lessonShown struct {
	Name      string          `json:"name"`
	Title     string          `json:"title"`
	Summary   string          `json:"summary,omitempty"`
	Minutes   int             `json:"minutes,omitempty"`
	Recording bool            `json:"recording"` // sessions are recorded, so that they can be checked
	Text      []markdown.Node `json:"text,omitempty"`
	Steps     []stepShown     `json:"steps"`
}

type stepShown struct {
	stepInList
	Text   []markdown.Node `json:"text,omitempty"`
	With   settingShown    `json:"with"`
	Checks []lesson.Check  `json:"checks"`
	// Transcripts and Answers are those of the best try.
	Transcripts []string          `json:"transcripts"`
	Answers     map[string]string `json:"answers,omitempty"`
}

// settingShown says whom to connect to, and how. Target is "" where nobody is talked to
// and where the practice server is not here.
type settingShown struct {
	Mode       string            `json:"mode,omitempty"`
	Options    map[string]string `json:"options,omitempty"`
	Target     string            `json:"target,omitempty"`     // host:port, or as the page takes it
	Practice   string            `json:"practice,omitempty"`   // name of the practice server
	Serving    map[string]string `json:"serving,omitempty"`    // how it serves, as with.NAME has it
	YourServer bool              `json:"yourServer,omitempty"` // the student writes the server
	Port       int               `json:"port,omitempty"`       // of that
}

// list answers GET /api/lessons.
func (s lessons) list(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	all := []lessonInList{}
	for _, source := range s.Lessons() {
		l, err := source.For(s.Progress.Seed())
		if err != nil {
			s.cannotRead(w, source.Name(), err)
			return
		}
		listed := lessonInList{Name: l.Name, Title: l.Title, Summary: l.Summary, Minutes: l.Minutes}
		reached := s.Progress.Reached(l.Name)
		for i := range l.Steps {
			listed.Points += l.Steps[i].Points
			listed.Steps = append(listed.Steps, stepOf(&l.Steps[i], reached))
		}
		all = append(all, listed)
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(all)
}

func stepOf(s *lesson.Step, reached map[int]progress.Line) stepInList {
	was := reached[s.N]
	return stepInList{N: s.N, Title: s.Title, Points: s.Points, Reached: min(was.Points, s.Points), Passed: was.Passed}
}

// find returns a lesson as the asker gets it. If there is none, it has been answered.
func (s lessons) find(w http.ResponseWriter, r *http.Request) (*lesson.Lesson, bool) {
	name := r.PathValue("name")
	source := s.lesson(name)
	if source == nil {
		refuseWith(w, http.StatusNotFound, fmt.Errorf("lesson %.*q: not found", lesson.MaxName, name))
		return nil, false
	}
	l, err := source.For(s.Progress.Seed())
	if err != nil {
		s.cannotRead(w, name, err)
		return nil, false
	}
	return l, true
}

func (s lessons) cannotRead(w http.ResponseWriter, name string, err error) {
	s.Log.Error("lesson cannot be used for a student", "lesson", name, "reason", err.Error())
	refuseWith(w, http.StatusInternalServerError, fmt.Errorf("lesson %s cannot be used; the workbench's log says why", name))
}

// show answers GET /api/lessons/NAME.
func (s lessons) show(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	l, ok := s.find(w, r)
	if !ok {
		return
	}
	shown := lessonShown{
		Name: l.Name, Title: l.Title, Summary: l.Summary, Minutes: l.Minutes,
		Recording: s.Recordings != nil, Text: markdown.Parse(l.Text),
	}
	reached := s.Progress.Reached(l.Name)
	for i := range l.Steps {
		step := &l.Steps[i]
		was := reached[step.N]
		shown.Steps = append(shown.Steps, stepShown{
			stepInList: stepOf(step, reached), Text: markdown.Parse(step.Text), With: s.setting(step.Setting),
			Checks: step.Checks, Transcripts: s.still(was.Transcripts), Answers: was.Answers,
		})
	}
	if s.seen != nil {
		s.seen.Opened(time.Now(), reachedIn(l, reached))
		s.move()
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(shown)
}

// setting resolves the practice server of a setting.
func (s lessons) setting(from lesson.Setting) settingShown {
	shown := settingShown{Mode: from.Mode, Target: from.Target, Practice: from.Practice, YourServer: from.YourServer, Port: from.Port}
	for _, o := range from.Options {
		if shown.Options == nil {
			shown.Options = map[string]string{}
		}
		shown.Options[o.Name] = o.Value
	}
	for _, o := range from.With {
		if shown.Serving == nil {
			shown.Serving = map[string]string{}
		}
		shown.Serving[o.Name] = cmp.Or(o.Value, "on")
	}
	if from.Practice == "echo" {
		shown.Target = s.Practice
	}
	for _, p := range s.Practices {
		if p.Name == from.Practice {
			shown.Target, shown.Mode = p.Target, cmp.Or(from.Mode, p.Mode)
		}
	}
	return shown
}

// still returns those transcripts that are there.
func (s lessons) still(ids []string) []string {
	there := []string{}
	for _, id := range ids {
		if s.Transcripts == nil {
			break
		}
		if _, err := s.Transcripts.Info(id); err == nil {
			there = append(there, id)
		}
	}
	return there
}

// checkRequest is an attempt at a step.
type checkRequest struct {
	Step        int               `json:"step"`        // from 1
	Transcripts []string          `json:"transcripts"` // IDs of the asker's own, in the order in which they began
	Answers     map[string]string `json:"answers"`     // as lesson.Attempt has them
}

// checked is a verdict as its student gets it.
type checked struct {
	*lesson.Verdict
	NotKept string `json:"notKept,omitempty"` // why what was reached is not on the disk
}

// check answers POST /api/lessons/NAME/check: it judges one step by transcripts, which
// may be running, and keeps what was reached.
func (s lessons) check(w http.ResponseWriter, r *http.Request) {
	l, ok := s.find(w, r)
	if !ok {
		return
	}
	var q checkRequest
	err := readJSON(r, &q)
	switch {
	case err != nil:
	case len(q.Transcripts) > progress.MaxTranscripts:
		err = fmt.Errorf("at most %d transcripts can be checked at once", progress.MaxTranscripts)
	case q.Step < 1 || q.Step > len(l.Steps):
		err = fmt.Errorf("lesson %s has steps 1 to %d, and no step %d", l.Name, len(l.Steps), q.Step)
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	if at := s.recordedElsewhere(r, q.Transcripts); at != "" {
		s.forwardObject(w, r, at, q)
		return
	}
	s.inTurn(w, r, func(w http.ResponseWriter) { s.checkInTurn(w, l, &q) })
}

// checkInTurn answers with how a step is done, and keeps that.
func (s lessons) checkInTurn(w http.ResponseWriter, l *lesson.Lesson, q *checkRequest) {
	attempt := lesson.Attempt{Answers: q.Answers}
	for _, id := range q.Transcripts {
		log, err := s.judged(id)
		if err != nil {
			refuseWith(w, unusableOf(err), fmt.Errorf("transcript %.*q: %w", maxShown, id, err))
			return
		}
		attempt.Connections = append(attempt.Connections, lesson.Connection{Name: id, Log: log})
	}
	verdict, err := l.JudgeStep(q.Step, attempt)
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	answer := checked{Verdict: withoutConditions(verdict)}
	if len(q.Transcripts) > 0 || len(q.Answers) > 0 {
		err := s.Progress.Add(progress.Line{
			Time: time.Now().UTC(), Lesson: l.Name, Step: q.Step, Points: verdict.Points, Passed: verdict.Passed,
			Transcripts: q.Transcripts, Answers: q.Answers,
		})
		if err != nil {
			s.Log.Error("progress of a lesson is not kept", "lesson", l.Name, "step", q.Step, "reason", err.Error())
			answer.NotKept = err.Error()
		}
		if s.seen != nil {
			s.seen.Checked(time.Now(), reachedIn(l, s.Progress.Reached(l.Name)), tryOf(q, verdict))
			s.move()
		}
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(answer)
}

// judged reads a transcript of the asker's.
func (s lessons) judged(id string) (*transcript.Transcript, error) {
	if s.Transcripts == nil {
		return nil, store.ErrNotFound
	}
	t, err := s.readUpTo(id, maxJudged)
	var syntax *transcript.SyntaxError
	if errors.As(err, &syntax) { // of a session that runs, cut in an entry
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return t, err
}

// withoutConditions leaves out of a verdict what quotes a lesson's conditions, which
// would tell what to type.
func withoutConditions(v *lesson.Verdict) *lesson.Verdict {
	for i := range v.Steps {
		for j := range v.Steps[i].Checks {
			c := &v.Steps[i].Checks[j]
			c.Condition = 0
			switch c.Code {
			case lesson.CodeMissing, lesson.CodeUnwanted, lesson.CodeSegments:
				c.Why = ""
			}
		}
	}
	return v
}
