package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/session"
)

// This file is for reading along: a teacher in the session of a student, and a class in the
// one that its teacher shows. Nobody else reads in another's session. What is refused says
// the same whether such a session exists or not.

var (
	errNotTeacher = refused{codeClassTeacher, errors.New("only the teacher of a class reads along in a student's session")}
	errNotShown   = refused{codeClassShow, errors.New("the teacher does not show this session to the class, or not any more")}
	errNoStudent  = refused{codeSessionUnknown, class.ErrNoStudent}
)

// theirs is a session that is not the asker's own.
type theirs struct {
	of    *Gateway // of its owner
	owner string   // in the audit log
	kept  *keep.Session
	show  uint64 // the number of what is shown; 0: it is a student's, for the teacher
}

// isTheirs reports whether a query is for the session of another.
func isTheirs(query url.Values) bool { return query.Has("student") || query.Has("show") }

// theirs finds the session of an ID that a query with student or show is for, if who asks
// may read it.
func (g *Gateway) theirs(asks asker, id string, query map[string]string) (theirs, error) {
	student, ofStudent := query["student"]
	switch show := query["show"]; {
	case ofStudent && show != "":
		return theirs{}, refuseAs(codeAddress, "query has both student and show; it is for a student's session or for the one that is shown")
	case ofStudent:
		return g.ofStudent(asks, student, id)
	case show != "1":
		return theirs{}, refuseAs(codeAddress, "show is %q; it must be 1", core.CutWords(show, core.MaxName))
	}
	if g.inClass(asks) == "" {
		return theirs{}, errNotShown
	}
	s := g.classroom.now()
	if s == nil || s.kept == nil || s.kept.ID != id {
		return theirs{}, errNotShown
	}
	return theirs{s.of, s.owner, s.kept, s.n}, nil
}

func (g *Gateway) ofStudent(asks asker, student, id string) (theirs, error) {
	if g.Class == nil || !asks.Role.May(access.Teach) {
		return theirs{}, errNotTeacher
	}
	if _, ok := g.Class.Find(student); !ok {
		return theirs{}, errNoStudent
	}
	of := g.account.users()[student]
	if of == nil { // who has asked for nothing since the workbench was started
		return theirs{}, errNoSession
	}
	kept := of.keeping.Reached(id)
	if kept == nil {
		return theirs{}, errNoSession
	}
	return theirs{of, student, kept, 0}, nil
}

// statusOfTheirs returns the HTTP status for an error of theirs.
func statusOfTheirs(err error) int {
	switch codeOf(err) {
	case codeAddress:
		return http.StatusBadRequest
	case codeClassTeacher:
		return http.StatusForbidden
	}
	return http.StatusNotFound
}

// readAlong has a client look on in the session of another.
func (g *Gateway) readAlong(c *client, query url.Values, asks asker, s *seat) {
	err := s.refused
	var it theirs
	var w *keep.Watcher
	var one *along
	if err == nil {
		it, w, one, err = g.lookOn(c, query, asks)
	}
	if err != nil {
		c.Refuse(err)
		c.hearOut()
		return
	}
	defer g.classroom.leave(one)
	if g.Audit != nil {
		g.Audit.Info("attach", asks.attrs(), "session", it.kept.Hello["session"], "whose", it.owner, "shown", it.show > 0)
	}
	c.looksOn = true
	it.of.watch(one.ctx, c, it.kept, w)
}

func (g *Gateway) lookOn(c *client, query url.Values, asks asker) (it theirs, w *keep.Watcher, one *along, err error) {
	if !c.entries {
		return it, nil, nil, refuseAs(codeAddress, "attach is for clients that ask for the subprotocol %s", subprotocol)
	}
	// A page that names its window as always has none here.
	q, err := oneOfEach(query, "attach", "from", "student", "show", "window", "was")
	if err != nil {
		return it, nil, nil, refused{codeAddress, err}
	}
	first, err := firstIn(q)
	if err != nil {
		return it, nil, nil, err
	}
	if it, err = g.theirs(asks, q["attach"], q); err != nil {
		return it, nil, nil, err
	}
	// Who is removed, or what is not shown any more, from here on is noticed: either by
	// leaving the classroom or by asking again.
	one = g.classroom.come(asks, it.show)
	if _, err = g.theirs(asks, q["attach"], q); err == nil {
		c.plugin, _ = it.kept.Hello["mode"].(string)
		w, err = it.kept.Watch(first, it.show > 0)
	}
	if err != nil {
		g.classroom.leave(one)
		if err == keep.ErrOver {
			err = errNoSession
		}
	}
	return it, w, one, err
}

// firstIn returns the number of the first entry that a client wants.
func firstIn(query map[string]string) (uint64, error) {
	from := query["from"]
	if from == "" {
		return 1, nil
	}
	first, err := strconv.ParseUint(from, 10, 64)
	if err != nil || first == 0 {
		return 0, refuseAs(codeAddress, "from is %q; it must be the number of an entry, from 1 on", core.CutWords(from, core.MaxName))
	}
	return first, nil
}

// along is somebody who reads along.
type along struct {
	who  asker
	show uint64          // the number of what is shown, to somebody who reads that
	ctx  context.Context // done once they must not any more, for the cause that is said
	stop context.CancelCauseFunc
}

// come adds somebody who reads along, until leave.
func (r *classroom) come(who asker, show uint64) *along {
	one := &along{who: who, show: show}
	one.ctx, one.stop = context.WithCancelCause(context.Background())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alongs[one] = struct{}{}
	return one
}

func (r *classroom) leave(one *along) {
	one.stop(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.alongs, one)
}

// revoke has a user read along no more, who is not known any more or has another role.
func (r *classroom) revoke(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for one := range r.alongs {
		if one.who.Name == user {
			one.stop(session.End{Cause: session.Revoked, Words: "you may not read along any more"})
		}
	}
}

// sayWhy closes the connection of a client that reads along no more.
func (c *client) sayWhy(cause error) {
	code, words := websocket.CloseNormalClosure, cause.Error()
	if end, ok := cause.(session.End); ok {
		code, words = c.closeCode(end)
	}
	c.sayClose(code, words)
}
