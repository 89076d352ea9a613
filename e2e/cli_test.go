//go:build linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands that end by themselves, each in a script in testdata. $GOLDENS is the
// folder of golden transcripts.
func TestCommands(t *testing.T) {
	t.Parallel()
	repo, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"unusable": unusable},
		Setup: func(env *testscript.Env) error {
			bin := filepath.Join(env.WorkDir, "bin")
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("GOLDENS", filepath.Join(repo, "testdata"))
			program, err := filepath.Abs(workbenchBinary)
			if err != nil {
				return err
			}
			if err := os.Mkdir(bin, 0o700); err != nil {
				return err
			}
			return os.Symlink(program, filepath.Join(bin, "workbench"))
		},
	})
}

// unusable replays, which must exit with code 2.
func unusable(script *testscript.TestScript, negated bool, args []string) {
	err := script.Exec("workbench", append([]string{"replay"}, args...)...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if negated || !ok || exit.ExitCode() != 2 {
		script.Fatalf("replay %q ended with %v, not with exit code 2", args, err)
	}
}
