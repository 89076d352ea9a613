package markdown_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/lesson/markdown"
)

// shown writes a tree down: kind(what is in it).
func shown(all []markdown.Node) string {
	var parts []string
	for _, n := range all {
		s := string(n.Kind)
		if n.Kind == markdown.Text {
			s = ""
		}
		if n.Text != "" {
			text, _ := json.Marshal(n.Text)
			s += strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(text))
		}
		if n.Href != "" {
			s += "=" + n.Href
		}
		if len(n.Nodes) > 0 {
			s += "(" + shown(n.Nodes) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   ``,
		"a *b* **c** `d <i>`":                `paragraph("a " em("b") " " strong("c") " " code"d <i>")`,
		"two\nlines":                         `paragraph("two\nlines")`,
		"a break  \nhere":                    `paragraph("a break" break "here")`,
		`\*no\* &lt;b&gt; \&amp; &#x41;`:     `paragraph("*no* <b> &amp; A")`,
		"`\\*` and `&lt;`":                   "paragraph(code\"\\\\*\" \" and \" code\"&lt;\")",
		"### Head":                           `heading("Head")`,
		"```\nGET / HTTP/1.0\n\n```":         `pre"GET / HTTP/1.0\n"`,
		"    indented":                       `pre"indented"`,
		"- one\n- two":                       `list(item(paragraph("one")) item(paragraph("two")))`,
		"3. three":                           `ordered(item(paragraph("three")))`,
		"> said":                             `quote(paragraph("said"))`,
		"---":                                `rule`,
		"|a|b|\n|-|-|\n|1|`2`|":              `table(row(head("a") head("b")) row(cell("1") cell(code"2")))`,
		"[x](https://a.example/?q=1)":        `paragraph(link=https://a.example/?q=1("x"))`,
		"<http://a.example>":                 `paragraph(link=http://a.example("http://a.example"))`,
		"[x](javascript:alert(1))":           `paragraph("x")`,
		"[x](//a.example) [y](/z)":           `paragraph("x y")`,
		"<me@a.example>":                     `paragraph("me@a.example")`,
		"![a *picture*](https://a.example/)": `paragraph("a picture")`,
		"<b onclick=x>bold</b>":              `paragraph("<b onclick=x>bold</b>")`,
		"<script>\nx\n</script>":             `pre"<script>\nx\n</script>"`,
	} {
		if got := shown(markdown.Parse(text)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

// The tree is bounded however deep a text goes.
func TestDepth(t *testing.T) {
	for _, text := range []string{strings.Repeat(">", 5000) + "deep", strings.Repeat("*a **b ", 2000), strings.Repeat("[", 5000) + "x"} {
		if got := depthOf(markdown.Parse(text)); got > markdown.MaxDepth+1 {
			t.Errorf("%.20s…: %d deep", text, got)
		}
	}
	if got := shown(markdown.Parse(strings.Repeat("> ", 40) + "deep")); !strings.Contains(got, "deep") {
		t.Errorf("what is deep is lost: %s", got)
	}
}

func depthOf(all []markdown.Node) int {
	most := 0
	for _, n := range all {
		most = max(most, 1+depthOf(n.Nodes))
	}
	return most
}
