//go:build linux

package sandbox

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of system calls anew")

var constant = regexp.MustCompile(`(?m)^\tSYS_(\w+)\s+= (\d+)$`)

// The tables of system calls have what golang.org/x/sys has.
func TestNumbers(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+arch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		want.WriteString("package sandbox\n\n// Made by: go test -run TestNumbers -update\n\nvar numbers = []number{\n")
		for _, m := range constant.FindAllStringSubmatch(string(source), -1) {
			name := strings.ToLower(m[1])
			if arch == "arm64" && name == "fstatat" { // as the others call it
				name = "newfstatat"
			}
			fmt.Fprintf(&want, "\t{%q, %s},\n", name, m[2])
		}
		want.WriteString("}\n")
		path := "numbers_linux_" + arch + ".go"
		if *update {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is not what golang.org/x/sys has: %v; -update writes it", path, err)
		}
	}
}
