//go:build linux

package step

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
	for arch, audit := range map[string]string{"amd64": "X86_64", "arm64": "AARCH64"} {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+arch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		want.WriteString("package step\n\nimport \"golang.org/x/sys/unix\"\n\n// Made by: go test -run TestNumbers -update\n\n")
		fmt.Fprintf(&want, "const nativeArch = unix.AUDIT_ARCH_%s\n\nconst callTable = `", audit)
		const perLine = 10
		next, onLine := -1, 0
		for _, m := range constant.FindAllStringSubmatch(string(source), -1) {
			name := strings.ToLower(m[1])
			if arch == "arm64" && name == "fstatat" { // as the others call it
				name = "newfstatat"
			}
			n, err := strconv.Atoi(m[2])
			if err != nil {
				t.Fatal(err)
			}
			if n != next || onLine == perLine {
				fmt.Fprintf(&want, "\n%d", n)
				onLine = 0
			}
			want.WriteString(" " + name)
			next, onLine = n+1, onLine+1
		}
		want.WriteString("\n`\n")
		path := "arch_linux_" + arch + ".go"
		if *update {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s does not have what golang.org/x/sys has: %v; -update writes it", path, err)
		}
	}
}
