package settings

import (
	"fmt"
	"slices"
)

// meant asks whether the name nearest to one that does not exist was meant, or ends the sentence.
func meant(format, name string, names []string) string {
	slices.Sort(names)
	best, least := "", len(name)/3+2
	for _, n := range names {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return "."
	}
	return ": did you mean " + fmt.Sprintf(format, best) + "?"
}

// distance is how many letters are added, dropped or replaced between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			now := min(row[j], row[j+1]) + 1
			if a[i] == b[j] {
				now = min(now, before)
			} else {
				now = min(now, before+1)
			}
			before, row[j+1] = row[j+1], now
		}
	}
	return row[len(b)]
}
