package command

import (
	"encoding/json"
	"io"
)

// PrintJSON prints one object for people and programs, over several lines.
func PrintJSON(w io.Writer, v any) error {
	e := newJSON(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// PrintLine prints one object on a line.
func PrintLine(w io.Writer, v any) error { return newJSON(w).Encode(v) }

func newJSON(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
