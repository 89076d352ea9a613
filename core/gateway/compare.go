package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core/compare"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/wire"
)

// compareLimit is how long a comparison may take.
const compareLimit = 60 * time.Second

// compare answers POST /api/compare.
func (g *Gateway) compare(w http.ResponseWriter, r *http.Request) {
	g.inTurn(w, r, func(w http.ResponseWriter) { g.compareInTurn(w, r) })
}

func (g *Gateway) compareInTurn(w http.ResponseWriter, r *http.Request) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyLimit)) // it may have waited for its turn
	c, err := compare.Read(r.Context(), r.Body)
	if err != nil {
		refuseWith(w, refusalOf(err), fmt.Errorf("parse the comparison: %w", err))
		return
	}
	if c.Transcript != "" {
		if err := g.readRecorded(c); err != nil {
			refuseWith(w, refusalOf(err), err)
			return
		}
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), compareLimit, fmt.Errorf("not done within %v; pick a stretch of the session", compareLimit))
	defer cancel()
	if err := c.Run(ctx, compare.Modes{Manifest: g.Manifest, Open: g.openCompared}); err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		Runs    []compare.Run `json:"runs"`
		Differs *uint64       `json:"differs"` // the first event whose answers are not all equal
	}{c.Runs, c.FirstDifference()})
}

// refusalOf is statusOf for errors that are the client's to correct unless
// something else is known of them.
func refusalOf(err error) int {
	if status := statusOf(err); status != http.StatusInternalServerError {
		return status
	}
	return http.StatusBadRequest
}

// readRecorded reads the transcript that a comparison names.
func (g *Gateway) readRecorded(c *compare.Comparison) error {
	if g.Transcripts == nil {
		return errors.New("no recorded transcripts are kept")
	}
	file, err := g.Transcripts.Open(c.Transcript)
	if err != nil {
		return err
	}
	defer file.Close()
	t, err := store.Parse(c.Transcript, file, maxWhole)
	if err != nil {
		return err
	}
	c.Recorded(t)
	return nil
}

// openCompared connects to a machine of a mode.
func (g *Gateway) openCompared(ctx context.Context, mode string) (*wire.Conn, func(), error) {
	plugin, err := g.Plugin(mode)
	if err != nil {
		return nil, nil, err
	}
	conn, err := plugin.Open(ctx, false)
	if err != nil {
		plugin.Release()
		return nil, nil, err
	}
	return conn, plugin.Release, nil
}
