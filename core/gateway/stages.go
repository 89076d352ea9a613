package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/stage"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/target"
)

// Bounds of playing a step's stages.
const (
	maxStageRequest = 4 << 10
	stagePatience   = 3 * time.Second  // for the student's server to say something
	stagesLimit     = 60 * time.Second // for all of them
	minStagePort    = 1024
)

// stages answers POST /api/lessons/NAME/stages: it plays the stages of a step to the
// asker's own server, at the address that the request comes from, and keeps each as a
// transcript.
func (s lessons) stages(w http.ResponseWriter, r *http.Request) {
	l, ok := s.find(w, r)
	if !ok {
		return
	}
	var q struct {
		Step int `json:"step"` // from 1
		Port int `json:"port"` // of the asker's server
	}
	err := readJSON(r, &q)
	switch {
	case err != nil:
	case q.Step < 1 || q.Step > len(l.Steps) || !l.Steps[q.Step-1].Setting.YourServer:
		err = fmt.Errorf("lesson %s has no step %d with a server of your own", l.Name, q.Step)
	case q.Port < minStagePort || q.Port > 65535:
		err = fmt.Errorf("port is %d; it must be from %d to 65535", q.Port, minStagePort)
	case s.Transcripts == nil:
		err = errors.New("no transcripts are kept, so nothing can be checked")
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), stagesLimit, fmt.Errorf("not played within %v", stagesLimit))
	defer cancel()
	played, err := s.playStages(ctx, askerOf(r), &l.Steps[q.Step-1], q.Port)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		refuseWith(w, http.StatusUnprocessableEntity, err)
		return
	}
	s.inTurn(w, r, func(w http.ResponseWriter) {
		answer := struct {
			Transcripts []string `json:"transcripts"`
		}{[]string{}}
		for _, c := range played {
			id, err := s.keep("stage", c.Log.Append(nil))
			if err != nil {
				s.failed(w, err)
				return
			}
			answer.Transcripts = append(answer.Transcripts, id)
		}
		answerAs(w, "application/json")
		json.NewEncoder(w).Encode(answer)
	})
}

// playStages plays the stages of a step to the asker's own machine, if the policy allows.
func (s lessons) playStages(ctx context.Context, who asker, step *lesson.Step, port int) ([]lesson.Connection, error) {
	at := who.address().Unmap().WithZone("")
	if !at.IsValid() || at.IsLoopback() {
		at = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	to, err := target.Parse(netip.AddrPortFrom(at, uint16(port)).String())
	if err != nil {
		return nil, err
	}
	var audit *auditing
	if s.Audit != nil {
		audit = &auditing{log: s.Audit.With(who.attrs(), "lesson step", step.Title, "target", to.String())}
	}
	connect := s.Dial
	if s.DialAsker != nil && !at.IsLoopback() {
		connect = s.DialAsker
	}
	return stage.Play(ctx, step, to.String(), stagePatience, func(ctx context.Context) (play.Conn, error) {
		conn, err := s.dialBy(ctx, who, audit, func() (Server, error) { return connect(ctx, to, target.Security{}) })
		if err != nil {
			return nil, err
		}
		return conn, nil
	})
}
