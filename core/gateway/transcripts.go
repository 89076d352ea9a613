package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const (
	// listLimit is how many transcripts are listed without a limit in the query.
	listLimit = 1000
	// maxWhole bounds a transcript that must be held in memory, in bytes of text;
	// a recording may have more.
	maxWhole = 64 << 20
)

// transcripts serves the recorded transcripts; see docs/transcript.md. Requests
// of other pages were refused before.
type transcripts struct {
	store.Store
	gateway *Gateway
}

// list answers GET /api/transcripts?mode=&target=&text=&before=&limit= with
// a JSON array of store.Info, the newest first.
func (s transcripts) list(w http.ResponseWriter, r *http.Request) {
	query, err := oneOfEach(r.URL.Query(), "mode", "target", "text", "before", "limit")
	q := store.Query{Mode: query["mode"], Target: query["target"], Text: query["text"], Before: query["before"], Limit: listLimit}
	if limit := query["limit"]; err == nil && limit != "" {
		if q.Limit, err = strconv.Atoi(limit); err != nil || q.Limit < 1 {
			err = fmt.Errorf("limit is %q; it must be a number from 1 on", limit)
		}
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	if q.Text != "" {
		done, err := s.gateway.search.take(r.Context())
		if err != nil {
			s.failed(w, err)
			return
		}
		defer done()
	}
	infos, err := s.List(r.Context(), q)
	if err != nil {
		s.failed(w, err)
		return
	}
	if infos == nil {
		infos = []store.Info{} // [] and not null
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(infos)
}

// info answers GET /api/transcripts/ID/info with what the list says of one.
func (s transcripts) info(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	info, err := s.Info(r.PathValue("id"))
	if err != nil {
		s.failed(w, err)
		return
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(info)
}

// show answers GET /api/transcripts/ID with the text so far. With ?format=jsonl
// it sends the entries as JSON lines instead, with ?golden=1 the golden made of
// the transcript; ?download=1 makes the browser save it.
func (s transcripts) show(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	query, err := oneOfEach(r.URL.Query(), "format", "golden", "download")
	asJSON, golden, download := query["format"] == "jsonl", query["golden"] == "1", query["download"] == "1"
	switch {
	case err != nil:
	case query["golden"] != "" && !golden:
		err = fmt.Errorf("golden is %q; it must be 1 or absent", query["golden"])
	case query["download"] != "" && !download:
		err = fmt.Errorf("download is %q; it must be 1 or absent", query["download"])
	case query["format"] != "" && query["format"] != "text" && !asJSON:
		err = fmt.Errorf("format is %q; it must be text or jsonl", query["format"])
	case golden && asJSON:
		err = errors.New("a golden is text; leave format=jsonl or golden=1 out")
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	save := func(suffix string) {
		if download { // an ID that exists is safe as a file name
			w.Header().Set("Content-Disposition", `attachment; filename="`+id+suffix+`"`)
		}
	}
	if golden {
		s.withWhole(w, r, id, func(w http.ResponseWriter, t *transcript.Transcript) {
			store.Golden(t)
			save(".golden")
			answerAs(w, "text/plain; charset=utf-8")
			w.Write(t.Append(nil))
		})
		return
	}
	text, err := s.Open(id)
	if err != nil {
		s.failed(w, err)
		return
	}
	defer text.Close()
	if asJSON {
		save(".jsonl")
		s.send(w, id, store.Blocks(text, nil))
		return
	}
	save(".transcript")
	answerAs(w, "text/plain; charset=utf-8")
	io.Copy(w, text)
}

// follow answers GET /api/transcripts/ID/follow with the entries as JSON lines,
// from the first on and each as soon as it is written, until the session ends.
func (s transcripts) follow(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	id := r.PathValue("id")
	s.send(w, id, s.Follow(r.Context(), id))
}

// send sends the entries of a text that arrives in blocks as JSON lines. If the
// text breaks off, or is not a transcript, it breaks off the answer.
func (s transcripts) send(w http.ResponseWriter, id string, blocks iter.Seq2[[]byte, error]) {
	control := http.NewResponseController(w)
	var d store.Decoder
	var lines []byte
	begun := false
	for block, err := range blocks {
		if err != nil && !begun {
			s.failed(w, err)
			return
		}
		var entries []transcript.Entry
		if err == nil {
			entries, err = d.Entries(id, block)
		}
		if err != nil {
			s.gateway.Log.Debug("transcript not sent completely", "transcript", id, "reason", err.Error())
			panic(http.ErrAbortHandler)
		}
		if !begun {
			begun = true
			answerAs(w, "application/x-ndjson")
		}
		lines = lines[:0]
		for i := range entries {
			lines = append(transcript.AppendJSON(lines, &entries[i]), '\n')
		}
		if _, err := w.Write(lines); err != nil || control.Flush() != nil {
			return
		}
	}
}

// delete answers DELETE /api/transcripts/ID.
func (s transcripts) delete(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	if err := s.Delete(r.PathValue("id")); err != nil {
		s.failed(w, err)
		return
	}
	s.gateway.showNoMore(r.PathValue("id"))
	answerAs(w, "")
	w.WriteHeader(http.StatusNoContent)
}

// oneOfEach returns the parameters of a query, each of which may be given once.
func oneOfEach(query url.Values, known ...string) (map[string]string, error) {
	one := map[string]string{}
	for name, values := range query {
		switch {
		case len(known) == 0:
			return nil, fmt.Errorf("unknown query parameter %q; none are known here", core.CutWords(name, core.MaxName))
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("unknown query parameter %q; the known ones are %s", core.CutWords(name, core.MaxName), strings.Join(known, ", "))
		case len(values) > 1:
			return nil, fmt.Errorf("query parameter %q given more than once", name)
		}
		one[name] = values[0]
	}
	return one, nil
}

// answerAs sets the answer's content type, and forbids caching what was recorded.
func answerAs(w http.ResponseWriter, kind string) {
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.Header().Set("Cache-Control", "no-store")
}

// failed answers an error of the store, or of waiting for a turn.
func (s transcripts) failed(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		s.gateway.Log.Error("request for transcripts failed", "reason", err.Error())
		err = fmt.Errorf("the transcripts cannot be reached: %w", err)
	}
	refuseWith(w, status, err)
}

// statusOf returns the HTTP status for an error, 500 if none says more.
func statusOf(err error) int {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, store.ErrRunning):
		return http.StatusConflict
	case errors.Is(err, store.ErrTextTooLong):
		return http.StatusBadRequest
	case errors.Is(err, store.ErrUnreachable), errors.Is(err, errBusy), errors.Is(err, errPlays), errors.Is(err, context.Canceled): // the workbench is stopping, or the client is gone
		return http.StatusServiceUnavailable
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case isTimeout(err):
		return http.StatusRequestTimeout
	}
	return http.StatusInternalServerError
}

func refuseWith(w http.ResponseWriter, status int, err error) {
	answerAs(w, "")
	http.Error(w, err.Error(), status)
}
