package lessoncmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func newPreview(l *lessons) *cobra.Command {
	var seed string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "preview LESSON",
		Short: "Print a lesson as one student gets it",
		Long: `preview prints the text of a lesson with the values of the student with a seed, and
what its checks want.`,
		Example: `  workbench lesson preview http-by-hand --seed anna
  workbench lesson preview ./teapot`,
		Args: command.Wants(1, 1, "preview one lesson"),
		RunE: func(cmd *cobra.Command, names []string) error {
			made, err := l.student(names[0], seed)
			if err != nil {
				return err
			}
			if asJSON {
				return command.PrintJSON(cmd.OutOrStdout(), made)
			}
			preview(cmd.OutOrStdout(), made)
			return nil
		},
	}
	cmd.Flags().StringVar(&seed, "seed", "", "expand the values of the student with seed `SEED`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what the page gets: neither conditions nor which choice is right")
	return cmd
}

func preview(w io.Writer, l *lesson.Lesson) {
	text := func(s string) {
		if s != "" {
			fmt.Fprintf(w, "\n%s\n", core.PrintableText(s))
		}
	}
	fmt.Fprintf(w, "# %s\n", core.Printable(l.Title))
	text(l.Summary)
	text(l.Text)
	for _, s := range l.Steps {
		fmt.Fprintf(w, "\n## %d. %s\n", s.N, core.Printable(s.Title))
		fmt.Fprintf(w, "%s\n", core.Printable(setting(s.Setting)))
		text(s.Text)
		for _, c := range s.Checks {
			fmt.Fprintf(w, "\n  %s (%s): %s\n", c.Kind, core.Plural(c.Points, "point"), core.Printable(c.Words))
			if c.Shows != "" {
				fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(core.PrintableText(strings.TrimSuffix(c.Shows, "\n")), "\n", "\n    "))
			}
			for i, choice := range c.Choices {
				fmt.Fprintf(w, "    %d. %s\n", i+1, core.Printable(choice.Words))
			}
		}
	}
}

// setting says whom a step talks to, in a line.
func setting(s lesson.Setting) string {
	var words []string
	switch {
	case s.Practice != "":
		words = append(words, "practice server "+s.Practice+options(s.With))
	case s.YourServer:
		words = append(words, fmt.Sprintf("your server on port %d", s.Port))
	case s.Target != "":
		words = append(words, s.Target)
	}
	if s.Mode != "" {
		words = append(words, "line mode "+s.Mode+options(s.Options))
	}
	if words == nil {
		return "(no connection)"
	}
	return "(" + strings.Join(words, ", ") + ")"
}

func options(all []transcript.OptionValue) (words string) {
	for _, o := range all {
		words += fmt.Sprintf(" %s=%s", o.Name, o.Value)
	}
	return words
}
