package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/cmd/workbench/settings"
)

// docs/workbench.toml has every key, and is a file that is read. WRITE_SAMPLE=1 writes it.
func TestConfigSample(t *testing.T) {
	const name = "../../docs/workbench.toml"
	want := settings.Sample(newRoot())
	if os.Getenv("WRITE_SAMPLE") != "" {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s differs from the flags (%v): WRITE_SAMPLE=1 go test ./cmd/workbench -run ConfigSample writes it", name, err)
	}
	set := filepath.Join(t.TempDir(), "workbench.toml")
	text := regexp.MustCompile(`(?m)^#([a-z0-9-]+ = )`).ReplaceAllString(want, "$1")
	if err := os.WriteFile(set, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := &cobra.Command{Use: "x"}
	cmd.Flags().String("config", set, "")
	cmd.Flags().Bool("some", false, "")
	root := newRoot()
	root.AddCommand(cmd)
	if err := settings.Apply(cmd); err != nil {
		t.Errorf("with every key set: %v", err)
	}
}

// No two flags have one variable.
func TestVariablesDiffer(t *testing.T) {
	seen := map[string]string{"WORKBENCH_CONFIG": "--config"}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			_, section, _ := strings.Cut(sub.CommandPath(), " ")
			sub.LocalFlags().VisitAll(func(f *pflag.Flag) {
				name := settings.EnvName(section, f.Name)
				if other := seen[name]; other != "" {
					t.Errorf("%s is of %s --%s and of %s", name, section, f.Name, other)
				}
				seen[name] = section + " --" + f.Name
			})
			walk(sub)
		}
	}
	walk(newRoot())
}
