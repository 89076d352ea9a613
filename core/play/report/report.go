// Package report tells what happens to a played server: lines for people, or
// JSON for programs, and counts.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
)

// Event is a line of JSON. docs/play.md documents it.
type Event struct {
	Event   string `json:"event"` // listening, mismatch, rate, fault, ended or unplayed
	Address string `json:"address,omitempty"`
	// Fingerprint is of the certificate: SHA-256, 64 hex digits.
	Fingerprint string   `json:"fingerprint,omitempty"`
	Client      string   `json:"client,omitempty"`
	File        string   `json:"file,omitempty"`
	Files       []string `json:"files,omitempty"`
	Nearest     bool     `json:"nearest,omitempty"`
	Link        string   `json:"link,omitempty"` // of a mismatch: the further connection
	Line        int      `json:"line,omitempty"`
	Offset      *int64   `json:"offset,omitempty"`
	Want        string   `json:"want,omitempty"`
	Got         string   `json:"got,omitempty"`
	Fault       string   `json:"fault,omitempty"` // as the remark of a transcript
	Rule        string   `json:"rule,omitempty"`  // of a rate
	Bytes       *int64   `json:"bytes,omitempty"` // … and how many came
	Seconds     *float64 `json:"seconds,omitempty"`
	OK          *bool    `json:"ok,omitempty"`
	Result      string   `json:"result,omitempty"` // same, different or failed
	Mismatches  *int     `json:"mismatches,omitempty"`
	Code        string   `json:"code,omitempty"` // of Error, for programs
	Error       string   `json:"error,omitempty"`
}

// Printer prints what happens as it does. Many goroutines may use it at once.
type Printer struct {
	Out, Err io.Writer // where clients can connect goes to Out, as does all JSON; what is amiss to Err
	JSON     bool
	Continue bool // a mismatch does not end the connection

	mu         sync.Mutex
	mismatches map[string]int // so far, by the client's address
	amiss      int
}

// print prints an event, as words to out where people read.
func (p *Printer) print(e Event, out io.Writer, words string) {
	if !p.JSON {
		io.WriteString(out, words)
		return
	}
	enc := json.NewEncoder(p.Out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // a closed stdout ends the program by itself
}

// Listening tells where clients can connect, and over TLS by which fingerprint
// they know the certificate. One file is played, or those of a pool.
func (p *Printer) Listening(address net.Addr, fingerprint string, pool bool, files ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := Event{Event: "listening", Address: address.String(), Fingerprint: fingerprint}
	if e.File = files[0]; pool {
		e.File, e.Files = "", files
	}
	known := ""
	if fingerprint != "" {
		known = "Its certificate: --tls-verify sha256:" + fingerprint + "\n"
	}
	p.print(e, p.Out, fmt.Sprintf("Playing the server of %s on %s\n%sPress Ctrl-C to stop.\n", core.Printable(strings.Join(files, ", ")), address, known))
}

// Mismatch is for play.Server.
func (p *Printer) Mismatch(client net.Addr, m *play.Mismatch) (goOn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mismatches == nil {
		p.mismatches = map[string]int{}
	}
	p.mismatches[client.String()]++
	p.print(Event{Event: "mismatch", Client: client.String(), File: m.File, Nearest: m.Nearest, Link: m.Link, Line: m.Line, Offset: &m.Offset, Want: m.Want, Got: m.Got}, p.Err,
		fmt.Sprintf("client %s: %s\n", client, core.Printable(m.Error())))
	return p.Continue
}

// Rate is for play.Server.
func (p *Printer) Rate(client net.Addr, r play.Rate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seconds := r.Within.Seconds()
	p.print(Event{Event: "rate", Client: client.String(), File: r.File, Line: r.Line, Rule: r.Rule, Bytes: &r.Bytes, Seconds: &seconds, OK: &r.OK}, p.Out,
		fmt.Sprintf("client %s: %s:%d: %s\n", client, core.Printable(r.File), r.Line, &r))
}

// Fault is for play.Server.
func (p *Printer) Fault(client net.Addr, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.print(Event{Event: "fault", Client: client.String(), Fault: words}, p.Out, fmt.Sprintf("client %s: %s\n", client, words))
}

// Ended is for play.Server.
func (p *Printer) Ended(client net.Addr, file string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := p.mismatches[client.String()]
	delete(p.mismatches, client.String())
	e := Event{Event: "ended", Client: client.String(), File: file, Result: "same", Mismatches: &count}
	words := ""
	var m *play.Mismatch
	var coded interface {
		error
		ErrorCode() string
	}
	switch {
	case err != nil && !errors.As(err, &m):
		e.Result, e.Error = "failed", err.Error()
		if errors.As(err, &coded) {
			e.Code = coded.ErrorCode()
		}
		words = fmt.Sprintf("client %s: %s\n", client, core.Printable(err.Error()))
	case count > 0:
		e.Result = "different"
	}
	if e.Result != "same" {
		p.amiss++
	}
	p.print(e, p.Err, words)
}

// Unplayed tells of recordings that no client had.
func (p *Printer) Unplayed(files []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, file := range files {
		p.print(Event{Event: "unplayed", File: file}, p.Err, fmt.Sprintf("%s: never played\n", core.Printable(file)))
	}
	p.amiss += len(files)
}

// Amiss returns how many talks differed or broke off, and recordings were never
// played.
func (p *Printer) Amiss() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.amiss
}
