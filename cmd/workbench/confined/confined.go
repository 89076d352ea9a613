// Package confined makes this process the sandbox's step, if that is what it was
// started for, as soon as the package is initialised. A plugin's start runs this
// binary twice, and package main would come after all packages that are linked in:
// their initialisation takes longer than the step.
//
// Go initialises packages in the order of their paths, each after those that it
// imports. So what counts is what this package imports, and through it: little, and
// nothing of the standard library whose path comes late (os/exec, path/filepath) or
// that needs much (crypto/rand, net).
package confined

import (
	"os"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

// Command is the hidden command by which this binary is started in front of a plugin,
// takes its rights away and becomes it.
const Command = "sandbox-exec"

func init() {
	if len(os.Args) > 1 && os.Args[1] == Command {
		os.Exit(step.Run(os.Args[2:]))
	}
}
