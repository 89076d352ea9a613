package transcript

import (
	"bufio"
	"bytes"
	"io"

	"github.com/protocol-workbench/workbench/core"
)

// Printer prints entries for people, in colours if they like, or as JSON, a line
// each. What cannot be shown is replaced as core.PrintableText does.
type Printer struct {
	out    *bufio.Writer
	asJSON bool
	colour bool
	line   []byte

	// MessagesOnly leaves out all but the messages that the line mode recognised.
	MessagesOnly bool
	// Printed counts the entries.
	Printed int
}

// NewPrinter prints to w, which gets control sequences in colour alone.
func NewPrinter(w io.Writer, asJSON, colour bool) *Printer {
	return &Printer{out: bufio.NewWriter(w), asJSON: asJSON, colour: colour}
}

// Header prints what stands above the entries; as JSON it is left out.
func (p *Printer) Header(t *Transcript) {
	if !p.asJSON && !p.MessagesOnly {
		p.text(AppendHeader(nil, t))
	}
}

// Next separates the next connection of a file; as JSON nothing does.
func (p *Printer) Next() {
	if !p.asJSON && !p.MessagesOnly {
		p.text([]byte{'\n'})
	}
}

// Entries prints them.
func (p *Printer) Entries(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		if p.MessagesOnly && !(e.Dir == Action && e.Action.Kind == core.Decoded) {
			continue
		}
		p.Printed++
		if p.asJSON {
			p.line = append(AppendJSON(p.line[:0], e), '\n')
			p.text(p.line)
			continue
		}
		p.line = AppendEntry(p.line[:0], e)
		if !p.colour {
			p.text(p.line)
			continue
		}
		p.out.WriteString(colourOf(e))
		p.text(bytes.TrimSuffix(p.line, []byte("\n")))
		p.out.WriteString("\x1b[0m\n")
	}
}

// text writes what may hold anything, as a screen does.
func (p *Printer) text(text []byte) { p.out.WriteString(core.PrintableText(string(text))) }

// Flush writes what is printed, and returns the first error of the writer.
func (p *Printer) Flush() error { return p.out.Flush() }

// colourOf tells the sides apart: cyan came from the client, green from the
// server; actions are plain and remarks are faint.
func colourOf(e *Entry) string {
	switch {
	case e.Dir == Remark:
		return "\x1b[2m"
	case e.Dir == Action:
		return ""
	case e.Event.Kind.Side() == core.Client:
		return "\x1b[36m"
	case e.Event.Kind.Side() == core.Server:
		return "\x1b[32m"
	}
	return "\x1b[33m"
}
