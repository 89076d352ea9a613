package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// describer starts a plugin and returns what it says of itself.
type describer func(ctx context.Context, p catalog.Plugin, calls extraCalls) (core.Manifest, error)

func newPluginCommand(describe describer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Find, install and write line modes of your own",
		Long: `A plugin is a line mode of its own: an executable workbench-plugin-NAME (an
extension such as .py may follow), or a Starlark script NAME.star. The workbench
looks for them, in this order, and takes the first of a name:

  1. the built-in line modes, whose names are not to be had
  2. the folders named with --plugin-dir, in their order
  3. the folder ` + configFolderWords + `
  4. what was installed with: workbench plugin install PATH`,
		Example: `  workbench plugin new shout          make a folder with a plugin that works
  workbench plugin install ./shout    build it, and install it
  workbench plugin list`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPluginListCommand(), newPluginInfoCommand(describe), newPluginInstallCommand(describe), newPluginRemoveCommand(), newPluginNewCommand(),
		newPluginTestCommand(openPluginProcess), newPluginDevCommand(), newPluginDebugCommand())
	return cmd
}

// configFolderWords is the folder of catalog.OwnFolder as help texts name it.
const configFolderWords = "~/.config/workbench/plugins (or the like on your system)"

// pluginDirFlag adds --plugin-dir.
func pluginDirFlag(flags *pflag.FlagSet, dirs *[]string) {
	flags.StringArrayVar(dirs, "plugin-dir", nil, "look for plugins in folder `DIR` too; may be given more than once")
}

// search says where plugins are looked for, in those folders first.
func search(folders []string) catalog.Search {
	state, _ := catalog.StateDir() // "" on an error
	s := catalog.Search{Folders: folders, Own: catalog.OwnFolder(), State: state}
	for _, d := range builtin {
		s.BuiltIn = append(s.BuiltIn, d.Manifest.Name)
	}
	return s
}

// findPlugins returns all plugins that are not built in, each as a kept copy,
// and tells the log what stands in the way of the others.
func findPlugins(folders []string, log *slog.Logger) (plugins []catalog.Plugin, problems []catalog.Problem) {
	kept, problems := search(folders).Kept()
	for _, k := range kept {
		plugins = append(plugins, k.Plugin)
	}
	for _, p := range problems {
		log.Warn(p.Error())
	}
	return plugins, problems
}
