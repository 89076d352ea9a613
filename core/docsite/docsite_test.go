package docsite

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

var small = fstest.MapFS{
	"README.md":       {Data: []byte("# Contents\n\n## First\n\n- [Beta](b.md), not [a](a.md)\n- [Modes](modes/README.md)\n\n## Empty\n")},
	"a.md":            {Data: []byte("# Alpha\n\nWords about *half-close*.\n\n## Same\n\n## Same\n\n### With `code` & signs!\n\n[up](b.md#beta) [here](#same-1) [none](#none)\n")},
	"b.md":            {Data: []byte("# Beta\n\nA [mode](modes/x.md) and [modes](modes).\n\n## Half-close\n\nIt half-closes.\n\n![shot](img/p.png)\n")},
	"modes/README.md": {Data: []byte("# Modes\n")},
	"modes/x.md":      {Data: []byte("# X (`x`)\n\n[gone](../gone.md) [file](../../LICENSE) [far](../b.md#far)\n")},
	"img/p.png":       {Data: []byte("PNG")},
	"img/secret.txt":  {Data: []byte("no picture")},
}

func newSite(t *testing.T, files fstest.MapFS) *Site {
	t.Helper()
	sources, err := Sources(files)
	if err != nil {
		t.Fatal(err)
	}
	return New(sources, files)
}

func get(s *Site, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestAddresses(t *testing.T) {
	s := newSite(t, small)
	for path, want := range map[string]string{
		"/docs/": "<h1 id=\"contents\">", "/docs/a": `<h3 id="with-code--signs">`, "/docs/a.md": "Alpha", "/docs/modes/": "Modes", "/docs/modes/x": "X (<code>x</code>)",
		"/docs/img/p.png": "PNG",
	} {
		if w := get(s, path); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/docs/none", "/docs/img/secret.txt", "/docs/img", "/docs/img/", "/docs/../a", "/docs//a", "/docs/README", "/a", "/docs/modes"} {
		w := get(s, path)
		if path == "/docs/README" {
			continue // the same page
		}
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "No such page") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if policy := get(s, "/docs/a").Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}

func TestContents(t *testing.T) {
	s := newSite(t, small)
	var order []string
	for _, p := range s.order {
		order = append(order, p.path)
	}
	if want := []string{"README.md", "b.md", "modes/README.md", "modes/x.md", "a.md"}; !slices.Equal(order, want) {
		t.Errorf("the order is %q, want %q", order, want)
	}
	text := get(s, "/docs/b").Body.String()
	for _, want := range []string{`<a rel="prev" href="/docs/">`, `<a rel="next" href="/docs/modes/">`, `<a href="/docs/b" aria-current="page">`, "<details open>\n<summary>First</summary>", "<details>\n<summary>More</summary>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestLinks(t *testing.T) {
	s := newSite(t, small)
	got := map[string]LinkKind{}
	for _, l := range s.Links() {
		got[l.Page+" "+l.To] = l.Kind
	}
	for link, want := range map[string]LinkKind{
		"a.md b.md#beta": Inside, "a.md #same-1": Inside, "a.md #none": Dead, "b.md modes/x.md": Inside, "b.md modes": Inside, "b.md img/p.png": Inside,
		"modes/x.md ../gone.md": Dead, "modes/x.md ../../LICENSE": Outside, "modes/x.md ../b.md#far": Dead,
	} {
		if kind, ok := got[link]; !ok || kind != want {
			t.Errorf("%s: %v, %v; want %v", link, kind, ok, want)
		}
	}
	for path, want := range map[string]string{"/docs/a": `<a href="/docs/b#beta">up</a>`, "/docs/b": `<a href="/docs/modes/x">mode</a> and <a href="/docs/modes/">modes</a>`, "/docs/modes/x": "<p>gone file <a"} {
		if text := get(s, path).Body.String(); !strings.Contains(text, want) {
			t.Errorf("%s has no %s:\n%s", path, want, text)
		}
	}
	if text := get(s, "/docs/b").Body.String(); !strings.Contains(text, `<img src="/docs/img/p.png" alt="shot">`) {
		t.Errorf("no picture:\n%s", text)
	}
}

// What others write brings no HTML, script or address of another scheme.
func TestNothingForeignIsMarkup(t *testing.T) {
	for _, text := range []string{
		"<script>alert(1)</script>\n", "a <img src=x onerror=alert(1)> b\n", "<!-- not shown --> x\n", "<!--\n--><script>alert(1)</script>\n",
		"[x](javascript:alert(1))\n", "[x](data:text/html,<script>)\n", "[x](JaVaScRiPt:alert)\n", "<javascript:alert(1)>\n", "![x](http://a.example/x.png)\n", "![x](data:image/png;base64,AA)\n",
		"[x](//a.example)\n", "[x](https://a.example/\"onclick=alert(1))\n", "## <b onclick=alert(1)>\n", "```<script>\n</code></pre><script>alert(1)</script>\n```\n", "`<script>`\n",
		"|<script>|\n|-|\n|<script>|\n", "[x]: javascript:alert(1)\n\n[x]\n", "[a\">](b.md \"<script>\")\n",
	} {
		files := fstest.MapFS{"x.md": {Data: []byte("# <script>T</script>\n\n" + text)}}
		s := newSite(t, files)
		for _, path := range []string{"/docs/x", "/docs/?q=%3Cscript%3E+alert+x"} {
			page := get(s, path).Body.String()
			_, body, _ := strings.Cut(page, "<body")
			for _, bad := range []string{"<script", "<b ", "<img", `href="javascript`, `href="data`, `" onclick`, `"onclick`, "a.example/x.png", `"//a.example`} {
				if strings.Contains(strings.ToLower(body), bad) {
					t.Errorf("%q, %s: the page has %s:\n%s", text, path, bad, body)
				}
			}
		}
	}
}

func TestSearch(t *testing.T) {
	s := newSite(t, small)
	for query, want := range map[string][]string{
		"half-close":  {"/docs/b#half-close", "/docs/a"},
		"HALF close":  {"/docs/b#half-close", "/docs/a"},
		"half beta":   {"/docs/b#half-close"},
		"alph":        {"/docs/a", "/docs/a#same", "/docs/a#same-1", "/docs/a#with-code--signs"},
		"code zebras": {"/docs/a#with-code--signs"}, // with one of the words, as none has both
		"zebra":       nil,
		"<>&\"'":      nil,
	} {
		var got []string
		for _, r := range s.index().find(query) {
			got = append(got, r.Address)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	text := get(s, "/docs/?q=half-close").Body.String()
	for _, want := range []string{`<p role="status">2 sections, the best first</p>`, `<mark>half</mark>-<mark>closes</mark>`, `value="half-close"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if text := get(s, "/docs/?q=zebra").Body.String(); !strings.Contains(text, "Nothing found for “zebra”") {
		t.Errorf("for no result:\n%s", text)
	}
}

// A search is bounded, whatever is asked for.
func TestSearchIsBounded(t *testing.T) {
	files := fstest.MapFS{"a.md": {Data: []byte("# A\n\n" + strings.Repeat("## word\n\nword "+strings.Repeat("ä", 5000)+" İ\n\n", 100))}}
	s := newSite(t, files)
	if found := s.index().find("word"); len(found) != maxResults {
		t.Errorf("%d results", len(found))
	}
	for _, query := range []string{strings.Repeat("w ", 5000), strings.Repeat("ä", 5000), "\xff\xfe word", "ä"} {
		query = cutQuery(query)
		if len(query) > maxQuery {
			t.Errorf("a query has %d bytes", len(query))
		}
		for _, r := range s.index().find(query) {
			size := 0
			for _, p := range r.Snippet {
				size += len(p.Text)
			}
			if size > maxSnippet+20 {
				t.Errorf("a snippet has %d bytes", size)
			}
		}
	}
}

func TestTopic(t *testing.T) {
	s := newSite(t, small)
	for name, want := range map[string]string{"a": "a.md", "a.md": "a.md", "modes/x": "modes/x.md", "x": "modes/x.md", "modes": "modes/README.md", "modes/README": "modes/README.md", "README": "README.md", "none": "", "": "README.md"} {
		if got, _ := s.Topic(name); got.Path != want {
			t.Errorf("%q: %q, want %q", name, got.Path, want)
		}
	}
}

// Pages are rendered, and the index made, while others ask for them.
func TestManyAskAtOnce(t *testing.T) {
	s := newSite(t, small)
	var all sync.WaitGroup
	for range 4 {
		for _, path := range []string{"/docs/", "/docs/a", "/docs/b", "/docs/?q=half"} {
			all.Go(func() {
				if w := get(s, path); w.Code != http.StatusOK {
					t.Errorf("%s: %d", path, w.Code)
				}
			})
		}
	}
	all.Wait()
}
