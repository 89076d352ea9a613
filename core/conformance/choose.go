package conformance

import (
	"context"
	"slices"
)

// Quick returns the names of the checks that take little time and find most of
// what is wrong with a machine that is being written.
func Quick() []string {
	return []string{optionsCheck, robustCheck, "sessions apart", "pass-through", "secrets", "read boundaries", "end of stream"}
}

// RunChosen is Run with the checks of the given names alone. A machine that
// none of the sessions can be held with is told by "options", chosen or not.
// Checks that mean nothing while one that was not chosen fails are done all the
// same: Run says more.
func RunChosen(ctx context.Context, s Subject, names []string, each func(Result)) ([]Finding, error) {
	var chosen []check
	for _, c := range checks {
		switch {
		case slices.Contains(names, c.name), c.name == optionsCheck: // which holds the sessions
			chosen = append(chosen, c)
		case c.name == boundsCheck:
			c.run = func(u *suite, _ context.Context, _ *Result) error { u.trim(); return nil }
			chosen = append(chosen, c)
		}
	}
	return runChecks(ctx, s, chosen, func(r Result) {
		if each != nil && (slices.Contains(names, r.Check) || len(r.Findings) > 0) {
			each(r)
		}
	})
}
