package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/screen"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/agent"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// tokenVariable is the environment variable that has the token, which must not be among the
// arguments of a process.
const tokenVariable = "WORKBENCH_TOKEN"

// maxTokenFile bounds the file of --token-file, in bytes.
const maxTokenFile = 4 << 10

func newMCPCommand() *cobra.Command {
	at, tokenFile, plain := pageAddress, "", false
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Let a language model's agent use a running workbench (Model Context Protocol)",
		Long: "mcp is an MCP server on its standard input and output: an agent starts it, and gets\n" +
			"tools to open sessions, send, read, replay recordings and check lessons. It uses a\n" +
			"workbench that runs and that lets agents in, by --agents, so that policy, roles,\n" +
			"limits, recordings and the audit log are the same as for a person.\n\n" +
			"Give the agent a user of its own, by workbench user add, and its token in the\n" +
			"environment variable " + tokenVariable + " or in a file. See docs/agents.md.",
		Example: "  workbench serve --agents --policy practice --practice\n" +
			"  workbench user add robot --role student\n" +
			"  workbench mcp --token-file robot.token\n" +
			"  workbench mcp --at https://192.168.1.5:8443",
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := agent.CheckAddress(at)
			if err != nil {
				return fmt.Errorf("--at: %w", err)
			}
			token, err := readToken(tokenFile)
			if err != nil {
				return err
			}
			if token != "" && agent.IsClear(to) && !plain {
				return fmt.Errorf("--at %s: whoever is on the way could read the token; write https://, or say --plain-http in a closed room", core.Printable(at))
			}
			on := &mcp.IOTransport{Reader: io.NopCloser(cmd.InOrStdin()), Writer: unclosed{screen.Unfiltered(cmd.OutOrStdout())}}
			return agent.Serve(cmd.Context(), agent.Config{At: at, Token: token, Version: version()}, on)
		},
	}
	cmd.Flags().StringVar(&at, "at", at, "`ADDRESS` of the workbench; on another machine it has TLS, unless it begins with http://")
	cmd.Flags().BoolVar(&plain, "plain-http", false, "send the token without TLS to another machine, in a closed room where everyone may read along")
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "read the token from `FILE`, in place of the variable "+tokenVariable)
	return cmd
}

// unclosed is standard output, which stays open.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// readToken returns the token that a file has, or the environment; "": there is none.
func readToken(file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(os.Getenv(tokenVariable)), nil
	}
	text, err := plainfile.ReadFile(file, maxTokenFile)
	token := strings.TrimSpace(string(text))
	if err == nil && (token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })) {
		err = fmt.Errorf("%s has no token in it; \"workbench user add\" prints one", core.Printable(file))
	}
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	return token, nil
}
