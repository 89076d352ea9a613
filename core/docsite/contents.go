package docsite

import (
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// contentsPath is the page that the site begins with, whose links are its contents.
const contentsPath = "README.md"

// group is some pages of the table of contents.
type group struct {
	title string
	pages []*page
}

func (g group) has(p *page) bool { return slices.Contains(g.pages, p) }

// contents reads the table of contents: each heading below the first begins a group, and
// the first link of each item is a page of it. A page that is not named goes to the others
// of its folder, to a group of its own with them, or to the last group.
func (s *Site) contents(sources []Source) {
	named := map[*page]bool{}
	if first := s.pages[contentsPath]; first != nil {
		s.order = append(s.order, first)
		s.groups = s.readContents(first)
		named[first] = true
	}
	for _, g := range s.groups {
		for _, p := range g.pages {
			named[p] = true
		}
	}
	rest := slices.Clone(sources)
	slices.SortFunc(rest, func(a, b Source) int { return strings.Compare(address(a.Path), address(b.Path)) })
	for _, from := range rest {
		if p := s.pages[from.Path]; !named[p] {
			named[p] = true
			g := s.groupOf(p)
			g.pages = append(g.pages, p)
		}
	}
	for _, g := range s.groups {
		s.order = append(s.order, g.pages...)
	}
}

// groupOf returns the group that a page belongs to which is not named.
func (s *Site) groupOf(p *page) *group {
	title := "More"
	if folder := s.pages[path.Join(path.Dir(p.path), "README.md")]; folder != nil && folder.path != contentsPath {
		title = folder.title
		for i := range s.groups {
			if s.groups[i].has(folder) {
				return &s.groups[i]
			}
		}
	}
	for i := range s.groups {
		if s.groups[i].title == title {
			return &s.groups[i]
		}
	}
	s.groups = append(s.groups, group{title: title})
	return &s.groups[len(s.groups)-1]
}

func (s *Site) readContents(first *page) (groups []group) {
	source := []byte(first.text)
	seen := map[*page]bool{first: true}
	walk(s.markdown.Parser().Parse(text.NewReader(source)), func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Heading:
			if n.Level > 1 {
				groups = append(groups, group{title: plain(n, source)})
			}
		case *ast.ListItem:
			p := s.firstPage(n)
			if p != nil && !seen[p] && len(groups) > 0 {
				seen[p] = true
				last := &groups[len(groups)-1]
				last.pages = append(last.pages, p)
			}
		}
	})
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.pages) == 0 })
}

// firstPage returns the page that the first link of an item leads to, or nil.
func (s *Site) firstPage(item ast.Node) (found *page) {
	ast.Walk(item, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok {
			to, _, _ := strings.Cut(string(link.Destination), "#")
			found = s.target(path.Clean(to))
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return found
}
