//go:build linux

package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Programs find each code in the document of what they read it from.
func TestCodesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/websocket.md")
	if err != nil {
		t.Fatal(err)
	}
	_, modes, _ := strings.Cut(string(doc), "\n## GET /api/modes\n")
	modes, _, _ = strings.Cut(modes, "\n## ")
	source, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Code = "(.*)"`).FindAllSubmatch(source, -1)
	if len(codes) < 20 {
		t.Errorf("only %d codes were found", len(codes))
	}
	for _, c := range codes {
		if !strings.Contains(modes, fmt.Sprintf("\n| `%s` |", c[1])) {
			t.Errorf("docs/websocket.md has no row of the code %s", c[1])
		}
	}
}

func TestCodeOf(t *testing.T) {
	for want, err := range map[Code]error{
		"":              nil,
		CodeFailed:      errors.New("x"),
		CodeRestless:    &Unavailable{Code: CodeRestless},
		CodeKilled:      fmt.Errorf("x: %w", &death{"echo", fail(CodeKilled, "killed"), false, false}),
		CodeStopping:    errStopping,
		CodeOutOfMemory: fail(CodeOutOfMemory, "x"),
	} {
		if got := codeOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
