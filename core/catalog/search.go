package catalog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Search says where a user's plugins are looked for. Of two with one name the
// first is taken: of Folders in their order, Own, what is installed.
type Search struct {
	BuiltIn []string // the names of the built-in line modes, which no plugin may have
	Folders []string // that the user named
	Own     string   // the user's own folder, which need not be there; "": there is none
	State   string   // the state directory; "": there is none
}

// Known is a plugin and, when it is an installed one, its entry.
type Known struct {
	Plugin
	Entry *Entry
}

// Known returns all plugins, and what stands in the way of the others.
func (s Search) Known() ([]Known, []Problem) {
	folders := s.Folders
	if _, err := os.Stat(s.Own); err == nil { // most users have none, and need none
		folders = append(folders[:len(folders):len(folders)], s.Own)
	}
	taken := map[string]string{}
	for _, name := range s.BuiltIn {
		taken[name] = "a built-in line mode"
	}
	found, problems := Find(folders, taken)
	var known []Known
	for _, p := range found {
		known = append(known, Known{Plugin: p})
		taken[p.Name] = p.Path
	}
	if s.State == "" {
		return known, problems
	}
	installed, more := Installed(s.State)
	problems = append(problems, more...)
	for _, e := range installed {
		if who, ok := taken[e.Name]; ok {
			problems = append(problems, Problem{Code: CodeNameTaken, Plugin: e.Name, Path: e.Source, What: "is installed and not used, its name is taken by " + who,
				Next: "if you do not need the installed one, run: workbench plugin remove " + e.Name})
			continue
		}
		known = append(known, Known{e.Plugin(), &e})
	}
	return known, problems
}

// Kept is Known with each plugin as a kept copy. It prunes the copies.
func (s Search) Kept() ([]Known, []Problem) {
	known, problems := s.Known()
	if s.State == "" {
		return nil, append(problems, Problem{Code: CodeUnusable, Path: "the state directory", What: "cannot be used: " + ErrNoState.Error()})
	}
	Prune(s.State)
	kept := known[:0]
	for _, k := range known {
		if k.Entry == nil {
			p, err := Keep(k.Plugin, s.State)
			if err != nil {
				var problem *Problem
				if !errors.As(err, &problem) {
					problem = &Problem{Code: CodeUnusable, Plugin: k.Name, Path: k.Path, What: "cannot be used: " + err.Error()}
				}
				problems = append(problems, *problem)
				continue
			}
			k.Plugin = p
		}
		kept = append(kept, k)
	}
	return kept, problems
}

// Named returns one plugin: by its name the kept copy, by a path what is there,
// built into the folder if need be. An error is Build's, the *Problem of a plugin
// of that name, or says that there is none.
func (s Search) Named(ctx context.Context, name, into string) (Known, error) {
	if strings.ContainsAny(name, `/\`) || filepath.Ext(name) != "" {
		p, err := Build(ctx, name, BuildOptions{Into: into})
		if err != nil {
			return Known{}, err
		}
		return Known{Plugin: *p}, nil
	}
	kept, problems := s.Kept()
	for _, k := range kept {
		if k.Name == name {
			return k, nil
		}
	}
	for _, p := range problems {
		if p.Plugin == name {
			return Known{}, &p
		}
	}
	return Known{}, fmt.Errorf("there is no plugin %q; workbench plugin list shows those there are", core.CutWords(name, core.MaxName))
}

// Free returns nil if the plugin may be installed, else the *Problem that a
// built-in mode has its name, or a plugin in a folder, which would be found
// before it.
func (s Search) Free(p Plugin) error {
	s.State = ""
	known, _ := s.Known()
	if slices.Contains(s.BuiltIn, p.Name) {
		return &Problem{Code: CodeNameTaken, Plugin: p.Name, Path: p.Source, What: "cannot be installed: its name is taken by a built-in line mode",
			Next: "give it another name, in its manifest and as the name of the file or the Go module"}
	}
	for _, k := range known {
		if k.Name == p.Name {
			return &Problem{Code: CodeNameTaken, Plugin: p.Name, Path: p.Source, What: "cannot be installed: its name is taken by " + k.Path,
				Next: "rename one of them, or remove that file"}
		}
	}
	return nil
}

// ErrNoState says that there is no state directory.
var ErrNoState = errors.New("there is no home directory to keep state in; set XDG_STATE_HOME")

// StateDir is where the workbench keeps what should outlive it. The error is
// ErrNoState.
func StateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "workbench"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", ErrNoState
	}
	return filepath.Join(home, ".local", "state", "workbench"), nil
}

// OwnFolder is the user's own folder of plugins, whether it is there or not; ""
// where users have no folder for such things.
func OwnFolder() string {
	config, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(config, "workbench", "plugins")
}
