package main

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the baseline that the driver starts: in tests, its own
// program is the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == baselineCommand {
		if err := runBaseline(os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // baselines built with -race would each end a second late
	goleak.VerifyTestMain(m)
}
