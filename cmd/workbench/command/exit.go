// Package command is what the workbench's commands share: exit codes, the check
// of arguments, JSON, and listening where a flag says.
package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes of a command that tells a difference.
const (
	Different = 1
	Unusable  = 2 // it could not be asked at all
)

// Exit is an error that ends the program with a code of its own. Without an Err
// all was said already, and nothing more is printed.
type Exit struct {
	Code int
	Err  error
}

// Error returns the words, "" for none.
func (e *Exit) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *Exit) Unwrap() error { return e.Err }

// usageError gives an error the code Unusable, if it has none.
func usageError(err error) error {
	var exit *Exit
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return &Exit{Unusable, err}
}

// Telling makes all errors of a command that tells a difference, of its flags and
// arguments too, usage errors.
func Telling(cmd *cobra.Command) *cobra.Command {
	args, run := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, named []string) error { return usageError(args(cmd, named)) }
	cmd.RunE = func(cmd *cobra.Command, named []string) error { return usageError(run(cmd, named)) }
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError(FlagError(cmd, err)) })
	return cmd
}

// Wants checks how many arguments there are. words ask for them; the command's
// first example shows how.
func Wants(least, most int, words string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, named []string) error {
		if least <= len(named) && len(named) <= most {
			return nil
		}
		example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
		example, _, _ = strings.Cut(example, "   ") // and what it does
		return fmt.Errorf("%s, as in: %s", words, example)
	}
}

// NoArguments refuses arguments, and names the commands, since a mistyped one
// comes as an argument.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%q is no command of %s; see %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())
}
