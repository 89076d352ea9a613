package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Sample is a file with every key of the commands, each commented out and with its default.
func Sample(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Every key of workbench.toml, with its default where there is one. Take the # before those\n" +
		"# that you set. What a key means is said by the --help of its command.\n")
	all := keys(root)
	for _, section := range slices.Sorted(maps.Keys(all)) {
		cmd, _, err := root.Find(strings.Fields(section))
		if err != nil {
			continue // of a tree that has changed meanwhile
		}
		fmt.Fprintf(&b, "\n[%s]\n", dotted(section))
		for _, key := range all[section] {
			f := cmd.LocalFlags().Lookup(key)
			fmt.Fprintf(&b, "#%s = %s\n", key, sampled(f))
		}
	}
	return b.String()
}

// sampled is a flag's default as a value of TOML.
func sampled(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool", "int", "int64", "uint", "uint16", "uint64", "float64":
		return f.DefValue
	}
	if repeats(f) {
		return "[]"
	}
	return strconv.Quote(f.DefValue)
}
