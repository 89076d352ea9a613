package workbench_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of packages into docs/architecture.md")

// TestTableIsInTheDocs compares docs/architecture.md with the table, or writes
// the table there.
func TestTableIsInTheDocs(t *testing.T) {
	const name, start, end = "docs/architecture.md", "| package |", "\n\n"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), start)
	old, after, ended := strings.Cut(start+rest, end)
	if !found || !ended {
		t.Fatalf("%s: no table that starts with %q", name, start)
	}
	want := markdown(table)
	if old == want {
		return
	}
	if !*update {
		t.Fatalf("%s: the table differs from architecture_table_test.go; `go test . -update` writes it", name)
	}
	if err := os.WriteFile(name, []byte(before+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// markdown prints the table as docs/architecture.md has it.
func markdown(rows []row) string {
	var b strings.Builder
	b.WriteString("| package | does | must not know | may import |\n|---|---|---|---|")
	for _, r := range rows {
		imports := strings.ReplaceAll(strings.Join(strings.Fields(r.imports), ", "), "github.com/", "")
		if imports == "" {
			imports = "–"
		}
		fmt.Fprintf(&b, "\n| `%s` | %s | %s | %s |", r.place, r.does, r.not, imports)
	}
	return b.String()
}
