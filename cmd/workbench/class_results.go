package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/results"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/store/shared"
)

// leftFlags say where what a class has reached is read.
type leftFlags struct {
	class   *string
	lessons string
	shared  sharedFlags
}

func (f *leftFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.lessons, "lessons", "", "the lessons of folder `DIR`, as the class was started with, in place of those that the workbench comes with")
	f.shared.addReach(flags, "read the class in the log")
}

// read reads what the class has reached, whether it runs or not, of this machine or of all
// that share it. It can be read from until close.
func (f *leftFlags) read(cmd *cobra.Command) (left *results.Class, close func(), err error) {
	log := newLog(cmd.ErrOrStderr(), false)
	c, err := f.shared.reach(log)
	if err != nil {
		return nil, nil, err
	}
	offered, err := openLessons(f.lessons, log)
	if err != nil {
		return nil, nil, err
	}
	if c != nil {
		return f.readShared(cmd.Context(), *c, offered())
	}
	folder, err := classFolder(*f.class)
	if err != nil {
		return nil, nil, err
	}
	s, err := class.Read(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("there is no class %s", *f.class)
	case err != nil:
		return nil, nil, fmt.Errorf("read class %s: %w", *f.class, err)
	}
	left, err = results.Read(results.Folder(folder), s, offered())
	return left, func() {}, err
}

// readShared reads it in the shared log.
func (f *leftFlags) readShared(ctx context.Context, c shared.Config, lessons []*lesson.Source) (left *results.Class, close func(), err error) {
	if err := ofClass(&c, *f.class); err != nil {
		return nil, nil, err
	}
	none := fmt.Errorf("no workbench shares a class %s at --store %s", *f.class, f.shared.store)
	waiting, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	in, err := shared.OpenReader(waiting, c)
	switch {
	case errors.Is(err, shared.ErrNoLog):
		return nil, nil, none
	case err != nil:
		return nil, nil, fmt.Errorf("--store %s: %w", f.shared.store, err)
	}
	close = func() { in.Close() }
	defer func() {
		if err != nil {
			close()
		}
	}()
	events, err := in.Value(waiting, classKind, classKind)
	if err != nil {
		return nil, nil, fmt.Errorf("--store %s: %w", f.shared.store, err)
	}
	s, err := class.ReadShared(waiting, events)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, class.ErrEnded):
		return nil, nil, none
	case err != nil:
		return nil, nil, fmt.Errorf("read class %s: %w", *f.class, err)
	}
	left, err = results.Read(results.Source{
		Reached: func(student string) (string, []progress.Line, error) {
			value, err := in.Value(ctx, progressKind, student)
			if err != nil {
				return "", nil, err
			}
			return progress.ReadShared(ctx, value)
		},
		Open: func(student, id string) (io.ReadCloser, error) { return in.Of(student).Open(id) },
	}, s, lessons)
	return left, close, err
}

func newClassResultsCommand(name *string) *cobra.Command {
	var file string
	from := leftFlags{class: name}
	cmd := &cobra.Command{
		Use:   "results",
		Short: "Print the points of a class as a table (CSV)",
		Long: "results prints a line for each student: the name, the user name, when the student joined, the\n" +
			"points in all and what they are out of; then for each lesson that somebody has tried the same,\n" +
			"and the points of each step. A step that was not tried is empty. The class may be running. With\n" +
			"--store it is what all workbenches know that hold the class; without, what this machine's does.",
		Example: "  workbench class results\n  workbench class results --csv tuesday.csv --class tuesday\n" +
			"  workbench class results --class tuesday --store nats://127.0.0.1:4222/school",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			left, close, err := from.read(cmd)
			if err != nil {
				return err
			}
			defer close()
			return screen.Output(file, cmd.OutOrStdout(), false, func(w io.Writer) error {
				if file != "" && file != screen.Standard {
					io.WriteString(w, results.BOM)
				}
				return left.WriteCSV(w)
			})
		},
	}
	cmd.Flags().StringVar(&file, "csv", "", "write to `FILE`, for a spreadsheet")
	from.add(cmd.Flags())
	return cmd
}

func newClassSubmissionsCommand(name *string) *cobra.Command {
	from := leftFlags{class: name}
	cmd := &cobra.Command{
		Use:   "submissions DIR",
		Short: "Write what the students of a class have handed in to a folder",
		Long: "submissions writes results.csv, and a folder for each student who has tried a step: the seed,\n" +
			"and below LESSON/step-N the transcripts and answers of the best try, which lesson check judges\n" +
			"as the page did. The class may be running. --store is as for results.",
		Example: "  workbench class submissions tuesday --class tuesday\n" +
			"  workbench lesson check http-by-hand --step 1 --seed \"$(cat 'tuesday/Anna (anna)/seed')\" \\\n" +
			"    'tuesday/Anna (anna)/http-by-hand/step-1/'*.transcript",
		Args: command.Wants(1, 1, "write to which folder? Name one that is empty or not there yet"),
		RunE: func(cmd *cobra.Command, args []string) error {
			left, close, err := from.read(cmd)
			if err != nil {
				return err
			}
			defer close()
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
	from.add(cmd.Flags())
	return cmd
}
