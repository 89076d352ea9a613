package main

import (
	"testing"

	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

// Goldens replays the transcripts in testdata, also with the server's bytes cut
// elsewhere, with crashes and with checkpoints. When the new answers are right:
// go test -update
func TestGoldens(t *testing.T) { plugintest.Goldens(t, discipline(), "testdata") }

// Conformance is what every line mode promises, also in sessions that are made of
// the goldens in testdata.
func TestConformance(t *testing.T) { plugintest.Conformance(t, discipline(), "testdata") }
