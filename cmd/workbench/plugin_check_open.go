package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// processGarbage is by how much a process may be larger than what it holds.
const processGarbage = 32 << 20

// openPluginProcess copies a plugin and its goldens, building it if need be,
// into a folder of its own, and starts it alone.
func openPluginProcess(ctx context.Context, path string, calls extraCalls) (*pluginUnderTest, error) {
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
	host, err := startAlone(plugin, calls)
	if err != nil {
		remove()
		return nil, err
	}
	stop := func() {
		stopHost(host)
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
		another, err := startAlone(plugin, calls)
		if err != nil {
			return nil, nil, err
		}
		return opener(another, plugin.Name), func() { stopHost(another) }, nil
	}
	s.Counted = func(ctx context.Context) (*conformance.Counted, error) {
		return startCounted(ctx, path, plugin, calls)
	}
	if _, err := host.Memory(plugin.Name); err == nil { // else this system does not tell
		s.Memory = func() (uint64, error) {
			if n, err := host.Memory(plugin.Name); err == nil {
				return n, nil
			}
			conn, err := s.Open(ctx) // it died, and is started again
			if err != nil {
				return 0, err
			}
			conn.Close()
			return host.Memory(plugin.Name)
		}
	}
	return &pluginUnderTest{Subject: s, Goldens: goldens, Close: stop}, nil
}

// copyGoldens copies the goldens that are the plugin's own: not those of a plugin
// beside it.
func copyGoldens(ctx context.Context, p catalog.Plugin, into string) ([]transcriptFile, error) {
	files, err := goldenFiles(p.Goldens)
	if err != nil {
		return nil, err
	}
	beside := catalog.Beside(p.Source)
	var goldens []transcriptFile
	for _, file := range files {
		golden := transcriptFile{path: file, found: true}
		golden.copy, err = catalog.CopyFile(ctx, file, into)
		if errors.Is(err, catalog.ErrUnsettled) || ctx.Err() != nil {
			return nil, err
		}
		data, err := readTranscript(golden)
		if err == nil && slices.Contains(beside, transcript.HeaderMode(data)) {
			continue
		}
		goldens = append(goldens, golden) // what is wrong with it, its test tells
	}
	return goldens, nil
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
