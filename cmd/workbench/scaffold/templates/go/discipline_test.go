package main

import (
	"testing"

	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

// Goldens replays the transcripts in testdata, also with the server's bytes cut
// elsewhere, with crashes and with checkpoints. If the new answers are right, run
// go test -update
func TestGoldens(t *testing.T) { plugintest.Goldens(t, discipline(), "testdata") }

// Conformance checks what every line mode promises, also in sessions made from
// the goldens in testdata.
func TestConformance(t *testing.T) { plugintest.Conformance(t, discipline(), "testdata") }
