// Package ready has the lessons that the workbench comes with.
package ready

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core/lesson"
)

//go:embed *.txtar
var archives embed.FS

// Names returns the lessons' names, in the order in which to take them: those that are
// not in it yet come last.
func Names() []string {
	entries, _ := archives.ReadDir(".") // an embedded folder can be read
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txtar"))
	}
	rank := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

// order is from the easy to the hard.
var order = []string{
	"http-by-hand", "head-404-redirect", "keep-alive-and-host", "post-and-content-length",
	"smtp-forge-a-sender", "starttls", "pop3-phases", "cr-lf-or-lf", "tcp-is-a-stream",
	"dns-by-hand", "ftp-two-connections", "write-your-own-server", "design-a-protocol",
}

// Open returns a lesson by its name.
func Open(name string, values lesson.Values) (*lesson.Source, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("no such lesson: %q", name)
	}
	data, err := Archive(name)
	if err != nil {
		return nil, err
	}
	return lesson.OpenArchive(data, name, values)
}

// Archive returns a lesson's text, as somebody may go on from it.
func Archive(name string) ([]byte, error) { return archives.ReadFile(name + ".txtar") }
