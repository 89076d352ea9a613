package conformance

import (
	"context"
	"errors"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Wherever the subject cannot be reached any more, that is said, and nothing is
// found of the machines that were not there.
func TestUnreachable(t *testing.T) {
	gone := errors.New("the plugin is gone")
	s := aShop("")
	connect := s.Open
	s.Seeds.Goldens = shopSeeds(t, "")
	names := append(Quick(), "changed goldens", "reach")
	for _, left := range []int{0, 1, 20, 500, 1500} {
		opened := 0
		s.Open = func(ctx context.Context) (*wire.Conn, error) {
			if opened++; opened > left {
				return nil, gone
			}
			return connect(ctx)
		}
		found, err := Run(t.Context(), s, names, nil)
		if !errors.Is(err, gone) || len(found) > 0 {
			t.Errorf("unreachable after %d machines: found %v, error %v", left, found, err)
		}
	}
	for left := range 20 {
		opened := -left
		s.Open = func(ctx context.Context) (*wire.Conn, error) {
			if opened++; opened > 0 {
				return nil, gone
			}
			return connect(ctx)
		}
		found, err := Events(t.Context(), s, nil, []core.Event{{Kind: core.ClientText, Data: []byte("hello")}, {Kind: core.ServerEOF}})
		if !errors.Is(err, gone) || len(found) > 0 {
			t.Errorf("unreachable after %d machines: found %v, error %v", left, found, err)
		}
		r, err := Golden(t.Context(), s, s.Seeds.Goldens[0].File, s.Seeds.Goldens[0].Transcript)
		if !errors.Is(err, gone) || len(r.Findings) > 0 {
			t.Errorf("unreachable after %d machines: the golden came to %v, error %v", left, r.Findings, err)
		}
	}
}
