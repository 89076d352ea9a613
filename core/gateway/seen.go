package gateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class/wall"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// This file tells the teacher's wall what a student does.

// beSeen has the wall see the gateway's user, if that is a student of the class, and what
// the student has reached so far.
func (g *Gateway) beSeen(user string) {
	if g.Class == nil {
		return
	}
	if _, ok := g.Class.Find(user); !ok {
		return
	}
	g.seen = g.classroom.wall.Student(user)
	last, _ := g.Progress.Latest()
	at := g.Progress.At()
	if at.Lesson == "" {
		at.Lesson = last.Lesson // an older workbench has not noted where
	}
	source := g.lesson(at.Lesson)
	if source == nil {
		return
	}
	l, err := source.For(g.Progress.Seed())
	if err != nil {
		g.Log.Error("lesson cannot be used for a student", "lesson", at.Lesson, "reason", err.Error())
		return
	}
	g.seen.Was(last.Time, reachedIn(l, g.Progress.Reached(l.Name)), at.Step)
}

// lesson returns one of the workbench's; nil: there is none of that name.
func (g *Gateway) lesson(name string) *lesson.Source {
	if g.Lessons == nil {
		return nil
	}
	all := g.Lessons()
	i := slices.IndexFunc(all, func(source *lesson.Source) bool { return source.Name() == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// move notes where the student is, so that the wall shows it when the workbench is started
// again.
func (g *Gateway) move() {
	name, step := g.seen.At()
	if err := g.Progress.Move(progress.At{Lesson: name, Step: step}); err != nil {
		g.Log.Warn("where a student is in a lesson is not kept", "reason", err.Error())
	}
}

// seeStudents has the wall see all students, also those who have not come since the
// workbench was started. It does not wait for that.
func (g *Gateway) seeStudents() {
	g.classroom.reach.Do(func() {
		if !g.account.begin() {
			return
		}
		go func() {
			defer g.account.sessions.Done()
			for _, one := range g.Class.State().Students() {
				if _, err := g.account.of(access.Principal{Name: one.ID, Role: access.Student}); err != nil {
					g.Log.Error("what a student has reached cannot be read", "student", one.ID, "reason", err.Error())
				}
			}
		}()
	})
}

// reachedIn returns a lesson with what a student has reached in it.
func reachedIn(l *lesson.Lesson, reached map[int]progress.Line) wall.Lesson {
	of := wall.Lesson{Name: l.Name, Title: l.Title, Steps: len(l.Steps)}
	for i := range l.Steps {
		step := stepOf(&l.Steps[i], reached)
		of.Of += step.Points
		of.Points += step.Reached
		switch {
		case step.Passed:
			of.Passed++
		case of.Next == 0:
			of.Next = step.N
		}
	}
	return of
}

// tryOf returns what the wall is told of a step that was checked.
func tryOf(q *checkRequest, v *lesson.Verdict) wall.Try {
	of := sha256.Sum256(fmt.Append(nil, q.Step, q.Transcripts, q.Answers)) // which may be long
	t := wall.Try{Step: q.Step, Passed: v.Passed, Sessions: len(q.Transcripts) > 0, Of: string(of[:])}
	for _, step := range v.Steps {
		for _, c := range step.Checks {
			if !c.Holds && t.Failed == "" {
				t.Failed = cmp.Or(c.Words, fmt.Sprintf("check %d", c.Check))
			}
		}
	}
	return t
}

// see has the wall see a session.
func (g *Gateway) see(r *prepared, wanted request) {
	r.seen = g.seen.Session(r.id, wanted.mode.Name, wanted.target.String())
	r.config.Observers = append(r.config.Observers, &seeing{r.seen})
	dial := r.config.Dial
	r.config.Dial = func(ctx context.Context) (session.Server, error) {
		server, err := dial(ctx)
		if err != nil && ctx.Err() == nil {
			g.sawRefusal(err)
		}
		return server, err
	}
}

// sawRefusal has the wall see why a student got no session, unless it is the teacher's
// doing.
func (g *Gateway) sawRefusal(why error) {
	if g.seen == nil {
		return
	}
	switch code := codeOf(why); code {
	case codeClassPaused, codeClassLeft:
	default:
		words, _, _ := strings.Cut(why.Error(), "\n")
		g.seen.Refused(time.Now(), cmp.Or(code, words), words)
	}
}

// seeing tells the wall what crosses in a session.
type seeing struct{ session *wall.Session }

var _ session.Observer = (*seeing)(nil)

func (s *seeing) Began(session.Beginning) { s.session.Began(time.Now()) }

func (s *seeing) Done(_ time.Duration, e wire.Event, actions []core.Action) {
	s.session.Done(time.Now(), e.Event, actions)
}

func (s *seeing) Remarked(time.Duration, session.Remark) {}

func (s *seeing) Ended(_ time.Duration, end session.End) {
	words := end.Words
	switch end.Cause {
	case session.ByClient, session.ByServer, session.ByMachine:
		words = "" // that is how sessions end
	}
	s.session.Ended(time.Now(), words)
}
