// Package formats lists the formats that a transcript can be written in, for the
// command line and for the page.
package formats

import (
	"io"
	"slices"

	"github.com/protocol-workbench/workbench/core/convert"
	"github.com/protocol-workbench/workbench/core/convert/pcap"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Format is one of them.
type Format struct {
	Name      string // such as "pcapng"
	Suffix    string // of a file's name, with its dot
	MediaType string
	Binary    bool // not for a terminal
	Write     func(io.Writer, *transcript.Transcript) error
}

// All returns the formats in the order in which they are listed.
func All() []Format {
	return []Format{
		{"pcapng", ".pcapng", "application/x-pcapng", true, pcap.Write},
		{"jsonl", ".jsonl", "application/x-ndjson", false, convert.JSONLines},
		{"asciicast", ".cast", "application/x-asciicast", false, convert.Asciicast},
		{"rfc", ".txt", "text/plain; charset=utf-8", false, convert.RFC},
		{"html", ".html", "text/html; charset=utf-8", false, convert.HTML},
	}
}

// Named returns the format of a name.
func Named(name string) (f Format, ok bool) {
	all := All()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return all[i], true
}

// Names returns the names of all formats, in order.
func Names() (names []string) {
	for _, f := range All() {
		names = append(names, f.Name)
	}
	return names
}
