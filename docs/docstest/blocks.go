package docstest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Block is a fenced block of a page.
type Block struct {
	Page    string
	Line    int    // of its fence
	Lang    string // "" of a bare fence
	Text    string
	Above   string            // the paragraph above it
	Step    string            // what the last comment <!-- step: NAME --> above it named
	Section string            // the text since the heading above
	Marks   map[string]string // the other comments <!-- KEY: WORDS --> right above it
}

var mark = regexp.MustCompile(`^<!-- ([a-z][a-z ]*): (.+) -->$`)

// Blocks returns the blocks of a page. A page with indented code fails the test, since
// nothing would say what that is.
func Blocks(t testing.TB, page string) (all []Block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var step, section, paragraph, above string // above is the paragraph before this one
	marks := map[string]string{}
	listed := false // in a list, whose paragraphs are indented
	lines := strings.SplitAfter(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\n")
		plain := strings.TrimLeft(line, " ")
		m := mark.FindStringSubmatch(plain)
		fence := plain[:len(plain)-len(strings.TrimLeft(plain, "`"))]
		if len(fence) < 3 {
			fence = ""
		}
		if paragraph != "" && (line == "" || fence != "") {
			above, paragraph = paragraph, ""
		}
		indent := line[:len(line)-len(plain)]
		switch {
		case m != nil && m[1] == "step":
			step, above = m[2], ""
		case m != nil:
			marks[m[1]] = m[2]
		case fence != "":
			b := Block{Page: page, Line: i + 1, Lang: plain[len(fence):], Above: above, Step: step, Section: section, Marks: marks}
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != fence; i++ {
				b.Text += strings.TrimPrefix(lines[i], indent)
			}
			all = append(all, b)
			marks, above = map[string]string{}, ""
		case len(indent) >= 4 && !listed:
			t.Errorf("%s:%d: an indented block is not tested; fence it", page, i+1)
		case strings.HasPrefix(line, "#"):
			section, paragraph, above, listed = "", "", "", false
		case line != "":
			section += line + "\n"
			paragraph += line + "\n"
			listed = indent != "" || isItem(line)
		}
	}
	return all
}

// isItem reports whether a line begins an item of a list.
func isItem(line string) bool {
	word, _, ok := strings.Cut(line, " ")
	return ok && (word == "-" || word == "*" || strings.Trim(word, "0123456789") == "." && word != ".")
}
