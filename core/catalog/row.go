package catalog

import (
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Row is a plugin as lists show it.
type Row struct {
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Version string `json:"version,omitempty"`
	From    string `json:"from,omitempty"` // file or folder
	Sum     string `json:"sum,omitempty"`
	// Of an installed plugin.
	Installed string         `json:"installed,omitempty"` // when, RFC 3339
	Changed   *SourceChanged `json:"source_changed,omitempty"`
}

// KindBuiltIn is the kind of a line mode that is no plugin, in rows alone.
const KindBuiltIn Kind = "built-in"

// SourceChanged says that the source is not what was installed.
type SourceChanged struct {
	Then string `json:"then"` // the sums
	Now  string `json:"now"`  // "": the source is gone
}

// Row returns the plugin as a row.
func (k Known) Row() Row {
	row := Row{Name: k.Name, Kind: k.Kind, From: k.Source, Sum: k.Sum}
	if e := k.Entry; e != nil {
		row.Version, row.Installed = e.Version, e.When.Format(time.RFC3339)
		if now, changed := Changed(*e); changed {
			row.Changed = &SourceChanged{Then: e.SourceSum, Now: now}
		}
	}
	return row
}

// ChangedWords tells that the source of an installed plugin is another now; "":
// it is not.
func (r Row) ChangedWords() string {
	switch c := r.Changed; {
	case c == nil:
		return ""
	case c.Now == "":
		return fmt.Sprintf("plugin %s: its source %s is gone or cannot be read; what was installed goes on (the source's sum was %s)",
			r.Name, core.Printable(r.From), Short(c.Then))
	default:
		return fmt.Sprintf("plugin %s: its source changed since it was installed: its sum was %s, now it is %s; to take the new one run: workbench plugin install %s",
			r.Name, Short(c.Then), Short(c.Now), Quote(r.From))
	}
}
