package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/wall"
	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/register"
)

// This file is for a class: who joins it, and its teacher.

// Bounds of who asks of a class.
const (
	maxJoin         = 1 << 10 // bytes of the body of a request
	maxJoinsAddress = 600     // tries a minute from one address, which may be that of a whole class
	maxJoins        = 1200    // tries a minute in all
	maxHandsStudent = 30      // times a minute that a student raises or lowers a hand
	ownerOfJoins    = "join"
	wordsJoins      = "tries to join"
	wordsHands      = "raised hands"
	pathJoin        = "/join"
	pathToJoin      = "/api/join"
)

// joining is what bounds those who ask of a class, of all users together.
type joining struct {
	tries *quota.Table
	hands *quota.Table
	slow  slowing // of wrong codes
}

func newJoining() *joining {
	return &joining{
		tries: quota.New(quota.Limits{All: quota.Bounds{Dials: maxJoins}, Address: quota.Bounds{Dials: maxJoinsAddress}}),
		hands: quota.New(quota.Limits{Owner: quota.Bounds{Dials: maxHandsStudent}}),
	}
}

// overdone is a bound that was exceeded, by something that package quota does not know.
type overdone struct {
	*quota.Exceeded
	what string
}

func (o overdone) Error() string {
	return fmt.Sprintf("too many %s %s: at most %d a minute are possible; the next in %d s", o.what, o.Scope, o.Limit, quota.Seconds(o.Retry))
}

func (o overdone) Unwrap() error { return o.Exceeded }

// counts counts one of something that may be done so many times a minute. If it was too
// much, it has been answered.
func counts(w http.ResponseWriter, in *quota.Table, owner string, who asker, what string) bool {
	err := in.Dial(owner, who.address())
	var e *quota.Exceeded
	if errors.As(err, &e) {
		tooMuch(w, overdone{e, what})
	}
	return err == nil
}

// isJoin lists the paths that answer who is not known yet, where there is a class.
func (g *Gateway) isJoin(path string) bool {
	return g.Class != nil && (path == pathJoin || path == pathToJoin)
}

var (
	errCode      = errors.New("this is not the code of the class: look at it once more")
	errKnown     = errors.New("this browser is known here already, and not as a student: join in another browser, or in a private window")
	errClassAway = errors.New("the class cannot be changed now, as the log that its workbenches share is away; what is open goes on, and in a while this works again")
	errNoHand    = errors.New("only students of the class have a hand to raise")
)

// joinClass makes a browser a student's. One that is a student's stays that student's.
func (g *Gateway) joinClass(w http.ResponseWriter, r *http.Request) {
	who := askerOf(r)
	if r.Header.Get("X-Workbench") == "" { // whoever asks: see mayBeForm
		refuseWith(w, http.StatusForbidden, errForm)
		return
	}
	one, known := g.Class.Find(who.Name)
	if !known {
		var ok bool
		if one, ok = g.newStudent(w, r, who); !ok {
			return
		}
	}
	cookie, err := g.Access.Admit(r, one.ID)
	if err != nil {
		g.failedInClass(w, err)
		return
	}
	http.SetCookie(w, cookie)
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Page string `json:"page"` // where to go now
	}{one.ID, one.Name, "/"})
}

// newStudent adds who asks to the class. ok is false if the request was answered.
func (g *Gateway) newStudent(w http.ResponseWriter, r *http.Request, who asker) (one class.Student, ok bool) {
	if who.By == access.Browser || who.By == access.Token {
		refuseWith(w, http.StatusConflict, errKnown)
		return one, false
	}
	if !counts(w, g.joining.tries, ownerOfJoins, who, wordsJoins) {
		return one, false
	}
	var asked struct{ Code, Name string }
	if !readSmall(w, r, &asked) {
		return one, false
	}
	if !g.Class.Admits(asked.Code) {
		if g.joining.slow.wait(r.Context()) {
			g.Log.Warn("refused to let somebody join", "reason", "a wrong code", "from", who.from)
		}
		g.auditJoin(who.from, "", "refused")
		refuseWith(w, http.StatusForbidden, errCode)
		return one, false
	}
	one, err := g.Class.Join(asked.Name)
	if err != nil {
		g.failedInClass(w, err)
		return one, false
	}
	g.Log.Info("a student joined the class", "student", one.ID, "from", who.from)
	g.auditJoin(who.from, one.ID, "joined")
	g.classroom.change(func() {})
	return one, true
}

// auditJoin records that somebody joined, or was not let in.
func (g *Gateway) auditJoin(from, id, outcome string) {
	if g.Audit != nil {
		g.Audit.Info("join", slog.Group("by", "who", id, "from", from), "outcome", outcome)
	}
}

// readSmall reads a small object of JSON. If there is none, the request has been answered.
func readSmall(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		refuseWith(w, refusalOf(err), fmt.Errorf("parse the request: %w", err))
	}
	return err == nil
}

// failedInClass answers an error of package class.
func (g *Gateway) failedInClass(w http.ResponseWriter, err error) {
	var name *class.NameError
	switch {
	case errors.As(err, &name):
		refuseWith(w, http.StatusBadRequest, err)
	case errors.Is(err, class.ErrFull):
		refuseWith(w, http.StatusConflict, fmt.Errorf("the class is full: at most %d can be in it", class.MaxStudents))
	case errors.Is(err, class.ErrEnded):
		refuseWith(w, http.StatusConflict, errClassEnded)
	case errors.Is(err, class.ErrNoStudent):
		refuseWith(w, http.StatusNotFound, class.ErrNoStudent)
	case errors.Is(err, register.ErrUnreachable):
		g.Log.Warn("the class cannot be changed now", "reason", err.Error())
		w.Header().Set("Retry-After", "5")
		refuseWith(w, http.StatusServiceUnavailable, errClassAway)
	default:
		g.Log.Error("the class cannot be written", "reason", err.Error())
		refuseWith(w, http.StatusInternalServerError, errors.New("the class cannot be written; the workbench's log says why"))
	}
}

// studentShown is a student as the teacher sees them.
type studentShown struct {
	wall.Tile
	Sessions int `json:"sessions"` // that are live
}

func (g *Gateway) showClass(w http.ResponseWriter, _ *http.Request) {
	g.seeStudents()
	s := g.Class.State()
	shown := struct {
		Code     string         `json:"code"`
		Join     []string       `json:"join"` // addresses, with the code in them
		Opened   time.Time      `json:"opened"`
		Paused   bool           `json:"paused"`
		Students []studentShown `json:"students"`
	}{Code: s.Code, Join: g.joinAddresses(s.Code), Opened: s.Opened, Paused: !s.Paused.IsZero(), Students: []studentShown{}}
	gateways := g.account.users()
	for _, tile := range g.classroom.wall.Tiles(s.Students(), time.Now()) {
		row := studentShown{Tile: tile}
		if of := gateways[tile.ID]; of != nil {
			row.Sessions = len(of.live.All())
		}
		for _, one := range tile.Sessions {
			if one.Workbench != "" && !one.Over {
				row.Sessions++
			}
		}
		shown.Students = append(shown.Students, row)
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(shown)
}

// JoinAddress returns the address at which a class is joined, of one of the page.
func JoinAddress(page, code string) string {
	return page + pathJoin + "?code=" + url.QueryEscape(code)
}

// inClass returns what somebody is in the class: "teacher", "student", or "".
func (g *Gateway) inClass(who asker) string {
	if g.Class == nil {
		return ""
	}
	if who.Role.May(access.Teach) {
		return "teacher"
	}
	if _, ok := g.Class.Find(who.Name); ok {
		return "student"
	}
	return ""
}

// changed answers a request that has changed a class, and tells those who look at it.
func (g *Gateway) changed(w http.ResponseWriter, err error) {
	if err != nil {
		g.failedInClass(w, err)
		return
	}
	g.classroom.change(func() {})
	nothing(w)
}

func (g *Gateway) pauseClass(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Paused *bool }
	if !readSmall(w, r, &asked) {
		return
	}
	if asked.Paused == nil {
		refuseWith(w, http.StatusBadRequest, errors.New(`request must be {"paused":true} or {"paused":false}`))
		return
	}
	g.changed(w, g.Class.Pause(*asked.Paused))
}

// removeStudent takes a student out. watchUsers then ends the sessions.
func (g *Gateway) removeStudent(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	err := g.Class.Remove(id)
	if err == nil {
		g.classroom.wall.Remove(id)
		g.classroom.revoke(id)
	}
	g.changed(w, err)
}

// lowerHand takes a student's hand down: the teacher has seen to it.
func (g *Gateway) lowerHand(w http.ResponseWriter, r *http.Request) {
	g.changed(w, g.Class.Hand(r.PathValue("id"), false))
}

func (g *Gateway) raiseHand(w http.ResponseWriter, r *http.Request) {
	who := askerOf(r)
	if _, ok := g.Class.Find(who.Name); !ok {
		refuseWith(w, http.StatusConflict, errNoHand)
		return
	}
	if !counts(w, g.joining.hands, who.owner(), who, wordsHands) {
		return
	}
	var asked struct{ Up *bool }
	if !readSmall(w, r, &asked) {
		return
	}
	if asked.Up == nil {
		refuseWith(w, http.StatusBadRequest, errors.New(`request must be {"up":true} or {"up":false}`))
		return
	}
	g.changed(w, g.Class.Hand(who.Name, *asked.Up))
}

// refuseInClass returns why somebody may dial nothing now; nil: they may. A student who
// was removed may have asked just before.
func (g *Gateway) refuseInClass(who asker) error {
	switch {
	case g.Class == nil:
		return nil
	case g.Class.HasEnded():
		return refused{codeClassEnded, errClassEnded}
	case who.Role.May(access.Teach):
		return nil
	case g.Class.HasLeft(who.Name):
		return refuseAs(codeClassLeft, "you are not in this class any more")
	case g.Class.IsPaused():
		return refuseAs(codeClassPaused, "the teacher has paused the class; sessions that are open go on")
	}
	return nil
}
