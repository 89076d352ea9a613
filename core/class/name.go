package class

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/protocol-workbench/workbench/core"
)

// MaxName bounds a student's name, in characters.
const MaxName = 32

// NameError says that a name cannot be a student's.
type NameError struct{ Characters int }

func (e *NameError) Error() string {
	return fmt.Sprintf("name has %d characters that show; it must have 1 to %d", e.Characters, MaxName)
}

// CleanName returns a name of the student's own choosing as it is shown: in one form of
// Unicode (NFC), without what does not show, with single spaces between words. Its error
// is a *NameError.
func CleanName(name string) (string, error) {
	shown := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !core.Shows(r):
			return -1
		}
		return r
	}, name)
	shown = norm.NFC.String(strings.Join(strings.Fields(shown), " ")) // of what stays: marks may now meet letters
	visible := strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsMark(r) && r != ' ' })
	if n := utf8.RuneCountInString(shown); n > MaxName || !visible {
		return "", &NameError{n}
	}
	return shown, nil
}

// userName returns a user name that is like a student's name and not taken. n counts the
// students: one whose name has no Latin letters or digits is called student-n.
func userName(name string, n int, taken func(id string) bool) string {
	stem := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-' || r == '_' || r == '.':
			return '-'
		}
		return -1 // the marks that decomposing a letter has left, among others
	}, strings.ToLower(norm.NFKD.String(name)))
	if stem = strings.Trim(stem, "-"); stem == "" {
		for ; ; n++ {
			if id := "student-" + strconv.Itoa(n); !taken(id) {
				return id
			}
		}
	}
	stem = stem[:min(len(stem), MaxName)]
	id := stem
	for n := 2; taken(id); n++ {
		id = stem + "-" + strconv.Itoa(n)
	}
	return id
}

// A code is to be read from a wall and typed on a phone: no letter or digit in it looks
// like another. Six of these 27 are 28 bits, which is enough since tries are counted.
const (
	codeLength   = 6
	codeAlphabet = "ABCDEFGHJKMNPQRSTVWXYZ34679"
)

func newCode() string {
	var code strings.Builder
	for range codeLength {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(codeAlphabet))))
		code.WriteByte(codeAlphabet[n.Int64()])
	}
	return code.String()
}

// normal returns a code as somebody has typed it in the form of the class's own.
func normal(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code))
}

// Admits reports whether a code, as somebody has typed it, is the class's.
func (s *State) Admits(code string) bool {
	return s.Code != "" && subtle.ConstantTimeCompare([]byte(normal(code)), []byte(s.Code)) == 1
}
