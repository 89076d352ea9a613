//go:build !broker

package broker

import "github.com/spf13/cobra"

// Commands returns none: the program was built without the server.
func Commands() []*cobra.Command { return nil }
