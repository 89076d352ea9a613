package main

import (
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// seedsIn returns the goldens that the checks start from. One that does not
// parse is told of where it is tested itself.
func seedsIn(files []transcriptFile) (seeds []conformance.Seed) {
	for _, file := range files {
		data, err := readTranscript(file)
		if err != nil {
			continue
		}
		if t, err := transcript.Parse(file.path, data); err == nil {
			seeds = append(seeds, conformance.Seed{File: file.path, Transcript: t})
		}
	}
	return seeds
}

// reached says what no golden reaches, or "".
func reached(r conformance.Result) string {
	if r.Reach == nil {
		return ""
	}
	return r.Reach.String()
}
