package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// BuildOptions say how a plugin is built.
type BuildOptions struct {
	Into   string    // folder for what is built; it is made if it is not there
	Debug  bool      // without optimisation and inlining, for a debugger
	Cover  bool      // Go code of the folder, and below, counts what is executed
	Output io.Writer // takes what the compiler says, as it comes; nil: nobody
}

// BuildError is Go code that does not build.
type BuildError struct {
	Plugin string
	Folder string
	Output string // what the compiler said, ending in a line end
}

// Error holds all that the compiler said.
func (e *BuildError) Error() string {
	return fmt.Sprintf("plugin %s does not build in %s:\n%s", core.Printable(e.Plugin), core.Printable(e.Folder), strings.TrimRight(e.Output, "\n"))
}

// Build makes a source ready to run. A source is
//
//   - an executable workbench-plugin-NAME, with or without an extension,
//   - a script NAME.star,
//   - a folder with one of these, or
//   - a folder of Go code (a go.mod or *.go in it), which is built into
//     Into/workbench-plugin-NAME. NAME is the last part of its module's path,
//     or the folder's name where it has no go.mod of its own; a prefix
//     workbench-plugin- is cut from either.
//
// Only Go code is built and lands in Into; of others the plugin's Path is the
// source's own file. An error is a *Problem, a *BuildError, or ctx's.
func Build(ctx context.Context, source string, o BuildOptions) (*Plugin, error) {
	p, err := locate(source)
	if err != nil {
		return nil, err
	}
	if p.kind != KindGo {
		return p.plugin(p.file)
	}
	file, err := p.build(ctx, o)
	if err != nil {
		return nil, err
	}
	return p.plugin(file)
}

// build runs go build. Without the state of the version control, which would
// give the same code another sum after a commit.
func (p place) build(ctx context.Context, o BuildOptions) (string, error) {
	into, err := filepath.Abs(o.Into)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(into, 0o700); err != nil {
		return "", fmt.Errorf("there is no folder to build in: %w", err)
	}
	file := filepath.Join(into, Prefix+p.name)
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	args := []string{"build", "-buildvcs=false", "-o", file}
	if o.Debug {
		args = append(args, "-gcflags=all=-N -l")
	}
	if o.Cover {
		args = append(args, "-cover", "-covermode=atomic", "-coverpkg=./...")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = p.source
	cmd.WaitDelay = time.Second // the compiler may hold the pipe after go is gone
	var said bytes.Buffer
	cmd.Stdout = &said
	if o.Output != nil {
		cmd.Stdout = io.MultiWriter(&said, o.Output)
	}
	cmd.Stderr = cmd.Stdout
	err = cmd.Run()
	switch {
	case err == nil:
		return file, nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return "", &Problem{Code: CodeNoCompiler, Plugin: p.name, Path: p.source, What: "is Go code, and there is no go command here to build it",
			Next: "install Go from https://go.dev/dl, or build it elsewhere and name the executable"}
	case said.Len() == 0:
		said.WriteString("go build: " + err.Error() + "\n")
	}
	return "", &BuildError{Plugin: p.name, Folder: p.source, Output: said.String()}
}
