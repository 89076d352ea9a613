package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/plugins"
	"github.com/protocol-workbench/workbench/plugins/jsonl"
	"github.com/protocol-workbench/workbench/plugins/starlark"
)

// The hidden commands by which this binary is started again as a plugin.
const (
	pluginCommand   = "plugin-serve"    // NAME: a built-in mode
	starlarkCommand = "plugin-starlark" // PATH: a script
	countingCommand = "plugin-counting" // PATH: a script that counts what is executed
	adaptCommand    = "plugin-adapt"    // -- COMMAND…: a program that speaks JSON lines
)

// servePlugin runs a plugin, if that is what this process was started for. It
// comes before flags are parsed, here and in tests, where the test binary is the
// plugin.
func servePlugin(args []string) bool {
	if len(args) < 3 {
		return false
	}
	switch command, name := args[1], args[2]; command {
	case pluginCommand:
		d, ok := builtinNamed(name)
		if !ok {
			fail("there is no built-in mode " + name)
		}
		plugins.Serve(d)
	case starlarkCommand:
		d, err := starlark.Discipline(name)
		if err != nil {
			fail(err.Error())
		}
		plugins.Serve(d)
	case countingCommand:
		d, coverage, err := starlark.Counting(name)
		if err != nil {
			fail(err.Error())
		}
		plugins.ServeCounting(d, coverage)
	case adaptCommand:
		if len(args) < 4 {
			fail("no program is named")
		}
		jsonl.Serve(exec.Command(args[3], args[4:]...))
	default:
		return false
	}
	return true
}

// fail ends a plugin process that cannot serve.
func fail(words string) {
	os.Stderr.WriteString(words + "\n")
	os.Exit(1)
}

// hostFlags are the flags of commands that start plugin processes.
type hostFlags struct {
	pluginDirs []string
	sandbox    sandbox.Mode
	calls      extraCalls
	timeout    time.Duration
	memory     uint64 // MiB of each process; 0: sandbox.DefaultMemory
	only       string // the one mode whose processes are started; "": all
	yield      bool   // its processes run at a lower priority
}

// What --plugin-memory may say, in MiB. A plugin in Go or Python starts with less
// than the least; the sandbox allows it 64 GiB of addresses.
const (
	leastMemory = 256
	mostMemory  = 32 << 10
)

// defaultHost is what is used where there are no flags.
var defaultHost = hostFlags{sandbox: sandbox.BestEffort, timeout: pluginhost.DefaultTimeout}

func (f *hostFlags) add(flags *pflag.FlagSet) {
	f.addPlugins(flags)
	flags.Var(&f.sandbox, "sandbox", "how plugin processes are held back: strict (all of it, or no start), best-effort or off; see workbench sandbox")
	flags.Uint64Var(&f.memory, "plugin-memory", 0, "let a plugin process use at most `MIB` MiB of memory; at least 256 (default 1024)")
	flags.DurationVar(&f.timeout, "plugin-timeout", pluginhost.DefaultTimeout, "how long a plugin may take to answer an event, from when its turn comes, before it is killed and its sessions recovered; at most 10s")
}

// addPlugins adds the flags of commands that look for plugins, and start them.
func (f *hostFlags) addPlugins(flags *pflag.FlagSet) {
	pluginDirFlag(flags, &f.pluginDirs)
	callsFlag(flags, &f.calls)
}

// startHost starts the plugin processes of the built-in modes, and of the
// plugins that are given beside them. later names those that will come.
func startHost(log *slog.Logger, f hostFlags, found []catalog.Plugin, later ...string) (*pluginhost.Host, error) {
	self, err := pluginhost.Self()
	if err != nil {
		return nil, err
	}
	box, err := sandboxConfig(f.sandbox)
	if err != nil {
		return nil, err
	}
	if f.memory != 0 && (f.memory < leastMemory || f.memory > mostMemory) {
		return nil, fmt.Errorf("--plugin-memory is %d; it must be from %d to %d MiB, as in: --plugin-memory 2048", f.memory, leastMemory, mostMemory)
	}
	box.Memory = f.memory << 20
	var modes []pluginhost.Mode
	names := later
	for _, d := range builtin {
		name := d.Manifest.Name
		names = append(names, name)
		modes = append(modes, pluginhost.Mode{Manifest: d.Manifest, Path: self, Args: []string{pluginCommand, name},
			Calls: f.calls[name], OnUse: slices.Contains(onUse, name)})
	}
	for _, p := range found {
		names = append(names, p.Name)
		m, err := modeOf(p, f.calls)
		if err != nil {
			log.Warn(err.Error())
			continue
		}
		modes = append(modes, m)
	}
	if err := f.calls.check(names); err != nil {
		return nil, err
	}
	if f.only != "" {
		if modes, err = onlyMode(modes, f.only); err != nil {
			return nil, err
		}
	}
	return pluginhost.Start(pluginhost.Config{Modes: modes, Log: log, Sandbox: box, Timeout: f.timeout, Yield: f.yield})
}

// onlyMode leaves one mode.
func onlyMode(modes []pluginhost.Mode, name string) ([]pluginhost.Mode, error) {
	var names []string
	for _, m := range modes {
		if m.Manifest.Name == name {
			m.OnUse = false
			return []pluginhost.Mode{m}, nil
		}
		names = append(names, m.Manifest.Name)
	}
	return nil, fmt.Errorf("unknown mode %q; the modes are %s", core.CutWords(name, core.MaxName), strings.Join(names, ", "))
}

// modeOf says how a plugin's process is started.
func modeOf(p catalog.Plugin, calls extraCalls) (pluginhost.Mode, error) {
	self, err := pluginhost.Self()
	if err != nil {
		return pluginhost.Mode{}, err
	}
	m := pluginhost.Mode{Manifest: core.Manifest{Name: p.Name}, Source: catalog.Quote(p.Source), Calls: calls[p.Name]}
	if p.Starlark {
		m.Path, m.Args, m.Read = self, []string{starlarkCommand, p.Path}, []string{p.Path}
		return m, nil
	}
	argv, read, err := jsonl.Interpreter(p.Path)
	if err != nil {
		return m, &catalog.Problem{Code: catalog.CodeUnusable, Plugin: p.Name, Path: p.Source, What: "cannot be used: " + err.Error()}
	}
	m.Path, m.Args, m.Read = argv[0], argv[1:], read
	m.Adapter, m.JSONLines = []string{self, adaptCommand}, p.Kind == catalog.KindScript
	return m, nil
}

// stopHost ends all processes.
func stopHost(host *pluginhost.Host) {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	host.Stop(ctx)
}

// describeProcess starts one plugin and returns what it says of itself.
func describeProcess(ctx context.Context, p catalog.Plugin, calls extraCalls) (core.Manifest, error) {
	host, err := startAlone(p, calls, false)
	if err != nil {
		return core.Manifest{}, err
	}
	defer stopHost(host)
	return host.Manifest(ctx, p.Name)
}

// startAlone starts one plugin and no other. A script counts what is executed, if
// that is wanted.
func startAlone(p catalog.Plugin, calls extraCalls, counting bool) (*pluginhost.Host, error) {
	if err := calls.check([]string{p.Name}); err != nil {
		return nil, err
	}
	m, err := modeOf(p, calls)
	if err != nil {
		return nil, err
	}
	if counting && p.Starlark {
		m.Args[0] = countingCommand
	}
	box, err := sandboxConfig(sandbox.BestEffort)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler) // what matters comes with the error
	return pluginhost.Start(pluginhost.Config{Modes: []pluginhost.Mode{m}, Log: quiet, Sandbox: box})
}

// lease is a session's hold on a build, as package session wants it.
type lease struct{ *pluginhost.Lease }

var _ session.Plugin = lease{}

// Next returns a lease of the newest build.
func (l lease) Next() (session.Plugin, error) { return leased(l.Lease.Next()) }

func leased(l *pluginhost.Lease, err error) (session.Plugin, error) {
	if err != nil {
		return nil, err
	}
	return lease{l}, nil
}
