package scaffold

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// module is the SDK: what plugins in Go import.
const module = "github.com/protocol-workbench/workbench"

// joinLimit bounds the go command, which may use the network.
const joinLimit = 2 * time.Minute

// sdk is the folder in which the module was found.
type sdk struct {
	folder string
	where  string // in words
}

// findSDK looks for the SDK: in the named folder, in a checkout around the
// current folder, where this binary was built, in what this binary carries.
func findSDK(o Options) (*sdk, error) {
	if o.SDK != "" {
		folder, err := filepath.Abs(o.SDK)
		if err != nil || !isSDK(folder) {
			return nil, fmt.Errorf("--sdk %s is not the workbench's source: it has no go.mod with module %s", o.SDK, module)
		}
		return &sdk{folder, folder + " (from --sdk)"}, nil
	}
	if here, err := os.Getwd(); err == nil {
		if folder := above(here); folder != "" {
			return &sdk{folder, folder + " (the checkout that this is in)"}, nil
		}
	}
	if folder := above(builtIn); folder != "" {
		return &sdk{folder, folder + " (what this workbench was built from)"}, nil
	}
	if o.Carried == nil {
		return nil, errors.New("the workbench's source was not found, neither above this folder nor where this workbench was built; name its folder with --sdk DIR")
	}
	folder, err := unpack(o.Carried, o.Keep)
	if err != nil {
		return nil, fmt.Errorf("the workbench's source, which plugins in Go import, could not be written: %w; name a folder that has it with --sdk DIR", err)
	}
	return &sdk{folder, folder + " (what this workbench carries)"}, nil
}

// builtIn is the folder that this file was compiled in, if it still exists, or not
// a path at all if the binary was built with -trimpath.
var builtIn = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}()

// above returns the SDK's folder if folder is it or is inside it, else "".
func above(folder string) string {
	if !filepath.IsAbs(folder) {
		return ""
	}
	for !isSDK(folder) {
		up := filepath.Dir(folder)
		if up == folder {
			return ""
		}
		folder = up
	}
	return folder
}

func isSDK(folder string) bool { return directive(folder, "module") == module }

// directive returns what follows the word in the folder's go.mod, or "".
func directive(folder, word string) string {
	gomod, _ := os.ReadFile(filepath.Join(folder, "go.mod"))
	for line := range strings.Lines(string(gomod)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == word {
			return f[1]
		}
	}
	return ""
}

// join writes a go.mod that requires the SDK, and lets the go command fill in what
// the SDK requires. With the SDK's own go.sum this needs no network once the
// modules are in the cache. go mod tidy would, since it looks at the tests of
// other modules too; it would only shorten go.sum.
func (k *sdk) join(ctx context.Context, dir, path string) error {
	gomod := fmt.Sprintf("module %s\n\n%s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", path, k.goLine(), module, module, goPath(k.from(dir)))
	if sums, err := os.ReadFile(filepath.Join(k.folder, "go.sum")); err == nil {
		if err := create(filepath.Join(dir, "go.sum"), string(sums), 0o644); err != nil {
			return err
		}
	}
	if err := create(filepath.Join(dir, "go.mod"), gomod, 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, joinLimit, fmt.Errorf("no answer within %v", joinLimit))
	defer cancel()
	if _, err := runGo(ctx, dir, "list", "-mod=mod", "-deps", "-test", "./..."); err != nil {
		return fmt.Errorf("the plugin is in %s, but its modules could not be fetched (%w); when you can reach them run: go mod tidy", dir, err)
	}
	return nil
}

// from returns the SDK's folder as a go.mod in dir should name it: relative if
// dir is inside, so that the checkout can be moved.
func (k *sdk) from(dir string) string {
	inside, err := filepath.Rel(k.folder, dir)
	if err != nil || inside == ".." || strings.HasPrefix(inside, ".."+string(filepath.Separator)) {
		return k.folder
	}
	back, _ := filepath.Rel(dir, k.folder)
	return back
}

// goPath quotes a path as go.mod needs it.
func goPath(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},;=>") {
		return fmt.Sprintf("%q", path)
	}
	return path
}

// goLine returns the line of the SDK's go.mod that says which Go it needs.
func (k *sdk) goLine() string { return "go " + cmp.Or(directive(k.folder, "go"), "1.26") }

// runGo runs the go command and returns what it printed. An error holds the last
// line of its complaint.
func runGo(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.WaitDelay = time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("no go command found: install Go from https://go.dev/dl")
	case said.Len() == 0:
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	return nil, errors.New(lines[len(lines)-1])
}
