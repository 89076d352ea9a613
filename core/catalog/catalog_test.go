package catalog

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	script  = "#!/bin/sh\necho hello\n"
	program = "package main\n\nfunc main() {}\n"
)

// write makes a file, with the folders above it.
func write(t *testing.T, file, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// goFolder makes a folder of Go code.
func goFolder(t *testing.T, folder, module, text string) string {
	t.Helper()
	write(t, filepath.Join(folder, "go.mod"), "module "+module+"\n\ngo 1.24\n", 0o644)
	write(t, filepath.Join(folder, "main.go"), text, 0o644)
	return folder
}

// wants fails unless the error holds all the words.
func wants(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; wanted one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestBuildGo(t *testing.T) {
	folder := goFolder(t, filepath.Join(t.TempDir(), "any"), "example.com/workbench-plugin-shout/v2", program)
	write(t, filepath.Join(folder, "testdata", "a.golden"), "x", 0o644)
	write(t, filepath.Join(folder, Prefix+"shout"), script, 0o755) // as go build leaves it behind
	into := filepath.Join(t.TempDir(), "new")
	p, err := Build(t.Context(), folder, BuildOptions{Into: into})
	if err != nil {
		t.Fatal(err)
	}
	want := Plugin{Name: "shout", Path: filepath.Join(into, Prefix+"shout"), Kind: KindGo, Source: folder,
		Goldens: filepath.Join(folder, "testdata"), Sum: p.Sum}
	if *p != want {
		t.Errorf("got %+v\nwant %+v", *p, want)
	}
	if sum, err := sumFile(p.Path); err != nil || sum != p.Sum {
		t.Errorf("the sum is %s, the file's %s, %v", p.Sum, sum, err)
	}
	if err := exec.Command(p.Path).Run(); err != nil {
		t.Error(err)
	}
	again, err := Build(t.Context(), folder, BuildOptions{Into: t.TempDir()})
	if err != nil || again.Sum != p.Sum {
		t.Errorf("built twice the sums differ: %v", err)
	}
	debug, err := Build(t.Context(), folder, BuildOptions{Into: t.TempDir(), Debug: true})
	if err != nil || debug.Sum == p.Sum {
		t.Errorf("for a debugger it is the same build: %v", err)
	}
}

// A commit changes no code, so it changes no sum.
func TestBuildIgnoresCommits(t *testing.T) {
	t.Setenv("GOFLAGS", "-buildvcs=true")
	folder := goFolder(t, t.TempDir(), "shout", program)
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=n", "-c", "user.email=e@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	var sums []string
	for range 2 {
		if len(sums) == 0 {
			git("init", "-q")
			git("add", ".")
		}
		git("commit", "-q", "--allow-empty", "-m", "more")
		p, err := Build(t.Context(), folder, BuildOptions{Into: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, p.Sum)
	}
	if sums[0] != sums[1] {
		t.Error("the sums differ")
	}
}

func TestBuildErrorHoldsTheCompilersText(t *testing.T) {
	folder := goFolder(t, t.TempDir(), "bad", "package main\n\nfunc main() { nope() }\n")
	var said strings.Builder
	_, err := Build(t.Context(), folder, BuildOptions{Into: t.TempDir(), Output: &said})
	var build *BuildError
	if !errors.As(err, &build) || build.Plugin != "bad" || build.Output != said.String() {
		t.Fatalf("got %v; written was %q", err, said.String())
	}
	wants(t, err, "plugin bad does not build in "+folder, "main.go:3:15: undefined: nope")
}

func TestBuildFiles(t *testing.T) {
	folder := t.TempDir()
	star := write(t, filepath.Join(folder, "one", "upper.star"), "x = 1\n", 0o644)
	python := write(t, filepath.Join(folder, "two", Prefix+"lines.py"), script, 0o755)
	write(t, filepath.Join(folder, "two", "README.md"), "words", 0o644)
	write(t, filepath.Join(folder, "two", "testdata", "a.golden"), "x", 0o644)
	for source, want := range map[string]Plugin{
		star:                         {Name: "upper", Path: star, Starlark: true, Kind: KindStarlark},
		filepath.Dir(star):           {Name: "upper", Path: star, Starlark: true, Kind: KindStarlark},
		python:                       {Name: "lines", Path: python, Kind: KindScript, Goldens: filepath.Join(folder, "two", "testdata")},
		filepath.Join(folder, "two"): {Name: "lines", Path: python, Kind: KindScript, Goldens: filepath.Join(folder, "two", "testdata")},
	} {
		p, err := Build(t.Context(), source, BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want.Source, want.Sum = source, p.Sum
		if *p != want || !isSum(p.Sum) {
			t.Errorf("got %+v\nwant %+v", *p, want)
		}
	}
}

func TestSourcesThatAreNone(t *testing.T) {
	folder := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{folder}, parts...)...) }
	write(t, at("empty", "README.md"), "words", 0o644)
	write(t, at("two", "a.star"), "x", 0o644)
	write(t, at("two", "b.star"), "x", 0o644)
	write(t, at("mixed", "a.star"), "x", 0o644)
	write(t, at("mixed", "main.go"), program, 0o644)
	write(t, at("bit", Prefix+"a.py"), script, 0o644)
	write(t, at("nameless"), script, 0o755)
	write(t, at("9go", "main.go"), program, 0o644)
	goFolder(t, at("module"), "example.com/9", program)
	for source, words := range map[string][]string{
		"nowhere":  {at("nowhere") + " is not there"},
		"empty":    {"holds no plugin", "workbench plugin new NAME"},
		"two":      {"more than one plugin: a.star, b.star", "name one of these files"},
		"mixed":    {"holds Go code and a.star"},
		"bit":      {"plugin a: ", "has no run bit; run: chmod +x " + at("bit", Prefix+"a.py")},
		"nameless": {"is no plugin by its name", "workbench-plugin-NAME"},
		"9go":      {`named "9go", after its folder`, "beginning with a letter"},
		"module":   {`named "9", after its module in go.mod`},
	} {
		_, err := Build(t.Context(), at(source), BuildOptions{Into: t.TempDir()})
		wants(t, err, words...)
		var problem *Problem
		if !errors.As(err, &problem) {
			t.Errorf("%s: a %T", source, err)
		}
	}
}

// Each problem names the plugin and the path and says what to do; the plugins
// beside it are found.
func TestFind(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	good := write(t, filepath.Join(first, Prefix+"good.sh"), script, 0o755)
	star := write(t, filepath.Join(first, "upper.star"), "x", 0o644)
	write(t, filepath.Join(first, "README.md"), "words", 0o644)
	write(t, filepath.Join(first, "sub", "deep.star"), "x", 0o644)
	write(t, filepath.Join(first, Prefix+"empty"), "", 0o755)
	write(t, filepath.Join(first, Prefix+"raw"), script, 0o755)
	write(t, filepath.Join(first, Prefix+"a b"), script, 0o755)
	write(t, filepath.Join(first, Prefix+"text"), "words", 0o755)
	write(t, filepath.Join(second, "good.star"), "x", 0o644)
	if err := os.Symlink(filepath.Join(first, "gone"), filepath.Join(second, "lost.star")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(second, Prefix+"bit"), script, 0o644)
	missing := filepath.Join(second, "missing")

	found, problems := Find([]string{first, second, missing, first}, map[string]string{"raw": "a built-in line mode"})
	if len(found) != 2 || found[0].Path != star && found[1].Path != star || found[0].Path != good && found[1].Path != good {
		t.Errorf("found %+v", found)
	}
	for _, want := range [][2]string{
		{"empty", "is empty"},
		{"raw", "its name is taken by a built-in line mode"},
		{"", `would be a plugin named "a b"`},
		{"text", "neither a program nor a script that begins with #!"},
		{"good", filepath.Join(second, "good.star") + " is not used, its name is taken by " + good},
		{"lost", "is a link to " + filepath.Join(first, "gone") + ", where nothing is; remove it: rm " + filepath.Join(second, "lost.star")},
		{"bit", "chmod +x " + filepath.Join(second, Prefix+"bit")},
		{"", missing + " is not there"},
	} {
		ok := false
		for _, p := range problems {
			ok = ok || p.Plugin == want[0] && strings.Contains(p.Error(), want[1])
		}
		if !ok {
			t.Errorf("no problem %q of plugin %q", want[1], want[0])
		}
	}
	if len(problems) != 8 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
}

func TestFolderThatMayNotBeRead(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	folder := t.TempDir()
	os.Chmod(folder, 0)
	defer os.Chmod(folder, 0o700)
	if _, problems := Find([]string{folder}, nil); len(problems) != 1 || !strings.Contains(problems[0].What, "may not be read") {
		t.Errorf("got %v", problems)
	}
}

// Programs for other systems are told from their headers, without a start.
func TestOtherPlatforms(t *testing.T) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	source := goFolder(t, t.TempDir(), "p", program)
	for _, platform := range []string{"linux/amd64", "linux/arm64", "linux/386", "darwin/arm64", "windows/amd64", "freebsd/amd64", "linux/riscv64"} {
		t.Run(strings.ReplaceAll(platform, "/", "-"), func(t *testing.T) {
			system, processor, _ := strings.Cut(platform, "/")
			file := filepath.Join(t.TempDir(), Prefix+"p")
			// Linking needs the runtime for that platform; without -a it is
			// compiled once and cached.
			cmd := exec.Command("go", "build", "-o", file, ".")
			cmd.Dir = source
			cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+processor, "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			p, err := Build(t.Context(), file, BuildOptions{})
			if platform == here {
				if err != nil || p.Kind != KindProgram {
					t.Errorf("got %+v, %v", p, err)
				}
				return
			}
			wants(t, err, "plugin p: "+file, "is built for "+platform+", this is "+here, "GOOS="+runtime.GOOS+" GOARCH="+runtime.GOARCH+" go build")
		})
	}
}
