package docsite

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
)

// shell is what a page of the site is drawn with. The workbench's page has the styles and
// the icon; docs.js only takes over the colours that were chosen there.
var shell = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}} · Protocol Workbench</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<link rel="stylesheet" href="/docs.css">
<script src="/docs.js"></script>
</head>
<body class="docs">
<a class="skip" href="#text">Skip to the text</a>
<header class="docs-top">
<a class="brand" href="/"><svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true"><path class="there" d="M7 12h15m-4.5-4.5L22 12l-4.5 4.5"/><path class="back" d="M25 21H10m4.5-4.5L10 21l4.5 4.5"/></svg><span>Protocol Workbench</span></a>
<a class="home" href="{{.Root}}">Documentation</a>
<a class="to-pages" href="#pages">All pages</a>
<form role="search" action="{{.Root}}" method="get">
<input type="search" name="q" id="q" value="{{.Query}}" maxlength="{{.MaxQuery}}" aria-label="Search the documentation" placeholder="Search" autocomplete="off" spellcheck="false">
<button type="submit">Search</button>
</form>
</header>
<div class="docs-body">
{{if .Headings}}<nav class="toc" aria-label="On this page">
<p>On this page</p>
<ul>{{range .Headings}}
<li class="level-{{.Level}}"><a href="#{{.ID}}">{{.Text}}</a></li>{{end}}
</ul>
</nav>
{{end}}<main id="text" tabindex="-1">
<article>
{{.Body}}</article>
{{if or .Before .After}}<nav class="turn" aria-label="Before and after">
{{with .Before}}<a rel="prev" href="{{.Address}}"><span>Before</span> {{.Title}}</a>{{end}}
{{with .After}}<a rel="next" href="{{.Address}}"><span>Next</span> {{.Title}}</a>{{end}}
</nav>
{{end}}</main>
<nav class="pages" id="pages" aria-label="All pages">
{{range .Groups}}<details{{if .Open}} open{{end}}>
<summary>{{.Title}}</summary>
<ul>{{range .Pages}}
<li><a href="{{.Address}}"{{if .Here}} aria-current="page"{{end}}>{{.Title}}</a></li>{{end}}
</ul>
</details>
{{end}}</nav>
</div>
</body>
</html>
`))

// body is the part in the middle of a page that is no document.
var body = template.Must(template.New("results").Parse(`{{if .Results -}}
<h1>Found for “{{.Query}}”</h1>
<p role="status">{{.Count}}</p>
<ol class="results">{{range .Results}}
<li><a href="{{.Address}}">{{.Page}}{{if .Heading}} <span>› {{.Heading}}</span>{{end}}</a>
<p>{{range .Snippet}}{{if .Hit}}<mark>{{.Text}}</mark>{{else}}{{.Text}}{{end}}{{end}}</p></li>{{end}}
</ol>
{{else -}}
<h1>Nothing found for “{{.Query}}”</h1>
<p role="status">No page has these words. Try fewer, or other ones.</p>
{{end}}`))

type shown struct {
	Title, Query  string
	MaxQuery      int
	Headings      []heading
	Body          template.HTML
	Before, After *entry
	Groups        []shownGroup
	Root          string
}

type shownGroup struct {
	Title string
	Open  bool
	Pages []entry
}

// entry is a page in a list.
type entry struct {
	Address, Title string
	Here           bool
}

func (p *page) entry() *entry { return &entry{Address: p.address(), Title: p.title} }

func (s *Site) writePage(b *bytes.Buffer, p *page) {
	made := p.made()
	v := shown{Title: p.title, Body: template.HTML(made.html)} // which has no HTML of the page's writer
	for _, h := range made.headings {
		if h.Level <= 3 {
			v.Headings = append(v.Headings, h)
		}
	}
	if len(v.Headings) < 2 {
		v.Headings = nil
	}
	i := slices.Index(s.order, p)
	if i > 0 {
		v.Before = s.order[i-1].entry()
	}
	if i < len(s.order)-1 {
		v.After = s.order[i+1].entry()
	}
	s.write(b, v, p)
}

func (s *Site) writeResults(b *bytes.Buffer, query string) {
	query = cutQuery(query)
	found := s.index().find(query)
	count := fmt.Sprintf("%d sections, the best first", len(found))
	switch {
	case len(found) == 1:
		count = "1 section"
	case len(found) == maxResults:
		count = fmt.Sprintf("The best %d sections", maxResults)
	}
	s.writeOther(b, "Search: "+query, query, body, map[string]any{"Query": query, "Results": found, "Count": count})
}

func (s *Site) writeMissing(b *bytes.Buffer) {
	s.write(b, shown{Title: "No such page", Body: "<h1>No such page</h1>\n<p>The documentation has no page at this address. Search for a word, or choose a page from the list.</p>\n"}, nil)
}

func (s *Site) writeOther(b *bytes.Buffer, title, query string, with *template.Template, values any) {
	var middle bytes.Buffer
	if err := with.Execute(&middle, values); err != nil {
		panic(err) // the template is ours, and a buffer takes everything
	}
	s.write(b, shown{Title: title, Query: query, Body: template.HTML(middle.String())}, nil)
}

// write writes a page with what is around it. here is nil of one that is no document.
func (s *Site) write(b *bytes.Buffer, v shown, here *page) {
	v.Root, v.MaxQuery = Root, maxQuery
	for i, g := range s.groups {
		group := shownGroup{Title: g.title, Open: g.has(here) || i == 0 && (here == nil || here.path == contentsPath)}
		for _, p := range g.pages {
			group.Pages = append(group.Pages, entry{p.address(), p.title, p == here})
		}
		v.Groups = append(v.Groups, group)
	}
	if err := shell.Execute(b, v); err != nil {
		panic(err) // as above
	}
}
