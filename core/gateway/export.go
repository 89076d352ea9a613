package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/protocol-workbench/workbench/core/convert/formats"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// export answers GET /api/transcripts/ID/export?as=FORMAT with the transcript in
// another format, for the browser to save: peers' bytes never become a page of this
// origin.
func (s transcripts) export(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	query, err := oneOfEach(r.URL.Query(), "as")
	format, ok := formats.Named(query["as"])
	if err == nil && !ok {
		err = fmt.Errorf("as is %q; it must be one of %s", query["as"], strings.Join(formats.Names(), ", "))
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	s.withWhole(w, r, id, func(w http.ResponseWriter, t *transcript.Transcript) {
		answerAs(w, format.MediaType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+id+format.Suffix+`"`) // an ID that exists is safe
		if err := format.Write(w, t); err != nil {
			s.gateway.Log.Debug("transcript not exported completely", "transcript", id, "format", format.Name, "reason", err.Error())
			panic(http.ErrAbortHandler)
		}
	})
}

// withWhole has use answer with a transcript, which is held in memory: one at a time.
func (s transcripts) withWhole(w http.ResponseWriter, r *http.Request, id string, use func(w http.ResponseWriter, t *transcript.Transcript)) {
	s.gateway.inTurn(w, r, func(w http.ResponseWriter) {
		t, err := s.read(id)
		if err != nil {
			refuseWith(w, unusableOf(err), err)
			return
		}
		use(w, t)
	})
}

// read reads a whole transcript.
func (s transcripts) read(id string) (*transcript.Transcript, error) { return s.readUpTo(id, maxWhole) }

// readUpTo reads a whole transcript of at most the given bytes.
func (s transcripts) readUpTo(id string, most int64) (*transcript.Transcript, error) {
	text, err := s.Open(id)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	return store.Parse(id, text, most)
}

// unusableOf is statusOf for a transcript that may not parse, or be too large.
func unusableOf(err error) int {
	if status := statusOf(err); status != http.StatusInternalServerError {
		return status
	}
	return http.StatusUnprocessableEntity
}
