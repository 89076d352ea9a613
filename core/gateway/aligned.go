package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of what is shown side by side.
const (
	alignedContext = 5        // equal rows around one that differs
	maxAlignedRows = 2000     // rows
	maxAlignedData = 4 << 10  // bytes of one payload
	beforeChange   = 256      // of these before the first that differs
	maxAligned     = 8 << 20  // bytes of all rows
	maxDiffed      = 32 << 20 // bytes of text of each of two transcripts
)

// aligned are two lists of entries side by side, as JSON.
type aligned struct {
	Same        bool         `json:"same"`
	Differences int          `json:"differences"` // rows that differ
	Rows        []alignedRow `json:"rows"`
	Left        int          `json:"left,omitempty"` // rows that differ and are not in Rows
}

// alignedRow is an entry of each, or of one alone, or says how many equal ones are
// left out here.
type alignedRow struct {
	A       json.RawMessage `json:"a,omitempty"`
	B       json.RawMessage `json:"b,omitempty"`
	Differs bool            `json:"differs,omitempty"`
	Allowed bool            `json:"allowed,omitempty"` // they are not equal, and rules allow that
	Rules   []string        `json:"rules,omitempty"`   // those of a
	Equal   int             `json:"equal,omitempty"`
}

// sidePair is a pair to be shown.
type sidePair struct {
	transcript.Pair
	allowed bool // though they are not the same
	rules   []string
}

// sideBySide puts two lists of entries side by side.
func sideBySide(a, b []transcript.Entry) aligned {
	var pairs []sidePair
	for _, p := range transcript.Align(a, b) {
		pairs = append(pairs, sidePair{Pair: p})
	}
	return shownPairs(pairs)
}

// shownPairs shows the rows that differ, and some around them.
func shownPairs(pairs []sidePair) aligned {
	near := make([]bool, len(pairs))
	out := aligned{Rows: []alignedRow{}}
	for i, p := range pairs {
		if p.Same {
			continue
		}
		if !p.allowed {
			out.Differences++
		}
		for k := max(0, i-alignedContext); k < min(len(pairs), i+alignedContext+1); k++ {
			near[k] = true
		}
	}
	out.Same = out.Differences == 0
	if !slices.Contains(near, true) { // how it begins is shown all the same
		for k := range min(len(near), alignedContext) {
			near[k] = true
		}
	}
	size, equal := 0, 0
	for i, p := range pairs {
		full := len(out.Rows) >= maxAlignedRows || size > maxAligned
		switch {
		case full && !p.Same && !p.allowed:
			out.Left++
			continue
		case full || !near[i]:
			equal++
			continue
		}
		out.skip(&equal)
		from := changeOf(p.Pair)
		row := alignedRow{A: shownEntry(p.A, from), B: shownEntry(p.B, from), Differs: !p.Same && !p.allowed, Allowed: p.allowed, Rules: p.rules}
		size += len(row.A) + len(row.B)
		out.Rows = append(out.Rows, row)
	}
	if out.Left == 0 {
		out.skip(&equal)
	}
	return out
}

// skip says how many equal entries were left out.
func (a *aligned) skip(equal *int) {
	if *equal > 0 {
		a.Rows = append(a.Rows, alignedRow{Equal: *equal})
		*equal = 0
	}
}

// changeOf returns from where on payloads are shown: a little before the first byte
// that differs, if that is far in.
func changeOf(p transcript.Pair) int {
	if p.Same || p.A == nil || p.B == nil {
		return 0
	}
	a, b := *payload(p.A), *payload(p.B)
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	if at < maxAlignedData-beforeChange {
		return 0
	}
	return at - beforeChange
}

func payload(e *transcript.Entry) *[]byte {
	if e.Dir == transcript.Action {
		return &e.Action.Data
	}
	return &e.Event.Data
}

// shownEntry returns an entry as JSON, with at most maxAlignedData bytes of its
// payload, from the given one on; before and more say how many bytes are left out.
func shownEntry(e *transcript.Entry, from int) json.RawMessage {
	if e == nil {
		return nil
	}
	shown := *e
	data := *payload(&shown)
	to := min(len(data), from+maxAlignedData)
	if utf8.Valid(data) { // and stays so
		for from > 0 && from < len(data) && !utf8.RuneStart(data[from]) {
			from--
		}
		for to < len(data) && !utf8.RuneStart(data[to]) {
			to--
		}
	}
	from = min(from, to)
	*payload(&shown) = data[from:to]
	line := transcript.AppendJSON(nil, &shown)
	if from > 0 || to < len(data) {
		line = append(line[:len(line)-1], `,"before":`...)
		line = strconv.AppendInt(line, int64(from), 10)
		line = strconv.AppendInt(append(line, `,"more":`...), int64(len(data)-to), 10)
		line = append(line, '}')
	}
	return line
}

// diff answers GET /api/transcripts/ID/diff?with=ID with the events and actions of
// the two side by side, as workbench transcript diff compares them; with by=rules what
// crossed the wire, as workbench transcript rules does.
func (s transcripts) diff(w http.ResponseWriter, r *http.Request) {
	query, err := oneOfEach(r.URL.Query(), "with", "by")
	switch {
	case err != nil:
	case query["with"] == "":
		err = errors.New("with is missing; it names the other transcript")
	case query["by"] != "" && query["by"] != "rules":
		err = fmt.Errorf("by is %.100q; it must be rules or absent", query["by"])
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	if query["by"] == "rules" {
		s.diffByRules(w, r, query["with"])
		return
	}
	s.gateway.inTurn(w, r, func(w http.ResponseWriter) {
		var sides [2][]transcript.Entry
		for i, id := range []string{r.PathValue("id"), query["with"]} {
			t, err := s.readUpTo(id, maxDiffed)
			if err != nil {
				refuseWith(w, unusableOf(err), err)
				return
			}
			t.CutOff = false // what is there is compared
			sides[i] = said(t)
		}
		answerAs(w, "application/json")
		json.NewEncoder(w).Encode(sideBySide(sides[0], sides[1]))
	})
}

// said returns the events and actions of a transcript, without times.
func said(t *transcript.Transcript) []transcript.Entry {
	store.Golden(t)
	return t.Entries
}
