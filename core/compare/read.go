package compare

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/background"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a comparison.
const (
	MaxRequest = 16 << 20 // bytes; the caller enforces it

	maxRuns    = 4
	maxRun     = 128 << 10 // bytes of one run in a request
	maxEntries = 100_000
	maxEntry   = 6*core.MaxEventPayload + 1<<10 // bytes: JSON may take six for one
	maxEvents  = 10_000
	maxAnswer  = 32 << 20 // bytes of the actions of one run
)

// Comparison asks what several line modes, or one with several options, would
// have answered to the same events.
type Comparison struct {
	Transcript string // ID of a recorded one; "" if the request holds entries
	Runs       []Run

	entries bool // the request holds entries, as of workbench.v1, of which …
	events  []wire.Event
	target  string
	stays   bool
	client  core.ClientEnd
	server  core.ServerEnd
	watch   bool
	seed    core.Seed
	start   time.Time
	from    uint64 // the first event that counts, 0: the first of all
	to      uint64 // the last, 0: the last of all
}

// Read reads a comparison from a stream: it refuses too much before all of it is
// in memory. Each entry is read in a turn of package background.
func Read(ctx context.Context, body io.Reader) (*Comparison, error) {
	c := new(Comparison)
	return c, c.read(ctx, body)
}

func (c *Comparison) read(ctx context.Context, body io.Reader) error {
	d := json.NewDecoder(body)
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	seen := map[json.Token]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%s is given more than once", name)
		}
		seen[name] = true
		switch name {
		case "transcript":
			err = d.Decode(&c.Transcript)
		case "target":
			err = d.Decode(&c.target)
		case "serverEOF":
			err = c.readServerEOF(d)
		case "seed":
			err = readText(d, "64 hexadecimal digits", func(s string) (ok bool) { c.seed, ok = core.ParseSeed(s); return ok })
		case "start":
			err = readText(d, "a time in UTC", func(s string) (ok bool) { c.start, ok = core.ParseStart(s); return ok })
		case "from":
			err = d.Decode(&c.from)
		case "to":
			err = d.Decode(&c.to)
		case "entries":
			c.entries = true
			err = readArray(d, maxEntries, func(object json.RawMessage) error { return c.readEntry(ctx, object) })
		case "runs":
			err = readArray(d, maxRuns, c.readRun)
		default:
			return fmt.Errorf("unknown field %q", core.CutWords(fmt.Sprint(name), core.MaxName))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF { // which also says that nothing is missing
		return cmp.Or(err, errors.New("data after its end"))
	}
	if len(c.target) > transcript.MaxTarget {
		return fmt.Errorf("target: more than %d bytes", transcript.MaxTarget)
	}
	if len(c.Runs) == 0 {
		return fmt.Errorf("0 runs; a comparison has 1 to %d", maxRuns)
	}
	if c.entries == (c.Transcript != "") {
		return errors.New("neither a transcript nor entries, or both")
	}
	return nil
}

func (c *Comparison) readServerEOF(d *json.Decoder) error {
	var word string
	if err := d.Decode(&word); err != nil {
		return err
	}
	if c.stays = word == "stay"; !c.stays && word != "end" {
		return fmt.Errorf("%q; it must be end or stay", core.CutWords(word, core.MaxName))
	}
	return nil
}

// readText reads a text that parse takes.
func readText(d *json.Decoder, wanted string, parse func(string) bool) error {
	var text string
	if err := d.Decode(&text); err != nil {
		return err
	}
	if !parse(text) {
		return fmt.Errorf("%q; it must be %s", core.CutWords(text, core.MaxName), wanted)
	}
	return nil
}

func (c *Comparison) readEntry(ctx context.Context, object json.RawMessage) error {
	defer background.Take(ctx).End()
	if len(object) > maxEntry {
		return fmt.Errorf("entry of %d bytes; at most %d fit", len(object), maxEntry)
	}
	e, ok, err := transcript.ParseJSONEvent(object)
	if ok {
		c.events = append(c.events, wire.Event{N: e.N, Event: e.Event})
	}
	return err
}

func (c *Comparison) readRun(object json.RawMessage) error {
	if len(object) > maxRun {
		return fmt.Errorf("run of %d bytes; at most %d fit", len(object), maxRun)
	}
	var run struct {
		Mode    string       `json:"mode"`
		Options core.Options `json:"options"`
	}
	d := json.NewDecoder(bytes.NewReader(object))
	d.DisallowUnknownFields()
	err := d.Decode(&run)
	c.Runs = append(c.Runs, Run{Mode: run.Mode, Options: run.Options})
	return err
}

// readArray reads an array element by element.
func readArray(d *json.Decoder, most int, read func(element json.RawMessage) error) error {
	if err := expect(d, json.Delim('[')); err != nil {
		return err
	}
	for n := 0; d.More(); n++ {
		if n == most {
			return fmt.Errorf("more than %d elements", most)
		}
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return err
		}
		if err := read(element); err != nil {
			return err
		}
	}
	return expect(d, json.Delim(']'))
}

// expect reads the token that must come next.
func expect(d *json.Decoder, want json.Delim) error {
	if got, err := d.Token(); err != nil {
		return err
	} else if got != want {
		return fmt.Errorf("found %.64v, expected %v", got, want)
	}
	return nil
}
