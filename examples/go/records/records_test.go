package main

import (
	"testing"

	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestGoldens(t *testing.T) { plugintest.Goldens(t, discipline(), "testdata") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, discipline(), "testdata") }
