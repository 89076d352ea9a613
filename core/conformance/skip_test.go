package conformance

import (
	"testing"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// A golden that says that it is not for the mode is not held to it.
func TestSkippedGolden(t *testing.T) {
	const text = "workbench transcript v1\nmode test\nskip-if no capability \"messages\"\n\n>> client text \"a\"\n<< server \"b\"\n"
	golden, err := transcript.Parse("x.golden", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := InProcess(spoiled(""), silent)
	golden.Mode = s.Manifest.Name
	r, err := Golden(t.Context(), s, "x.golden", golden)
	if err != nil || len(r.Findings) > 0 || r.Skipped != `skip-if no capability "messages"` {
		t.Errorf("%+v, %v", r, err)
	}
	s.Manifest.Messages = true
	if r, err = Golden(t.Context(), s, "x.golden", golden); err != nil || len(r.Findings) == 0 {
		t.Errorf("it was skipped by a mode that it is for: %+v, %v", r, err)
	}
}
