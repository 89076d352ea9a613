package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/gateway"
)

// The modes of serve --auth.
const (
	authToken = "token"
	authNone  = "none"
)

// openGate returns what decides who may use the workbench; nil: nothing does.
func openGate(mode string, log *slog.Logger) (*access.Gate, error) {
	switch mode {
	case authNone:
		log.Warn("--auth none: every account of this machine can use this workbench, and read what it records")
		return nil, nil
	case authToken, "":
	default:
		return nil, fmt.Errorf("--auth is %q; it must be %s or %s", mode, authToken, authNone)
	}
	key, err := openKey()
	if err != nil {
		log.Warn("no token: only this account can use this workbench", "reason", err.Error())
	}
	gate := access.New(key)
	if !gate.TellsAccounts() {
		log.Info("this system does not tell whose a connection is: every account of this machine can use this workbench")
	}
	return gate, nil
}

func openKey() (*access.Key, error) {
	state, err := catalog.StateDir()
	if err != nil {
		return nil, err
	}
	return access.OpenKey(state)
}

func newTokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print the token by which another account uses this workbench",
		Long: "This account uses its workbench without a token. A program of another account of\n" +
			"this machine sends what token prints in the header Authorization: Bearer TOKEN,\n" +
			"and a browser opens what token link prints. Whoever has one can do all that you\n" +
			"can do with the workbench.",
		Example: "  workbench token\n" +
			"  workbench token link          for a browser, once, within ten minutes\n" +
			"  workbench token rotate        forget all of them",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := openKey()
			if err != nil {
				return err
			}
			token, err := key.Token()
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	}
	cmd.AddCommand(newTokenLinkCommand(), newTokenRotateCommand())
	return cmd
}

func newTokenLinkCommand() *cobra.Command {
	at := pageAddress
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Print a link that lets one browser in",
		Long: "link prints a link to the page of a running workbench of this account. It lets one\n" +
			"browser in, once, within ten minutes; that browser is known until token rotate.",
		Example: "  workbench token link\n  workbench token link --at 127.0.0.1:9000",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := gateway.ParseHost(at); err != nil {
				return fmt.Errorf("--at %w", err)
			}
			key, err := openKey()
			if err != nil {
				return err
			}
			code, err := key.NewCode()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "http://%s/?code=%s\n", at, code)
			return nil
		},
	}
	cmd.Flags().StringVar(&at, "at", at, "`ADDRESS` of the page")
	return cmd
}

func newTokenRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rotate",
		Short:   "Make a new token, and forget the browsers and programs with the old one",
		Long:    "rotate makes a new token. What was let in by the old one, or by a link, is refused from\nnow on, also by a workbench that is running. Sessions that are open go on.",
		Example: "  workbench token rotate",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := openKey()
			if err != nil {
				return err
			}
			if err := key.Rotate(); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The old token is not valid any more.")
			return nil
		},
	}
}
