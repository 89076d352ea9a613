package plugincheck

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/golden"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Plugin is a plugin that was started to be checked.
type Plugin struct {
	conformance.Subject
	Goldens []golden.File // that belong to it
	Close   func()        // ends its processes and removes what was built
}

// Starter starts and ends processes of plugins.
type Starter struct {
	// Start starts one plugin and no other; with counting one that counts what of
	// its code is executed.
	Start func(p catalog.Plugin, counting bool) (*pluginhost.Host, error)
	Stop  func(*pluginhost.Host)
}

// processGarbage is by how much a process may be larger than what it holds.
const processGarbage = 32 << 20

// Open copies a plugin and its goldens, building it if need be, into a folder of
// its own, and starts it.
func Open(ctx context.Context, path string, starter Starter) (*Plugin, error) {
	into, err := os.MkdirTemp("", "workbench-test-*")
	if err != nil {
		return nil, err
	}
	remove := func() { os.RemoveAll(into) }
	plugin, err := catalog.BuildCopy(ctx, path, catalog.BuildOptions{Into: into})
	if err != nil {
		remove()
		return nil, err
	}
	goldens, err := copyGoldens(ctx, plugin, into)
	if err != nil {
		remove()
		return nil, err
	}
	host, err := starter.Start(plugin, false)
	if err != nil {
		remove()
		return nil, err
	}
	stop := func() {
		starter.Stop(host)
		remove()
	}
	manifest, err := host.Manifest(ctx, plugin.Name)
	if err == nil && manifest.Name != plugin.Name {
		err = fmt.Errorf("%s says that its name is %q, but its file or module says %q: make them the same", core.Printable(plugin.Source), manifest.Name, plugin.Name)
	}
	if err != nil {
		stop()
		return nil, err
	}
	s := conformance.Subject{Manifest: manifest, Garbage: processGarbage, Open: opener(host, plugin.Name)}
	s.Fresh = func(context.Context) (func(context.Context) (*wire.Conn, error), func(), error) {
		another, err := starter.Start(plugin, false)
		if err != nil {
			return nil, nil, err
		}
		return opener(another, plugin.Name), func() { starter.Stop(another) }, nil
	}
	s.Counted = func(ctx context.Context) (*conformance.Counted, error) {
		return startCounted(ctx, path, plugin, starter)
	}
	memory := func() (uint64, error) { return host.Memory(plugin.Name) }
	if _, err := memory(); err == nil { // else this system does not tell
		s.Memory = func() (uint64, error) {
			if n, err := memory(); err == nil {
				return n, nil
			}
			conn, err := s.Open(ctx) // it died, and is started again
			if err != nil {
				return 0, err
			}
			conn.Close()
			return memory()
		}
	}
	return &Plugin{Subject: s, Goldens: goldens, Close: stop}, nil
}

// copyGoldens copies the goldens that are the plugin's own.
func copyGoldens(ctx context.Context, p catalog.Plugin, into string) ([]golden.File, error) {
	if p.Goldens == "" {
		return nil, nil
	}
	files, err := golden.Find(p.Goldens, nil)
	if err != nil {
		return nil, err
	}
	for i := range files {
		f := &files[i]
		f.Copy, err = catalog.CopyFile(ctx, f.Path, into)
		if errors.Is(err, catalog.ErrUnsettled) || ctx.Err() != nil {
			return nil, err
		} // what else is wrong with it, its test tells
	}
	return golden.Own(p.Source, files), nil
}

// opener opens sessions of a mode. The process may have died of the last one,
// and that may not be known yet.
func opener(host *pluginhost.Host, mode string) func(context.Context) (*wire.Conn, error) {
	return func(ctx context.Context) (conn *wire.Conn, err error) {
		for range 3 {
			conn, err = host.Open(ctx, mode)
			var gone *pluginhost.Unavailable
			if err == nil || ctx.Err() != nil || errors.As(err, &gone) {
				break
			}
		}
		return conn, err
	}
}
