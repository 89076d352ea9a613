package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

func newPluginListCommand() *cobra.Command {
	var dirs []string
	asJSON := false
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the line modes there are, and what is wrong with the others",
		Example: "  workbench plugin list\n  workbench plugin list --plugin-dir ./bin --json",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows []catalog.Row
			for _, d := range builtin {
				rows = append(rows, catalog.Row{Name: d.Manifest.Name, Kind: catalog.KindBuiltIn, Version: d.Manifest.Version})
			}
			known, problems := search(dirs).Known()
			for _, k := range known {
				rows = append(rows, k.Row())
			}
			if asJSON {
				return command.PrintJSON(cmd.OutOrStdout(), map[string]any{"plugins": rows, "problems": append([]catalog.Problem{}, problems...)})
			}
			return printPlugins(cmd.OutOrStdout(), rows, problems)
		},
	}
	pluginDirFlag(cmd.Flags(), &dirs)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print plugins and problems as JSON")
	return cmd
}

func printPlugins(w io.Writer, rows []catalog.Row, problems []catalog.Problem) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tKIND\tVERSION\tSUM\tFROM")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Name, r.Kind, cmp.Or(core.Printable(r.Version), "-"), cmp.Or(catalog.Short(r.Sum), "-"), cmp.Or(core.Printable(r.From), "-"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		if words := r.ChangedWords(); words != "" {
			fmt.Fprintf(w, "\n%s\n", words)
		}
	}
	for _, p := range problems {
		fmt.Fprintf(w, "\n%s\n", p.Error())
	}
	return nil
}

func newPluginInfoCommand(describe describer) *cobra.Command {
	var f hostFlags
	asJSON := false
	cmd := &cobra.Command{
		Use:     "info NAME|PATH",
		Short:   "Show a line mode's options and commands, and where it comes from",
		Long:    "info starts the plugin to ask it for its manifest. With a path it looks at the\nplugin there, installed or not; a folder is built first.",
		Example: "  workbench plugin info ./shout\n  workbench plugin info http-line\n  workbench plugin info shout --plugin-dir ./bin",
		Args:    command.Wants(1, 1, "workbench plugin info wants a plugin's name or path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d, ok := builtinNamed(args[0]); ok {
				return printInfo(cmd.OutOrStdout(), catalog.Row{Name: d.Manifest.Name, Kind: catalog.KindBuiltIn}, d.Manifest, asJSON)
			}
			into, err := os.MkdirTemp("", "workbench-info-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(into)
			p, err := search(f.pluginDirs).Named(cmd.Context(), args[0], into)
			if err != nil {
				return err
			}
			m, err := describe(cmd.Context(), p.Plugin, f.calls)
			if err != nil {
				return err
			}
			return printInfo(cmd.OutOrStdout(), p.Row(), m, asJSON)
		},
	}
	f.addPlugins(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func printInfo(w io.Writer, row catalog.Row, m core.Manifest, asJSON bool) error {
	if asJSON {
		return command.PrintJSON(w, map[string]any{"plugin": row, "manifest": m})
	}
	printMode(w, m, m.Name == builtin[0].Manifest.Name)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table)
	for _, line := range [][2]string{
		{"version", m.Version}, {"sends", m.Sends}, {"kind", string(row.Kind)}, {"from", row.From}, {"sum", row.Sum}, {"installed", row.Installed},
	} {
		if line[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", line[0], core.Printable(line[1]))
		}
	}
	err := table.Flush()
	if words := row.ChangedWords(); words != "" {
		fmt.Fprintf(w, "\n%s\n", words)
	}
	return err
}
