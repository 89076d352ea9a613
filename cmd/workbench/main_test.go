package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary is the plugin of the built-in modes, and of one more that
// only these tests have; and the step in front of it.
func TestMain(m *testing.M) {
	builtin = append(builtin, fragile())
	if becomePlugin(os.Args) || servePlugin(os.Args) {
		return
	}
	goleak.VerifyTestMain(m)
}
