package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// values says what a flag takes, by its type.
var values = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint": "a whole number from 0 on", "uint64": "a whole number from 0 on",
	"uint16": "a number from 0 to 65535", "float64": "a number", "bool": "true or false",
	"duration": "a time, such as 500ms, 10s or 1h",
}

// FlagError says what is wrong with a flag, and where its command's flags are
// explained. It is for cobra's SetFlagErrorFunc.
func FlagError(cmd *cobra.Command, err error) error {
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		if takes, ok := values[bad.GetFlag().Value.Type()]; ok {
			return fmt.Errorf("--%s is %q; it must be %s", bad.GetFlag().Name, bad.GetValue(), takes)
		}
	}
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}
