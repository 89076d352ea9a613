package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a replay.
const (
	maxReplayRequest = 128 << 10 // bytes, as of a run of a comparison
	maxReplayAnswers = 128 << 20 // bytes
	replayLimit      = 60 * time.Second
)

// replayRequest says through what a transcript is replayed.
type replayRequest struct {
	Mode    string       `json:"mode"`    // "": its own
	Options core.Options `json:"options"` // null: its own
}

// replay answers POST /api/transcripts/ID/replay: it feeds the events to a line mode
// and puts what that answers beside what the transcript has.
func (s transcripts) replay(w http.ResponseWriter, r *http.Request) {
	var request replayRequest
	if err := readJSON(r, &request); err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	s.gateway.inTurn(w, r, func(w http.ResponseWriter) { s.replayInTurn(w, r, request) })
}

func (s transcripts) replayInTurn(w http.ResponseWriter, r *http.Request, request replayRequest) {
	id := r.PathValue("id")
	t, err := s.readUpTo(id, maxDiffed)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), replayLimit, fmt.Errorf("not done within %v", replayLimit))
	defer cancel()
	answer, err := s.gateway.replayed(ctx, id, t, request)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(answer)
}

// replayAnswer has what was expected in a, and what came in b.
type replayAnswer struct {
	Mode   string           `json:"mode"`
	Faults []replay.Finding `json:"faults"` // what entries cannot show
	aligned
}

func (g *Gateway) replayed(ctx context.Context, id string, t *transcript.Transcript, request replayRequest) (*replayAnswer, error) {
	t.Mode = cmp.Or(request.Mode, t.Mode)
	if request.Options != nil {
		t.Options = nil
		for _, name := range slices.Sorted(maps.Keys(request.Options)) {
			t.Options = append(t.Options, transcript.OptionValue{Name: name, Value: request.Options[name]})
		}
	}
	golden, result, err := g.replayWhole(ctx, id, t)
	if err != nil {
		return nil, err
	}
	answer := &replayAnswer{t.Mode, append([]replay.Finding{}, result.Faults...), sideBySide(golden.Sides(result))}
	answer.Same = result.Same
	return answer, nil
}

// replayWhole feeds a transcript's events to its line mode.
func (g *Gateway) replayWhole(ctx context.Context, id string, t *transcript.Transcript) (*replay.Golden, *replay.Result, error) {
	m, err := g.Manifest(ctx, t.Mode)
	if err != nil {
		return nil, nil, fmt.Errorf("line mode %.100q: %w", t.Mode, err)
	}
	golden, err := replay.New(id, t, func(string) (core.Manifest, bool) { return m, true })
	if err != nil {
		return nil, nil, err
	}
	golden.MaxAnswers = maxReplayAnswers
	release := func() {}
	defer func() { release() }()
	result, err := golden.Whole(ctx, func(ctx context.Context, mode string) (conn *wire.Conn, err error) {
		conn, after, err := g.openCompared(ctx, mode)
		if err == nil {
			release = after
		}
		return conn, err
	})
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return golden, result, err
}

// readJSON reads a request's body, one JSON object with known fields.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("parse the request: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("parse the request: something follows the object")
	}
	return nil
}
