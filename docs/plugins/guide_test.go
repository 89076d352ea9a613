// Package guide_test compiles and runs what the guide to writing plugins shows:
// every block of code in the pages below. The blocks of starlark.md and jsonl.md
// are run by the packages that they are about.
//
// To add a block, write it; [useOf] decides what the tests do with it by its
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
// Commands run in a new folder that has the page's files so far (TestConsole), as
// package docstest tells.
package guide_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/docs/docstest"
)

// pages are what is tested here.
var pages = []string{"README.md", "guide.md", "guide-tools.md", "never.md", "install.md"}

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

func useOf(b docstest.Block) use {
	_, notRun := b.Marks["not run"]
	switch {
	case notRun:
		return exempt
	case b.Lang == "console" && strings.HasPrefix(b.Text, "$ "):
		return console
	case b.Lang == "go" && b.Page == "never.md":
		return machine
	case fileOf(b) != "" && b.Page != "never.md" && (b.Lang == "go" || b.Lang == "python" || b.Lang == "star" || b.Lang == "transcript"):
		return file
	case b.Lang == "transcript":
		return script
	}
	return unused
}

var fileName = regexp.MustCompile("`((?:testdata/)?[a-z_-]+\\.(?:go|golden|star|py))`")

// fileOf returns the last file that the paragraph above a block names, or "".
func fileOf(b docstest.Block) string {
	names := fileName.FindAllStringSubmatch(b.Above, -1)
	if names == nil {
		return ""
	}
	return names[len(names)-1][1]
}

// TestBlocks tells of blocks that no test would run.
func TestBlocks(t *testing.T) {
	for _, page := range pages {
		for _, b := range docstest.Blocks(t, page) {
			if useOf(b) == unused {
				t.Errorf("%s:%d: nothing runs this block, in %q; name its file above, or say why in a comment <!-- not run: REASON -->", page, b.Line, b.Lang)
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
