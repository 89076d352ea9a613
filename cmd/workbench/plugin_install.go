package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

func newPluginInstallCommand(describe describer) *cobra.Command {
	var f hostFlags
	cmd := &cobra.Command{
		Use:   "install PATH",
		Short: "Build a plugin if need be, check that it starts, and install a copy of it",
		Long: `PATH is an executable workbench-plugin-NAME, a Starlark script NAME.star, or a
folder that holds one of them or Go code, which is built first. The plugin is
started once: it must say of itself that its name is NAME. Then a copy of the
file is kept in the state directory, under its SHA-256, and runs from there. To
install the same name again replaces it.`,
		Example: "  workbench plugin install ./shout\n  workbench plugin install ~/bin/workbench-plugin-shout",
		Args:    command.Wants(1, 1, "workbench plugin install wants what to install"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return installPlugin(cmd.Context(), describe, args[0], f, cmd.OutOrStdout())
		},
	}
	f.addPlugins(cmd.Flags())
	return cmd
}

func installPlugin(ctx context.Context, describe describer, source string, f hostFlags, w io.Writer) error {
	state, err := catalog.StateDir()
	if err != nil {
		return err
	}
	into, err := os.MkdirTemp("", "workbench-build-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(into)
	built, err := catalog.Build(ctx, source, catalog.BuildOptions{Into: into})
	if err != nil {
		return err
	}
	if err := search(f.pluginDirs).Free(*built); err != nil {
		return err
	}
	p, err := catalog.Keep(*built, state) // what is checked is what will run
	if err != nil {
		return err
	}
	m, err := describe(ctx, p, f.calls)
	if err != nil {
		return err
	}
	if m.Name != p.Name {
		return fmt.Errorf("plugin %s from %s says that its name is %q; let the manifest's name and that of the file (or of the Go module) be the same, then install it again",
			p.Name, core.Printable(p.Source), m.Name)
	}
	now, before, err := catalog.Install(p, m.Version, state)
	if err != nil {
		return err
	}
	from := core.Printable(p.Source)
	switch {
	case before == nil:
		fmt.Fprintf(w, "Installed %s (%s) from %s, sum %s.\n", p.Name, p.Kind, from, catalog.Short(now.Sum))
	case before.Sum == now.Sum:
		fmt.Fprintf(w, "Installed %s again from %s: it is the same file as before, sum %s.\n", p.Name, from, catalog.Short(now.Sum))
	default:
		fmt.Fprintf(w, "Installed %s (%s) from %s: it replaces sum %s from %s with sum %s.\n",
			p.Name, p.Kind, from, catalog.Short(before.Sum), core.Printable(before.Source), catalog.Short(now.Sum))
	}
	fmt.Fprintf(w, "The mode %s is there from the next start of the workbench on.\n", p.Name)
	return nil
}

func newPluginRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove an installed plugin; its source stays",
		Example: "  workbench plugin remove shout",
		Args:    command.Wants(1, 1, "workbench plugin remove wants an installed plugin's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if _, ok := builtinNamed(name); ok {
				return fmt.Errorf("%s is a built-in line mode; it cannot be removed", name)
			}
			state, err := catalog.StateDir()
			if err != nil {
				return err
			}
			err = catalog.Remove(state, name)
			if errors.Is(err, catalog.ErrNotInstalled) {
				return fmt.Errorf("there is no installed plugin %q; workbench plugin list shows what there is", name)
			}
			if err != nil {
				return fmt.Errorf("plugin %s could not be removed: %w", name, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Removed %s. A workbench that runs it goes on until its process has to start again.\n", name)
			return nil
		},
	}
}
