package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/target"
)

// sendAll answers POST /api/class/send.
func (g *Gateway) sendAll(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Lesson, Target, Mode string
		Step                 int
	}
	if !readSmall(w, r, &asked) {
		return
	}
	send := class.Sent{Lesson: asked.Lesson, Step: asked.Step, Target: asked.Target, Mode: asked.Mode}
	if err := g.canSend(&send); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	g.changed(w, g.Class.Send(send))
}

// canSend returns why something cannot be sent to all; nil: it can.
func (g *Gateway) canSend(s *class.Sent) error {
	switch {
	case s.Lesson != "" && s.Target != "":
		return errors.New("a lesson or a target can be sent, and not both at once")
	case s.Lesson != "":
		if s.Mode != "" {
			return errors.New("a mode is sent with a target: a lesson says which mode each of its steps needs")
		}
		return g.hasStep(s.Lesson, s.Step)
	case s.Step != 0:
		return errors.New("a step is sent with its lesson; the request names none")
	case s.Target == "" && s.Mode != "":
		return errors.New("a mode is sent with a target; the request names none")
	case s.Target == "":
		return nil
	}
	to, err := target.Parse(s.Target)
	if err != nil {
		return err
	}
	s.Target = to.String()
	if s.Mode != "" && !slices.ContainsFunc(g.Modes(), func(m Mode) bool { return m.Manifest.Name == s.Mode }) {
		return fmt.Errorf("unknown mode %q", core.CutWords(s.Mode, core.MaxName))
	}
	return nil
}

// hasStep returns why there is no such step of a lesson, 0 being any.
func (g *Gateway) hasStep(name string, step int) error {
	source := g.lesson(name)
	if source == nil {
		return fmt.Errorf("unknown lesson %q", core.CutWords(name, lesson.MaxName))
	}
	l, err := source.For(g.Progress.Seed())
	if err != nil {
		return err
	}
	if step < 0 || step > len(l.Steps) {
		return fmt.Errorf("lesson %s has steps 1 to %d, and no step %d", name, len(l.Steps), step)
	}
	return nil
}

// changeCode answers POST /api/class/code.
func (g *Gateway) changeCode(w http.ResponseWriter, _ *http.Request) {
	code, err := g.Class.ChangeCode()
	if err != nil {
		g.failedInClass(w, err)
		return
	}
	g.classroom.change(func() {})
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		Code string `json:"code"`
	}{code})
}
