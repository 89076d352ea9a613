package gateway

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/protocol-workbench/workbench/core/store"
)

// notes answers GET /api/transcripts/ID/notes.
func (s transcripts) notes(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	n, err := s.Notes(r.PathValue("id"))
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(n)
}

// setNotes answers PUT /api/transcripts/ID/notes, whose body replaces the notes.
func (s transcripts) setNotes(w http.ResponseWriter, r *http.Request) {
	var n store.Notes
	if err := readJSON(r, &n); err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	switch err := s.SetNotes(r.PathValue("id"), n); {
	case errors.Is(err, store.ErrNotes):
		refuseWith(w, http.StatusBadRequest, err)
	case err != nil:
		s.failed(w, err)
	default:
		answerAs(w, "")
		w.WriteHeader(http.StatusNoContent)
	}
}
