//go:build unix

package guide_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/docs/docstest"
)

// TestConsole runs the pages' commands, each block in a folder of its own that
// holds the files of the page as they are there.
func TestConsole(t *testing.T) {
	t.Parallel()
	bin, err := docstest.Build()
	t.Cleanup(func() { os.RemoveAll(bin) })
	if err != nil {
		t.Fatal(err)
	}
	dir := newModule(t)
	for _, page := range pages {
		steps(t, page, func(b docstest.Block, files map[string]string) {
			t.Run(fmt.Sprintf("%s:%d", b.Page, b.Line), func(t *testing.T) {
				t.Parallel()
				at := filepath.Join(dir, fmt.Sprintf("%s-%d", strings.TrimSuffix(b.Page, ".md"), b.Line))
				os.Mkdir(at, 0o755)
				if len(files) > 0 {
					at = filepath.Join(at, "shout")
					write(t, at, files)
				}
				shell := docstest.Shell{Dir: at, Bin: bin, Listen: "--listen 127.0.0.1:0 --echo-listen 127.0.0.1:0", Env: offline(
					"TMPDIR=/tmp", // as the pages have it
					"XDG_STATE_HOME="+filepath.Join(at, ".state"), "XDG_CONFIG_HOME="+filepath.Join(at, ".config"))}
				shell.Console(t, b)
			})
		})
	}
}
