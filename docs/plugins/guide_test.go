// Package guide_test compiles and runs what the guide to writing plugins shows:
// every block of code in the pages below. The blocks of starlark.md and jsonl.md
// are run by the packages that they are about.
//
// To add a block, write it; [block.use] decides what the tests do with it by its
// language and by what stands above it:
//
//	above it                          the block                becomes
//	a paragraph that names `x.go`     go, python, star or      the file x.go of the plugin that the
//	                                  transcript               page builds, from this block on
//	(in never.md) anything            go                       a machine; the first of a section is found
//	                                                           by the checks named after "Found by", the
//	                                                           others by none
//	anything else                     transcript               a script that the plugin must keep as it
//	                                                           is at that step
//	anything                          console                  commands, after "$ ", and what each prints
//	<!-- not run: REASON -->          any                      nothing
//
// A comment <!-- step: NAME --> begins a step of guide.md: the plugin as it was,
// and the files that follow. go test is run in each (TestSteps).
//
// Commands run in a new folder that has the page's files so far (TestConsole).
// What they print must have the lines below them, in their order, and may have
// others; "…" stands for any text, and paths, sums and times may differ. A
// comment <!-- first: COMMAND --> above the block runs that before it, and
// <!-- until: Ctrl-C --> interrupts the last command once its lines were printed.
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
	file    string            // that the paragraph above names, or ""
	step    string            // the last one begun above
	section string            // the text since the heading above
	marks   map[string]string // the comments right above: "until", "first" or "not run"
}

// use is what the tests do with a block.
type use uint8

const (
	unused  use = iota
	exempt      // nothing, for a reason
	file        // written into the plugin's folder
	script      // held against the plugin
	machine     // held to all promises
	console     // run
)

func (b block) use() use {
	_, notRun := b.marks["not run"]
	switch {
	case notRun:
		return exempt
	case b.lang == "console" && strings.HasPrefix(b.text, "$ "):
		return console
	case b.lang == "go" && b.page == "never.md":
		return machine
	case b.file != "" && b.page != "never.md" && (b.lang == "go" || b.lang == "python" || b.lang == "star" || b.lang == "transcript"):
		return file
	case b.lang == "transcript":
		return script
	}
	return unused
}

// TestBlocks tells of blocks that no test would run.
func TestBlocks(t *testing.T) {
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			if b.use() == unused {
				t.Errorf("%s:%d: nothing runs this block, in %q; name its file above, or say why in a comment <!-- not run: REASON -->", page, b.line, b.lang)
			}
		}
	}
}

var (
	comment  = regexp.MustCompile(`^<!-- (step|until|first|not run): (.+) -->$`)
	fileName = regexp.MustCompile("`((?:testdata/)?[a-z_-]+\\.(?:go|golden|star|py))`")
)

// blocks returns the blocks of a page.
func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var step, section, paragraph, above string // above is the paragraph before this one
	marks := map[string]string{}
	lines := strings.SplitAfter(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\n")
		m := comment.FindStringSubmatch(line)
		if paragraph != "" && (line == "" || strings.HasPrefix(line, "```")) {
			above, paragraph = paragraph, ""
		}
		switch {
		case m != nil && m[1] == "step":
			step, above = m[2], ""
		case m != nil:
			marks[m[1]] = m[2]
		case strings.HasPrefix(line, "```"):
			b := block{page: page, line: i + 1, lang: line[3:], step: step, section: section, marks: marks}
			if names := fileName.FindAllStringSubmatch(above, -1); names != nil {
				b.file = names[len(names)-1][1]
			}
			for i++; i < len(lines) && strings.TrimRight(lines[i], "\n") != "```"; i++ {
				b.text += lines[i]
			}
			all = append(all, b)
			marks, above = map[string]string{}, ""
		case strings.HasPrefix(line, "    "):
			t.Errorf("%s:%d: an indented block is not tested; fence it", page, i+1)
		case strings.HasPrefix(line, "#"):
			section, paragraph, above = "", "", ""
		case line != "":
			section += line + "\n"
			paragraph += line + "\n"
		}
	}
	return all
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
