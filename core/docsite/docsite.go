// Package docsite makes a site of pages in Markdown: it renders them, finds words in them,
// and answers below /docs/.
//
// A page's path is its address: tap.md is /docs/tap, and modes/README.md is /docs/modes/.
// The links of README.md at the top are the table of contents, group by group. Links
// between pages lead to their addresses, and [Site.Links] tells which lead nowhere.
//
// No page can bring HTML, scripts, or links of other schemes than http and https: what is
// written by others, such as a plugin's words, is rendered in the same way. A page needs no
// JavaScript, and nothing from elsewhere.
package docsite

import (
	"bytes"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
)

// Root is where the site is.
const Root = "/docs/"

// A Source is a page as it is written.
type Source struct {
	Path string // of the file, such as modes/resp.md
	Text string // Markdown, which begins with a heading
}

// Sources returns the pages among files.
func Sources(files fs.FS) (all []Source, err error) {
	err = fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".md" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all = append(all, Source{name, string(text)})
		return err
	})
	return all, err
}

// Site is a set of pages. It does not change.
type Site struct {
	pages  map[string]*page // by path
	order  []*page          // as in the table of contents
	groups []group
	files  fs.FS // pictures
	index  func() *index

	markdown goldmark.Markdown // which many may use at a time
}

// A page is rendered when it is first asked for.
type page struct {
	path  string // of the source
	text  string
	title string
	made  func() *rendered
}

// New returns the site of these pages. Their pictures are among files.
func New(sources []Source, files fs.FS) *Site {
	s := &Site{pages: map[string]*page{}, files: files, markdown: newMarkdown()}
	for _, from := range sources {
		p := &page{path: from.Path, text: from.Text, title: titleOf(from)}
		p.made = sync.OnceValue(func() *rendered { return s.render(p) })
		s.pages[p.path] = p
	}
	s.contents(sources)
	s.index = sync.OnceValue(func() *index { return newIndex(s.order) })
	return s
}

// titleOf returns the text of the heading that a page begins with.
func titleOf(s Source) string {
	line, _, _ := strings.Cut(s.Text, "\n")
	if title, ok := strings.CutPrefix(line, "# "); ok {
		return unescape([]byte(strings.ReplaceAll(title, "`", "")))
	}
	return strings.TrimSuffix(s.Path, ".md")
}

// address returns where a page is.
func (p *page) address() string { return Root + address(p.path) }

func address(name string) string {
	name = strings.TrimSuffix(name, ".md")
	if folder, file := path.Split(name); file == "README" {
		return folder
	}
	return name
}

// Topic returns the page that somebody calls by a name: its address below the root, its
// path, or the last part of either, if no other page has that.
func (s *Site) Topic(name string) (Source, bool) {
	name = strings.Trim(strings.TrimSuffix(name, ".md"), "/")
	var found []*page
	for _, p := range s.order {
		full := strings.Trim(address(p.path), "/")
		if full == name || strings.TrimSuffix(p.path, ".md") == name {
			return Source{p.path, p.text}, true
		}
		if path.Base(full) == name {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return Source{}, false
	}
	return Source{found[0].path, found[0].text}, true
}

// Topics returns the names of all pages, as Topic takes them.
func (s *Site) Topics() (names []string) {
	for _, p := range s.order {
		if name := strings.Trim(address(p.path), "/"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Address returns where a page is in the site.
func (s Source) Address() string { return Root + address(s.Path) }

// policy is the Content-Security-Policy of the pages. The form is the one to search with.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, below := strings.CutPrefix(r.URL.Path, Root)
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	var b bytes.Buffer
	switch {
	case below && name == "" && r.URL.Query().Get("q") != "":
		s.writeResults(&b, r.URL.Query().Get("q"))
	case below && s.at(name) != nil:
		s.writePage(&b, s.at(name))
	case below && s.isPicture(name):
		r.Header.Del("Range")
		http.ServeFileFS(w, r, s.files, name)
		return
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		s.writeMissing(&b)
		w.Write(b.Bytes())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// at returns the page at an address below the root, or nil. Addresses end as files of
// documents do, too, for links that were copied from elsewhere.
func (s *Site) at(name string) *page {
	name = strings.TrimSuffix(name, ".md")
	if strings.HasSuffix(name, "/") || name == "" {
		name += "README"
	}
	return s.pages[name+".md"]
}

// isPicture reports whether a file is one that pages may show.
func (s *Site) isPicture(name string) bool {
	if ext := path.Ext(name); ext != ".png" && ext != ".svg" || !fs.ValidPath(name) {
		return false
	}
	info, err := fs.Stat(s.files, name)
	return err == nil && info.Mode().IsRegular()
}
