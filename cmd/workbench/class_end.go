package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
)

func newClassEndCommand(name *string) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "end",
		Short: "Delete a class: its code, its students, and all that they recorded",
		Long: "end deletes the folder of a class, which must not be running: its code, the names of its\n" +
			"students, what they have reached in lessons, and all recordings, the teacher's too.\n" +
			"Nothing of them can be had back.",
		Example: "  workbench class end\n  workbench class end --class tuesday --yes",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := classFolder(*name)
			if err != nil {
				return err
			}
			if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("there is no class %s", *name)
			}
			lock, err := class.Lock(folder)
			if errors.Is(err, class.ErrOpen) {
				return fmt.Errorf("class %s is running; stop it first, by Ctrl-C where it was started", *name)
			}
			if err != nil {
				return err
			}
			defer lock.Close()
			question := "Delete class %s, with its students and all recordings, in %s?"
			if class.IsCopy(folder) {
				question = "Delete this machine's copy of class %s, in %s? The class itself is ended on the page of a workbench that holds it."
			}
			if !yes && !confirms(cmd, fmt.Sprintf(question, *name, core.Printable(folder))) {
				return errors.New("nothing was deleted; answer yes, or add --yes")
			}
			return tellDeleted(cmd.OutOrStdout(), *name, class.Delete(folder, lock))
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirms asks a question on standard error, and reports whether the answer is yes.
func confirms(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question, " Type yes: ")
	answer, _ := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 100)).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(answer), "yes")
}

// tellDeleted says that a class is deleted, or returns why it is not.
func tellDeleted(w io.Writer, name string, err error) error {
	if err != nil {
		return fmt.Errorf("delete class %s: %w", name, err)
	}
	fmt.Fprintf(w, "Class %s is deleted.\n", name)
	return nil
}

// deleteDue deletes the classes that are due, and says so.
func deleteDue(classes string, stdout, stderr io.Writer) {
	names, err := class.DeleteDue(classes, time.Now())
	for _, name := range names {
		fmt.Fprintf(stdout, "Class %s is deleted: it had ended, or was not used for as long as it was to be kept.\n", name)
	}
	if err != nil {
		fmt.Fprintln(stderr, "workbench: warning: not all classes that are due could be deleted:", core.Printable(err.Error()))
	}
}

// tendEvery is how often a class that is being held looks after the others.
const tendEvery = time.Hour

// tend notes that a class is in use, and deletes others that are due, until ctx ends.
func tend(ctx context.Context, held *class.Class, classes string, stdout, stderr io.Writer) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := held.Use(); err != nil {
				fmt.Fprintln(stderr, "workbench: warning: the use of the class cannot be noted:", core.Printable(err.Error()))
			}
			deleteDue(classes, stdout, stderr)
		case <-ctx.Done():
			return
		}
	}
}

// minDeleteAfter is the shortest that a class can be kept: while one is held, its use is
// noted each tendEvery.
const minDeleteAfter = 2 * tendEvery

const day = 24 * time.Hour

// parseDeleteAfter reads --delete-after: days such as 14d, a time such as 36h, or 0.
func parseDeleteAfter(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * day
	}
	if err != nil || d != 0 && (d < minDeleteAfter || d > class.MaxDeleteAfter) {
		return 0, fmt.Errorf("--delete-after is %s; it must be from %s to %s, as in: --delete-after 14d, or 0 to keep the class", core.Printable(text), spanWords(minDeleteAfter), spanWords(class.MaxDeleteAfter))
	}
	return d, nil
}

// spanWords puts a time in words: days if it is whole days.
func spanWords(d time.Duration) string {
	switch {
	case d%day == 0:
		return core.Plural(int(d/day), "day")
	case d%time.Hour == 0:
		return core.Plural(int(d/time.Hour), "hour")
	}
	return d.String()
}

// tellKept prints how long a class is kept.
func tellKept(w io.Writer, after time.Duration, now time.Time) {
	if after > 0 {
		fmt.Fprintf(w, "If it is not used for %s, the class is deleted: after %s if you stop it now.\n", spanWords(after), now.Add(after).Format("2006-01-02 15:04"))
	}
}
