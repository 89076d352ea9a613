package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/results"
)

// lessonsUsage describes --lessons of what hands out results.
const lessonsUsage = "the lessons of folder `DIR`, as the class was started with, in place of those that the workbench comes with"

// classLeft reads what a class has reached, whether it runs or not.
func classLeft(name, lessons string, stderr io.Writer) (*results.Class, error) {
	folder, err := classFolder(name)
	if err != nil {
		return nil, err
	}
	s, err := class.Read(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no class %s", name)
	case err != nil:
		return nil, fmt.Errorf("read class %s: %w", name, err)
	}
	offered, err := openLessons(lessons, newLog(stderr, false))
	if err != nil {
		return nil, err
	}
	return results.Read(folder, s, offered())
}

func newClassResultsCommand(name *string) *cobra.Command {
	var file, lessons string
	cmd := &cobra.Command{
		Use:   "results",
		Short: "Print the points of a class as a table (CSV)",
		Long: "results prints a line for each student: the name, the user name, when the student joined, the\n" +
			"points in all and what they are out of; then for each lesson that somebody has tried the same,\n" +
			"and the points of each step. A step that was not tried is empty. The class may be running.",
		Example: "  workbench class results\n  workbench class results --csv tuesday.csv --class tuesday",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			left, err := classLeft(*name, lessons, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return screen.Output(file, cmd.OutOrStdout(), false, func(w io.Writer) error {
				if file != "" && file != screen.Standard {
					io.WriteString(w, results.BOM)
				}
				return left.WriteCSV(w)
			})
		},
	}
	cmd.Flags().StringVar(&file, "csv", "", "write to `FILE`, for a spreadsheet")
	cmd.Flags().StringVar(&lessons, "lessons", "", lessonsUsage)
	return cmd
}

func newClassSubmissionsCommand(name *string) *cobra.Command {
	var lessons string
	cmd := &cobra.Command{
		Use:   "submissions DIR",
		Short: "Write what the students of a class have handed in to a folder",
		Long: "submissions writes results.csv, and a folder for each student who has tried a step: the seed,\n" +
			"and below LESSON/step-N the transcripts and answers of the best try, which lesson check judges\n" +
			"as the page did. The class may be running.",
		Example: "  workbench class submissions tuesday --class tuesday\n" +
			"  workbench lesson check http-by-hand --step 1 --seed \"$(cat 'tuesday/Anna (anna)/seed')\" \\\n" +
			"    'tuesday/Anna (anna)/http-by-hand/step-1/'*.transcript",
		Args: command.Wants(1, 1, "write to which folder? Name one that is empty or not there yet"),
		RunE: func(cmd *cobra.Command, args []string) error {
			left, err := classLeft(*name, lessons, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			progress := screen.Progress(cmd.ErrOrStderr())
			var tell func(done, of int)
			if progress != nil {
				tell = func(done, of int) { progress(fmt.Sprintf("%d of %s", done, core.Plural(of, "student"))) }
				defer progress("")
			}
			written, err := left.WriteFolder(args[0], tell)
			switch {
			case errors.Is(err, results.ErrNotEmpty):
				return fmt.Errorf("%s is not empty; name a folder that is empty or not there yet", core.Printable(args[0]))
			case err != nil:
				return fmt.Errorf("write the submissions: %w", err)
			}
			if progress != nil {
				progress("")
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Wrote %s to %s.\n", core.Plural(written, "file"), core.Printable(args[0]))
			return nil
		},
	}
	cmd.Flags().StringVar(&lessons, "lessons", "", lessonsUsage)
	return cmd
}
