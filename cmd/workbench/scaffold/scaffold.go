package scaffold

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

//go:embed all:templates
var templates embed.FS

// placeholder is the name of the templates' plugin, in files and file names.
const placeholder = "newmode"

// executable is the start of the name of a file that needs an executable bit.
const executable = "workbench-plugin-"

// Langs are the languages that there are templates in; the first is the
// default.
var Langs = []string{"go", "python", "starlark"}

// Options say what to make.
type Options struct {
	Name string // of the plugin; see core.ValidName
	Lang string // one of Langs
	Dir  string // the folder, which must be empty or not exist
	SDK  string // for Go: a folder with the workbench's source; "": New looks for it

	// For Go, where New finds no checkout: the source that the program carries, or nil,
	// and the folder that is to keep what is written of it.
	Carried fs.FS
	Keep    string
}

// Made describes what was made.
type Made struct {
	Dir   string   // absolute
	Files []string // in it, with slashes, sorted
	SDK   string   // for Go: where the SDK was found, in words
}

// New makes the folder of a plugin. It overwrites nothing. Errors are for the
// person who wants the folder. After an error the folder does not exist or is
// empty; except that, if the Go modules could not be fetched, everything is there
// and the error says what is left to do.
func New(ctx context.Context, o Options) (*Made, error) {
	if !core.ValidName(o.Name) {
		return nil, fmt.Errorf("%q is not a plugin's name: a name is 1 to %d letters, digits, '-' or '_', beginning with a letter", o.Name, core.MaxName)
	}
	if !slices.Contains(Langs, o.Lang) {
		return nil, fmt.Errorf("no template in language %q; there are %s", o.Lang, strings.Join(Langs, ", "))
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		err = mustBeEmpty(dir)
	}
	if err != nil {
		return nil, err
	}
	var kit *sdk
	if o.Lang == "go" {
		if kit, err = findSDK(o); err != nil {
			return nil, err
		}
	}
	made := &Made{Dir: dir}
	if made.Files, err = copyTemplate(o.Lang, o.Name, dir); err != nil {
		return nil, fmt.Errorf("write %s: %w", dir, err)
	}
	if kit != nil {
		made.SDK = kit.where
		made.Files = append(made.Files, "go.mod", "go.sum")
		err = kit.join(ctx, dir, executable+o.Name)
	}
	slices.Sort(made.Files)
	return made, err
}

func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("make folder %s: %w", dir, err)
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty, and nothing is overwritten; name another folder after the plugin's name", dir)
	}
	return nil
}

// copyTemplate writes a template's files under the new name, and returns their
// names.
func copyTemplate(lang, name, dir string) ([]string, error) {
	root := path.Join("templates", lang)
	var files []string
	err := fs.WalkDir(templates, root, func(from string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := templates.ReadFile(from)
		if err != nil {
			return err
		}
		file := strings.ReplaceAll(strings.TrimPrefix(from, root+"/"), placeholder, name)
		files = append(files, file)
		mode := os.FileMode(0o644)
		if strings.HasPrefix(file, executable) {
			mode = 0o755
		}
		return create(filepath.Join(dir, filepath.FromSlash(file)), strings.ReplaceAll(string(text), placeholder, name), mode)
	})
	return files, err
}

// create writes a new file, and the folders above it.
func create(file, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
