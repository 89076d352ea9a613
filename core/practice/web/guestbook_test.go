package web

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestGuestbook(t *testing.T) {
	var g Guestbook
	for _, tt := range []struct{ question, answer string }{
		{"list", "ok 0\n"},
		{`post "Hello, \"é\"!"`, "ok 1"},
		{`post "again"`, "ok 2"},
		{"list", "ok 2\nHello, \"é\"!\nagain\n"},
		{"post bare", "no entry of one line"},
		{`post ""`, "no entry of one line"},
		{`post "a\nb"`, "no entry of one line"},
		{fmt.Sprintf("post %q", strings.Repeat("a", maxEntry+1)), "no entry of one line"},
		{"list all", "no such question"},
		{"", "no such question"},
	} {
		if got := string(g.Ask([]byte(tt.question))); got != tt.answer {
			t.Errorf("%q: %q, want %q", tt.question, got, tt.answer)
		}
	}
}

// Many ask at once, until it is full; list shows the last ones.
func TestGuestbookFull(t *testing.T) {
	var g Guestbook
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range maxEntries / 4 {
				if said := g.Ask([]byte(`post "a"`)); !strings.HasPrefix(string(said), "ok ") {
					t.Errorf("%q", said)
				}
			}
		})
	}
	all.Wait()
	if said := string(g.Ask([]byte(`post "one more"`))); said != "no full" {
		t.Errorf("%q", said)
	}
	if said, want := string(g.Ask([]byte("list"))), fmt.Sprintf("ok %d\n%s", maxEntries, strings.Repeat("a\n", listed)); said != want {
		t.Errorf("%q", said)
	}
}
