package main

import (
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// screen is standard output or error. Whatever a command writes to it, what
// peers, plugins, files and names made of it included, arrives as text: only
// line ends and tabs stay of the characters that do not show. JSON stays JSON.
//
// A value that somebody else chose goes through core.Printable before, where a
// line end in it could pass for the end of a line of ours. What must arrive
// byte for byte, a file's content or our own control sequences, goes to
// [unfiltered].
type screen struct {
	to io.Writer

	mu   sync.Mutex
	rune []byte // the beginning of one, whose end is not written yet
}

// Write writes text. It does not write what may be the beginning of a rune
// before it has the end; see flush.
func (s *screen) Write(p []byte) (int, error) {
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

// flush writes what is left at the end.
func (s *screen) flush() {
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

// unfiltered returns what is below a screen; another writer it returns as it is.
func unfiltered(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s.to
	}
	return w
}

// progressLine returns what shows somebody at a terminal a line, over the one
// before; "" takes it away. nil: nobody looks at w.
func progressLine(w io.Writer) func(words string) {
	if !isTerminal(w) {
		return nil
	}
	stands := false
	return func(words string) {
		switch {
		case words != "":
			fmt.Fprintf(unfiltered(w), "\r%s\x1b[K", words)
		case stands:
			fmt.Fprint(unfiltered(w), "\r\x1b[K")
		}
		stands = words != ""
	}
}
