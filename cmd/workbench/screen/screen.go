// Package screen is what commands print to: standard output and error, or a file.
package screen

import (
	"fmt"
	"io"
	"os"
	"sync"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Screen is standard output or error. Whatever a command writes to it, what
// peers, plugins, files and names made of it included, arrives as text: only
// line ends and tabs stay of the characters that do not show. JSON stays JSON.
//
// A value that somebody else chose goes through core.Printable before, where a
// line end in it could pass for the end of a line of ours. What must arrive
// byte for byte, a file's content or our own control sequences, goes to
// [Unfiltered].
type Screen struct {
	to io.Writer

	mu   sync.Mutex
	rune []byte // the beginning of one, whose end is not written yet
}

// New returns a screen over a file or what stands for one.
func New(to io.Writer) *Screen { return &Screen{to: to} }

// Write writes text. It does not write what may be the beginning of a rune
// before it has the end; see Flush.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := append(s.rune, p...)
	whole := len(text) - cutRune(text)
	s.rune = append([]byte(nil), text[whole:]...)
	if _, err := io.WriteString(s.to, core.PrintableText(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what is left at the end.
func (s *Screen) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.to, core.PrintableText(string(s.rune)))
	s.rune = nil
}

// cutRune returns how many bytes at the end of text begin a rune without
// ending it.
func cutRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// Unfiltered returns what is below a screen; another writer it returns as it is.
func Unfiltered(w io.Writer) io.Writer {
	if s, ok := w.(*Screen); ok {
		return s.to
	}
	return w
}

// IsTerminal reports whether someone looks at w.
func IsTerminal(w io.Writer) bool {
	f, ok := Unfiltered(w).(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// InColour reports whether w shows colours to a person.
func InColour(w io.Writer) bool {
	return IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Progress returns what shows somebody at a terminal a line, over the one
// before; "" takes it away. nil: nobody looks at w.
func Progress(w io.Writer) func(words string) {
	if !IsTerminal(w) {
		return nil
	}
	stands := false
	return func(words string) {
		switch {
		case words != "":
			fmt.Fprintf(Unfiltered(w), "\r%s\x1b[K", words)
		case stands:
			fmt.Fprint(Unfiltered(w), "\r\x1b[K")
		}
		stands = words != ""
	}
}
