package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/docsite"
	"github.com/protocol-workbench/workbench/docs"
)

// This file writes those pages of the documentation that nobody writes by hand, in
// Markdown: of the commands, and of line modes that have none.

// commandPages returns a page for each command, and one that lists them.
func commandPages(root *cobra.Command) []docsite.Source {
	root.InitDefaultCompletionCmd()
	var list strings.Builder
	fmt.Fprintf(&list, "# Commands\n\n%s", paragraphs(root.Long))
	list.WriteString("\n| command | does |\n|---|---|\n")
	var pages []docsite.Source
	var add func(c *cobra.Command)
	add = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if !sub.IsAvailableCommand() || sub.Name() == "help" {
				continue
			}
			fmt.Fprintf(&list, "| [%s](%s) | %s |\n", codeSpan(sub.CommandPath()), commandFile(sub), inline(sub.Short))
			pages = append(pages, docsite.Source{Path: "commands/" + commandFile(sub), Text: commandPage(sub)})
			add(sub)
		}
	}
	add(root)
	return append(pages, docsite.Source{Path: "commands/README.md", Text: list.String()})
}

// commandFile returns the name of a command's page.
func commandFile(c *cobra.Command) string {
	_, below, _ := strings.Cut(c.CommandPath(), " ")
	return strings.ReplaceAll(below, " ", "-") + ".md"
}

func commandPage(c *cobra.Command) string {
	c.InitDefaultHelpFlag()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", codeSpan(c.CommandPath()), inline(c.Short))
	if c.Long != "" {
		b.WriteString(paragraphs(c.Long) + "\n")
	}
	if c.Runnable() {
		fmt.Fprintf(&b, "## Usage\n\n%s\n", codeBlock(c.UseLine()))
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "## Examples\n\n%s\n", codeBlock(unindented(c.Example)))
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("## Commands below it\n\n| command | does |\n|---|---|\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "| [%s](%s) | %s |\n", codeSpan(sub.CommandPath()), commandFile(sub), inline(sub.Short))
			}
		}
		b.WriteString("\n")
	}
	writeFlags(&b, "Flags", c.NonInheritedFlags())
	if parent := c.Parent(); c.HasAvailableInheritedFlags() {
		writeFlags(&b, "Flags of "+codeSpan(parent.CommandPath()), c.InheritedFlags())
	}
	if parent := c.Parent(); parent.HasParent() {
		fmt.Fprintf(&b, "It belongs to [%s](%s).\n", codeSpan(parent.CommandPath()), commandFile(parent))
	}
	return b.String()
}

func writeFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, "## %s\n\n| flag | default | does |\n|---|---|---|\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		byDefault := ""
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && !strings.Contains(usage, "(default") {
			byDefault = codeSpan(f.DefValue)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", codeSpan(name), byDefault, inline(usage))
	})
	b.WriteString("\n")
}

// modePages returns a page for each line mode that has none among the documents.
func modePages(modes []core.Manifest) (pages []docsite.Source) {
	for i := range modes {
		if _, ok := docs.Mode(modes[i].Name); !ok {
			pages = append(pages, docsite.Source{Path: "modes/" + modes[i].Name + ".md", Text: modePage(&modes[i])})
		}
	}
	return pages
}

// modePage says what a manifest does, which a plugin may have written.
func modePage(m *core.Manifest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (%s)\n\n", inline(m.Title), codeSpan(m.Name))
	if m.Summary != "" {
		fmt.Fprintf(&b, "%s\n\n", inline(m.Summary))
	}
	if len(m.Ports) > 0 {
		b.WriteString("## Usual ports\n\n| port | for |\n|---|---|\n")
		for _, p := range m.Ports {
			fmt.Fprintf(&b, "| %d | %s |\n", p.Port, inline(p.Name))
		}
		b.WriteString("\n")
	}
	if len(m.Options) > 0 {
		b.WriteString("## Options\n\n| option | values | default | does |\n|---|---|---|---|\n")
		for _, o := range m.Options {
			values := string(o.Type)
			if len(o.Choices) > 0 {
				values = strings.Join(o.Choices, ", ")
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", codeSpan(o.Name), inline(values), codeSpan(o.Default), inline(o.Help))
		}
		b.WriteString("\n")
	}
	if len(m.Commands) > 0 {
		b.WriteString("## Commands\n\n| command | field | does |\n|---|---|---|\n")
		for i := range m.Commands {
			c := &m.Commands[i]
			when := c.Conditions()
			if when != "" {
				when = "with " + when
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", codeSpan(c.Name), inline(when), inline(c.Help))
			for j := range c.Fields {
				f := &c.Fields[j]
				fmt.Fprintf(&b, "| | %s | %s: %s |\n", codeSpan(f.Name), inline(fieldValues(f)), inline(f.Help))
			}
		}
		b.WriteString("\n")
	}
	return core.PrintableText(b.String())
}

// inline writes words that Markdown must not read anything into, on one line.
func inline(words string) string {
	words = strings.Join(strings.Fields(words), " ")
	var b strings.Builder
	for i, r := range words {
		if strings.ContainsRune("\\`*_[]<>|&~", r) || i == 0 && strings.ContainsRune("#-+=", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// codeSpan writes text as code in a line, which may be in a table.
func codeSpan(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

func codeBlock(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + strings.TrimRight(text, "\n") + "\n" + fence + "\n"
}

// paragraphs writes a command's words. Lines that are indented stay as they are.
func paragraphs(text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		if strings.HasPrefix(part, " ") || strings.Contains(part, "\n ") {
			b.WriteString(codeBlock(unindented(part)) + "\n")
		} else {
			b.WriteString(inline(part) + "\n\n")
		}
	}
	return b.String()
}

// unindented takes away the blanks that all lines begin with.
func unindented(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	least := len(text)
	for _, line := range lines {
		if line != "" {
			least = min(least, len(line)-len(strings.TrimLeft(line, " ")))
		}
	}
	for i, line := range lines {
		lines[i] = line[min(least, len(line)):]
	}
	return strings.Join(lines, "\n")
}
