package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// sandboxStep is the hidden command by which this binary is started in front
// of a plugin, takes its rights away and becomes it.
const sandboxStep = "sandbox-exec"

// becomePlugin does so, if that is what this process was started for. It comes
// before everything else in main.
func becomePlugin(args []string) bool {
	if len(args) < 2 || args[1] != sandboxStep {
		return false
	}
	os.Exit(sandbox.Step(args[2:]))
	return true
}

// sandboxConfig says how plugin processes are held in that mode.
func sandboxConfig(mode sandbox.Mode) (sandbox.Config, error) {
	self, err := pluginhost.Self()
	return sandbox.Config{Mode: mode, Path: self, Args: []string{sandboxStep}}, err
}

// startSandboxed calls start, and tells the log what holds the processes back:
// each mechanism as information, and what is missing once more as a warning.
func startSandboxed(log *slog.Logger, start func(*slog.Logger) (*pluginhost.Host, error)) (*pluginhost.Host, error) {
	host, err := start(log)
	if err != nil {
		return nil, err
	}
	for _, m := range host.Sandbox().Report() {
		if m.Missing != "" {
			log.Info("sandbox: does not hold", "mechanism", m.Name, "reason", m.Missing)
		} else {
			log.Info("sandbox: holds", "mechanism", m.Name, "stops", m.Stops, "here", m.Detail)
		}
	}
	if missing := host.Sandbox().Missing(); len(missing) > 0 {
		log.Warn("the sandbox for plugin processes is not complete here; see docs/security.md", "missing", strings.Join(missing, "; "))
	}
	return host, nil
}

func newSandboxCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sandbox",
		Short: "Show what holds plugin processes back on this system",
		Long: "sandbox tries each mechanism of the sandbox on a process of its own and prints\n" +
			"a line for each. The exit status is 0 if all hold, as workbench serve\n" +
			"--sandbox=strict wants it, else 1.",
		Example: "  workbench sandbox",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := sandboxConfig(sandbox.BestEffort)
			if err != nil {
				return err
			}
			s, err := sandbox.Probe(cmd.Context(), conf)
			if err != nil {
				return err
			}
			printSandbox(cmd.OutOrStdout(), s.Report())
			if len(s.Missing()) > 0 {
				return &exitCode{code: 1}
			}
			return nil
		},
	}
}

func printSandbox(w io.Writer, report []sandbox.Mechanism) {
	for _, m := range report {
		state := "holds"
		if m.Detail != "" {
			state += " (" + m.Detail + ")"
		}
		if m.Missing != "" {
			state = "MISSING: " + m.Missing
		}
		fmt.Fprintf(w, "%-18s %s\n%18s stops %s\n", m.Name, state, "", m.Stops)
	}
}
