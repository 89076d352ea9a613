package practice

import (
	"strings"
	"testing"
)

func TestScanner(t *testing.T) {
	// Reads are cut at "|"; "!" is the end of the wait between two reads.
	for _, c := range []struct{ reads, echo, held string }{
		{"", "", ""},
		{"hello", "hello", ""},
		{"hello\n", "hello\n", ""},
		{"quit", "QUIT", ""},
		{"quit\r\n", "QUIT", ""},
		{"quitting", "QUIT", ""}, // "starts with quit", as it always was
		{"q|u|i|t", "QUIT", ""},
		{"qui|t", "QUIT", ""},
		{"one\nquit\ntwo\n", "one\nQUIT", ""},
		{"one\nqu|it", "one\nQUIT", ""},
		{"one\n|quit", "one\nQUIT", ""},
		{"one|quit", "oneQUIT", ""}, // the start of a read, though not of a line
		{"one quit", "one quit", ""},
		{"one qu|it", "one quit", ""},
		{"Quit", "Quit", ""},
		{"q", "", "q"},
		{"one\nqui", "one\n", "qui"},
		{"one qui", "one qui", ""},
		{"qu|ack", "quack", ""},
		{"qu|i\nquit", "qui\nQUIT", ""},
		{"qu|quit", "quQUIT", ""}, // two beginnings: the later one counts
		{"q|q|quit", "qqQUIT", ""},
		{"qu|q", "qu", "q"},
		{"\n\nqu\nqui\nq", "\n\nqu\nqui\n", "q"},
		{"qu!it", "quit", ""},
		{"qu!quit", "quQUIT", ""},
		{"qu||it", "QUIT", ""},
	} {
		var s scanner
		var echo strings.Builder
		for _, run := range splitKeep(c.reads) {
			if run == "!" {
				echo.WriteString(word[:s.release()])
				continue
			}
			before, n, quit := s.feed([]byte(run))
			echo.WriteString(word[:before] + run[:n])
			if quit {
				echo.WriteString("QUIT")
				break
			}
		}
		if got, held := echo.String(), word[:s.held]; got != c.echo || held != c.held {
			t.Errorf("%q: echoed %q, held %q; want %q and %q", c.reads, got, held, c.echo, c.held)
		}
	}
}

// splitKeep cuts "a|b!c" into "a", "b", "!", "c".
func splitKeep(s string) (runs []string) {
	for i, part := range strings.Split(s, "!") {
		if i > 0 {
			runs = append(runs, "!")
		}
		runs = append(runs, strings.Split(part, "|")...)
	}
	return runs
}

// FuzzScanner compares the scanner with the rule itself, applied to everything that
// was sent. A byte of cuts is the length of a read; odd ones end with the end of the
// wait.
func FuzzScanner(f *testing.F) {
	f.Add([]byte("one\nquit\ntwo"), []byte{2, 4, 6, 1, 3})
	f.Add([]byte("qquiquit"), []byte{2, 2, 2, 2})
	f.Add([]byte("ququit"), []byte{4, 5, 2})
	f.Add([]byte("\nq\nqu\nquit"), []byte{})
	f.Fuzz(func(t *testing.T, sent, cuts []byte) {
		starts, waits := map[int]bool{0: true}, map[int]bool{}
		var s scanner
		var echo []byte
		quit := false
		at := 0
		for at < len(sent) && !quit {
			size, over := len(sent)-at, false
			if len(cuts) > 0 {
				size, over = min(int(cuts[0])/2, size), cuts[0]%2 == 1
				cuts = cuts[1:]
			}
			read := sent[at : at+size]
			starts[at] = true
			at += size
			var before, n int
			before, n, quit = s.feed(read)
			echo = append(echo, word[:before]...)
			echo = append(echo, read[:n]...)
			if s.held > maxHeld {
				t.Fatalf("%d bytes are held", s.held)
			}
			if over && !quit {
				waits[at] = true
				echo = append(echo, word[:s.release()]...)
			}
		}
		want := at // echoed or held: everything that was read
		wantQuit := false
		for p := 0; p+len(word) <= at; p++ {
			starting := starts[p] || sent[p-1] == '\n'
			if starting && string(sent[p:p+len(word)]) == word && !waits[p+1] && !waits[p+2] && !waits[p+3] {
				want, wantQuit = p, true
				break
			}
		}
		got := string(echo) + word[:s.held]
		if quit != wantQuit || got != string(sent[:want]) {
			t.Fatalf("%q: echoed or held %q, quit %v; want %q, quit %v", sent[:at], got, quit, sent[:want], wantQuit)
		}
	})
}
