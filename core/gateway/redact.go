package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/protocol-workbench/workbench/core/redact"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a redaction.
const (
	maxRedactRequest = 8 << 10 // bytes
	maxMatch         = 1 << 10 // bytes of an expression
	redactLimit      = 60 * time.Second
)

// redactRequest says what is secret, and what becomes of the result.
type redactRequest struct {
	Match   string `json:"match"`
	Literal bool   `json:"literal"` // match is text, not a regular expression
	As      string `json:"as"`      // "": show what would be masked; "recording": keep it as another; "file": to save
}

// redacted is a transcript before and after.
type redacted struct {
	before []transcript.Entry
	after  *transcript.Transcript
	found  int
	err    error
}

// redactAnswer shows what would be masked: entries before in a, after in b.
type redactAnswer struct {
	Found   int            `json:"found"`
	Places  []redact.Place `json:"places"`            // where '*' would change what the file means; nothing is written then
	Problem string         `json:"problem,omitempty"` // why else
	aligned
}

// redact answers POST /api/transcripts/ID/redact. The recording itself stays as it is.
func (s transcripts) redact(w http.ResponseWriter, r *http.Request) {
	var request redactRequest
	err := readJSON(r, &request)
	var match *redact.Expr
	if err == nil {
		match, err = request.compile()
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	id := r.PathValue("id")
	done, err := s.redacted(r.Context(), id, match)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	var meaning *redact.Meaning
	switch {
	case request.As == "":
		pairs := make([]sidePair, len(done.before))
		for i := range pairs {
			a, b := &done.before[i], &done.after.Entries[i]
			pairs[i].Pair = transcript.Pair{A: a, B: b, Same: transcript.Equal(a, b)}
		}
		answer := redactAnswer{Found: done.found, Places: []redact.Place{}, aligned: shownPairs(pairs)}
		if errors.As(done.err, &meaning) {
			answer.Places = meaning.Places
		} else if done.err != nil {
			answer.Problem = done.err.Error()
		}
		answerAs(w, "application/json")
		json.NewEncoder(w).Encode(answer)
	case done.err != nil:
		refuseWith(w, http.StatusUnprocessableEntity, done.err)
	case done.found == 0:
		refuseWith(w, http.StatusUnprocessableEntity, errors.New("nothing matches"))
	case request.As == "file":
		answerAs(w, "text/plain; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="`+id+`-redacted.transcript"`) // an ID that exists is safe
		w.Write(redact.Text(done.after))
	default:
		s.keepRedacted(w, r, redact.Text(done.after))
	}
}

func (q *redactRequest) compile() (*redact.Expr, error) {
	switch {
	case q.As != "" && q.As != "recording" && q.As != "file":
		return nil, fmt.Errorf(`as is %.100q; it must be "recording", "file" or absent`, q.As)
	case q.Match == "":
		return nil, errors.New("match is missing; it says what is secret")
	case len(q.Match) > maxMatch:
		return nil, fmt.Errorf("match is longer than %d bytes", maxMatch)
	case q.Literal:
		return redact.Compile(regexp.QuoteMeta(q.Match))
	}
	return redact.Compile(q.Match)
}

// redacted reads a transcript and redacts it. The search ends with ctx, or in time.
func (s transcripts) redacted(ctx context.Context, id string, match *redact.Expr) (redacted, error) {
	end, err := s.gateway.redacting.take(ctx)
	if err != nil {
		return redacted{}, err
	}
	defer end()
	t, err := s.readUpTo(id, maxDiffed)
	if err != nil {
		return redacted{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, redactLimit, fmt.Errorf("not searched within %v", redactLimit))
	defer cancel()
	done := redacted{before: t.Entries, after: t}
	done.found, done.err = redact.Transcript(ctx, id, t, match)
	if ctx.Err() != nil {
		return redacted{}, context.Cause(ctx)
	}
	return done, nil
}

// keepRedacted puts the text into the store, and answers with its ID.
func (s transcripts) keepRedacted(w http.ResponseWriter, r *http.Request, text []byte) {
	done, err := s.gateway.whole.take(r.Context())
	if err != nil {
		s.failed(w, err)
		return
	}
	defer done()
	id, err := s.keep("redacted", text)
	if err != nil {
		s.failed(w, err)
		return
	}
	if err := s.SetNotes(id, store.Notes{Tags: []string{"redacted"}}); err != nil {
		s.gateway.Log.Debug("copy not tagged", "transcript", id, "reason", err.Error())
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		ID string `json:"id"`
	}{id})
}
