package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
)

// newManCommand is for packages, and for whoever installed the program without one.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Long: `man writes a manual page for each command into the folder DIR, which it makes if
need be: workbench.1, workbench-serve.1 and so on. Their date is that of
SOURCE_DATE_EPOCH, or today.`,
		Example: "  workbench man ~/.local/share/man/man1",
		Args:    command.Wants(1, 1, "workbench man wants the folder to write into"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.InitDefaultCompletionCmd()
			header := &doc.GenManHeader{Section: "1", Source: "workbench " + version(), Manual: "Protocol Workbench"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Wrote the manual pages into %s.\n", core.Printable(args[0]))
			return err
		},
	}
}
