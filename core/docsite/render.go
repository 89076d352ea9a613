package docsite

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"path"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// rendered is what is made of a page.
type rendered struct {
	html     string
	headings []heading // without the first, the page's title
	sections []section
	anchors  map[string]bool
	links    []Link
}

type heading struct {
	Level    int
	ID, Text string
}

// A section is what stands under one heading, for the search.
type section struct {
	id, heading string // both are empty before the first heading
	text        string
}

// A Link is one of a page.
type Link struct {
	Page string // the path of the page's source
	To   string // as it is written
	Kind LinkKind
}

// LinkKind is where a link leads.
type LinkKind uint8

// The kinds of links.
const (
	Inside  LinkKind = iota // to a page, a heading or a picture of the site
	Web                     // to another site
	Outside                 // to a file that is not in the site, so that only its words show
	Refused                 // by a scheme that is not allowed, so that only its words show
	Dead                    // to a page or picture that should be in the site, or a heading that is not there
)

// Links returns the links of all pages.
func (s *Site) Links() (all []Link) {
	for _, p := range s.order {
		for _, l := range p.made().links {
			if l.Kind == Inside && !s.hasAnchor(l) {
				l.Kind = Dead
			}
			all = append(all, l)
		}
	}
	return all
}

// hasAnchor reports whether the heading is there that a link leads to, if it names one.
func (s *Site) hasAnchor(l Link) bool {
	u, err := url.Parse(l.To)
	if err != nil || u.Fragment == "" {
		return err == nil
	}
	to := s.pages[l.Page]
	if u.Path != "" {
		to = s.target(path.Join(path.Dir(l.Page), u.Path))
	}
	return to != nil && to.made().anchors[u.Fragment]
}

// newMarkdown returns what reads and renders pages. Without its option WithUnsafe no HTML of
// a page comes through.
func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(blocks{}, 100))),
	)
}

// render makes HTML of a page.
func (s *Site) render(p *page) *rendered {
	source := []byte(p.text)
	doc := s.markdown.Parser().Parse(text.NewReader(source))
	m := &making{site: s, page: p, source: source, out: &rendered{anchors: map[string]bool{}}}
	m.headings(doc)
	m.links(doc)
	m.sections(doc)
	var b bytes.Buffer
	if err := s.markdown.Renderer().Render(&b, source, doc); err != nil {
		panic(fmt.Sprintf("render %s: %v", p.path, err)) // a buffer takes everything
	}
	m.out.html = b.String()
	return m.out
}

// making is a page that is being rendered.
type making struct {
	site   *Site
	page   *page
	source []byte
	out    *rendered
}

// headings gives each heading the anchor that GitHub gives it, so that links work in both
// places.
func (m *making) headings(doc ast.Node) {
	walk(doc, func(n ast.Node) {
		h, ok := n.(*ast.Heading)
		if !ok {
			return
		}
		words := plain(h, m.source)
		id := slug(words)
		for i, base := 1, id; m.out.anchors[id]; i++ {
			id = fmt.Sprintf("%s-%d", base, i)
		}
		m.out.anchors[id] = true
		h.SetAttributeString("id", []byte(id))
		if h.Level > 1 {
			m.out.headings = append(m.out.headings, heading{h.Level, id, words})
		}
	})
}

// slug returns the anchor of a heading.
func slug(words string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(words))
}

// links has links and pictures lead where they lead in the site, and leaves of the others
// only the words.
func (m *making) links(doc ast.Node) {
	var found []ast.Node
	walk(doc, func(n ast.Node) {
		switch n.(type) {
		case *ast.Link, *ast.Image, *ast.AutoLink:
			found = append(found, n)
		}
	})
	for _, n := range found {
		to, kind := "", Refused
		switch n := n.(type) {
		case *ast.Link:
			to, kind = m.lead(string(n.Destination))
			m.out.links = append(m.out.links, Link{m.page.path, string(n.Destination), kind})
			n.Destination, n.Title = []byte(to), nil
		case *ast.Image:
			to, kind = m.picture(string(n.Destination))
			m.out.links = append(m.out.links, Link{m.page.path, string(n.Destination), kind})
			n.Destination, n.Title = []byte(to), nil
		case *ast.AutoLink:
			if to, kind = m.lead(string(n.URL(m.source))); kind != Web {
				n.Parent().ReplaceChild(n.Parent(), n, ast.NewString(n.Label(m.source)))
				continue
			}
		}
		if to == "" {
			onlyWords(n)
		}
	}
}

// lead returns where a link of the page leads; "": nowhere.
func (m *making) lead(to string) (address string, kind LinkKind) {
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return "", Refused
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return to, Web
	case u.Scheme != "" || u.Host != "":
		return "", Refused
	case u.Path == "":
		return "#" + u.EscapedFragment(), Inside
	}
	name := path.Join(path.Dir(m.page.path), u.Path)
	if p := m.site.target(name); p != nil {
		address = p.address()
		if u.Fragment != "" {
			address += "#" + u.EscapedFragment()
		}
		return address, Inside
	}
	if path.Ext(name) == ".md" && !strings.HasPrefix(name, "../") {
		return "", Dead
	}
	return "", Outside
}

// target returns the page of a path, which may be that of a folder; nil: there is none.
func (s *Site) target(name string) *page {
	if p := s.pages[name]; p != nil {
		return p
	}
	return s.pages[path.Join(name, "README.md")]
}

func (m *making) picture(to string) (address string, kind LinkKind) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", Refused
	}
	name := path.Join(path.Dir(m.page.path), u.Path)
	if !m.site.isPicture(name) {
		return "", Dead
	}
	return Root + name, Inside
}

// onlyWords puts what is in a node in its place.
func onlyWords(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; {
		next := child.NextSibling()
		parent.InsertBefore(parent, n, child)
		child = next
	}
	parent.RemoveChild(parent, n)
}

// sections takes the page's text apart by its headings.
func (m *making) sections(doc ast.Node) {
	var now section
	add := func() {
		if now.text = strings.Join(strings.Fields(now.text), " "); now.text != "" || now.id != "" {
			m.out.sections = append(m.out.sections, now)
		}
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			add()
			id, _ := h.AttributeString("id")
			now = section{id: string(id.([]byte)), heading: plain(h, m.source)}
			continue
		}
		now.text += " " + plain(n, m.source)
	}
	add()
}

func walk(n ast.Node, see func(ast.Node)) {
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			see(n)
		}
		return ast.WalkContinue, nil
	})
}

// plain returns the text of a node and of all that is in it. Blocks are parted by blanks.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	walk(n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Text:
			if n.IsRaw() {
				b.Write(n.Value(source))
			} else {
				b.WriteString(unescape(n.Value(source)))
			}
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			b.WriteByte(' ')
			b.Write(n.Lines().Value(source))
		default:
			if n.Type() == ast.TypeBlock && b.Len() > 0 {
				b.WriteByte(' ')
			}
		}
	})
	return b.String()
}

// unescape resolves backslashes and entities.
func unescape(text []byte) string {
	return string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(text))))
}

// blocks renders what goldmark renders otherwise.
type blocks struct{}

func (blocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHeading, writeHeading)
	r.Register(ast.KindCodeBlock, writeCode)
	r.Register(ast.KindFencedCodeBlock, writeCode)
	r.Register(ast.KindHTMLBlock, writeHTMLBlock)
	r.Register(ast.KindRawHTML, writeRawHTML)
	r.Register(extast.KindTable, writeTable)
}

// writeHeading ends a heading with a link to itself, for those who point at it; all others
// have the list of headings.
func writeHeading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	h := n.(*ast.Heading)
	id, _ := h.AttributeString("id")
	at := html.EscapeString(string(id.([]byte)))
	if entering {
		fmt.Fprintf(w, `<h%d id="%s">`, h.Level, at)
	} else {
		fmt.Fprintf(w, ` <a class="anchor" href="#%s" aria-hidden="true" tabindex="-1">#</a></h%d>`+"\n", at, h.Level)
	}
	return ast.WalkContinue, nil
}

// writeCode writes a block of code, which the keyboard can scroll.
func writeCode(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		fmt.Fprintf(w, `<pre tabindex="0"><code>%s</code></pre>`+"\n", html.EscapeString(string(n.Lines().Value(source))))
	}
	return ast.WalkSkipChildren, nil
}

// writeHTMLBlock leaves out comments, which are for tests and authors, and shows other
// HTML as the text that it is.
func writeHTMLBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	block := n.(*ast.HTMLBlock)
	if entering && block.HTMLBlockType != ast.HTMLBlockType2 {
		text := string(n.Lines().Value(source))
		if block.HasClosure() {
			text += string(block.ClosureLine.Value(source))
		}
		fmt.Fprintf(w, "<p>%s</p>\n", html.EscapeString(text))
	}
	return ast.WalkSkipChildren, nil
}

func writeRawHTML(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	text := string(n.(*ast.RawHTML).Segments.Value(source))
	if entering && !strings.HasPrefix(text, "<!--") {
		w.WriteString(html.EscapeString(text))
	}
	return ast.WalkSkipChildren, nil
}

// writeTable puts a table in a box of its own, in which what is too wide can be scrolled.
func writeTable(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		w.WriteString(`<div class="wide" tabindex="0"><table>` + "\n")
	} else {
		w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}
