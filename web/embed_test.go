package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read returns every file of the page, by its path, as it stands in the folder.
func read(t *testing.T) map[string]string { return readFrom(t, web.Sources()) }

func readFrom(t *testing.T, files fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var comments = regexp.MustCompile(`(?s)/\*\*.*?\*/`)

var imports = regexp.MustCompile(`(?:from |import ?\(?)"([^"]+)"`)

// The page's modules find each other by relative paths, and everything that is
// asked for is embedded: a miss would be a blank page.
func TestImportsResolve(t *testing.T) {
	all := read(t)
	found := 0
	for name, text := range all {
		if path.Ext(name) != ".js" {
			continue
		}
		text = comments.ReplaceAllString(text, "") // which name types
		for _, match := range imports.FindAllStringSubmatch(text, -1) {
			found++
			if !strings.HasPrefix(match[1], ".") {
				t.Errorf("%s imports %q: only relative paths work without an import map", name, match[1])
			} else if _, ok := all[path.Join(path.Dir(name), match[1])]; !ok {
				t.Errorf("%s imports %q, which is not embedded", name, match[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("found only %d imports: does the pattern still fit?", found)
	}
}

// What a server sends is shown as text; nothing of ours may make it markup or
// script, and the page's policy forbids what is inline.
func TestNoMarkupFromStrings(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\sstyle=|<script>`)
	for name, text := range read(t) {
		if path.Dir(name) == "vendor" || path.Ext(name) == ".css" {
			continue
		}
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
}

// What a browser gets as app.js is the modules of a first visit, each once and after
// those that it needs; nobody gets one of them twice.
func TestJoined(t *testing.T) {
	sources, served := read(t), readFrom(t, web.Files())
	if len(served) != len(sources) {
		t.Errorf("%d files are served, of %d", len(served), len(sources))
	}
	static := regexp.MustCompile(`(?m)^[^/*\n]*\b(?:import|export)(?: ?[{*"]| \w).*|import\.meta`)
	text, last, _ := strings.Cut(served["app.js"], "\nexport { ")
	for name, text := range map[string]string{"app.js": text, "model/regexps.worker.js": served["model/regexps.worker.js"], "wire/dev.worker.js": served["wire/dev.worker.js"]} {
		if found := static.FindString(comments.ReplaceAllString(text, "")); found != "" {
			t.Errorf("%s still has %q", name, found)
		}
	}
	for _, variable := range strings.Split(strings.TrimSuffix(last, " };\n"), ", ") {
		before, _, found := strings.Cut(text, "const "+variable+" = (() => {")
		if !found || strings.Contains(before, " = "+variable+";") {
			t.Errorf("app.js needs %s before it is there", variable)
		}
	}
	aliases := 0
	for name, text := range served {
		if !strings.HasPrefix(text, `import { $`) {
			continue
		}
		aliases++
		variable := strings.Fields(text)[2]
		for export := range strings.SplitSeq(between(text, "export const { ", " }"), ", ") {
			if !regexp.MustCompile(`(?s)const \` + variable + ` = .*?\nreturn \{[^}]*\b` + export + `: `).MatchString(served["app.js"]) {
				t.Errorf("%s: app.js does not export %s of it", name, export)
			}
		}
	}
	if aliases < 20 {
		t.Errorf("only %d modules are joined", aliases)
	}
	if text := served["app.js"]; !strings.Contains(text, `import("/ui/Ladder.js")`) || strings.Contains(text, `() => import(".`) {
		t.Error("what is loaded later is not found from app.js")
	}
}

func between(text, begin, end string) string {
	_, text, _ = strings.Cut(text, begin)
	text, _, _ = strings.Cut(text, end)
	return text
}

// A first visit stays light: index.html and what it needs before anything is asked for,
// as import() does later. The modules of it come as one file.
func TestFirstLoadIsLight(t *testing.T) {
	all := readFrom(t, web.Files())
	static := regexp.MustCompile(`(?m)^(?:import|export)[^;]*?["']([^"']+)["'];|(?:from|import) ?"([^"]+)"`)
	linked := regexp.MustCompile(`<(?:script|link)[^>]* (?:src|href)="([^"]+)"`)
	seen := map[string]bool{}
	size := 0
	var visit func(name string)
	visit = func(name string) {
		text, ok := all[name]
		if seen[name] || !ok {
			return
		}
		seen[name] = true
		size += packed(text)
		for _, match := range linked.FindAllStringSubmatch(text, -1) {
			if path.Ext(name) == ".html" {
				visit(match[1])
			}
		}
		if path.Ext(name) == ".js" {
			for _, match := range static.FindAllStringSubmatch(text, -1) {
				visit(path.Join(path.Dir(name), match[1]+match[2]))
			}
		}
	}
	visit("index.html")
	requests := len(seen) + 1 // and /api/modes
	for _, name := range []string{"app.js", "style.css", "views.css"} {
		if !seen[name] {
			t.Errorf("%s is not found: do the patterns still fit?", name)
		}
	}
	if requests > 10 || size > 300<<10 {
		t.Errorf("a first visit makes %d requests for %d bytes in gzip; the bar is 10 and 300 KiB", requests, size)
	}
	for name := range all {
		switch path.Ext(name) {
		case ".html", ".css", ".js", ".svg", ".LICENSE":
		default:
			t.Errorf("%s is embedded; is it served?", name)
		}
	}
	t.Logf("%d requests, %d bytes", requests, size)
}

// packed returns how many bytes a file has as it is served, in gzip.
func packed(text string) int {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Len()
}

// Go leaves <anything>/vendor/<folder>/… out of the module that others
// download, so vendored files stand directly in vendor, each with its licence.
func TestVendorIsFlatAndLicensed(t *testing.T) {
	all := read(t)
	for name := range all {
		if strings.HasPrefix(name, "vendor/") && strings.Count(name, "/") > 1 {
			t.Errorf("%s: `go install` would not download it", name)
		}
	}
	for _, name := range []string{"preact", "htm", "signals", "signals-core", "lucide"} {
		if all["vendor/"+name+".LICENSE"] == "" {
			t.Errorf("vendor/%s.LICENSE is missing", name)
		}
	}
}
