package convert

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// What goes to the terminal around a line. The peers' own bytes never reach it
// as control sequences.
const (
	colourSent     = "\x1b[36m→ "
	colourReceived = "\x1b[32m← "
	colourWords    = "\x1b[2m-- "
	colourSign     = "\x1b[2m"
	colourNoSign   = "\x1b[22m"
	colourOff      = "\x1b[0m\r\n"
)

type castHeader struct {
	Version int `json:"version"`
	Term    struct {
		Cols int `json:"cols"`
		Rows int `json:"rows"`
	} `json:"term"`
	Title string `json:"title"`
}

// Asciicast writes an asciicast v3: what crossed the connection to the server,
// line by line, with → before what was sent and ← before what was received,
// control bytes as pictures, and the notes. It plays at the recording's pace.
func Asciicast(w io.Writer, t *transcript.Transcript) error {
	header := castHeader{Version: 3, Title: title(t)}
	header.Term.Cols, header.Term.Rows = 100, 30
	head, err := marshal(header)
	if err != nil {
		return err
	}
	c := cast{w: bufio.NewWriter(w)}
	c.w.Write(head)
	for _, s := range steps(t) {
		if err := c.step(&s); err != nil {
			return err
		}
	}
	c.event(c.at, "x", "0")
	return c.w.Flush()
}

type cast struct {
	w  *bufio.Writer
	at time.Duration // of the last event
}

func (c *cast) step(s *step) error {
	var text bytes.Buffer
	switch {
	case s.words != "":
		text.WriteString(colourWords + visible(s.words) + colourOff)
	default:
		colour := colourSent
		if s.from == core.Server {
			colour = colourReceived
		}
		for line := range bytes.Lines(s.data) {
			text.WriteString(colour)
			pictures(line, func(m mark, piece string) {
				switch m {
				case asText:
					text.WriteString(piece)
				case asSign, asBytes:
					text.WriteString(colourSign + piece + colourNoSign)
				}
			})
			text.WriteString(colourOff)
		}
	}
	return c.event(s.at, "o", text.String())
}

// event writes one event. Intervals are in whole microseconds, so that their sum
// stays exact.
func (c *cast) event(at time.Duration, code, data string) error {
	at = max(at.Truncate(time.Microsecond), c.at)
	text, err := marshal(data)
	if err != nil {
		return err
	}
	interval := strconv.FormatFloat(float64((at-c.at)/time.Microsecond)/1e6, 'f', 6, 64)
	c.at = at
	_, err = c.w.WriteString("[" + interval + `, "` + code + `", ` + string(bytes.TrimSuffix(text, []byte("\n"))) + "]\n")
	return err
}

// step is something to show: bytes of a side, or words.
type step struct {
	at    time.Duration
	from  core.Side
	data  []byte
	words string
}

// steps merges what crossed with the notes and remarks in between.
func steps(t *transcript.Transcript) []step {
	var all []step
	crossings := Crossings(t)
	crossed := func(c *Crossing) {
		who := "the client's side "
		if c.From == core.Server {
			who = "the server "
		}
		switch c.Kind {
		case Bytes:
			all = append(all, step{at: c.Time, from: c.From, data: c.Data})
		case End:
			if !c.Implied {
				all = append(all, step{at: c.Time, words: who + "sends no more"})
			}
		case Broken:
			all = append(all, step{at: c.Time, words: "the connection to the server broke: " + string(c.Data)})
		}
	}
	var clock walk
	for i := range t.Entries {
		e := &t.Entries[i]
		clock.clock(e)
		words := ""
		switch {
		case e.Dir == transcript.Remark:
			words = e.Remark
		case e.Dir == transcript.Action && e.Action.Kind == core.Note && e.Action.Level != core.LevelInfo:
			words = e.Action.Level.String() + ": " + string(e.Action.Data)
		case e.Dir == transcript.Action && (e.Action.Kind == core.Note || e.Action.Kind == core.Close || e.Action.Kind == core.Failed):
			words = string(e.Action.Data)
		case e.Dir == transcript.Event && e.Event.Kind.IsLink():
			words = linkWords(&e.Event)
		case e.Dir == transcript.Event && e.Event.Kind == core.ServerTLS:
			words = "TLS from here on: " + string(e.Event.Data)
		case e.Dir == transcript.Event && e.Event.Kind == core.ClientTLS:
			words = "TLS with the client from here on: " + string(e.Event.Data)
		case e.Dir == transcript.Event && e.Event.Kind == core.ClientTLSFailed:
			words = "the connection to the client did not become TLS: " + string(e.Event.Data)
		}
		if words == "" {
			continue
		}
		for len(crossings) > 0 && crossings[0].Entry <= i {
			crossed(&crossings[0])
			crossings = crossings[1:]
		}
		all = append(all, step{at: clock.now, words: words})
	}
	for i := range crossings {
		crossed(&crossings[i])
	}
	return all
}

// linkWords says what an event of a link is; its bytes are not shown.
func linkWords(e *core.Event) string {
	name := "the further connection " + e.Link
	switch e.Kind {
	case core.LinkListening:
		return name + " is waited for at " + string(e.Data)
	case core.LinkConnected:
		return name + " is there: " + string(e.Data)
	case core.LinkFailed:
		return name + " failed: " + string(e.Data)
	case core.LinkBytes:
		return core.Plural(len(e.Data), "byte") + " by " + name
	case core.LinkClosed:
		return name + " has ended"
	}
	return ""
}

// title names a transcript by its target and mode.
func title(t *transcript.Transcript) string {
	if t.Target == "" {
		return "A session in line mode " + t.Mode
	}
	return t.Target + " in line mode " + t.Mode
}
