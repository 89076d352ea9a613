//go:build linux

package pluginhost

import "testing"

// The process of a mode that starts on use is started by its first session, and is one
// like any other from then on. What the mode is like is known before.
func TestStartOnUse(t *testing.T) {
	modes := modesOf(t, "echo", "other")
	modes[0].Manifest, modes[0].OnUse = echo("echo").Manifest, true
	h := start(t, Config{Modes: modes})
	until(t, "the other mode", func() bool { return h.Status()[1].State == Ready })
	m, err := h.Manifest(t.Context(), "echo")
	if got := h.Status()[0]; err != nil || m.Title == "" || got.State != Idle || got.Code != CodeIdle || got.PID != 0 || got.Starts != 0 {
		t.Errorf("%v, %+v; the status is %+v", err, m, got)
	}
	leased(t, leaseOf(t, h, "echo"), false)
	before := h.Status()[0]
	if before.State != Ready || before.Starts == 0 || before.Restarts != 0 {
		t.Errorf("with a session the status is %+v", before)
	}
	kill(t, before.PID)
	until(t, "the next process", func() bool { s := h.Status()[0]; return s.State == Ready && s.PID != before.PID })
}

// Without its manifest a mode could tell nobody what it is like.
func TestStartOnUseNeedsAManifest(t *testing.T) {
	modes := modesOf(t, "echo")
	modes[0].Manifest.Title, modes[0].OnUse = "", true
	if h, err := Start(Config{Modes: modes}); err == nil {
		h.Stop(t.Context())
		t.Error("it was started")
	}
}
