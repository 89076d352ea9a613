package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// This file is for what a teacher shows to the class: a session or a transcript of their own.

// showing is one thing that is shown. Another entry of the same transcript is the same thing.
type showing struct {
	n     uint64   // rises, also when the workbench is started anew
	of    *Gateway // of the teacher who shows it
	owner string   // in the audit log
	over  chan struct{}

	kept *keep.Session // nil: it is a transcript

	transcript string // its ID
	title      string
	at, count  int // the entry to look at, of so many
}

var (
	errShowWhat     = errors.New(`request must be {"session":"ID"} or {"transcript":"ID","at":NUMBER}`)
	errOwnSession   = errors.New("no such session of yours: a teacher shows their own, while it is live or can still be read")
	errOwnRecording = fmt.Errorf("%w of yours: a teacher shows their own recordings, and none of a student", store.ErrNotFound)
	errNothingShown = errors.New("the teacher shows no recording now")
	errShowOver     = errors.New("the teacher does not show this session any more")
)

// now returns what is shown, which is not changed; nil: nothing is.
func (r *classroom) now() *showing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.show
}

// shown returns what is shown as the class is told, to be written as JSON; nil: nothing is.
func (r *classroom) shown() any {
	if other := r.shownThere(); other != nil {
		return other.text
	}
	return r.shownHere()
}

// shownHere is shown for what this workbench shows.
func (r *classroom) shownHere() any {
	s := r.now()
	if s == nil {
		return nil
	}
	if s.kept != nil {
		return struct {
			N      uint64 `json:"n"`
			Kind   string `json:"kind"`
			Attach string `json:"attach"`
			Mode   any    `json:"mode"`
			Target any    `json:"target"`
		}{s.n, "session", s.kept.ID, s.kept.Hello["mode"], s.kept.Hello["target"]}
	}
	return struct {
		N     uint64 `json:"n"`
		Kind  string `json:"kind"`
		Title string `json:"title"`
		At    int    `json:"at"`
		Of    int    `json:"of"`
	}{s.n, "transcript", s.title, s.at, s.count}
}

// put shows something in place of what is shown, and reports whether it is another thing.
func (r *classroom) put(s *showing) (another bool) {
	r.change(func() {
		if another = !r.show.isSame(s); !another {
			s.n, s.over = r.show.n, r.show.over
			r.show = s
			return
		}
		r.lastN = max(r.lastN+1, uint64(time.Now().UnixMilli()))
		s.n, s.over = r.lastN, make(chan struct{})
		r.replace(s)
	})
	return another
}

func (s *showing) isSame(other *showing) bool {
	return s != nil && s.of == other.of && s.kept == other.kept && s.transcript == other.transcript
}

// replace has those leave who read along in what is shown no more. mu is held.
func (r *classroom) replace(s *showing) {
	if r.show != nil {
		close(r.show.over)
	}
	r.show = s
	for one := range r.alongs {
		if one.show > 0 && (s == nil || one.show != s.n) {
			one.stop(errShowOver)
		}
	}
}

// take shows nothing any more, if what is shown is that.
func (r *classroom) take(is func(s *showing) bool) {
	if s := r.now(); s == nil || !is(s) {
		return
	}
	r.change(func() {
		if r.show != nil && is(r.show) {
			r.replace(nil)
		}
	})
}

// setShow answers PUT /api/class/show.
func (g *Gateway) setShow(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Session, Transcript string
		At                  int
	}
	if !readSmall(w, r, &asked) {
		return
	}
	if g.Class.HasEnded() {
		g.failedInClass(w, class.ErrEnded)
		return
	}
	if (asked.Session == "") == (asked.Transcript == "") || asked.At < 0 || asked.Session != "" && asked.At != 0 {
		refuseWith(w, http.StatusBadRequest, errShowWhat)
		return
	}
	var status int
	var err error
	if asked.Session != "" {
		status, err = g.showSession(asked.Session, askerOf(r))
	} else {
		status, err = g.showTranscript(r.Context(), asked.Transcript, asked.At, askerOf(r))
	}
	if err != nil {
		refuseWith(w, status, err)
		return
	}
	answerAs(w, "")
	w.WriteHeader(http.StatusNoContent)
}

func (g *Gateway) showSession(id string, who asker) (status int, err error) {
	kept := g.keeping.Reached(id)
	if kept == nil {
		return http.StatusNotFound, errOwnSession
	}
	if !g.begin() {
		return http.StatusServiceUnavailable, errStopping
	}
	s := &showing{of: g, owner: who.String(), kept: kept}
	if !g.classroom.put(s) {
		g.sessions.Done()
		return 0, nil
	}
	go func() {
		defer g.sessions.Done()
		select {
		case <-kept.Gone(): // it can be read no more
			g.classroom.take(func(now *showing) bool { return now.n == s.n })
		case <-s.over:
		case <-g.stopping.Done():
		}
	}()
	return 0, nil
}

func (g *Gateway) showTranscript(ctx context.Context, id string, at int, who asker) (status int, err error) {
	s := &showing{of: g, owner: who.String(), transcript: id, at: at}
	if now := g.classroom.now(); now.isSame(s) && at <= now.count {
		s.title, s.count = now.title, now.count
	} else if s.title, s.count, err = g.titleAndCount(ctx, id); err != nil {
		return unusableOf(err), err
	}
	if at > s.count {
		return http.StatusBadRequest, fmt.Errorf("at is %d; the recording has %d entries", at, s.count)
	}
	g.classroom.put(s)
	return 0, nil
}

// titleAndCount returns what a transcript of the gateway's is called, and how many entries
// it has.
func (g *Gateway) titleAndCount(ctx context.Context, id string) (title string, count int, err error) {
	if g.Transcripts == nil {
		return "", 0, errOwnRecording
	}
	info, err := g.Transcripts.Info(id)
	if errors.Is(err, store.ErrNotFound) {
		return "", 0, errOwnRecording
	} else if err != nil {
		return "", 0, err
	}
	text, err := g.Transcripts.Open(id)
	if err != nil {
		return "", 0, err
	}
	defer text.Close()
	var d store.Decoder
	for block, err := range store.Blocks(text, nil) {
		if err == nil {
			err = ctx.Err()
		}
		var entries []transcript.Entry
		if err == nil {
			entries, err = d.Entries(id, block)
		}
		if err != nil {
			return "", 0, err
		}
		count += len(entries)
	}
	return cmp.Or(info.Title, info.Target, id), count, nil
}

// endShow answers DELETE /api/class/show.
func (g *Gateway) endShow(w http.ResponseWriter, r *http.Request) {
	if other := g.classroom.shownThere(); other != nil && askerOf(r).peer == "" {
		g.forward(w, r, other.from)
		return
	}
	g.classroom.take(func(*showing) bool { return true })
	answerAs(w, "")
	w.WriteHeader(http.StatusNoContent)
}

// shownTranscript answers GET /api/class/show/transcript with the entries of what is shown
// as JSON lines. It takes no turn and holds little: a whole class asks at once.
func (g *Gateway) shownTranscript(w http.ResponseWriter, r *http.Request) {
	if other := g.classroom.shownThere(); other != nil && askerOf(r).peer == "" {
		g.forward(w, r, other.from)
		return
	}
	s := g.classroom.now()
	if g.inClass(askerOf(r)) == "" || s == nil || s.transcript == "" {
		refuseWith(w, http.StatusNotFound, errNothingShown)
		return
	}
	text, err := s.of.Transcripts.Open(s.transcript)
	if errors.Is(err, store.ErrNotFound) { // the store has made room
		s.of.showNoMore(s.transcript)
		refuseWith(w, http.StatusNotFound, errNothingShown)
		return
	}
	of := transcripts{s.of.Transcripts, s.of}
	if err != nil {
		of.failed(w, err)
		return
	}
	defer text.Close()
	of.send(w, s.transcript, store.Blocks(text, nil))
}

// showNoMore says that a transcript of the gateway's was deleted.
func (g *Gateway) showNoMore(id string) {
	if g.classroom != nil {
		g.classroom.take(func(s *showing) bool { return s.of == g && s.transcript == id })
	}
}
