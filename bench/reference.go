package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// reference is what a run found that is kept: the figures of the document, and
// those of the quick form, which later quick runs are compared with.
type reference struct {
	Full  *report `json:"full,omitempty"`
	Quick *report `json:"quick,omitempty"`
}

// readReference returns an empty reference where there is no such file.
func readReference(name string) (*reference, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return new(reference), nil
	}
	if err != nil {
		return nil, err
	}
	r := new(reference)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// write writes a line for each row, so that a diff shows which have changed.
func (r *reference) write(name string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return err
	}
	const row = `{"measure":`
	text := bytes.ReplaceAll(b.Bytes(), []byte(row), []byte("\n"+row))
	return os.WriteFile(name, text, 0o644)
}

func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

// merge returns the new report with the rows of an earlier one for the measures
// that the new one lacks. Rows of one measure always come from one run, on one
// machine; another machine's are dropped.
func merge(old, now *report) *report {
	if old == nil || old.machine != now.machine {
		return now
	}
	merged := *now
	merged.Rows = nil
	for _, m := range measures() {
		of := func(r *row) bool { return r.Measure == m.name }
		from := now
		if !slices.ContainsFunc(now.Rows, of) {
			from = old
			merged.Notes = append(merged.Notes, notesOf(old, m.name)...)
		}
		for _, r := range from.Rows {
			if of(r) {
				merged.Rows = append(merged.Rows, r)
			}
		}
	}
	return &merged
}

// notesOf returns the notes that begin with a measure's name.
func notesOf(r *report, measure string) (notes []string) {
	for _, note := range r.Notes {
		if len(note) > len(measure) && note[:len(measure)+1] == measure+":" {
			notes = append(notes, note)
		}
	}
	return notes
}
