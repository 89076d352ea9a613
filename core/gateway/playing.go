package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// playEvent is what a page is told of a play: a line of JSON. docs/play.md has them.
type playEvent struct {
	Event   string `json:"event"`
	Address string `json:"address,omitempty"` // where clients can connect, or what was dialled
	TLS     string `json:"tls,omitempty"`     // how the dialled connection is secured, in words
	// Fingerprint is of the certificate with which a played server upgrades to TLS.
	Fingerprint string `json:"fingerprint,omitempty"`
	Upgrades    bool   `json:"upgrades,omitempty"` // the recording upgrades to TLS
	Early       int    `json:"early,omitempty"`    // bytes of the server that were dropped: they came in clear before TLS
	Client      string `json:"client,omitempty"`
	File        string `json:"file,omitempty"` // the recording
	Steps       int    `json:"steps,omitempty"`
	place
	Entry      json.RawMessage `json:"entry,omitempty"` // the step, as of aligned entries
	Offset     *int64          `json:"offset,omitempty"`
	From       string          `json:"from,omitempty"` // whose bytes
	Want       string          `json:"want,omitempty"`
	Got        string          `json:"got,omitempty"`
	Nearest    bool            `json:"nearest,omitempty"`
	Diff       string          `json:"diff,omitempty"`
	Result     string          `json:"result,omitempty"` // same, different or failed
	Mismatches int             `json:"mismatches,omitempty"`
	Answers    int             `json:"answers,omitempty"`
	Bytes      int             `json:"bytes,omitempty"`
	Code       string          `json:"code,omitempty"` // of Error
	Error      string          `json:"error,omitempty"`
	Warnings   []string        `json:"warnings,omitempty"`

	Certificate *target.Certificate `json:"certificate,omitempty"` // that the handshake failed over
}

// place is where in a recording something is: the number of its event, and how many
// entries there are up to it.
type place struct {
	N  uint64 `json:"n,omitempty"`
	At int    `json:"at,omitempty"`
}

// playing is a play, of which a page is told as long as it goes on.
type playing struct {
	scripts []*play.Script
	places  map[string]map[int]place // by recording, and by line
	cancel  context.CancelFunc
	end     func() // of its turn

	mu         sync.Mutex
	w          http.ResponseWriter
	over       bool
	steps      map[string]int // that were done, by client
	mismatches map[string]int // likewise
}

var errPlays = fmt.Errorf("%d recordings are being played already, which is the most; stop one of them", maxPlays)

// play reads recordings to play. The caller ends it.
func (s transcripts) play(ctx context.Context, ids ...string) (*playing, error) {
	select {
	case s.gateway.plays <- struct{}{}:
	default:
		return nil, errPlays
	}
	p := &playing{places: map[string]map[int]place{}, steps: map[string]int{}, mismatches: map[string]int{}, end: func() { <-s.gateway.plays }}
	if err := s.load(ctx, p, ids); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (s transcripts) load(ctx context.Context, p *playing, ids []string) error {
	done, err := s.gateway.whole.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	left := int64(maxPlayed)
	for _, id := range ids {
		text, err := s.Open(id)
		if err != nil {
			return err
		}
		upTo := &io.LimitedReader{R: text, N: left + 1}
		t, err := store.Parse(id, upTo, left)
		text.Close()
		if err != nil {
			return err
		}
		left = upTo.N - 1
		script, err := play.New(id, t)
		if err == nil {
			err = script.Streams()
		}
		if err == nil {
			err = script.WithoutMode()
		}
		if err != nil {
			return err
		}
		places := map[int]place{}
		for i := range t.Entries {
			places[t.Entries[i].Line] = place{t.Entries[i].N, i + 1}
		}
		p.scripts, p.places[id] = append(p.scripts, script), places
	}
	return nil
}

// begin begins to answer. Its context ends with the play: with its page, after
// playLimit, or when the workbench stops.
func (p *playing) begin(w http.ResponseWriter, r *http.Request) context.Context {
	var ctx context.Context
	ctx, p.cancel = context.WithTimeout(r.Context(), playLimit)
	p.w = w
	answerAs(w, "application/x-ndjson")
	return ctx
}

// finish ends the answer.
func (p *playing) finish(ctx context.Context) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.tell(playEvent{Event: "stopped", Error: fmt.Sprintf("played for %v, which is the most", playLimit)})
	}
	p.cancel()
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.end()
}

// tell tells the page. Many goroutines may, also after the end; one whose page takes
// nothing for stall.Limit ends the play.
func (p *playing) tell(e playEvent) {
	line, err := json.Marshal(e)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if err == nil {
		_, err = p.w.Write(append(line, '\n'))
	}
	if err != nil || http.NewResponseController(p.w).Flush() != nil {
		p.cancel()
	}
}

func (p *playing) warnings() (all []string) {
	for _, script := range p.scripts {
		for _, w := range script.Warnings() {
			all = append(all, w.Words)
		}
	}
	return all
}

// tellStep tells of a step that was done; with its entry if there is one.
func (p *playing) tellStep(client, id string, s play.Step, withEntry bool) {
	p.mu.Lock()
	p.steps[client]++
	n := p.steps[client]
	p.mu.Unlock()
	if n > maxPlaySteps {
		return
	}
	e := playEvent{Event: "step", Client: client, Steps: n, place: p.places[id][s.Line]}
	if withEntry {
		entry := entryOf(s)
		entry.N = e.N
		e.Entry = shownEntry(&entry, 0)
	}
	p.tell(e)
}

// entryOf returns a step as an entry of a transcript.
func entryOf(s play.Step) transcript.Entry {
	switch s.End {
	case play.EndTLS:
		return transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerTLS, Data: []byte(s.Words)}}
	case play.EndNoTLS:
		return transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerFailed, Data: []byte(s.Words)}}
	}
	if s.From == core.Client {
		order := core.SendServer
		if s.End != "" {
			order = core.FinishServer
		}
		return transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: order, Data: s.Data}}
	}
	kind := core.ServerBytes
	switch s.End {
	case "eof":
		kind = core.ServerEOF
	case "failed":
		kind = core.ServerFailed
	}
	return transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: s.Data}}
}

func (p *playing) tellMismatch(client string, m *play.Mismatch, diff string) {
	p.mu.Lock()
	p.mismatches[client]++
	p.mu.Unlock()
	p.tell(playEvent{Event: "mismatch", Client: client, File: m.File, place: p.places[m.File][m.Line], From: m.From.String(),
		Offset: &m.Offset, Want: m.Want, Got: m.Got, Nearest: m.Nearest, Diff: core.CutWords(diff, maxPlayDiff)})
}

// tellEnded tells how a talk has ended, and forgets its client.
func (p *playing) tellEnded(client, id string, err error, more playEvent) {
	e := more
	e.Event, e.Client, e.File, e.Result = "ended", client, id, "same"
	p.mu.Lock()
	e.Steps, e.Mismatches = p.steps[client], p.mismatches[client]
	delete(p.steps, client)
	delete(p.mismatches, client)
	p.mu.Unlock()
	var m *play.Mismatch
	var coded interface {
		error
		ErrorCode() string
	}
	switch {
	case err != nil && !errors.As(err, &m):
		e.Result, e.Error = "failed", core.Printable(err.Error())
		if errors.As(err, &coded) {
			e.Code = coded.ErrorCode()
		}
	case e.Mismatches > 0:
		e.Result = "different"
	}
	p.tell(e)
}
