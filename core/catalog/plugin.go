package catalog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// The names of files that are plugins.
const (
	Prefix   = "workbench-plugin-" // of an executable; the plugin's name follows, and an extension may
	StarExt  = ".star"             // of a Starlark script, behind the plugin's name
	testdata = "testdata"
)

// Kind says what a plugin is made of, in one word for people.
type Kind string

// The kinds.
const (
	KindGo       Kind = "go"       // built from a folder of Go code
	KindProgram  Kind = "program"  // an executable for this system
	KindScript   Kind = "script"   // an executable that begins with #!
	KindStarlark Kind = "starlark" // a .star file
)

// Plugin is one file that runs as a plugin.
type Plugin struct {
	Name     string // what its manifest has to say too
	Path     string // the file that runs, absolute
	Starlark bool   // Path is a Starlark script; else it is an executable
	Kind     Kind
	Source   string // what the user named, a file or a folder, absolute
	Goldens  string // folder of golden transcripts beside the source, or ""
	Sum      string // SHA-256 of the file at Path, in hex
}

// Problem is why a plugin cannot be used, and what to do about it.
type Problem struct {
	Code   Code   `json:"code"`
	Plugin string `json:"plugin"` // its name, or "" where there is none to tell
	Path   string `json:"path"`   // the file or folder
	What   string `json:"what"`   // what is wrong
	Next   string `json:"next"`   // the next command, or what else to do
	err    error  // why, for errors.Is; nil: for what What says
}

// Code says what is wrong, for programs.
type Code string

// The codes.
const (
	CodeNotFound    Code = "not-found"
	CodeUnreadable  Code = "unreadable"
	CodeNoPlugin    Code = "no-plugin"    // neither by its name, nor in the folder
	CodeAmbiguous   Code = "ambiguous"    // more than one is in the folder
	CodeName        Code = "name"         // no plugin can have it
	CodeNameTaken   Code = "name-taken"   // by another one
	CodeNotRunnable Code = "not-runnable" // on this system, as it is
	CodeNoCompiler  Code = "no-compiler"
	CodeChanging    Code = "changing" // while it was read
	CodeDamaged     Code = "damaged"  // what was installed
	CodeUnusable    Code = "unusable" // anything else
)

// ErrorCode returns the code as text.
func (p *Problem) ErrorCode() string { return string(p.Code) }

// Unwrap returns why, or nil.
func (p *Problem) Unwrap() error { return p.err }

// Error says it all in one sentence.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Plugin != "" {
		b.WriteString("plugin " + core.Printable(p.Plugin) + ": ")
	}
	b.WriteString(core.Printable(p.Path + " " + p.What))
	if p.Next != "" {
		b.WriteString("; " + core.Printable(p.Next))
	}
	return b.String()
}

// nameOf returns the name of the plugin that a file would be, by the file's
// name alone. ok is false for a file that is none.
func nameOf(file string) (name string, starlark, ok bool) {
	if name, ok := strings.CutSuffix(file, StarExt); ok {
		return name, true, true
	}
	if name, ok := strings.CutPrefix(file, Prefix); ok {
		return strings.TrimSuffix(name, filepath.Ext(name)), false, true
	}
	return "", false, false
}

// place is a source that was looked at: what to run, or what to build.
type place struct {
	source string // absolute
	name   string
	kind   Kind
	file   string // what runs; "" for a folder of Go code
}

// Name returns the name of the plugin that a source makes, which Build gives
// it too. What is at the source need not run yet. An error is a *Problem.
func Name(source string) (string, error) {
	p, err := locate(source)
	if core.ValidName(p.name) {
		return p.name, nil
	}
	return "", err
}

// locate finds out what a source is. Its errors are Problems.
func locate(source string) (place, error) {
	abs, err := filepath.Abs(source)
	if err != nil {
		return place{}, &Problem{Code: CodeNotFound, Path: source, What: "cannot be found: " + err.Error()}
	}
	info, err := os.Stat(abs)
	if err != nil {
		return place{}, unreadable("", abs, err)
	}
	if info.IsDir() {
		return locateIn(abs)
	}
	return locateFile(abs, abs)
}

// locateFile looks at the one file of a source.
func locateFile(source, file string) (place, error) {
	name, starlark, ok := nameOf(filepath.Base(file))
	if !ok {
		return place{}, &Problem{Code: CodeNoPlugin, Path: file, What: "is no plugin by its name",
			Next: "name it " + Prefix + "NAME for an executable, or NAME" + StarExt + " for a Starlark script"}
	}
	kind, err := check(name, file, starlark)
	return place{source: source, name: name, kind: kind, file: file}, err
}

// locateIn looks for the one plugin of a folder: a Starlark script, an
// executable, or the folder's own Go code. An executable beside Go code is
// taken for what was built from it.
func locateIn(folder string) (place, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return place{}, unreadable("", folder, err)
	}
	var files []string
	code := false
	for _, e := range entries {
		name := e.Name()
		switch _, _, ok := nameOf(name); {
		case e.IsDir():
		case ok:
			files = append(files, name)
		case name == "go.mod", strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			code = true
		}
	}
	if code {
		files = slices.DeleteFunc(files, func(f string) bool { return !strings.HasSuffix(f, StarExt) })
	}
	switch {
	case code && len(files) > 0:
		return place{}, &Problem{Code: CodeAmbiguous, Path: folder, What: "holds Go code and " + strings.Join(files, ", "), Next: "name the script itself, or keep the two apart"}
	case code:
		name, err := nameOfFolder(folder)
		return place{source: folder, name: name, kind: KindGo}, err
	case len(files) == 0:
		return place{}, &Problem{Code: CodeNoPlugin, Path: folder, What: "holds no plugin: no Go code, no executable " + Prefix + "NAME, no NAME" + StarExt,
			Next: "name another folder, or make one with: workbench plugin new NAME"}
	case len(files) > 1:
		return place{}, &Problem{Code: CodeAmbiguous, Path: folder, What: "holds more than one plugin: " + strings.Join(files, ", "), Next: "name one of these files"}
	}
	return locateFile(folder, filepath.Join(folder, files[0]))
}

// nameOfFolder names the plugin that a folder of Go code makes: by the last
// part of the path of its module, which stays when the folder is renamed, else
// by the folder. A prefix workbench-plugin- is cut.
func nameOfFolder(folder string) (string, error) {
	last, from := filepath.Base(folder), "folder"
	if data, err := plainfile.ReadFile(filepath.Join(folder, "go.mod"), maxEntry); err == nil {
		if module := modulePath(data); module != "" {
			last, from = lastOfModule(module), "module in go.mod"
		}
	}
	name := strings.TrimPrefix(last, Prefix)
	if !core.ValidName(name) {
		return "", &Problem{Code: CodeName, Path: folder, What: fmt.Sprintf("would make a plugin named %q, after its %s", name, from), Next: validNames}
	}
	return name, nil
}

// validNames tells what core.ValidName wants.
var validNames = fmt.Sprintf("a name is 1 to %d letters, digits, '-' or '_', beginning with a letter: rename it", core.MaxName)

// modulePath returns the path that the text of a go.mod gives its module, or
// "".
func modulePath(gomod []byte) string {
	for line := range strings.Lines(string(gomod)) {
		line, _, _ = strings.Cut(line, "//")
		if f := strings.Fields(line); len(f) == 2 && f[0] == "module" {
			return strings.Trim(f[1], "\"`")
		}
	}
	return ""
}

// lastOfModule returns the last part of a module's path that is no version.
func lastOfModule(module string) string {
	parts := strings.Split(module, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = parts[len(parts)-2]
	}
	return last
}

// plugin makes the Plugin of a place whose file is there.
func (p place) plugin(file string) (*Plugin, error) {
	sum, err := sumFile(file)
	if err != nil {
		return nil, unreadable(p.name, file, err)
	}
	folder := p.source
	if p.file == p.source {
		folder = filepath.Dir(p.source)
	}
	return &Plugin{Name: p.name, Path: file, Starlark: p.kind == KindStarlark, Kind: p.kind, Source: p.source, Goldens: goldensIn(folder), Sum: sum}, nil
}

// goldensIn returns the folder of goldens in a folder, or "".
func goldensIn(folder string) string {
	goldens := filepath.Join(folder, testdata)
	if info, err := os.Stat(goldens); err != nil || !info.IsDir() {
		return ""
	}
	return goldens
}

// unreadable tells what the system said about a path.
func unreadable(plugin, path string, err error) *Problem {
	switch {
	case errors.Is(err, os.ErrNotExist):
		if to, e := os.Readlink(path); e == nil {
			return &Problem{Code: CodeNotFound, Plugin: plugin, Path: path, What: "is a link to " + to + ", where nothing is", Next: "remove it: rm " + Quote(path)}
		}
		return &Problem{Code: CodeNotFound, Plugin: plugin, Path: path, What: "is not there"}
	case errors.Is(err, os.ErrPermission):
		return &Problem{Code: CodeUnreadable, Plugin: plugin, Path: path, What: "may not be read by this user", Next: "let the user read it: chmod u+rX " + Quote(path)}
	}
	var system *os.PathError
	if errors.As(err, &system) {
		err = system.Err
	}
	return &Problem{Code: CodeUnreadable, Plugin: plugin, Path: path, What: "cannot be read: " + err.Error()}
}

// Quote writes a path for a command that the user copies. One that does not show
// as it is gets the form $'…', which shells read (POSIX.1-2024, section 2.2.4).
func Quote(path string) string {
	if strings.IndexFunc(path, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z')
	}) < 0 {
		return path
	}
	if core.Printable(path) != path {
		return "$'" + dollarQuoted(path) + "'"
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// dollarQuoted writes each byte that is not printable ASCII as an octal escape.
func dollarQuoted(path string) string {
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '\'' || c == '\\':
			b.Write([]byte{'\\', c})
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
