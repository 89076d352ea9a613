//go:build linux

package pluginhost

import (
	"testing"
)

// BenchmarkRoundTrip is one event there and its answer back, through a
// process.
func BenchmarkRoundTrip(b *testing.B) {
	s := open(b, start(b, Config{Modes: modesOf(b, "echo")}), "echo")
	for b.Loop() {
		s.must(b, "one line of text", "one line of text")
	}
}

// BenchmarkStart is from nothing to a session that answered its opening.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		h := start(b, Config{Modes: modesOf(b, "echo")})
		open(b, h, "echo")
		b.StopTimer()
		if err := h.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkOpen is a session opened and closed in a process that is there.
func BenchmarkOpen(b *testing.B) {
	h := start(b, Config{Modes: modesOf(b, "echo")})
	open(b, h, "echo")
	b.ResetTimer()
	for b.Loop() {
		open(b, h, "echo").Bye()
	}
}
