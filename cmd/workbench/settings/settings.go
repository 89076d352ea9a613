// Package settings gives the flags of commands their values from workbench.toml and from the
// environment.
//
// A caller adds --config to the root command by [AddFlag], and calls [Apply] for the command
// that runs, before it does. A flag that was given on the command line stands; else the
// environment decides, else the file. A value from either counts as given: pflag's Changed
// is true.
//
// A section of the file is a command, and a key one of its flags:
//
//	[serve]
//	listen = "127.0.0.1:9000"
//
// In the environment this is WORKBENCH_SERVE_LISTEN. A flag that a command's subcommands
// share belongs to that command's section alone. The package knows no single command or flag
// but serve, which runs without a name.
package settings

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core"
)

const (
	configFlag = "config"
	configEnv  = "WORKBENCH_CONFIG"
	unnamed    = "serve" // the command that runs without a name
)

// Optional is the annotation of a command that does its work without the file, too: it goes
// on, with a warning, where nobody has named the file and it cannot be read.
const Optional = "settings-optional"

// AddFlag adds --config to the root command.
func AddFlag(root *cobra.Command) {
	root.PersistentFlags().String(configFlag, "", "take what no flag says from `FILE` (default: workbench.toml in the user's configuration directory, or "+System+")")
}

// Apply gives a command the values that its command line does not.
func Apply(cmd *cobra.Command) error {
	if !hasSettings(cmd) {
		return nil
	}
	r, err := load(cmd)
	var unread *readError
	switch {
	case errors.As(err, &unread) && !unread.named && cmd.Annotations[Optional] != "":
		fmt.Fprintf(cmd.ErrOrStderr(), "workbench: warning: %s. It is left out here\n", core.Printable(err.Error()))
		r = &reader{file: &file{}, getenv: os.Getenv}
	case err != nil:
		return err
	}
	if err := r.checkNames(cmd.Root()); err != nil {
		return err
	}
	_, err = r.apply(cmd)
	return err
}

// reader has what the file and the environment say.
type reader struct {
	file   *file
	getenv func(string) string
}

func load(cmd *cobra.Command) (*reader, error) {
	named, _ := cmd.Flags().GetString(configFlag)
	r := &reader{file: &file{}, getenv: os.Getenv}
	if path := find(named, r.getenv); path != "" {
		f, err := read(path)
		var unread *readError
		if errors.As(err, &unread) {
			unread.named = named != "" || r.getenv(configEnv) != ""
		}
		if err != nil {
			return nil, err
		}
		r.file = f
	}
	return r, nil
}

// Setting is a flag with its value, and where that comes from.
type Setting struct {
	Section, Key string
	Value        string
	Source       string // flag, a variable's name, file:line, or default
}

// apply sets the flags of a command that are not set yet.
func (r *reader) apply(cmd *cobra.Command) (all []Setting, err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if err != nil || skipped(f) {
			return
		}
		section := owner(cmd, f)
		s := Setting{Section: section, Key: f.Name, Value: f.Value.String(), Source: "default"}
		env := r.getenv(EnvName(section, f.Name))
		i := slices.IndexFunc(r.file.lines, func(l line) bool { return l.section == section && l.key == f.Name })
		switch {
		case f.Changed:
			s.Source = "flag"
		case env != "":
			s.Source = EnvName(section, f.Name)
			values := []string{env}
			if repeats(f) {
				values = strings.Split(strings.TrimRight(env, "\n"), "\n")
			}
			s.Value, err = strings.Join(values, ", "), set(cmd, f, s.Source, values)
		case i >= 0:
			l := r.file.lines[i]
			s.Source = fmt.Sprintf("%s:%d", r.file.path, l.number)
			if l.isArray && !repeats(f) {
				err = fmt.Errorf("%s: %s takes one value, not an array", s.Source, f.Name)
				return
			}
			s.Value, err = strings.Join(l.values, ", "), set(cmd, f, s.Source, l.values)
		}
		all = append(all, s)
	})
	return all, err
}

func set(cmd *cobra.Command, f *pflag.Flag, source string, values []string) error {
	for _, v := range values {
		if err := cmd.Flags().Set(f.Name, v); err != nil {
			if isSecret(f.Name) {
				err = errors.New("--" + f.Name + " does not take this value") // which err shows
			} else {
				err = command.FlagError(cmd, err)
			}
			return fmt.Errorf("%s: %w", source, err)
		}
	}
	return nil
}

// repeats reports whether a flag may be given more than once.
func repeats(f *pflag.Flag) bool {
	_, is := f.Value.(pflag.SliceValue)
	return is
}

// skipped reports whether a flag is none of the file's.
func skipped(f *pflag.Flag) bool { return f.Hidden || f.Name == "help" || f.Name == configFlag }

// hasSettings reports whether the file may say something about a command.
func hasSettings(cmd *cobra.Command) (has bool) {
	if isCobras(cmd) {
		return false
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { has = has || !skipped(f) })
	return has
}

// isCobras reports whether a command is one that cobra adds.
func isCobras(cmd *cobra.Command) bool {
	top, _, _ := strings.Cut(section(cmd), " ")
	return top == "completion" || top == "help" || cmd.Hidden
}

// owner is the section of a flag: the command that declares it, or the parent that shares it.
func owner(cmd *cobra.Command, f *pflag.Flag) string {
	for c := cmd; c.HasParent(); c = c.Parent() {
		if c.PersistentFlags().Lookup(f.Name) == f {
			return section(c)
		}
	}
	return section(cmd)
}

// section is the path of a command without the program's name.
func section(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return unnamed
	}
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return path
}

// EnvName is the variable of a flag.
func EnvName(section, key string) string {
	return "WORKBENCH_" + strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(section+" "+key))
}

// keys returns the keys of each section.
func keys(root *cobra.Command) map[string][]string {
	all := map[string][]string{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if isCobras(sub) {
				continue
			}
			sub.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if !skipped(f) && root.PersistentFlags().Lookup(f.Name) != f {
					all[section(sub)] = append(all[section(sub)], f.Name)
				}
			})
			walk(sub)
		}
	}
	walk(root)
	return all
}

// checkNames reports the first section or key of the file that does not exist.
func (r *reader) checkNames(root *cobra.Command) error {
	known := keys(root)
	for _, l := range r.file.lines {
		at := fmt.Sprintf("%s:%d: ", r.file.path, l.number)
		in := known[l.section]
		switch {
		case in == nil:
			var sections []string
			for s := range known {
				sections = append(sections, dotted(s))
			}
			return errors.New(at + "there is no section [" + dotted(l.section) + "]" + meant("[%s]", dotted(l.section), sections) + " A section is a command")
		case !slices.Contains(in, l.key):
			return errors.New(at + "[" + dotted(l.section) + "] has no key " + l.key + meant("%s", l.key, in) +
				" Its keys are the flags of workbench " + l.section)
		}
	}
	return nil
}

func dotted(section string) string { return strings.ReplaceAll(section, " ", ".") }

// isSecret reports whether a flag's value must not be shown. One that names a file of
// secrets may be.
func isSecret(name string) bool {
	if strings.HasSuffix(name, "-file") {
		return false
	}
	for _, word := range []string{"token", "password", "secret"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
