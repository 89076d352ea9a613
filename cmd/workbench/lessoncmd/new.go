package lessoncmd

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

//go:embed template.txtar
var template []byte

func newNew() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME [DIR]",
		Short: "Make a folder with a lesson that passes its tests, to go on from",
		Long: `new makes the folder DIR (default ./NAME) with a lesson of two steps and its tests.
A folder that is not empty is left alone.`,
		Example: `  workbench lesson new teapot
  workbench lesson new teapot ~/lessons/teapot`,
		Args: command.Wants(1, 2, "workbench lesson new wants a name and, if it is not to be ./NAME, a folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, dir := args[0], args[len(args)-1]
			if !core.ValidName(name) {
				return fmt.Errorf("%q is not a lesson's name: a name is 1 to %d letters, digits, '-' or '_', beginning with a letter", name, lesson.MaxName)
			}
			dir, err := filepath.Abs(dir)
			if err != nil {
				return err
			}
			if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				return fmt.Errorf("%s is not empty, and nothing is overwritten; name another folder after the lesson's name", core.Printable(dir))
			}
			var made []string
			for _, f := range txtar.Parse(template).Files {
				path := filepath.Join(dir, filepath.FromSlash(f.Name))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					return plainfile.Unwritable(filepath.Dir(path), err)
				}
				text := strings.ReplaceAll(string(f.Data), "NEWLESSON", name)
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					return plainfile.Unwritable(path, err)
				}
				made = append(made, f.Name)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Made %s: %s.\n\nGo on with:\n  workbench lesson test %s\n  workbench lesson preview %s --seed anna\n",
				core.Printable(dir), strings.Join(made, ", "), core.Printable(args[len(args)-1]), core.Printable(args[len(args)-1]))
			return nil
		},
	}
}
