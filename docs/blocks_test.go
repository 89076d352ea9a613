//go:build unix

package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/docs/docstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every block of code of these pages is held to something, by its language:
//
//	sh, console   it is run, as package docstest tells, in a folder that fixture_test.go fills
//	transcript    it is one, or entries of one
//	json          it is JSON, one value or several
//	toml          it is a file of settings
//	faults        it is a file of fault rules
//	lesson        a step may have it
//	markdown      it is lesson.md, or a step of it
//	text          nothing: a picture, a form, or what a program prints
//
// A comment above it may say otherwise:
//
//	<!-- tested by: TestX -->    that test does the same, with servers or clients of its own
//	<!-- in: FILE -->            a test has these lines
//	<!-- not run: REASON -->
//
// The pages of plugins and of line modes have tests of their own.
func TestBlocks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	bin, err := docstest.Build()
	t.Cleanup(func() { os.RemoveAll(bin) })
	if err != nil {
		t.Fatal(err)
	}
	tests := testNames(t)
	run := 0
	for _, page := range append(pages, "../README.md") {
		for _, b := range docstest.Blocks(t, page) {
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(page), b.Line), func(t *testing.T) {
				t.Parallel()
				if done, err := otherwise(b, tests); done {
					if err != nil {
						t.Error(err)
					}
				} else if b.Lang == "sh" || b.Lang == "console" || b.Lang == "toml" {
					follow(t, b, bin)
				} else if err := check(b); err != nil {
					t.Error(err)
				}
			})
			if b.Lang == "sh" || b.Lang == "console" {
				run++
			}
		}
	}
	if run < 60 {
		t.Errorf("only %d blocks of commands: are they still found?", run)
	}
}

// testNames returns the names of the project's tests.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names, function := map[string]bool{}, regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// otherwise does what the comment above a block says, if there is one.
func otherwise(b docstest.Block, tests map[string]bool) (done bool, err error) {
	if _, ok := b.Marks["not run"]; ok {
		return true, nil
	}
	if name, ok := b.Marks["tested by"]; ok {
		if !tests[name] {
			return true, fmt.Errorf("there is no test %s", name)
		}
		return true, nil
	}
	if name, ok := b.Marks["in"]; ok {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err == nil && !strings.Contains(flat(string(text)), flat(b.Text)) {
			err = fmt.Errorf("%s does not have these lines", name)
		}
		return true, err
	}
	return false, nil
}

// flat is a text without its indentation.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// check holds a block that is not run to what its language says.
func check(b docstest.Block) error {
	switch b.Lang {
	case "text":
		return nil
	case "transcript":
		text := b.Text
		if !strings.HasPrefix(text, "workbench transcript v1\n") {
			text = "workbench transcript v1\nmode raw\n\n" + text
		}
		_, err := transcript.ParseAll(b.Page, []byte(text))
		return err
	case "json":
		in := json.NewDecoder(strings.NewReader(b.Text))
		for {
			if err := in.Decode(new(any)); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	case "faults":
		_, err := fault.Parse([]byte(b.Text))
		return err
	case "markdown":
		text := b.Text
		if !strings.HasPrefix(text, "# ") {
			text = "# A lesson\n\n" + text
		}
		return checkLesson(text)
	case "lesson":
		return checkLesson("# A lesson\n\n## A step\n\n```lesson\n" + b.Text + "```\n")
	}
	return fmt.Errorf("nothing is known of blocks in %q; docs/blocks_test.go says what a block may be", b.Lang)
}

// checkLesson reads a lesson, whose files are there.
func checkLesson(text string) error {
	golden := "workbench transcript v1\nmode raw\n\n<< server \"one\\ntwo\\n\"\n>> server \"one\\ntwo\\n\"\n>> server eof\n"
	folder := fstest.MapFS{"lesson.md": {Data: []byte(text)}}
	for _, m := range regexp.MustCompile(`(?m)^ +(?:shows|plays) (\S+)$`).FindAllStringSubmatch(text, -1) {
		folder[m[1]] = &fstest.MapFile{Data: []byte(golden)}
	}
	_, err := lesson.Open(folder, "lesson", nil)
	return err
}
