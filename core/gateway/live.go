package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/class"
)

// liveEvery is the time between two objects of the stream of somebody in the class, at
// least.
const liveEvery = 250 * time.Millisecond

var errNotInClass = errors.New("you are not in the class that is held here")

// liveShown is how a class stands, for somebody in it.
type liveShown struct {
	Kind   string      `json:"kind"`           // class
	You    string      `json:"you"`            // the user name; "": the account
	Name   string      `json:"name,omitempty"` // of a student
	Role   string      `json:"role"`           // as inClass returns it
	Paused bool        `json:"paused"`
	Hand   *time.Time  `json:"hand,omitempty"` // since when it is up
	Sent   *class.Sent `json:"sent,omitempty"`
	Show   any         `json:"show,omitempty"`
}

// live answers GET /api/class/live. A student is here as long as a page follows it.
func (g *Gateway) liveClass(w http.ResponseWriter, r *http.Request) {
	who := askerOf(r)
	role := g.inClass(who)
	if role == "" {
		refuseWith(w, http.StatusConflict, errNotInClass)
		return
	}
	g.stream(w, r, func(ctx context.Context, c *client) error {
		if g.seen != nil {
			g.seen.Came(time.Now())
			defer func() { g.seen.Left(time.Now()) }()
		}
		var told []byte
		pause := time.NewTimer(0)
		defer pause.Stop()
		for {
			select {
			case <-pause.C:
			case <-ctx.Done():
				return nil
			}
			changes := g.classroom.changes()
			now, err := g.standsFor(who, role)
			if err != nil {
				return err
			}
			if !bytes.Equal(told, now) {
				if err := c.ws.WriteMessage(websocket.TextMessage, now); err != nil {
					return errGone
				}
				told = now
				pause.Reset(liveEvery)
				continue
			}
			select {
			case <-changes:
				pause.Reset(0)
			case <-ctx.Done():
				return nil
			}
		}
	})
}

// standsFor returns how the class stands for somebody in it.
func (g *Gateway) standsFor(who asker, role string) ([]byte, error) {
	now := liveShown{Kind: "class", You: who.Name, Role: role, Paused: g.Class.IsPaused(), Sent: g.sent(), Show: g.classroom.shown()}
	if role == "student" {
		one, ok := g.Class.Find(who.Name)
		if !ok {
			return nil, errNotInClass
		}
		now.Name = one.Name
		if !one.Hand.IsZero() {
			now.Hand = &one.Hand
		}
	}
	return json.Marshal(now)
}

// sent returns what the teacher has sent to all; nil: nothing, or it was taken back.
func (g *Gateway) sent() *class.Sent {
	s := g.Class.Sent()
	if s.IsNothing() {
		return nil
	}
	return &s
}
