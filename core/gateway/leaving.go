package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core/class/results"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/session"
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
	c, err := results.Read(g.Class.Folder(), g.Class.State(), lessons)
	if err != nil {
		g.Log.Error("the results of the class cannot be read", "reason", err.Error())
		refuseWith(w, http.StatusInternalServerError, errors.New("the results of the class cannot be read; the workbench's log says why"))
	}
	return c, err == nil
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
	g.Log.Info("the class has ended; all of it is deleted")
	for _, of := range g.account.refuseMore() {
		for _, live := range of.live.All() {
			live.Stop(session.End{Cause: session.ClassEnded, Words: errClassEnded.Error()})
		}
	}
	g.classroom.change(func() {})
	answerAs(w, "")
	w.WriteHeader(http.StatusAccepted)
	g.EndClass()
}

var errClassEnded = errors.New("the class has ended, and all that it recorded is deleted")
