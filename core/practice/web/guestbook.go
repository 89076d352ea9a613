package web

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Bounds of a guest book.
const (
	maxEntries = 1000
	maxEntry   = 280 // bytes of one
	listed     = 20  // entries that list shows, the last ones
)

// Guestbook is the world of this package's machines: entries that all can read. It is safe
// for concurrent use, and empty when zero. It holds at most maxEntries × maxEntry bytes,
// 280 KB.
type Guestbook struct {
	mu      sync.Mutex
	entries []string
}

// Ask answers a question of a machine:
//
//	post "ENTRY"   writes it down: "ok N" with its number, from 1; "no full"
//	list           "ok N" with how many there are, LF, and the last 20, a line each
//
// What is neither gets "no" and why.
func (g *Guestbook) Ask(question []byte) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	verb, arg, _ := strings.Cut(string(question), " ")
	switch {
	case verb == "post":
		return g.post(arg)
	case verb == "list" && arg == "":
		return g.list()
	}
	return []byte("no such question")
}

func (g *Guestbook) post(quoted string) []byte {
	entry, err := strconv.Unquote(quoted)
	switch {
	case err != nil || !isEntry(entry):
		return []byte("no entry of one line")
	case len(g.entries) == maxEntries:
		return []byte("no full")
	}
	g.entries = append(g.entries, entry)
	return fmt.Appendf(nil, "ok %d", len(g.entries))
}

func (g *Guestbook) list() []byte {
	said := fmt.Appendf(nil, "ok %d\n", len(g.entries))
	for _, entry := range g.entries[max(0, len(g.entries)-listed):] {
		said = append(append(said, entry...), '\n')
	}
	return said
}
