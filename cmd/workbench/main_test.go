package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// The test binary is the plugin of the built-in modes, and of one more that
// only these tests have; the step in front of it; and, for the scripts, the
// command itself.
func TestMain(m *testing.M) {
	released := builtin
	builtin = append(builtin, fragile())
	if servePlugin(os.Args) {
		return
	}
	testscript.Main(leakGate{m}, map[string]func(){"workbench": func() {
		builtin = released
		main()
	}})
}

// leakGate runs the tests and fails if a goroutine outlives them.
// goleak.VerifyTestMain would exit before testscript removes its folder.
type leakGate struct{ *testing.M }

func (g leakGate) Run() int {
	code := g.M.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "the tests passed, but goroutines are left:", err)
		return 1
	}
	return code
}
