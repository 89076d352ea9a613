package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// What is written of a seed and a start is read again as it was, and nothing else is.
func TestSeedAndStartAsText(t *testing.T) {
	seed := core.Seed{0: 0xab, 31: 1}
	if got, ok := core.ParseSeed(seed.String()); !ok || got != seed {
		t.Errorf("%s became %s", seed, got)
	}
	start := time.Date(2026, 7, 1, 14, 0, 0, 250, time.FixedZone("", 7200))
	text := core.FormatStart(start)
	if got, ok := core.ParseStart(text); !ok || !got.Equal(start) || text != "2026-07-01T12:00:00.00000025Z" {
		t.Errorf("%s became %v", text, got)
	}
	for _, text := range []string{"", "ab", strings.Repeat("AB", 32), strings.Repeat("xy", 32), seed.String() + "00"} {
		if _, ok := core.ParseSeed(text); ok {
			t.Errorf("seed %q was taken", text)
		}
	}
	for _, text := range []string{"", "now", "2026-07-01", "2026-07-01T12:00:00+02:00", "2026-07-01T12:00:00,5Z", "2026-07-01T12:00:00+00:00"} {
		if _, ok := core.ParseStart(text); ok {
			t.Errorf("start %q was taken", text)
		}
	}
}
