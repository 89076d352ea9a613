package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

func discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:     "go-records",
			Title:    "Records of items, in Go",
			Version:  "1",
			Summary:  "What you type goes out as a record with one text. Records of both sides are taken apart, down to the last item.",
			Sends:    "a record: its length in two bytes, and an item with the text",
			Input:    core.InputLine,
			Messages: true,
			Clients:  []string{core.Messages.String(), core.Stream.String()},
			Events:   []string{core.ClientBytes.String(), core.ClientUnseen.String(), core.ServerUnseen.String()},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			m := &machine{typed: o.Client == core.Messages, watch: o.Watch}
			for i := range m.streams {
				m.streams[i].Cut, m.streams[i].Plausible = framing.Prefixed(2, false, framing.Rest), plausible
			}
			return m, nil
		},
	}
}

// maxAsked bounds how many records may wait for their answers.
const maxAsked = 100

// maxDecoded is how many bytes of records one event of the client's may send: the messages of
// more might not fit into its answer.
const maxDecoded = 64 << 10

// machine is one session.
type machine struct {
	typed   bool // a person types the records; else the client is a program
	watch   bool
	streams [core.ToClient + 1]framing.Stream
	asked   []core.MessageRef // records that are not answered yet
	missed  bool              // something was: which record answers which is not known any more
}

// Handle answers one event.
func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		if len(ev.Data) > 255 {
			out.Note("a text has at most 255 bytes: nothing was sent")
			return nil
		}
		size := 2 + len(ev.Data)
		return m.send(append([]byte{byte(size >> 8), byte(size), 1, byte(len(ev.Data))}, ev.Data...), out)
	case core.ClientBinary:
		return m.send(ev.Data, out)
	case core.ClientBytes:
		if !m.watch {
			out.Server(ev.Data)
		}
		return m.take(core.FromClient, ev.Data, out)
	case core.ServerBytes:
		if !m.watch && !m.typed {
			out.Binary(ev.Data)
		}
		return m.take(core.FromServer, ev.Data, out)
	case core.ClientUnseen:
		return m.miss(core.FromClient, ev.Data)
	case core.ServerUnseen:
		return m.miss(core.FromServer, ev.Data)
	}
	return nil
}

// miss takes how many bytes of a stream were missed, in decimal.
func (m *machine) miss(flow core.Flow, count []byte) error {
	n, err := strconv.ParseInt(string(count), 10, 64)
	if err != nil {
		return err
	}
	m.resync(flow, n)
	return nil
}

// resync says that so many bytes are not taken apart, and that what follows them may be
// anywhere in a record.
func (m *machine) resync(flow core.Flow, n int64) {
	m.streams[flow].Resync(n)
	m.asked, m.missed = nil, true
}

func (m *machine) send(data []byte, out *core.Out) error {
	out.Server(data)
	if len(data) > maxDecoded {
		m.resync(core.ToServer, int64(len(data)))
		return nil
	}
	return m.take(core.ToServer, data, out)
}

// take takes a piece of a stream, wherever it was cut.
func (m *machine) take(flow core.Flow, data []byte, out *core.Out) error {
	return m.streams[flow].Feed(data, func(at int64, frame []byte) error {
		m.record(flow, at, frame, out)
		return nil
	})
}

// record says what a record is.
func (m *machine) record(flow core.Flow, at int64, frame []byte, out *core.Out) {
	body := frame[2:]
	fields := items(body, at+2)
	summary := summarize(fields)
	message := core.Message{
		Flow: flow, From: at, To: at + int64(len(frame)), Summary: summary,
		Fields: append([]core.Field{{Name: "size", From: at, To: at + 2, Value: fmt.Sprint(len(body))}}, fields...),
	}
	if ref := (core.MessageRef{Flow: flow, From: at}); m.missed {
		// It stands alone.
	} else if flow != core.FromServer {
		m.asked = append(m.asked, ref)
		m.asked = m.asked[max(0, len(m.asked)-maxAsked):]
	} else if len(m.asked) > 0 {
		message.Answers, m.asked = m.asked[0], m.asked[1:]
	}
	out.Message(message)
	if flow == core.FromServer && m.typed {
		out.Text([]byte(summary))
	}
}

// state is a machine as a checkpoint has it.
type state struct {
	Streams [][]byte // of framing.Stream
	Asked   []core.MessageRef
	Missed  bool
}

var _ core.Checkpointer = (*machine)(nil)

// Checkpoint appends the state as JSON.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	s := state{Asked: m.asked, Missed: m.missed}
	for i := range m.streams {
		s.Streams = append(s.Streams, m.streams[i].State(nil))
	}
	text, err := json.Marshal(s)
	return append(dst, text...), err
}

// Restore takes what Checkpoint has written.
func (m *machine) Restore(text []byte) error {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if len(s.Streams) != len(m.streams) || len(s.Asked) > maxAsked {
		return fmt.Errorf("the state has %d streams and %d records, which does not fit", len(s.Streams), len(s.Asked))
	}
	for i := range m.streams {
		if _, err := m.streams[i].Restore(s.Streams[i]); err != nil {
			return err
		}
	}
	m.asked, m.missed = s.Asked, s.Missed
	return nil
}
