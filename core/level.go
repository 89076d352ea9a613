package core

// Level says how much a note matters to whoever reads it. It changes nothing of what the
// session does.
type Level uint8

// The levels. Their numbers are fixed: core/wire sends them.
const (
	LevelInfo    Level = iota // what happens
	LevelWarning              // a peer does what it should not, or something was left out
	LevelError                // what was wanted did not happen
)

var levelNames = [...]string{LevelInfo: "info", LevelWarning: "warning", LevelError: "error"}

// Levels are the names of the levels, the least first.
func Levels() []string { return levelNames[:] }

// String returns "info", "warning" or "error".
func (l Level) String() string {
	if int(l) >= len(levelNames) {
		return "level?"
	}
	return levelNames[l]
}

// ParseLevel returns the level of that name.
func ParseLevel(name string) (Level, bool) {
	for l, n := range levelNames {
		if n == name {
			return Level(l), true
		}
	}
	return 0, false
}

// Warn makes a note of [LevelWarning].
func (o *Out) Warn(words string) { o.NoteAt(LevelWarning, words) }

// Error makes a note of [LevelError].
func (o *Out) Error(words string) { o.NoteAt(LevelError, words) }
