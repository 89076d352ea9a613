// Package decode has a line mode watch what crosses in a play, as one watches in a tap, so
// that rules about the fields of messages can be compared.
//
// The duties of a caller, in order:
//
//  1. [Open] a Decoder for each player, with the mode and the options of the recording.
//  2. Give it to play.Script.PlayWith, or as play.Server.Decode makes it.
//  3. [Decoder.Close] it, also after an error.
//
// What this package is not for: it knows no concrete line mode and starts no process.
package decode

import (
	"context"
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/drive"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Opener reaches a new machine of the mode.
type Opener func(context.Context) (*wire.Conn, error)

// Decoder is one machine that watches. It is for one goroutine at a time.
type Decoder struct {
	machine  drive.Machine
	messages []core.Message
	err      error
	events   int
}

var _ play.Decoder = (*Decoder)(nil)

// Check says why machines of a mode cannot be a Decoder, or nothing.
func Check(m core.Manifest) error {
	switch {
	case !m.Messages:
		return fmt.Errorf("the line mode %s says no messages, so that match field has nothing to compare", m.Name)
	case !m.Serves(core.Stream):
		return fmt.Errorf("the line mode %s serves no client that is a stream, so that it cannot watch for match field", m.Name)
	}
	return nil
}

// Open opens a machine of the mode, which ends with ctx. The error is open's, the mode's, or
// that of Check.
func Open(ctx context.Context, open Opener, m core.Manifest, options core.Options, target string) (*Decoder, error) {
	if err := Check(m); err != nil {
		return nil, err
	}
	d := &Decoder{machine: drive.Machine{Feeder: feed.Feeder{Knows: m.Knows}}}
	d.machine.To = d
	o := core.Opening{Options: options, Target: target, Client: core.Stream, Watch: true}
	if err := d.machine.Open(ctx, open, o, nil); err != nil {
		return nil, err
	}
	if d.err != nil {
		d.Close()
		return nil, d.err
	}
	return d, nil
}

// Decode implements play.Decoder.
func (d *Decoder) Decode(from core.Side, data []byte) ([]core.Message, error) {
	kind := core.ServerBytes
	if from == core.Client {
		kind = core.ClientBytes
	}
	d.messages = nil
	for len(data) > 0 && d.err == nil {
		n := min(len(data), core.MaxDecodedEvent)
		d.events++
		d.machine.Feed(d.events, core.Event{Kind: kind, Data: data[:n]})
		d.machine.Flush()
		data = data[n:]
	}
	return d.messages, d.err
}

// Close lets the machine go.
func (d *Decoder) Close() { d.machine.Bye() }

// Answered implements drive.Taker.
func (d *Decoder) Answered(_ int, ev core.Event, actions []core.Action) (over bool) {
	counting, end := d.machine.Answer(ev, actions)
	for _, a := range counting {
		if a.Kind != core.Decoded {
			continue
		}
		if m, err := core.ParseMessage(a.Data); err == nil {
			d.messages = append(d.messages, m)
		}
	}
	if end.Why != feed.GoesOn && d.err == nil {
		d.err = errors.New("the line mode has ended: " + end.Words)
	}
	return end.Why != feed.GoesOn
}

// Left implements drive.Taker.
func (d *Decoder) Left(int) {}

// Lost implements drive.Taker.
func (d *Decoder) Lost(_ int, _ core.Event, err error) { d.err = err }
