// Package markdown makes of Markdown a tree of blocks and inlines, which a page can draw
// as elements: nothing in it is HTML, and whoever writes the text cannot put any there.
//
// It reads CommonMark and the tables of GitHub. What the tree has no kind for, such as
// HTML, stands in it as text.
package markdown

import (
	"bufio"
	"html"
	"net/url"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	write "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// Node is a block or an inline.
type Node struct {
	Kind  Kind   `json:"kind"`
	Text  string `json:"text,omitempty"`  // of Text, Code and Pre
	Href  string `json:"href,omitempty"`  // of a Link: http or https
	Level int    `json:"level,omitempty"` // of a Heading, from 1 to 6
	Start int    `json:"start,omitempty"` // number of the first item of an Ordered
	Nodes []Node `json:"nodes,omitempty"` // what is in it
}

// Kind is what a node is.
type Kind string

// The kinds of nodes.
const (
	Paragraph Kind = "paragraph"
	Heading   Kind = "heading"
	Pre       Kind = "pre"     // lines of code
	List      Kind = "list"    // of Items
	Ordered   Kind = "ordered" // of Items
	Item      Kind = "item"
	Quote     Kind = "quote"
	Rule      Kind = "rule"
	Table     Kind = "table" // of Rows
	Row       Kind = "row"   // of Heads or Cells
	Head      Kind = "head"
	Cell      Kind = "cell"

	Text   Kind = "text"
	Code   Kind = "code"
	Em     Kind = "em"
	Strong Kind = "strong"
	Link   Kind = "link"
	Break  Kind = "break" // of a line
)

// MaxDepth bounds how deep nodes are in each other. What is deeper stands there as text.
const MaxDepth = 24

// Parse makes a tree of a text.
func Parse(source string) []Node {
	b := builder{source: []byte(source)}
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	return b.nodes(parser.Parse(text.NewReader(b.source)), 0)
}

type builder struct{ source []byte }

// nodes returns what is in a node.
func (b *builder) nodes(in ast.Node, depth int) (all []Node) {
	for n := in.FirstChild(); n != nil; n = n.NextSibling() {
		for _, made := range b.node(n, depth+1) {
			if last := len(all) - 1; made.Kind == Text && last >= 0 && all[last].Kind == Text {
				all[last].Text += made.Text
				continue
			}
			all = append(all, made)
		}
	}
	return all
}

func (b *builder) node(n ast.Node, depth int) []Node {
	if depth > MaxDepth {
		return []Node{{Kind: Text, Text: b.plain(n, 0)}}
	}
	in := func(kind Kind) []Node { return []Node{{Kind: kind, Nodes: b.nodes(n, depth)}} }
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return in(Paragraph)
	case *ast.Heading:
		return []Node{{Kind: Heading, Level: n.Level, Nodes: b.nodes(n, depth)}}
	case *ast.FencedCodeBlock, *ast.CodeBlock, *ast.HTMLBlock:
		return []Node{{Kind: Pre, Text: strings.TrimSuffix(b.plain(n, 0), "\n")}}
	case *ast.List:
		if n.IsOrdered() {
			return []Node{{Kind: Ordered, Start: n.Start, Nodes: b.nodes(n, depth)}}
		}
		return in(List)
	case *ast.ListItem:
		return in(Item)
	case *ast.Blockquote:
		return in(Quote)
	case *ast.ThematicBreak:
		return []Node{{Kind: Rule}}
	case *extast.Table:
		return in(Table)
	case *extast.TableHeader:
		row := in(Row)
		for i := range row[0].Nodes {
			row[0].Nodes[i].Kind = Head
		}
		return row
	case *extast.TableRow:
		return in(Row)
	case *extast.TableCell:
		return in(Cell)
	case *ast.Text:
		all := []Node{{Kind: Text, Text: b.plain(n, 0)}}
		if n.HardLineBreak() {
			all = append(all, Node{Kind: Break})
		}
		return all
	case *ast.CodeSpan:
		return []Node{{Kind: Code, Text: b.plain(n, 0)}}
	case *ast.Emphasis:
		if n.Level > 1 {
			return in(Strong)
		}
		return in(Em)
	case *ast.Link:
		return link(string(n.Destination), b.nodes(n, depth))
	case *ast.AutoLink:
		return link(string(n.URL(b.source)), []Node{{Kind: Text, Text: string(n.Label(b.source))}})
	}
	return []Node{{Kind: Text, Text: b.plain(n, 0)}}
}

// link returns a link, or only its words where it leads elsewhere than to the web.
func link(to string, words []Node) []Node {
	if u, err := url.Parse(to); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return words
	}
	return []Node{{Kind: Link, Href: to, Nodes: words}}
}

// plainDepth bounds how deep plain looks, so that a text cannot exhaust the stack.
const plainDepth = 1000

// plain returns the text of a node and of all that is in it.
func (b *builder) plain(n ast.Node, depth int) string {
	var s strings.Builder
	switch n := n.(type) {
	case *ast.Text:
		if n.IsRaw() {
			s.Write(n.Value(b.source))
		} else {
			s.WriteString(unescaped(n.Value(b.source)))
		}
		if n.SoftLineBreak() {
			s.WriteByte('\n')
		}
		return s.String()
	case *ast.String:
		return string(n.Value)
	case *ast.RawHTML:
		for i := range n.Segments.Len() {
			at := n.Segments.At(i)
			s.Write(at.Value(b.source))
		}
		return s.String()
	}
	if n.Type() == ast.TypeBlock && n.FirstChild() == nil {
		for i := range n.Lines().Len() {
			at := n.Lines().At(i)
			s.Write(at.Value(b.source))
		}
		if html, ok := n.(*ast.HTMLBlock); ok && html.HasClosure() {
			s.Write(html.ClosureLine.Value(b.source))
		}
		return s.String()
	}
	for child := n.FirstChild(); child != nil && depth < plainDepth; child = child.NextSibling() {
		s.WriteString(b.plain(child, depth+1))
	}
	return s.String()
}

// unescaped resolves backslashes and entities: by the writer of HTML, which knows where
// each counts, and then back from HTML.
func unescaped(text []byte) string {
	var s strings.Builder
	w := bufio.NewWriter(&s)
	write.DefaultWriter.Write(w, text)
	w.Flush()
	return html.UnescapeString(s.String())
}
