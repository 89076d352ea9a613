package workbench_test

import (
	"io/fs"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench"
)

// TestSDKIsWhole compares the embedded folders with what the SDK's packages import, in the
// long form on each system. A package too much is one that plugins could come to depend on.
func TestSDKIsWhole(t *testing.T) {
	needed := map[string]bool{}
	systems := []string{"linux", "darwin", "windows"}
	if testing.Short() {
		systems = []string{runtime.GOOS}
	}
	for _, system := range systems {
		cmd := exec.Command("go", "list", "-deps", "-f", `{{with .Module}}{{if .Main}}{{$.ImportPath}} {{join $.EmbedFiles " "}}{{end}}{{end}}`,
			"./core", "./core/framing", "./core/conformance", "./plugins", "./plugins/plugintest")
		cmd.Env = append(cmd.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			fields := strings.Fields(line)
			needed[strings.TrimPrefix(fields[0], module+"/")] = true
			if len(fields) > 1 {
				t.Errorf("%s embeds files, which the SDK has to carry too", fields[0])
			}
		}
	}
	err := fs.WalkDir(workbench.SDK(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".go" {
			return err
		}
		place := path.Dir(name)
		if carried, ok := needed[place]; !ok {
			t.Errorf("sdk.go embeds %s, which no package of the SDK imports", name)
		} else if carried {
			needed[place] = false
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for place, missing := range needed {
		if missing {
			t.Errorf("sdk.go does not embed %s, which the SDK imports", place)
		}
	}
}
