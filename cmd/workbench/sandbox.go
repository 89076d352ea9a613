package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/confined"
	"github.com/protocol-workbench/workbench/core/gateway"
	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// sandboxConfig says how plugin processes are held in that mode.
func sandboxConfig(mode sandbox.Mode) (sandbox.Config, error) {
	self, err := pluginhost.Self()
	return sandbox.Config{Mode: mode, Path: self, Args: []string{confined.Command}}, err
}

// startSandboxed calls start, and tells the log what holds the processes back:
// each mechanism as information, and what is missing or in doubt once more.
func startSandboxed(log *slog.Logger, start func(*slog.Logger) (*pluginhost.Host, error)) (*pluginhost.Host, error) {
	host, err := start(log)
	if err != nil {
		return nil, err
	}
	for _, m := range host.Sandbox().Report() {
		if m.State == sandbox.Holds {
			log.Info("sandbox: holds", "mechanism", m.Name, "stops", m.Stops, "here", m.Detail)
		} else {
			log.Info("sandbox: does not hold, as far as is known", "mechanism", m.Name, "state", m.State, "reason", m.Reason)
		}
	}
	if missing := host.Sandbox().Missing(); len(missing) > 0 {
		log.Warn("the sandbox for plugin processes is not complete here; see docs/security.md", "missing", strings.Join(missing, "; "))
	}
	if unknown := host.Sandbox().Unknown(); len(unknown) > 0 {
		log.Error("the sandbox for plugin processes is in doubt; they are started with all of it, or not at all, and it is tried again", "unknown", strings.Join(unknown, "; "))
	}
	return host, nil
}

// sandboxOf shows to the gateway what holds the host's processes back.
func sandboxOf(host *pluginhost.Host) gateway.Sandbox {
	shown := gateway.Sandbox{Policy: string(host.Sandbox().Mode()), Mechanisms: []gateway.Mechanism{}}
	for _, m := range host.Sandbox().Report() {
		shown.Mechanisms = append(shown.Mechanisms, gateway.Mechanism{
			Name: m.Name, State: string(m.State), Optional: m.Optional, Stops: m.Stops, Detail: m.Detail, Reason: m.Reason,
		})
	}
	return shown
}

func newSandboxCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sandbox",
		Short: "Show what holds plugin processes back on this system",
		Long: "sandbox tries the mechanisms of the sandbox and prints for each whether it holds.\n" +
			"MISSING is what the system refuses, UNKNOWN what could not be told: plugin\n" +
			"processes are started with it, or not at all. The exit status is 0 if all hold\n" +
			"that workbench serve --sandbox=strict wants, else 1.",
		Example: "  workbench sandbox",
		Args:    command.NoArguments,
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
			if len(s.Missing())+len(s.Unknown()) > 0 {
				return &command.Exit{Code: 1}
			}
			return nil
		},
	}
}

func printSandbox(w io.Writer, report []sandbox.Mechanism) {
	for _, m := range report {
		state := "holds"
		switch {
		case m.State == sandbox.Holds && m.Detail != "":
			state += " (" + m.Detail + ")"
		case m.State == sandbox.Unknown:
			state = "UNKNOWN: " + m.Reason
		case m.State == sandbox.Missing && m.Optional:
			state = "not here: " + m.Reason
		case m.State == sandbox.Missing:
			state = "MISSING: " + m.Reason
		}
		fmt.Fprintf(w, "%-18s %s\n%18s stops %s\n", m.Name, state, "", m.Stops)
	}
}
