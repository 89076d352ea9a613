package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exitCode is an error that ends the program with a code of its own. Without
// an err all was said already, and nothing more is printed.
type exitCode struct {
	code int
	err  error
}

func (e *exitCode) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitCode) Unwrap() error { return e.err }

// usageError is an error of a command that tells by exit code 1 that something is
// different: it could not be asked at all.
func usageError(err error) error {
	var exit *exitCode
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return &exitCode{exitUnusable, err}
}

// telling makes all errors of such a command, of its flags and arguments too,
// usage errors.
func telling(cmd *cobra.Command) *cobra.Command {
	args, run := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, named []string) error { return usageError(args(cmd, named)) }
	cmd.RunE = func(cmd *cobra.Command, named []string) error { return usageError(run(cmd, named)) }
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	return cmd
}

// wants checks how many arguments there are. words ask for them; the command's
// first example shows how.
func wants(least, most int, words string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, named []string) error {
		if least <= len(named) && len(named) <= most {
			return nil
		}
		example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
		example, _, _ = strings.Cut(example, "   ") // and what it does
		return fmt.Errorf("%s, as in: %s", words, example)
	}
}

// noArguments refuses arguments, and names the commands, since a mistyped one
// comes as an argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%q is no command of %s; see %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())
}
