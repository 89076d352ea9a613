package access

import (
	"os"
	"strings"
	"testing"
)

// docs/security.md shows the matrix.
func TestTheDocsShowTheMatrix(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range Roles() {
		row := "| " + string(role)
		if role == Admin {
			row += ", and the account"
		}
		row += " |"
		for _, a := range Actions() {
			row += map[bool]string{true: " yes |", false: " no |"}[role.May(a)]
		}
		if !strings.Contains(string(page), row+"\n") {
			t.Errorf("docs/security.md lacks the row %s", row)
		}
	}
}
