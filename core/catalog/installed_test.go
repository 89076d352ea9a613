package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func found(t *testing.T, source string) Plugin {
	t.Helper()
	p, err := Build(t.Context(), source, BuildOptions{Into: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return *p
}

func TestKeep(t *testing.T) {
	state := t.TempDir()
	file := write(t, filepath.Join(t.TempDir(), Prefix+"a.py"), script, 0o755)
	p := found(t, file)
	var all sync.WaitGroup
	for range 4 { // all at once: each finds it whole, or makes it
		all.Go(func() {
			kept, err := Keep(p, state)
			if err != nil || kept.Path != filepath.Join(state, "plugins", p.Sum, Prefix+"a.py") || kept.Source != file {
				t.Errorf("got %+v, %v", kept, err)
			}
		})
	}
	all.Wait()
	kept, err := Keep(p, state)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(kept.Path)
	if err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("the copy has mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(state, "plugins", p.Sum, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	// The copy is independent of the source, and repaired when it is damaged.
	write(t, file, script+"# new\n", 0o755)
	if sum, _ := sumFile(kept.Path); sum != p.Sum {
		t.Error("the copy changed with its source")
	}
	_, err = Keep(p, t.TempDir())
	wants(t, err, "changed while it was read")
	write(t, file, script, 0o755)
	os.Chmod(kept.Path, 0o700)
	write(t, kept.Path, "damaged", 0o700)
	if _, err := Keep(p, state); err != nil {
		t.Fatal(err)
	}
	if sum, _ := sumFile(kept.Path); sum != p.Sum {
		t.Error("a damaged copy was taken")
	}
}

func TestInstall(t *testing.T) {
	state := t.TempDir()
	folder := goFolder(t, t.TempDir(), "shout", program)
	now, before, err := Install(found(t, folder), "1.0", state)
	if err != nil || before != nil {
		t.Fatalf("%+v, %v", before, err)
	}
	all, problems := Installed(state)
	if len(all) != 1 || len(problems) != 0 || all[0] != now || all[0].Version != "1.0" || all[0].Plugin().Kind != KindGo {
		t.Fatalf("installed is %+v, %v", all, problems)
	}
	if _, changed := Changed(now); changed {
		t.Error("changed, it is said, and nothing was")
	}

	// What is no source changes nothing; what is does, without a build.
	write(t, filepath.Join(folder, "README.md"), "words", 0o644)
	write(t, filepath.Join(folder, "main_test.go"), "package main\n", 0o644)
	write(t, filepath.Join(folder, "testdata", "a.golden"), "x", 0o644)
	write(t, filepath.Join(folder, ".git", "HEAD"), "x", 0o644)
	write(t, filepath.Join(folder, Prefix+"shout"), script, 0o755)
	if _, changed := Changed(now); changed {
		t.Error("a test or a text counts as source")
	}
	write(t, filepath.Join(folder, "sub", "table.bin"), "embedded", 0o644)
	sum, changed := Changed(now)
	if !changed || sum == now.SourceSum || !isSum(sum) {
		t.Errorf("%v, %s", changed, sum)
	}

	// The same name again replaces it; a running workbench keeps its copy.
	write(t, filepath.Join(folder, "main.go"), "package main\n\nfunc main() { println() }\n", 0o644)
	again, before, err := Install(found(t, folder), "2.0", state)
	if err != nil || before == nil || *before != now || again.Sum == now.Sum {
		t.Fatalf("%+v, %v", before, err)
	}
	for _, e := range []Entry{now, again} {
		if _, err := os.Stat(e.Plugin().Path); err != nil {
			t.Error(err)
		}
	}

	os.RemoveAll(folder)
	if sum, changed := Changed(again); !changed || sum != "" {
		t.Error("a source that is gone is no change")
	}
	if err := Remove(state, "shout"); err != nil {
		t.Fatal(err)
	}
	if all, problems := Installed(state); len(all)+len(problems) > 0 {
		t.Errorf("left: %v, %v", all, problems)
	}
	for _, e := range []Entry{now, again} {
		if _, err := os.Stat(filepath.Dir(e.Plugin().Path)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a copy is left: %v", err)
		}
	}
	for _, name := range []string{"shout", "../x", ""} {
		if err := Remove(state, name); !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A damaged entry or copy costs that plugin alone, and the problem says what to
// do about it.
func TestDamage(t *testing.T) {
	state, folder := t.TempDir(), t.TempDir()
	for _, name := range []string{"ok", "entry", "copy", "gone"} {
		if _, _, err := Install(found(t, write(t, filepath.Join(folder, name+".star"), "# "+name, 0o644)), "", state); err != nil {
			t.Fatal(err)
		}
	}
	all, _ := Installed(state)
	for _, e := range all {
		switch path := e.Plugin().Path; e.Name {
		case "entry":
			write(t, entryFile(state, e.Name), `{"name": "ent`, 0o600)
		case "copy":
			os.Chmod(path, 0o600)
			write(t, path, "damaged", 0o600)
		case "gone":
			os.Remove(path)
		}
	}
	all, problems := Installed(state)
	if len(all) != 1 || all[0].Name != "ok" || len(problems) != 3 {
		t.Fatalf("%v, %v", all, problems)
	}
	for _, p := range problems {
		want := map[string]string{
			"entry": "is damaged, so the plugin is not used; install it again, or run: workbench plugin remove entry",
			"copy":  "is not the file that was installed: its sum is",
			"gone":  "is not there; install it again with: workbench plugin install " + filepath.Join(folder, "gone.star"),
		}[p.Plugin]
		wants(t, &p, want)
	}
	write(t, entryFile(state, "entry"), `{"name": "entry", "sum": "../..", "file": "entry.star"}`, 0o600)
	if _, problems := Installed(state); len(problems) != 3 || !strings.Contains(problems[1].What+problems[0].What+problems[2].What, "is damaged") {
		t.Errorf("an entry that leads elsewhere is taken: %v", problems)
	}
	if _, _, err := Install(found(t, filepath.Join(folder, "entry.star")), "", state); err != nil {
		t.Errorf("a damaged entry cannot be replaced: %v", err)
	}
	if err := Remove(state, "copy"); err != nil {
		t.Error(err)
	}
}

// Only what is neither installed nor used lately goes.
func TestPrune(t *testing.T) {
	state, folder := t.TempDir(), t.TempDir()
	kept := map[string]string{}
	for _, name := range []string{"installed", "recent", "old"} {
		p := found(t, write(t, filepath.Join(folder, name+".star"), "# "+name, 0o644))
		k, err := Keep(p, state)
		if err != nil {
			t.Fatal(err)
		}
		if name == "installed" {
			if _, _, err := Install(p, "", state); err != nil {
				t.Fatal(err)
			}
		}
		if past := time.Now().Add(-2 * unusedFor); name != "recent" {
			os.Chtimes(k.Path, past, past)
		}
		kept[name] = k.Path
	}
	Prune(state)
	var left []string
	for name, path := range kept {
		if _, err := os.Stat(path); err == nil {
			left = append(left, name)
		}
	}
	if len(left) != 2 || strings.Contains(strings.Join(left, " "), "old") {
		t.Errorf("left are %v", left)
	}
}
