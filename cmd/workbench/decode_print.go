package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/dissect"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// decodePrinter prints what is in a capture for people. What a peer said is made printable
// here, since a line end in it could pass for the end of a line of ours.
type decodePrinter struct {
	out    *bufio.Writer
	fields bool
}

var _ dissect.Told = (*decodePrinter)(nil)

// Begin implements dissect.Told.
func (p *decodePrinter) Begin(c *dissect.Connection) error {
	what, begun := "connection", ""
	if c.Datagrams {
		what = "datagrams"
	}
	if !c.Begin.IsZero() {
		begun = ", begun " + c.Begin.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	_, err := fmt.Fprintf(p.out, "%s %d: %v to %v, %s%s\n", what, c.Number, c.Client, c.Server, c.Mode, begun)
	return err
}

// Message implements dissect.Told.
func (p *decodePrinter) Message(c *dissect.Connection, m dissect.Message) error {
	fmt.Fprintf(p.out, "%d %s %v  %s", c.Number, clock(m.At), m.Side, core.Printable(m.Summary))
	if m.Wrong != "" {
		fmt.Fprintf(p.out, "  ! %s", core.Printable(m.Wrong))
	}
	p.out.WriteByte('\n')
	if p.fields {
		text := transcript.AppendEntry(nil, &transcript.Entry{Dir: transcript.Action, Action: m.Text})
		_, fields, _ := bytes.Cut(text, []byte("\n"))
		for line := range bytes.Lines(fields) {
			fmt.Fprintf(p.out, "    %s\n", core.Printable(strings.TrimRight(string(line), "\n")))
		}
	}
	return nil // the writer keeps it
}

// Remark implements dissect.Told.
func (p *decodePrinter) Remark(c *dissect.Connection, at dissect.Time, words string) error {
	_, err := fmt.Fprintf(p.out, "%d %s -- %s\n", c.Number, clock(at), core.Printable(words))
	return err
}

// End implements dissect.Told. What is printed comes while a capture is still written.
func (p *decodePrinter) End(*dissect.Connection) error { return p.out.Flush() }

func clock(at dissect.Time) string {
	if !at.Known {
		return "-"
	}
	return fmt.Sprintf("%.6f", at.Since.Seconds())
}

func (p *decodePrinter) summary(sum *dissect.Summary) {
	fmt.Fprintf(p.out, "%s decoded: %s, %d of them wrong; %d of %d bytes in no message",
		core.Plural(sum.Connections, "connection"), core.Plural(sum.Messages, "message"), sum.Wrong, sum.Undecoded, sum.Bytes)
	if sum.Lost > 0 {
		fmt.Fprintf(p.out, "; %d bytes are not in the capture", sum.Lost)
	}
	p.out.WriteByte('\n')
	for _, s := range sum.Skipped {
		kind := "TCP"
		what := core.Plural(s.Connections, "connection")
		if s.Datagrams {
			kind, what = "UDP", core.Plural(s.Connections, "flow")
		}
		why := "which no line mode is for"
		if s.TLS {
			why = "in TLS: what crosses is encrypted"
		}
		fmt.Fprintf(p.out, "skipped: %s to %s port %d, %s\n", what, kind, s.Port, why)
	}
}

// decodeJSON prints what is in a capture for programs.
type decodeJSON struct{ out *bufio.Writer }

var _ dissect.Told = (*decodeJSON)(nil)

// Begin implements dissect.Told.
func (p *decodeJSON) Begin(c *dissect.Connection) error {
	begun := ""
	if !c.Connection.Begin.IsZero() {
		begun = c.Connection.Begin.UTC().Format(time.RFC3339Nano)
	}
	return command.PrintLine(p.out, struct {
		Kind       string `json:"kind"`
		Connection int    `json:"connection"`
		Client     string `json:"client"`
		Server     string `json:"server"`
		Datagrams  bool   `json:"datagrams,omitempty"`
		Mode       string `json:"mode"`
		Begun      string `json:"begun,omitempty"`
		Guessed    bool   `json:"guessed,omitempty"`
	}{"connection", c.Number, c.Client.String(), c.Server.String(), c.Datagrams, c.Mode, begun, c.Guessed})
}

// Message implements dissect.Told: the entry of a transcript, with the connection and the
// side in front.
func (p *decodeJSON) Message(c *dissect.Connection, m dissect.Message) error {
	entry := transcript.AppendJSON(nil, &transcript.Entry{Dir: transcript.Action, N: m.Event, Timed: m.At.Known, Time: m.At.Since, Action: m.Text})
	_, err := fmt.Fprintf(p.out, "{\"connection\":%d,\"side\":\"%v\",%s\n", c.Number, m.Side, entry[1:])
	return err
}

// Remark implements dissect.Told.
func (p *decodeJSON) Remark(c *dissect.Connection, at dissect.Time, words string) error {
	entry := transcript.AppendJSON(nil, &transcript.Entry{Dir: transcript.Remark, Timed: at.Known, Time: at.Since, Remark: words})
	_, err := fmt.Fprintf(p.out, "{\"connection\":%d,%s\n", c.Number, entry[1:])
	return err
}

// End implements dissect.Told.
func (p *decodeJSON) End(*dissect.Connection) error { return p.out.Flush() }

func (p *decodePrinter) jsonSummary(sum *dissect.Summary) error {
	type skipped struct {
		Port        int  `json:"port"`
		Datagrams   bool `json:"datagrams,omitempty"`
		TLS         bool `json:"tls,omitempty"`
		Connections int  `json:"connections"`
	}
	all := []skipped{}
	for _, s := range sum.Skipped {
		all = append(all, skipped(s))
	}
	return json.NewEncoder(p.out).Encode(struct {
		Kind        string    `json:"kind"`
		Connections int       `json:"connections"`
		Messages    int       `json:"messages"`
		Wrong       int       `json:"wrong"`
		Bytes       int64     `json:"bytes"`
		Undecoded   int64     `json:"undecoded"`
		Lost        int64     `json:"lost"`
		Skipped     []skipped `json:"skipped"`
	}{"summary", sum.Connections, sum.Messages, sum.Wrong, sum.Bytes, sum.Undecoded, sum.Lost, all})
}
