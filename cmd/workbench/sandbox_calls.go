package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

// extraCalls are the system calls that line modes may make in the sandbox
// beside those that all may, by the modes' names. It is a flag's value.
type extraCalls map[string][]string

// callsFlag adds --allow-syscall.
func callsFlag(flags *pflag.FlagSet, calls *extraCalls) {
	flags.Var(calls, "allow-syscall", "let the plugin of a line mode make one more system call, as in shout:memfd_create; may be given more than once")
}

// Set takes one more.
func (c *extraCalls) Set(value string) error {
	mode, call, ok := strings.Cut(value, ":")
	switch {
	case !ok || mode == "":
		return fmt.Errorf("it is a line mode's name, a colon and a system call's name, as in shout:memfd_create")
	case !sandbox.KnowsCall(call):
		return fmt.Errorf("this system has no system call %q", call)
	}
	if *c == nil {
		*c = extraCalls{}
	}
	(*c)[mode] = append((*c)[mode], call)
	return nil
}

// String returns them all.
func (c *extraCalls) String() string {
	var all []string
	for _, mode := range slices.Sorted(maps.Keys(*c)) {
		for _, call := range (*c)[mode] {
			all = append(all, mode+":"+call)
		}
	}
	return strings.Join(all, ",")
}

// Append, Replace and GetSlice say to pflag that there may be several.
func (c *extraCalls) Append(value string) error { return c.Set(value) }

// Replace takes these alone.
func (c *extraCalls) Replace(values []string) error {
	*c = nil
	for _, value := range values {
		if err := c.Set(value); err != nil {
			return err
		}
	}
	return nil
}

// GetSlice returns them all.
func (c *extraCalls) GetSlice() []string {
	if len(*c) == 0 {
		return nil
	}
	return strings.Split(c.String(), ",")
}

// Type is shown in a command's help.
func (c *extraCalls) Type() string { return "MODE:NAME" }

// check returns an error if a line mode is named that is not among these.
func (c extraCalls) check(modes []string) error {
	for _, mode := range slices.Sorted(maps.Keys(c)) {
		if !slices.Contains(modes, mode) {
			return fmt.Errorf("--allow-syscall %s:%s: there is no line mode %s", mode, c[mode][0], mode)
		}
	}
	return nil
}
