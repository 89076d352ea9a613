package lessoncmd

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/ready"
)

// listed is a line of the list's JSON.
type listed struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Summary string `json:"summary,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
	Steps   int    `json:"steps,omitempty"`
	Points  int    `json:"points,omitempty"`
	Error   string `json:"error,omitempty"` // why it cannot be used
}

func newList(l *lessons) *cobra.Command {
	var dir string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the lessons",
		Long: `list lists the lessons that the workbench comes with and, with --lessons, those in
a folder: folders with lesson.md, and txtar files.`,
		Example: `  workbench lesson list
  workbench lesson list --lessons ~/lessons --json`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			names := ready.Names()
			if dir != "" {
				paths, err := inFolder(dir)
				if err != nil {
					return fmt.Errorf("--lessons: %w", err)
				}
				names = append(names, paths...)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, name := range names {
				one := l.list(name)
				if asJSON {
					if err := command.PrintLine(cmd.OutOrStdout(), one); err != nil {
						return err
					}
					continue
				}
				if one.Error != "" {
					fmt.Fprintf(w, "%s\t%s\n", core.Printable(one.Name), core.Printable("cannot be used: "+one.Error))
					continue
				}
				fmt.Fprintf(w, "%s\t%s (%s, %s)\n", core.Printable(one.Name), core.Printable(one.Title), core.Plural(one.Steps, "step"), core.Plural(one.Points, "point"))
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&dir, "lessons", "", "also list the lessons in folder `DIR`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each lesson, a line each")
	return cmd
}

func (l *lessons) list(name string) listed {
	one := listed{Name: name}
	made, err := l.student(name, "")
	if err != nil {
		one.Error = err.Error()
		return one
	}
	one.Title, one.Summary, one.Minutes, one.Steps, one.Points = made.Title, made.Summary, made.Minutes, len(made.Steps), points(made)
	return one
}

func points(l *lesson.Lesson) (sum int) {
	for _, s := range l.Steps {
		sum += s.Points
	}
	return sum
}
