package gateway

import (
	"fmt"
	"io"
	"net/http"

	"github.com/protocol-workbench/workbench/core/spool"
)

// inTurn has do answer a request while it has the turn for whole transcripts. The answer is
// sent once the turn is over, so that a client that reads slowly holds up nobody.
func (g *Gateway) inTurn(w http.ResponseWriter, r *http.Request, do func(w http.ResponseWriter)) {
	done, err := g.whole.take(r.Context())
	if err != nil {
		refuseWith(w, statusOf(err), err)
		return
	}
	answer := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
	defer answer.text.Close()
	func() {
		defer done()
		do(answer)
	}()
	text, err := answer.text.Reader()
	if err == nil {
		err = answer.failed
	}
	if err != nil {
		g.Log.Error("an answer cannot be held", "reason", err.Error())
		w.Header().Del("Content-Disposition")
		refuseWith(w, http.StatusInternalServerError, fmt.Errorf("the answer cannot be held: %w", err))
		return
	}
	w.WriteHeader(answer.status)
	io.Copy(w, text)
}

// heldAnswer is an answer that is yet to be sent.
type heldAnswer struct {
	http.ResponseWriter
	status int
	text   spool.Spool
	failed error
}

func (a *heldAnswer) WriteHeader(status int) { a.status = status }

func (a *heldAnswer) Write(p []byte) (n int, err error) {
	if a.failed == nil {
		n, a.failed = a.text.Write(p)
	}
	return n, a.failed
}

// Unwrap is for [http.ResponseController].
func (a *heldAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
