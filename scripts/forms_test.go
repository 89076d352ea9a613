package scripts

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What tests take from the environment to be longer is set by a command of the project,
// without which that form never runs.
func TestLongFormsAreRun(t *testing.T) {
	var commands strings.Builder
	names, err := filepath.Glob("*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "../Makefile") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		commands.Write(text)
	}
	chosen := regexp.MustCompile(`os\.Getenv\("(\w+_(?:LONG|SECONDS))"\)`)
	found := 0
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range chosen.FindAllStringSubmatch(string(text), -1) {
			if found++; !strings.Contains(commands.String(), m[1]+"=") {
				t.Errorf("%s looks at %s, which neither the Makefile nor a script sets", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no test has a longer form")
	}
}
