package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	carried "github.com/protocol-workbench/workbench"
	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/scaffold"
	"github.com/protocol-workbench/workbench/cmd/workbench/settings"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

func newPluginNewCommand() *cobra.Command {
	o := scaffold.Options{Lang: scaffold.Langs[0]}
	cmd := &cobra.Command{
		Use:         "new NAME [DIR]",
		Annotations: map[string]string{settings.Optional: "yes"},
		Short:       "Make a folder with a plugin that works, to go on from",
		Long: `new makes the folder DIR (default ./NAME) with the source of a small line mode, a
golden transcript and a README. It builds, passes its tests and talks to the
practice echo server as it is. A folder that is not empty is left alone.

A plugin in Go imports the workbench's own module. It is taken from the folder
named with --sdk, else from a checkout that the current folder is in, else from
where this workbench was built. Elsewhere this workbench writes the source that it
carries into the state directory, once for each build.`,
		Example: `  workbench plugin new shout
  workbench plugin new shout ~/src/shout --lang python
  workbench plugin new shout --sdk ~/src/workbench`,
		Args: command.Wants(1, 2, "workbench plugin new wants a name and, if it is not to be ./NAME, a folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name, o.Dir = args[0], args[0]
			if len(args) > 1 {
				o.Dir = args[1]
			}
			if err := notBuiltIn(o.Name); err != nil {
				return err
			}
			if state, err := catalog.StateDir(); err == nil {
				o.Carried, o.Keep = carried.SDK(), filepath.Join(state, "sdk")
			}
			made, err := scaffold.New(cmd.Context(), o)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "Made %s: %s.\n", core.Printable(made.Dir), strings.Join(made.Files, ", "))
			if made.SDK != "" {
				fmt.Fprintf(w, "The SDK is %s.\n", core.Printable(made.SDK))
			}
			fmt.Fprintf(w, "\nGo on with:\n  cd %s\n  workbench plugin dev .\n  workbench plugin test .\n  workbench plugin install .\n", catalog.Quote(made.Dir))
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Lang, "lang", o.Lang, "language: "+strings.Join(scaffold.Langs, ", "))
	cmd.Flags().StringVar(&o.SDK, "sdk", "", "for Go: take the workbench's module from folder `DIR`")
	return cmd
}
