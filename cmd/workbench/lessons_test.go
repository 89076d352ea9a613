package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
)

const lessonText = "# A lesson\n\n## A step\n\n```lesson\ncheck 1 you say a\n  client sent ^a$\n```\n"

// written writes files, by their path in a folder.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestOpenLessons(t *testing.T) {
	archive := "-- lesson.md --\n" + lessonText
	all := map[string]string{"b/lesson.md": lessonText, "a.txtar": archive, ".c/lesson.md": "", "README.md": "", "pictures/x": ""}
	for _, test := range []struct {
		folder string
		names  string // or a part of the error
	}{
		{"", strings.Join(ready.Names(), " ")},
		{written(t, all), "a b"},
		{filepath.Join(written(t, all), "b"), "b"},
		{written(t, nil), "has no lesson: expected folders with a lesson.md, or files NAME.txtar"},
		{filepath.Join(written(t, nil), "none"), "no such file"},
		{written(t, map[string]string{"a.txtar": archive, "a/lesson.md": lessonText}), "has the name a"},
		{written(t, map[string]string{"a/lesson.md": "# A\n\n## B\n"}), "lesson.md:3: expected a check"},
		{written(t, map[string]string{"a b.txtar": archive}), "expected a lesson's name"},
		{written(t, map[string]string{"a.txtar": strings.Repeat("x", lesson.MaxArchive+1)}), "larger than it may be"},
	} {
		sources, err := openLessons(test.folder, slog.New(slog.DiscardHandler))
		var names []string
		if err == nil {
			for _, s := range sources() {
				names = append(names, s.Name())
			}
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != test.names || err != nil && !strings.Contains(got, test.names) {
			t.Errorf("%s: %s; want %s", test.folder, got, test.names)
		}
	}
}
