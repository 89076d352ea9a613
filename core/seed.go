package core

import (
	"encoding/hex"
	"strings"
	"time"
)

// Seed is all the chance that a session has: 32 random bytes, the same in each replay.
// Draw from it, for instance by crypto/hkdf's Expand with a name for each purpose, or by
// math/rand/v2's NewChaCha8.
type Seed [32]byte

// String returns the seed as transcripts write it: 64 lower-case hexadecimal digits.
func (s Seed) String() string { return hex.EncodeToString(s[:]) }

// ParseSeed is the inverse of String.
func ParseSeed(text string) (s Seed, ok bool) {
	if len(text) != hex.EncodedLen(len(s)) || strings.ToLower(text) != text {
		return Seed{}, false
	}
	_, err := hex.Decode(s[:], []byte(text))
	return s, err == nil
}

// FormatStart returns a session's start as transcripts write it: in UTC, to the
// nanosecond, as of RFC 3339.
func FormatStart(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// ParseStart is the inverse of FormatStart.
func ParseStart(text string) (t time.Time, ok bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") || strings.Contains(text, ",") {
		return time.Time{}, false
	}
	return t, true
}
