package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/settings"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/docs"
)

func newModesCommand() *cobra.Command {
	asJSON, describe := false, ""
	f := defaultHost
	cmd := &cobra.Command{
		Use:         "modes",
		Annotations: map[string]string{settings.Optional: "yes"},
		Short:       "List the line modes, their options and their commands",
		Long: "modes lists by groups what a session can be held in: the built-in line modes,\n" +
			"and plugins, which are started to ask them. What is wrong with a plugin is a warning. A\n" +
			"command is shown as it is typed: what is in brackets may be left out, and … takes\n" +
			"the rest of the line.\n\n" +
			"With --describe it prints what there is to read about one.",
		Example: "  workbench modes\n  workbench modes --describe resp\n  workbench modes --json\n  workbench modes --plugin-dir ./bin",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			manifests, err := allManifests(cmd.Context(), f, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if describe != "" {
				return describeMode(cmd.OutOrStdout(), manifests, describe)
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(manifests)
			}
			printGroups(cmd.OutOrStdout(), manifests)
			return nil
		},
	}
	f.addPlugins(cmd.Flags())
	cmd.Flags().StringVar(&describe, "describe", "", "print the page of the line mode `MODE`, or its options if it has none")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the manifests as JSON")
	cmd.MarkFlagsMutuallyExclusive("describe", "json")
	return cmd
}

// describeMode prints the page of a line mode, or what its manifest says.
func describeMode(w io.Writer, manifests []core.Manifest, mode string) error {
	var names []string
	for _, m := range manifests {
		if m.Name != mode {
			names = append(names, m.Name)
			continue
		}
		if page, ok := docs.Mode(mode); ok {
			_, err := io.WriteString(w, page)
			return err
		}
		printMode(w, m, false)
		return nil
	}
	return fmt.Errorf("unknown mode %q; the modes are %s", core.CutWords(mode, core.MaxName), strings.Join(names, ", "))
}

// allManifests returns the manifests of all line modes, the built-in ones first.
func allManifests(ctx context.Context, f hostFlags, stderr io.Writer) ([]core.Manifest, error) {
	var all []core.Manifest
	for _, d := range builtin {
		all = append(all, d.Manifest)
	}
	log := newLog(stderr, false)
	found, _ := findPlugins(f.pluginDirs, log)
	if len(found) == 0 && len(f.calls) == 0 {
		return all, nil
	}
	host, err := startHost(slog.New(slog.DiscardHandler), f, found)
	if err != nil {
		return nil, err
	}
	defer stopHost(host)
	for _, p := range found {
		m, err := host.Manifest(ctx, p.Name)
		if err != nil {
			log.Warn(err.Error())
			continue
		}
		all = append(all, m)
	}
	return all, nil
}

// printGroups prints the modes, the groups in the order of the page's picker. The first of
// all modes is the default.
func printGroups(w io.Writer, manifests []core.Manifest) {
	between := ""
	for _, group := range append(core.Groups[:], "") {
		heading := "others"
		if group != "" {
			heading = group
		}
		for i, m := range manifests {
			if m.Group != group {
				continue
			}
			if heading != "" {
				fmt.Fprintf(w, "%s%s:\n", between, heading)
				heading, between = "", "\n"
			}
			printMode(w, m, i == 0)
		}
	}
}

func printMode(w io.Writer, m core.Manifest, isDefault bool) {
	title := m.Title
	if isDefault {
		title += " (the default)"
	}
	fmt.Fprintf(w, "%-10s %s\n", m.Name, title)
	if m.Summary != "" {
		fmt.Fprintf(w, "           %s\n", m.Summary)
	}
	if len(m.Ports) > 0 {
		var ports []string
		for _, p := range m.Ports {
			ports = append(ports, p.Usage())
		}
		fmt.Fprintf(w, "           usual ports: %s\n", strings.Join(ports, ", "))
	}
	for _, o := range m.Options {
		values := string(o.Type)
		if len(o.Choices) > 0 {
			values = strings.Join(o.Choices, "|")
		}
		fmt.Fprintf(w, "           option.%s=%s (default %s): %s\n", o.Name, values, o.Default, o.Help)
	}
	for i := range m.Commands {
		printModeCommand(w, &m.Commands[i])
	}
}

// printModeCommand prints a command as it is typed, and below it its fields.
func printModeCommand(w io.Writer, c *core.Command) {
	typed := "command " + c.Name
	for i := range c.Fields {
		f := &c.Fields[i]
		word := f.Name
		if f.Rest {
			word += "…"
		}
		if f.MayBeLeftOut() {
			word = "[" + word + "]"
		}
		typed += " " + word
	}
	if c.Button {
		typed += " (button)"
	}
	if when := c.Conditions(); when != "" {
		typed += " (with " + when + ")"
	}
	printHelp(w, "           ", typed, c.Help)
	for i := range c.Fields {
		f := &c.Fields[i]
		printHelp(w, "             ", f.Name+"="+fieldValues(f), f.Help)
	}
}

// fieldValues says which values a field takes, and what it has if it is left out.
func fieldValues(f *core.CommandField) string {
	values, byDefault := string(f.Type), f.Default
	switch {
	case len(f.Choices) > 0:
		values = strings.Join(f.Choices, "|")
	case f.Type == core.ValueBool:
		values = "yes|no"
		switch strings.ToLower(byDefault) {
		case "true":
			byDefault = "yes"
		case "false":
			byDefault = "no"
		}
	case f.Min != nil && f.Max != nil:
		values += fmt.Sprintf(" %d..%d", *f.Min, *f.Max)
	case f.Min != nil:
		values += fmt.Sprintf(" %d or more", *f.Min)
	case f.Max != nil:
		values += fmt.Sprintf(" %d or less", *f.Max)
	}
	if byDefault != "" {
		values += " (default " + byDefault + ")"
	}
	return values
}

func printHelp(w io.Writer, indent, words, help string) {
	if help != "" {
		words += ": " + help
	}
	fmt.Fprintln(w, indent+words)
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  workbench version",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(cmd.OutOrStdout(), "workbench %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// version is the module's version, with the commit where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
