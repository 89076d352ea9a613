package gateway

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of one answer.
const (
	maxEntries     = 10_000
	entriesAnswer  = 1 << 20 // bytes; it ends with the entry that passes this
	defaultEntries = 1000
)

// entries answers GET /api/sessions/ID/entries?from=I&count=N with a JSON array of
// entries of a kept session from number I on, at most N: from memory or from its
// recording. Where neither has them stands a gap. It ends early at what has not
// happened yet, and after entriesAnswer.
func (g *Gateway) entries(w http.ResponseWriter, r *http.Request) {
	query, err := oneOfEach(r.URL.Query(), "from", "count", "student", "show")
	from, count := uint64(1), uint64(defaultEntries)
	if err == nil {
		from, err = numberIn(query, "from", from, 1<<53)
	}
	if err == nil {
		count, err = numberIn(query, "count", count, maxEntries)
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	of, k := g, g.keeping.Find(r.PathValue("id"))
	if isTheirs(r.URL.Query()) {
		it, err := g.theirs(askerOf(r), r.PathValue("id"), query)
		if err != nil {
			refuseWith(w, statusOfTheirs(err), err)
			return
		}
		of, k = it.of, it.kept
	}
	if k == nil {
		refuseWith(w, http.StatusNotFound, errNoSession)
		return
	}
	answer := []byte{'['}
	for i, to := from, from+count; i < to && len(answer) < entriesAnswer; {
		entries, next, missing := k.Read(i, to-i)
		switch {
		case missing != nil:
			s, err := of.recorded(r.Context(), k, missing, i, min(to, missing.Next))
			if err != nil {
				refuseWith(w, statusOf(err), err)
				return
			}
			answer, next = appendPast(answer, missing, s)
		case next == i: // what follows has not happened yet
			next = to
		}
		answer, i = append(answer, entries...), next
	}
	if len(answer) > 1 {
		answer = answer[:len(answer)-1]
	}
	answerAs(w, "application/json")
	w.Write(append(answer, ']'))
}

// appendPast appends entries that are not in memory, each followed by a comma, or a gap;
// and returns the number of what follows.
func appendPast(b []byte, missing *keep.Range, s stretch) ([]byte, uint64) {
	next := missing.First
	s.each(func(i uint64, e *transcript.Entry) bool {
		b, next = appendNumbered(b, i, e), i+1
		return len(b) < entriesAnswer
	})
	if next > missing.First {
		return b, next
	}
	return fmt.Appendf(b, `{"kind":"gap","from":%d,"entries":%d},`, next, missing.Next-next), missing.Next
}

// numberIn returns a parameter that is a number from 1 up to most.
func numberIn(query map[string]string, name string, otherwise, most uint64) (uint64, error) {
	value := query[name]
	if value == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s is %q; it must be a number from 1 to %d", name, core.CutWords(value, core.MaxName), most)
	}
	return n, nil
}
