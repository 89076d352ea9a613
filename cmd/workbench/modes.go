package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
)

func newModesCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "modes",
		Short:   "List the line modes and their options",
		Example: "  workbench modes\n  workbench modes --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			manifests := make([]core.Manifest, len(builtin))
			for i, d := range builtin {
				manifests[i] = d.Manifest
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(manifests)
			}
			for i, m := range manifests {
				printMode(cmd.OutOrStdout(), m, i == 0)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the manifests as JSON")
	return cmd
}

func printMode(w io.Writer, m core.Manifest, isDefault bool) {
	title := m.Title
	if isDefault {
		title += " (the default)"
	}
	fmt.Fprintf(w, "%-10s %s\n           %s\n", m.Name, title, m.Summary)
	for _, o := range m.Options {
		values := string(o.Type)
		if len(o.Choices) > 0 {
			values = strings.Join(o.Choices, "|")
		}
		fmt.Fprintf(w, "           option.%s=%s (default %s): %s\n", o.Name, values, o.Default, o.Help)
	}
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(cmd.OutOrStdout(), "workbench %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// version is the module's version, with the commit where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
