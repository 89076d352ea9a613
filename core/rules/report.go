package rules

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// MarshalJSON writes the result as docs/play.md has it: without the transcript,
// and with the beginnings of what differs.
func (r *Result) MarshalJSON() ([]byte, error) {
	type rule struct {
		Line int    `json:"line"`
		Rule string `json:"rule"`
	}
	type finding struct {
		Code  Code   `json:"code"`
		Side  string `json:"side"`
		LineA int    `json:"lineA,omitempty"`
		LineB int    `json:"lineB,omitempty"`
		A     string `json:"a,omitempty"`
		B     string `json:"b,omitempty"`
		End   string `json:"end,omitempty"`
		Why   string `json:"why,omitempty"`
	}
	all := struct {
		Explained   bool      `json:"explained"`
		Rules       []rule    `json:"rules"`
		Unexplained []finding `json:"unexplained"`
	}{len(r.Unexplained) == 0, []rule{}, []finding{}}
	for i := range r.Written {
		all.Rules = append(all.Rules, rule{r.Written[i].Line, string(transcript.AppendRule(nil, &r.Written[i]))})
	}
	for _, f := range r.Unexplained {
		all.Unexplained = append(all.Unexplained, finding{f.Code, f.From.String(), f.LineA, f.LineB, excerpt(f.A), excerpt(f.B), f.End, f.Why})
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(all)
	return []byte(b.String()), err
}

// maxExcerpt bounds what is shown of bytes that differ.
const maxExcerpt = 100

// excerpt writes the beginning of bytes as a string of a transcript, "" for none.
func excerpt(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return transcript.Excerpt(b, maxExcerpt)
}

// Describe tells a finding in a line, FILE:LINE in front, where the two
// transcripts have these names.
func (f *Finding) Describe(nameA, nameB string) string {
	nameA, nameB = core.Printable(nameA), core.Printable(nameB)
	if f.LineA == 0 {
		return fmt.Sprintf("%s:%d: %s", nameB, f.LineB, f.words(nameB))
	}
	return fmt.Sprintf("%s:%d: %s", nameA, f.LineA, f.words(nameB))
}

func (f *Finding) words(nameB string) string {
	switch f.Code {
	case OnlyInA, OnlyInB:
		what := fmt.Sprintf("the %s's %s", f.From, excerpt(append(f.A[:len(f.A):len(f.A)], f.B...)))
		if f.End == play.EndTLS || f.End == play.EndNoTLS {
			what = "the upgrade to TLS"
		} else if f.End == "failed" {
			what = fmt.Sprintf("the end of the %s's connection, which broke,", f.From)
		} else if f.End != "" {
			what = fmt.Sprintf("the end of the %s's stream", f.From)
		}
		if f.Code == OnlyInA {
			return what + " is only here"
		}
		return what + " is only in " + nameB
	case Order:
		return fmt.Sprintf("the %s's %s comes elsewhere in %s:%d", f.From, excerpt(f.A), nameB, f.LineB)
	}
	words := fmt.Sprintf("the %s's %s is %s in %s:%d, and ", f.From, excerpt(f.A), excerpt(f.B), nameB, f.LineB)
	switch f.Code {
	case NoFrame:
		return words + "nothing around shows where it ends"
	case TooMany:
		return words + "so is more below than rules can be written for in one entry"
	case Cut:
		return words + "here goes over the border of two entries"
	}
	return words + "no rules for it fit: " + core.Printable(strings.TrimSpace(f.Why))
}
