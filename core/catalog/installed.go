package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// Entry is what the state directory knows of one installed plugin. Each has a
// file of its own, STATE/plugins/installed/NAME.json, so that a damaged one
// costs one plugin and two installations at once do not meet.
type Entry struct {
	Name      string    `json:"name"`
	Kind      Kind      `json:"kind"`
	Sum       string    `json:"sum"`  // of the copy that runs
	File      string    `json:"file"` // name of the copy, in the folder named by the sum
	Version   string    `json:"version,omitempty"`
	Source    string    `json:"source"`     // what it was installed from
	SourceSum string    `json:"source_sum"` // SourceSum of that, then
	When      time.Time `json:"installed"`

	stateDir string
}

// Plugin returns the installed plugin, its copy as Path.
func (e Entry) Plugin() Plugin {
	return Plugin{Name: e.Name, Kind: e.Kind, Starlark: e.Kind == KindStarlark, Source: e.Source, Sum: e.Sum,
		Path: filepath.Join(copies(e.stateDir), e.Sum, e.File), Goldens: goldensIn(e.Source)}
}

func entries(stateDir string) string { return filepath.Join(copies(stateDir), "installed") }

func entryFile(stateDir, name string) string {
	return filepath.Join(entries(stateDir), name+".json")
}

// Install keeps a copy of the plugin and enters it under its name. version is
// the manifest's, for lists. What was installed under that name before is
// replaced, and returned if there was something; its copy stays for workbenches
// that run it, until Prune or Remove.
func Install(p Plugin, version, stateDir string) (now Entry, before *Entry, err error) {
	if stateDir, err = filepath.Abs(stateDir); err != nil {
		return Entry{}, nil, err
	}
	sourceSum, err := SourceSum(p.Source)
	if err != nil {
		return Entry{}, nil, err
	}
	kept, err := Keep(p, stateDir)
	if err != nil {
		return Entry{}, nil, err
	}
	// A damaged entry is not in the way of its own repair.
	if old, err := readEntry(stateDir, p.Name); err == nil {
		before = &old
	}
	now = Entry{Name: p.Name, Kind: p.Kind, Sum: p.Sum, File: filepath.Base(kept.Path), Version: version,
		Source: p.Source, SourceSum: sourceSum, When: time.Now().UTC().Truncate(time.Second), stateDir: stateDir}
	data, err := json.MarshalIndent(now, "", "  ")
	if err == nil {
		err = os.MkdirAll(entries(stateDir), 0o700)
	}
	if err == nil {
		err = plainfile.Write(entryFile(stateDir, p.Name), 0o600, func(w io.Writer) error {
			_, err := w.Write(append(data, '\n'))
			return err
		})
	}
	if err != nil {
		return Entry{}, nil, fmt.Errorf("plugin %s cannot be installed: %w", p.Name, err)
	}
	return now, before, nil
}

// Installed lists what is installed, by name. An entry that does not parse, or
// whose copy is gone or is not the file that was installed, is a problem.
func Installed(stateDir string) ([]Entry, []Problem) {
	stateDir, err := filepath.Abs(stateDir)
	var files []os.DirEntry
	if err == nil {
		files, err = os.ReadDir(entries(stateDir))
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []Problem{*unreadable("", entries(stateDir), err)}
	}
	var all []Entry
	var problems []Problem
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok || !core.ValidName(name) {
			continue
		}
		e, err := readEntry(stateDir, name)
		if err == nil {
			err = e.checkCopy()
		}
		if err != nil {
			problems = append(problems, *err)
			continue
		}
		all = append(all, e)
	}
	return all, problems
}

// maxEntry is how many bytes an entry may have.
const maxEntry = 1 << 20

func readEntry(stateDir, name string) (Entry, *Problem) {
	file := entryFile(stateDir, name)
	data, err := plainfile.ReadFile(file, maxEntry)
	if err != nil {
		return Entry{}, unreadable(name, file, err)
	}
	e := Entry{stateDir: stateDir}
	if err := json.Unmarshal(data, &e); err != nil || e.Name != name || !isSum(e.Sum) || e.File == "" || filepath.Base(e.File) != e.File {
		return Entry{}, &Problem{Code: CodeDamaged, Plugin: name, Path: file, What: "is damaged, so the plugin is not used",
			Next: "install it again, or run: workbench plugin remove " + name}
	}
	return e, nil
}

func (e Entry) checkCopy() *Problem {
	p := e.Plugin()
	again := "install it again with: workbench plugin install " + Quote(e.Source)
	sum, err := sumCopy(p.Path)
	switch {
	case err != nil:
		problem := unreadable(e.Name, p.Path, err)
		problem.Next = again
		return problem
	case sum != e.Sum:
		return &Problem{Code: CodeDamaged, Plugin: e.Name, Path: p.Path, What: fmt.Sprintf("is not the file that was installed: its sum is %s, it was %s", Short(sum), Short(e.Sum)), Next: again}
	}
	return nil
}

// ErrNotInstalled says that no plugin of that name is installed.
var ErrNotInstalled = errors.New("it is not installed")

// Remove takes an installed plugin out, damaged entries too, with all copies
// of files of its name. The error is ErrNotInstalled or the system's.
func Remove(stateDir, name string) error {
	if !core.ValidName(name) {
		return ErrNotInstalled
	}
	err := os.Remove(entryFile(stateDir, name))
	if errors.Is(err, os.ErrNotExist) {
		return ErrNotInstalled
	}
	if err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(copies(stateDir), "*", "*"))
	for _, file := range found {
		folder := filepath.Dir(file)
		if of, _, ok := nameOf(filepath.Base(file)); ok && of == name && isSum(filepath.Base(folder)) {
			err = errors.Join(err, os.Remove(file))
			os.Remove(folder) // when it is empty
		}
	}
	return err
}

// Changed compares the source of an installed plugin with what it was. It
// returns the source's sum now, and "" when there is no source any more or it
// cannot be read, which is a change too.
func Changed(e Entry) (now string, changed bool) {
	now, err := SourceSum(e.Source)
	if err != nil {
		return "", true
	}
	return now, now != e.SourceSum
}
