package pop3

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "testdata") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "testdata") }
