package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// pluginRow is a line of plugin list, and an object of its JSON.
type pluginRow struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"` // a catalog.Kind, or built-in
	Version string `json:"version,omitempty"`
	From    string `json:"from,omitempty"` // file or folder
	Sum     string `json:"sum,omitempty"`
	// Of an installed plugin.
	Installed string         `json:"installed,omitempty"` // when, RFC 3339
	Changed   *sourceChanged `json:"source_changed,omitempty"`
}

// sourceChanged says that the source is not what was installed.
type sourceChanged struct {
	Then string `json:"then"` // the sums
	Now  string `json:"now"`  // "": the source is gone
}

func newPluginListCommand() *cobra.Command {
	var dirs []string
	asJSON := false
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the line modes there are, and what is wrong with the others",
		Example: "  workbench plugin list\n  workbench plugin list --plugin-dir ./bin --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, problems := listPlugins(dirs)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"plugins": rows, "problems": problemsJSON(problems)})
			}
			return printPlugins(cmd.OutOrStdout(), rows, problems)
		},
	}
	pluginDirFlag(cmd.Flags(), &dirs)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print plugins and problems as JSON")
	return cmd
}

func listPlugins(dirs []string) ([]pluginRow, []catalog.Problem) {
	known, problems := knownPlugins(dirs)
	var rows []pluginRow
	for _, d := range builtin {
		rows = append(rows, pluginRow{Name: d.Manifest.Name, Kind: "built-in", Version: d.Manifest.Version})
	}
	for _, k := range known {
		row := pluginRow{Name: k.Name, Kind: string(k.Kind), From: k.Source, Sum: k.Sum}
		if e := k.entry; e != nil {
			row.Version, row.Installed = e.Version, e.When.Format("2006-01-02T15:04:05Z07:00")
			if now, changed := catalog.Changed(*e); changed {
				row.Changed = &sourceChanged{Then: e.SourceSum, Now: now}
			}
		}
		rows = append(rows, row)
	}
	return rows, problems
}

func printPlugins(w io.Writer, rows []pluginRow, problems []catalog.Problem) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tKIND\tVERSION\tSUM\tFROM")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Name, r.Kind, dash(core.Printable(r.Version)), dash(catalog.Short(r.Sum)), dash(core.Printable(r.From)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Changed != nil {
			fmt.Fprintf(w, "\n%s\n", changedWords(r.Name, r.From, r.Changed))
		}
	}
	for _, p := range problems {
		fmt.Fprintf(w, "\n%s\n", p.Error())
	}
	return nil
}

// changedWords tells that the source of an installed plugin is another now.
func changedWords(name, source string, c *sourceChanged) string {
	if c.Now == "" {
		return fmt.Sprintf("plugin %s: its source %s is gone or cannot be read; what was installed goes on (the source's sum was %s)",
			name, core.Printable(source), catalog.Short(c.Then))
	}
	return fmt.Sprintf("plugin %s: its source changed since it was installed: its sum was %s, now it is %s; to take the new one run: workbench plugin install %s",
		name, catalog.Short(c.Then), catalog.Short(c.Now), catalog.Quote(source))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newPluginInfoCommand() *cobra.Command {
	var dirs []string
	var calls extraCalls
	asJSON := false
	cmd := &cobra.Command{
		Use:     "info NAME|PATH",
		Short:   "Show a line mode's manifest and options, and where it comes from",
		Long:    "info starts the plugin to ask it for its manifest. With a path it looks at the\nplugin there, installed or not; a folder is built first.",
		Example: "  workbench plugin info ./shout\n  workbench plugin info http-line\n  workbench plugin info shout --plugin-dir ./bin",
		Args:    oneArgument("a plugin's name", "workbench plugin info shout"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, d := range builtin {
				if d.Manifest.Name == args[0] {
					return printInfo(cmd.OutOrStdout(), pluginRow{Name: args[0], Kind: "built-in"}, d.Manifest, asJSON)
				}
			}
			p, row, release, err := pluginNamed(cmd.Context(), dirs, args[0])
			if err != nil {
				return err
			}
			defer release()
			m, err := describePlugin(cmd.Context(), p, calls)
			if err != nil {
				return err
			}
			return printInfo(cmd.OutOrStdout(), row, m, asJSON)
		},
	}
	pluginDirFlag(cmd.Flags(), &dirs)
	callsFlag(cmd.Flags(), &calls)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// pluginNamed returns a plugin by its name, or by its path. What was built for
// it is there until release.
func pluginNamed(ctx context.Context, dirs []string, name string) (p catalog.Plugin, row pluginRow, release func(), err error) {
	release = func() {}
	if !strings.ContainsAny(name, `/\`) && filepath.Ext(name) == "" {
		p, row, err = onePlugin(dirs, name)
		return p, row, release, err
	}
	into, err := os.MkdirTemp("", "workbench-info-")
	if err != nil {
		return p, row, release, err
	}
	release = func() { os.RemoveAll(into) }
	built, err := catalog.Build(ctx, name, catalog.BuildOptions{Into: into})
	if err != nil {
		release()
		return p, row, release, err
	}
	return *built, pluginRow{Name: built.Name, Kind: string(built.Kind), From: built.Source, Sum: built.Sum}, release, nil
}

// onePlugin returns a plugin by its name; when it cannot be used, why.
func onePlugin(dirs []string, name string) (catalog.Plugin, pluginRow, error) {
	plugins, problems := findPlugins(dirs)
	rows, _ := listPlugins(dirs)
	for _, p := range plugins {
		for _, row := range rows {
			if p.Name == name && row.Name == name {
				return p, row, nil
			}
		}
	}
	for _, p := range problems {
		if p.Plugin == name {
			return catalog.Plugin{}, pluginRow{}, &p
		}
	}
	return catalog.Plugin{}, pluginRow{}, fmt.Errorf("there is no plugin %q; workbench plugin list shows those there are", core.CutWords(name, core.MaxName))
}

func printInfo(w io.Writer, row pluginRow, m core.Manifest, asJSON bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"plugin": row, "manifest": m})
	}
	printMode(w, m, m.Name == builtin[0].Manifest.Name)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table)
	for _, line := range [][2]string{
		{"version", m.Version}, {"sends", m.Sends}, {"kind", row.Kind}, {"from", row.From}, {"sum", row.Sum}, {"installed", row.Installed},
	} {
		if line[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", line[0], core.Printable(line[1]))
		}
	}
	err := table.Flush()
	if row.Changed != nil {
		fmt.Fprintf(w, "\n%s\n", changedWords(row.Name, row.From, row.Changed))
	}
	return err
}

// oneArgument wants exactly one argument.
func oneArgument(what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s wants %s, as in: %s", cmd.CommandPath(), what, example)
		}
		return nil
	}
}

func problemsJSON(problems []catalog.Problem) []map[string]string {
	all := []map[string]string{}
	for _, p := range problems {
		all = append(all, map[string]string{"plugin": p.Plugin, "path": p.Path, "what": p.What, "next": p.Next})
	}
	return all
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
