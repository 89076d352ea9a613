//go:build linux

package pluginhost

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

// A sandbox that is in doubt leaves nothing out: a process starts with all of
// it, or not at all.
func TestSandboxInDoubt(t *testing.T) {
	here := start(t, Config{Modes: modesOf(t, "echo")})
	for step, starts := range map[string]bool{
		"deaf-step": true,  // tells nothing when it is tried, and holds a process
		"no-step":   false, // never runs
	} {
		t.Run(step, func(t *testing.T) {
			var log logs
			cfg := held(sandbox.BestEffort)
			cfg.Args = []string{step}
			h := start(t, Config{Modes: modesOf(t, "echo"), Sandbox: cfg, Log: log.logger()})
			for _, m := range h.Sandbox().Report() {
				switch here := mechanism(here, m.Name).State; {
				case here == sandbox.Holds && m.State != sandbox.Unknown:
					t.Errorf("%s is %s: %s", m.Name, m.State, m.Reason)
				case here == sandbox.Missing && m.State == sandbox.Unknown:
					starts = false // as it is asked for what cannot be had
				}
			}
			if starts {
				open(t, h, "echo").must(t, "held", "held")
				return
			}
			until(t, "state failed", func() bool { return h.Status()[0].State == Failed })
			if err := h.Status()[0].LastError; !strings.Contains(err, "the echo plugin cannot start") {
				t.Errorf("it says %q", err)
			}
		})
	}
}
