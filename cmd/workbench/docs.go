package main

import (
	"net/http"
	"slices"
	"sync"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/docsite"
	"github.com/protocol-workbench/workbench/docs"
)

// documents returns the pages that do not change while the workbench runs: those that are
// written, and those of the commands.
func documents() []docsite.Source {
	all, err := docsite.Sources(docs.Files())
	if err != nil {
		panic("the documentation is not in the binary: " + err.Error())
	}
	return append(all, commandPages(newRoot())...)
}

// docsOf returns the documentation with a page of each of the line modes.
func docsOf(modes []core.Manifest) *docsite.Site {
	return docsite.New(slices.Concat(documents(), modePages(modes)), docs.Files())
}

// liveDocs serves the documentation with the line modes that there are at the time.
type liveDocs struct {
	modes func() []core.Manifest

	mu   sync.Mutex
	of   []docsite.Source // the pages of modes that site has
	site *docsite.Site
}

func (d *liveDocs) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.now().ServeHTTP(w, r) }

func (d *liveDocs) now() *docsite.Site {
	modes := d.modes()
	pages := modePages(modes)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.site == nil || !slices.Equal(pages, d.of) {
		d.of, d.site = pages, docsOf(modes)
	}
	return d.site
}

// builtinManifests are those of the line modes in this binary.
func builtinManifests() (all []core.Manifest) {
	for _, d := range builtin {
		all = append(all, d.Manifest)
	}
	return all
}
