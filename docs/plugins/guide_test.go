// Package guide_test compiles and runs what the guide to writing plugins shows:
// every block of code in README.md, guide.md, guide-tools.md, never.md and
// install.md. The blocks of starlark.md and jsonl.md are run by the packages
// that they are about.
//
// What a block is follows from its language and what stands above it:
//
//   - go, transcript, python or star below a paragraph that names a file in
//     backquotes: that file of the plugin that the page builds up. A comment
//     <!-- step: NAME --> begins a step, which has the files of the one before.
//     The tests of each step are run.
//   - go in never.md: a machine. The first of a section is found by a check
//     that the section names, the second by none.
//   - transcript, else: a script that the step's discipline must keep.
//   - console: commands behind "$ ", run where the page is; what they print has
//     the lines below, in order. "…" stands for any text, paths, sums and times
//     may be others. After a comment <!-- until: Ctrl-C --> the last command is
//     interrupted once it has printed them.
//
// Only a comment <!-- not run: REASON --> right above exempts a block.
package guide_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are what is tested here.
var pages = []string{"README.md", "guide.md", "guide-tools.md", "never.md", "install.md"}

// block is a fenced block of a page.
type block struct {
	page    string
	line    int    // of its fence
	lang    string // "" of a bare fence
	text    string
	file    string // that the paragraph above names, or ""
	step    string // the last one begun above
	section string // the text since the heading above
	mark    string // the comment right above: "until" or "not run"
}

var (
	comment  = regexp.MustCompile(`^<!-- (step|until|not run): (.+) -->$`)
	fileName = regexp.MustCompile("`((?:testdata/)?[a-z_-]+\\.(?:go|golden|star|py))`")
)

// blocks returns the blocks of a page.
func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var step, mark, section, above string // above is the paragraph
	lines := strings.SplitAfter(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\n")
		switch m := comment.FindStringSubmatch(line); {
		case m != nil && m[1] == "step":
			step, above = m[2], ""
		case m != nil:
			mark = m[1]
		case strings.HasPrefix(line, "```"):
			b := block{page: page, line: i + 1, lang: line[3:], step: step, section: section, mark: mark}
			if names := fileName.FindAllStringSubmatch(above, -1); names != nil {
				b.file = names[len(names)-1][1]
			}
			for i++; i < len(lines) && strings.TrimRight(lines[i], "\n") != "```"; i++ {
				b.text += lines[i]
			}
			all = append(all, b)
			mark, above = "", ""
		case strings.HasPrefix(line, "    "):
			t.Errorf("%s:%d: an indented block is not tested; fence it", page, i+1)
		case strings.HasPrefix(line, "#"):
			section, above = "", ""
		case line == "":
			if i > 0 && strings.TrimSpace(lines[i-1]) != "" && !strings.HasPrefix(lines[i-1], "<!--") {
				above = paragraph(lines[:i])
			}
		default:
			section += line + "\n"
		}
	}
	return all
}

// paragraph returns the last lines up to a blank one.
func paragraph(lines []string) string {
	from := len(lines)
	for from > 0 && strings.TrimSpace(lines[from-1]) != "" {
		from--
	}
	return strings.Join(lines[from:], "")
}

// TestBlocks tells of blocks that no test would run.
func TestBlocks(t *testing.T) {
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			switch {
			case b.mark == "not run":
			case b.lang == "console" && strings.HasPrefix(b.text, "$ "):
			case b.lang == "transcript":
			case b.lang == "go" && (b.file != "" || page == "never.md"):
			case (b.lang == "python" || b.lang == "star") && b.file != "":
			default:
				t.Errorf("%s:%d: nothing runs this block, in %q; name its file above, or say why in a comment <!-- not run: REASON -->", page, b.line, b.lang)
			}
		}
	}
}

// TestErrors looks for what guide-tools.md says that errors say in the code that
// says it.
func TestErrors(t *testing.T) {
	page, err := os.ReadFile("guide-tools.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, folder := range []string{"core/catalog", "core/pluginhost", "plugins", "plugins/jsonl", "cmd/workbench"} {
		files, _ := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 8 {
		t.Errorf("there are %d rows of errors", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(code.String(), row[1]) {
			t.Errorf("guide-tools.md: no code says %q", row[1])
		}
	}
}
