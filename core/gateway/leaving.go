package gateway

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/results"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
)

// This file is for what a class leaves, and for its end.

// left reads what the class has reached so far. If it cannot be read, the request has been
// answered.
func (g *Gateway) left(w http.ResponseWriter, r *http.Request) (*results.Class, bool) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return nil, false
	}
	var lessons []*lesson.Source
	if g.Lessons != nil {
		lessons = g.Lessons()
	}
	students := g.Class.State()
	g.refreshProgress(students)
	from := results.Folder(g.Class.Folder())
	if g.Class.IsShared() {
		from.Open = g.openOf
	}
	c, err := results.Read(from, students, lessons)
	if err != nil {
		g.Log.Error("the results of the class cannot be read", "reason", err.Error())
		refuseWith(w, http.StatusInternalServerError, errors.New("the results of the class cannot be read; the workbench's log says why"))
	}
	return c, err == nil
}

// refreshProgress has the folder of the class have what students have reached at other
// workbenches.
func (g *Gateway) refreshProgress(s *class.State) {
	if !g.Class.IsShared() {
		return
	}
	for _, one := range s.Students() {
		of, err := g.account.of(access.Principal{Name: one.ID, Role: access.Student})
		if err == nil {
			err = of.Progress.Refresh()
		}
		if err != nil {
			g.Log.Error("what a student has reached cannot be read", "student", one.ID, "reason", err.Error())
		}
	}
}

// openOf opens a recording of a student's, wherever it is kept.
func (g *Gateway) openOf(student, id string) (io.ReadCloser, error) {
	of, err := g.account.of(access.Principal{Name: student, Role: access.Student})
	if err != nil {
		return nil, err
	}
	if of.Transcripts == nil {
		return nil, store.ErrNotFound
	}
	return of.Transcripts.Open(id)
}

// saveAs has the browser save the answer under a name with today's date.
func saveAs(w http.ResponseWriter, kind, name, suffix string) {
	answerAs(w, kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+time.Now().Format("-2006-01-02")+suffix+`"`)
}

// classResults answers GET /api/class/results.csv.
func (g *Gateway) classResults(w http.ResponseWriter, r *http.Request) {
	c, ok := g.left(w, r)
	if !ok {
		return
	}
	saveAs(w, "text/csv; charset=utf-8", "results", ".csv")
	w.Write([]byte(results.BOM))
	c.WriteCSV(w)
}

// classSubmissions answers GET /api/class/submissions.zip.
func (g *Gateway) classSubmissions(w http.ResponseWriter, r *http.Request) {
	c, ok := g.left(w, r)
	if !ok {
		return
	}
	saveAs(w, "application/zip", "submissions", ".zip")
	if err := c.WriteZip(r.Context(), w); err != nil {
		g.Log.Warn("the submissions of the class were not sent completely", "reason", err.Error())
		panic(http.ErrAbortHandler) // so that the browser does not take it for whole
	}
}

// endClass answers DELETE /api/class. What the class has is deleted by who runs the
// gateway, once it has stopped.
func (g *Gateway) endClass(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Delete string }
	if !readSmall(w, r, &asked) {
		return
	}
	if asked.Delete != "everything" {
		refuseWith(w, http.StatusBadRequest, errors.New(`request must be {"delete":"everything"}: the class, its students and all recordings are deleted, and the workbench ends`))
		return
	}
	if err := g.Class.End(); err != nil {
		g.failedInClass(w, err)
		return
	}
	g.classOver()
	answerAs(w, "")
	w.WriteHeader(http.StatusAccepted)
	g.EndClass()
}

// classOver ends the sessions of a class that has ended.
func (g *Gateway) classOver() {
	g.Log.Info("the class has ended; all of it is deleted")
	for _, of := range g.account.refuseMore() {
		for _, live := range of.live.All() {
			live.Stop(session.End{Cause: session.ClassEnded, Words: errClassEnded.Error()})
		}
	}
	g.classroom.change(func() {})
}

// followClass takes in what other workbenches make of the class, until the gateway stops.
func (g *Gateway) followClass() {
	g.Class.Follow(g.stopping, func(err error) {
		if err != nil {
			g.Log.Error("what another workbench has made of the class cannot be taken in", "reason", err.Error())
		}
		g.classroom.change(func() {})
		if g.Class.HasEnded() && !g.isStopping() && g.EndClass != nil {
			g.classOver()
			g.EndClass()
		}
	})
}

var errClassEnded = errors.New("the class has ended, and all that it recorded is deleted")
