package settings

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
)

// NewCommand makes the command config. newRoot makes the tree of commands anew, whose flags
// are set to try what the file says.
func NewCommand(newRoot func() *cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check and show what workbench.toml and the environment say",
		Long: "config checks and shows what takes the place of flags that are not given: variables such\n" +
			"as WORKBENCH_SERVE_LISTEN, and after them the file workbench.toml.",
		Example: "  workbench config check\n  workbench config show serve",
		Args:    command.NoArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "check",
		Short: "Check the file and the variables",
		Long: "check reads the file and the variables as every command does, and tries each value on its\n" +
			"flag. It ends with 1 if something is wrong.",
		Example: "  workbench config check\n  workbench config check --config ./workbench.toml",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := load(cmd)
			if err != nil {
				return err
			}
			return r.check(cmd.OutOrStdout(), newRoot())
		},
	}, &cobra.Command{
		Use:   "show [COMMAND] [-- FLAGS]",
		Short: "Show each value, and where it comes from",
		Long: "show prints what the file and the variables set. For a COMMAND it prints all flags with their\n" +
			"values, and where each comes from: flag, a variable, a line of the file, or default. FLAGS\n" +
			"after -- are read as the command's. Secrets are shown as ***.",
		Example: "  workbench config show\n  workbench config show serve\n  workbench config show serve -- --listen :9000",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := load(cmd)
			if err != nil {
				return err
			}
			root := newRoot()
			if err := r.checkNames(root); err != nil {
				return err
			}
			var all []Setting
			if len(args) == 0 {
				all, err = r.given(root)
			} else {
				all, err = r.of(root, args)
			}
			if err != nil {
				return err
			}
			return show(cmd.OutOrStdout(), all, len(args) == 0)
		},
	})
	return cmd
}

// check tries all that is set, and says what of it is wrong.
func (r *reader) check(w io.Writer, root *cobra.Command) error {
	if err := r.checkNames(root); err != nil {
		return err
	}
	if err := checkEnv(root, os.Environ()); err != nil {
		return err
	}
	all, err := r.given(root)
	if err != nil {
		return err
	}
	name := r.file.path
	if name == "" {
		name = "no file"
	}
	_, err = fmt.Fprintf(w, "%s: %d set, nothing wrong\n", core.Printable(name), len(all))
	return err
}

// checkEnv reports the first variable that looks like a flag's and is none.
func checkEnv(root *cobra.Command, environ []string) error {
	var names, prefixes []string
	for section, in := range keys(root) {
		prefixes = append(prefixes, EnvName(section, ""))
		for _, key := range in {
			names = append(names, EnvName(section, key))
		}
	}
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		isOf := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if slices.ContainsFunc(prefixes, isOf) && !slices.Contains(names, name) {
			return errors.New("variable " + name + " is of no flag" + meant("%s", name, names))
		}
	}
	return nil
}

// given returns what the file and the environment set, of all commands.
func (r *reader) given(root *cobra.Command) (all []Setting, err error) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if err != nil {
				return
			}
			if isCobras(sub) {
				continue
			}
			var some []Setting
			sub.InheritedFlags() // has pflag know those of its parents, too
			some, err = r.apply(sub)
			for _, s := range some {
				if s.Source != "default" && s.Source != "flag" && s.Section == section(sub) {
					all = append(all, s)
				}
			}
			walk(sub)
		}
	}
	walk(root)
	return all, err
}

// of returns the settings of one command, whose flags may follow its name.
func (r *reader) of(root *cobra.Command, args []string) ([]Setting, error) {
	cmd, rest, err := root.Find(args)
	if err != nil || cmd == root || isCobras(cmd) {
		return nil, fmt.Errorf("%q is no command of workbench; see workbench --help", args[0])
	}
	if err := cmd.ParseFlags(rest); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil, cmd.Help()
		}
		return nil, command.FlagError(cmd, err)
	}
	return r.apply(cmd)
}

func show(w io.Writer, all []Setting, named bool) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "nothing is set: all is as --help says")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range all {
		key := s.Key
		if named {
			key = dotted(s.Section) + "." + key
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", key, core.Printable(s.shown()), core.Printable(s.Source))
	}
	return t.Flush()
}

// shown is the value without what must not be shown.
func (s *Setting) shown() string {
	u, err := url.Parse(s.Value)
	switch {
	case s.Value == "" || s.Value == "[]":
		return "-"
	case isSecret(s.Key):
		return "***"
	case err == nil && u.User != nil, err != nil && strings.Contains(s.Value, "@"):
		_, after, _ := strings.Cut(s.Value, "@")
		return "***@" + after
	case strings.ContainsAny(s.Value, "\t\n\""):
		return strconv.Quote(s.Value)
	}
	return s.Value
}
