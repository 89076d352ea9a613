package gateway

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/convert/importer"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of an import.
const (
	maxImport     = 64 << 20  // bytes of what is imported, and of one transcript's text
	maxImportHeld = 128 << 20 // bytes of text of the connections that are open at once in a capture
	maxImported   = 256 << 20 // bytes of text of all transcripts of one import
	importLimit   = 60 * time.Second
	maxImportName = 200 // bytes of a file's name
)

// imported is a transcript that an import has made.
type imported struct {
	ID    string `json:"id"`
	Words string `json:"words"` // what is in it
}

// importFile answers POST /api/transcripts/import?name=FILE&mode=MODE, whose body is a
// file, with what became of it.
func (s transcripts) importFile(w http.ResponseWriter, r *http.Request) {
	query, err := oneOfEach(r.URL.Query(), "name", "mode")
	mode := cmp.Or(query["mode"], importer.RawMode)
	if err == nil && mode != importer.RawMode {
		_, err = s.gateway.Manifest(r.Context(), mode)
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	if r.ContentLength > maxImport {
		w.Header().Set("Connection", "close") // instead of reading the body
		refuseWith(w, http.StatusRequestEntityTooLarge, errTooLarge)
		return
	}
	s.gateway.inTurn(w, r, func(w http.ResponseWriter) { s.importInTurn(w, r, query["name"], mode) })
}

func (s transcripts) importInTurn(w http.ResponseWriter, r *http.Request, file, mode string) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), importLimit, fmt.Errorf("not done within %v", importLimit))
	defer cancel()
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyLimit)) // it may have waited for its turn
	name := core.Printable(core.CutWords(cmp.Or(file, "the file"), maxImportName))
	into := keeper{transcripts: s, ids: map[string]string{}}
	in := bufio.NewReader(r.Body)
	if head, _ := in.Peek(len(transcriptHead)); mode != importer.RawMode && string(head) != transcriptHead {
		into.answer = func(text []byte) ([]byte, error) { return s.gateway.answered(ctx, text) }
	}
	report, err := importer.Options{Mode: mode, Copy: true, Create: into.create}.Import(ctx, name, in, r.ContentLength)
	status := unusableOf(err)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%s: %w", name, context.Cause(ctx))
	case status == http.StatusRequestEntityTooLarge:
		err = fmt.Errorf("%s: %w", name, errTooLarge)
	}
	if err != nil && len(report.Made) == 0 {
		if into.broken != nil {
			s.failed(w, into.broken)
			return
		}
		refuseWith(w, status, err)
		return
	}
	answer := struct {
		Made     []imported `json:"made"`
		Warnings []string   `json:"warnings"`
		Problem  string     `json:"problem,omitempty"` // why that is not all
	}{Made: []imported{}, Warnings: append([]string{}, report.Warnings...)}
	if into.silent > 0 {
		answer.Warnings = append(answer.Warnings, fmt.Sprintf("what mode %s answers is missing in %s: %v", mode, core.Plural(into.silent, "recording"), into.why))
	}
	for _, m := range report.Made {
		answer.Made = append(answer.Made, imported{into.ids[m.Called], m.Words})
	}
	if len(report.Made) == 1 && file != "" { // several have their targets to tell them apart
		title := core.CutWords(core.Printable(file), maxImportName)
		if err := s.SetNotes(answer.Made[0].ID, store.Notes{Title: title}); err != nil {
			s.gateway.Log.Debug("import not named", "transcript", answer.Made[0].ID, "reason", err.Error())
		}
	}
	if err != nil {
		answer.Problem = err.Error()
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(answer)
}

// transcriptHead begins a transcript, which is kept as it is, in its own mode.
const transcriptHead = "workbench transcript "

var errTooLarge = fmt.Errorf("more than %d MiB, which is the most that is taken at once", maxImport>>20)

// keeper puts transcripts into the store, each once it is complete.
type keeper struct {
	transcripts
	ids    map[string]string // by the number that Create was given
	held   int               // bytes of those that are not complete
	all    int               // bytes of those that are
	broken error             // of the store

	// answer fills in what the line mode answers; nil: it is there already. silent
	// counts those where it could not, and why says of one of them.
	answer func(text []byte) ([]byte, error)
	silent int
	why    error
}

func (k *keeper) create(number int) (called string, out io.WriteCloser, err error) {
	called = strconv.Itoa(number)
	return called, &kept{keeper: k, number: called}, nil
}

// kept is a transcript that is not complete.
type kept struct {
	keeper *keeper
	number string
	text   bytes.Buffer
}

func (t *kept) Write(p []byte) (int, error) {
	k := t.keeper
	switch k.held += len(p); {
	case t.text.Len()+len(p) > maxWhole:
		return 0, fmt.Errorf("one connection has more than %d MiB of text, which is the most that one recording has", maxWhole>>20)
	case k.held > maxImportHeld:
		return 0, fmt.Errorf("the connections that are open at once have more than %d MiB of text", maxImportHeld>>20)
	case k.held+k.all > maxImported:
		return 0, fmt.Errorf("more than %d MiB of text, which is the most of one import", maxImported>>20)
	}
	return t.text.Write(p)
}

func (t *kept) Close() error {
	k := t.keeper
	k.held -= t.text.Len()
	k.all += t.text.Len()
	text := t.text.Bytes()
	if k.answer != nil {
		if whole, err := k.answer(text); err == nil {
			text = whole
		} else {
			k.silent, k.why = k.silent+1, err
		}
	}
	id, err := k.keep("i"+t.number, text)
	if err != nil {
		k.broken = err
		return err
	}
	k.ids[t.number] = id
	t.text = bytes.Buffer{}
	return nil
}

// keep puts a complete transcript into the store, under an ID that says when it was
// put there. The caller has the turn for a whole transcript.
func (s transcripts) keep(name string, text []byte) (id string, err error) {
	at := time.Now().Truncate(time.Millisecond)
	if last := s.gateway.stamped; !at.After(last) {
		at = last.Add(time.Millisecond) // no two have the same ID
	}
	s.gateway.stamped = at
	id = store.NewID(at, name, transcript.HeaderMode(text))
	return id, store.Put(s.Store, id, text)
}
