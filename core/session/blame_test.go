package session

import (
	"fmt"
	"strings"
	"testing"
)

// killed is so many kills from outside while event 5 is unanswered.
func killed(n int) string { return strings.TrimPrefix(strings.Repeat(" k5", n), " ") }

// Sequences of deaths, each a letter and the event that was unanswered: c is a
// crash, k a kill from outside, C and K are the same alone in quarantine, p and P
// kills while the past was answered again, a is an answer.
func TestBlame(t *testing.T) {
	for _, test := range []struct{ deaths, verdict string }{
		{"", "fed in batches"},
		{"c5", "fed alone"},
		{"k5", "fed in batches"},
		{"k5 k5 k5 k5 k5 k5", "fed in batches"},
		{killed(7), "fed alone"},
		{"c5 c5", "quarantine"},
		{"c5 k5", "fed alone"},
		{killed(8), "quarantine"},
		{"k5 c5 k5", "fed alone"},
		{"c5 " + killed(8), "quarantine"},
		{"c5 k5 c5", "quarantine"},
		// In quarantine.
		{"c5 c5 C5", "ended"},
		{"c5 c5 K5", "quarantine"},
		{"c5 c5 K5 K5 K5", "quarantine"},
		{"c5 c5 K5 K5 K5 K5", "ended"},
		{"c5 c5 K5 C5", "ended"},
		{killed(8) + " K5 K5 K5", "quarantine"},
		{killed(8) + " K5 K5 K5 K5", "ended"},
		{killed(8) + " C5", "quarantine"},
		{killed(8) + " C5 C5 C5", "ended"},
		// An answer, and a death at another event, exonerate.
		{"c5 c5 a5", "fed in batches"},
		{"c5 c5 a6", "fed in batches"},
		{"c5 c5 a4", "quarantine"},
		{killed(7) + " k3", "fed in batches"},
		{"k5 k5 k3 k5 k5 k0 k5", "fed in batches"},
		{killed(8) + " K3", "fed in batches"},
		{"c5 c5 C0 C5", "fed alone"},
		// A kill during the past counts only if the same event is struck many times.
		{killed(7) + " p0 p3 p4 p4", "fed alone"},
		{killed(7) + " p0 p3 k5", "quarantine"},
		{"p0 p0 p0 p0 p0 p0 p0 p0", "quarantine"},
		{"p0 p0 p0 p0 p0 p0 p0 p0 a0", "fed in batches"},
		{"p3 p3 p3 p3 p3 p3 p3 a4 p3", "fed in batches"},
		{"p0 p0 p0 p0 p0 p0 p0 p1", "fed in batches"},
		{"p0 p0 p0 p0 p0 p0 p0 p0" + strings.Repeat(" P0", 15), "quarantine"},
		{"p0 p0 p0 p0 p0 p0 p0 p0" + strings.Repeat(" P0", 16), "ended"},
		{"c5 p0 C5 p0 C5", "ended"},
		// The opening is an event like any other.
		{"c0 c0 C0", "ended"},
		{strings.Repeat("k0 ", 8) + "K0 K0 K0 K0", "ended"},
		{"k0 a0" + strings.Repeat(" k0", 7), "fed alone"},
	} {
		var b blame
		alone := false
		for _, death := range strings.Fields(test.deaths) {
			var how byte
			var n uint64
			fmt.Sscanf(death, "%c%d", &how, &n)
			if how == 'a' {
				b.answered(n)
				continue
			}
			alone = strings.ContainsRune("CKP", rune(how))
			past := how == 'p' || how == 'P'
			b.died(moment{n: n, past: past, killed: past || how == 'k' || how == 'K', alone: alone})
		}
		verdict := "fed in batches"
		switch {
		case b.guilty(alone):
			verdict = "ended"
		case b.suspect():
			verdict = "quarantine"
		case b.doubtful():
			verdict = "fed alone"
		}
		if verdict != test.verdict {
			t.Errorf("after %q: %s, want %s", test.deaths, verdict, test.verdict)
		}
	}
}
