package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/catalog"
)

// describePlugin starts a plugin and returns what it says of itself. Tests put
// their own in its place.
var describePlugin = describeProcess

func newPluginCommand() *cobra.Command {
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
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPluginListCommand(), newPluginInfoCommand(), newPluginInstallCommand(), newPluginRemoveCommand(), newPluginNewCommand(),
		newPluginTestCommand(openPluginProcess), newPluginDevCommand(), newPluginDebugCommand())
	return cmd
}

// configFolderWords is the folder of pluginFolder as help texts name it.
const configFolderWords = "~/.config/workbench/plugins (or the like on your system)"

// pluginDirFlag adds --plugin-dir.
func pluginDirFlag(flags *pflag.FlagSet, dirs *[]string) {
	flags.StringArrayVar(dirs, "plugin-dir", nil, "look for plugins in folder `DIR` too; may be given more than once")
}

// pluginFolder is the user's own folder of plugins, whether it is there or not.
func pluginFolder() (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(config, "workbench", "plugins"), nil
}

// findPlugins returns all plugins that are not built in, each as a kept copy,
// and what stands in the way of the others. Where two have one name the first
// one is returned: of the given folders in their order, the user's own folder,
// what is installed. A built-in line mode's name is nobody else's.
func findPlugins(pluginDirs []string) ([]catalog.Plugin, []catalog.Problem) {
	known, problems := knownPlugins(pluginDirs)
	state, err := stateDir()
	if err != nil {
		return nil, append(problems, catalog.Problem{Path: "the state directory", What: "cannot be used: " + err.Error()})
	}
	catalog.Prune(state)
	var plugins []catalog.Plugin
	for _, k := range known {
		if k.entry == nil {
			kept, err := catalog.Keep(k.Plugin, state)
			if err != nil {
				problems = append(problems, asProblem(k.Plugin, err))
				continue
			}
			k.Plugin = kept
		}
		plugins = append(plugins, k.Plugin)
	}
	return plugins, problems
}

func asProblem(p catalog.Plugin, err error) catalog.Problem {
	var problem *catalog.Problem
	if errors.As(err, &problem) {
		return *problem
	}
	return catalog.Problem{Plugin: p.Name, Path: p.Path, What: "cannot be used: " + err.Error()}
}

// knownPlugin is a plugin and, when it is an installed one, its entry.
type knownPlugin struct {
	catalog.Plugin
	entry *catalog.Entry
}

// knownPlugins is findPlugins without copying anything.
func knownPlugins(pluginDirs []string) ([]knownPlugin, []catalog.Problem) {
	folders := pluginDirs
	if own, err := pluginFolder(); err == nil {
		if _, err := os.Stat(own); err == nil { // most users have none, and need none
			folders = append(folders[:len(folders):len(folders)], own)
		}
	}
	taken := map[string]string{}
	for _, d := range builtin {
		taken[d.Manifest.Name] = "a built-in line mode"
	}
	found, problems := catalog.Find(folders, taken)
	var known []knownPlugin
	for _, p := range found {
		known = append(known, knownPlugin{Plugin: p})
		taken[p.Name] = p.Path
	}
	state, err := stateDir()
	if err != nil {
		return known, problems
	}
	installed, more := catalog.Installed(state)
	problems = append(problems, more...)
	for _, e := range installed {
		if who, ok := taken[e.Name]; ok {
			problems = append(problems, catalog.Problem{Plugin: e.Name, Path: e.Source, What: "is installed and not used, its name is taken by " + who,
				Next: "if you do not need the installed one, run: workbench plugin remove " + e.Name})
			continue
		}
		known = append(known, knownPlugin{Plugin: e.Plugin(), entry: &e})
	}
	return known, problems
}
