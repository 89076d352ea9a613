package convert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// header is the first line of JSON lines.
type header struct {
	Kind    string                   `json:"kind"` // "header"
	Format  string                   `json:"format"`
	Mode    string                   `json:"mode"`
	Options []transcript.OptionValue `json:"options,omitempty"` // in the transcript's order
	Target  string                   `json:"target,omitempty"`
	TLS     []transcript.OptionValue `json:"tls,omitempty"` // in the transcript's order

	// What the session was opened with, as the transcript writes it.
	Quiet     string   `json:"quiet,omitempty"`
	ServerEOF string   `json:"server-eof,omitempty"` // "stay"
	Client    string   `json:"client,omitempty"`
	Server    string   `json:"server,omitempty"`
	Watch     bool     `json:"watch,omitempty"`
	Seed      string   `json:"seed,omitempty"`
	Start     string   `json:"start,omitempty"`
	SkipIf    []string `json:"skip-if,omitempty"`

	State  []byte `json:"state,omitempty"` // in base64
	CutOff bool   `json:"cut_off,omitempty"`
}

// headerOf returns the header of a transcript.
func headerOf(t *transcript.Transcript) header {
	h := header{
		Kind: "header", Format: "workbench transcript v1", Mode: t.Mode, Options: t.Options,
		Target: t.Target, TLS: t.TLS, State: t.State, CutOff: t.CutOff,
	}
	for _, line := range t.HeaderLines() {
		word, rest, _ := strings.Cut(line.Words, " ")
		switch word {
		case "quiet":
			h.Quiet = rest
		case "server-eof":
			h.ServerEOF = rest
		case "client":
			h.Client = rest
		case "server":
			h.Server = rest
		case "watch":
			h.Watch = true
		case "seed":
			h.Seed = rest
		case "start":
			h.Start = rest
		}
	}
	for i := range t.SkipIf {
		h.SkipIf = append(h.SkipIf, t.SkipIf[i].String())
	}
	return h
}

// JSONLines writes one object per line: first one of kind "header" with the
// transcript's header, then the entries as [transcript.AppendJSON] does. An event with bytes
// that no peer has sent says in "forged" which these are, as [[from, to], …].
func JSONLines(w io.Writer, t *transcript.Transcript) error {
	out := bufio.NewWriter(w)
	line, err := marshal(headerOf(t))
	if err != nil {
		return err
	}
	out.Write(line)
	forged := ForgeriesIn(t).In
	for i := range t.Entries {
		line = append(withForged(transcript.AppendJSON(line[:0], &t.Entries[i]), forged[i]), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// withForged adds to an object which bytes of its payload were forged, if any.
func withForged(object []byte, forged []Forged) []byte {
	if len(forged) == 0 {
		return object
	}
	object = append(object[:len(object)-1], `,"forged":[`...)
	for i, f := range forged {
		if i > 0 {
			object = append(object, ',')
		}
		object = fmt.Appendf(object, "[%d,%d]", f.From, f.To)
	}
	return append(object, "]}"...)
}

// marshal writes one line of JSON with its newline, and with < and > unescaped:
// the output does not go into a page.
func marshal(v any) ([]byte, error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return line.Bytes(), err
}
