// Package scripts holds the tests of the shell scripts.
package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a PATH of its own, in which there is only what was put there.
type machine struct{ bin, temp string }

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t.TempDir(), t.TempDir()}
	for _, name := range []string{"bash", "env", "id", "go", "mktemp", "tail", "rm", "touch", "chmod", "cp"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m machine) add(t *testing.T, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte("#!/bin/bash\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// deps runs deps.sh there. The directories that it adds to PATH stay the real
// ones, so what is missing is only what no Debian has in them.
func (m machine) deps(t *testing.T) (string, int) {
	t.Helper()
	cmd := exec.Command("./deps.sh")
	cmd.Env = []string{"PATH=" + m.bin, "BIN=" + m.bin, "TMPDIR=" + m.temp, "HOME=" + os.Getenv("HOME")}
	out, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

const root, user = `case $1 in -u) echo 0;; *) echo root;; esac`, `case $1 in -u) echo 1000;; *) echo ann;; esac`

// installs puts programs where apt-get install would, by the packages' names.
const installs = `[ "$1 $2" != "--quiet install" ] || for p; do
	case $p in
	nodejs) p=node ;; nginx-light) p=nginx ;; tinyproxy-bin) p=tinyproxy ;; opensmtpd) p=smtpd ;; python3-aiosmtpd) p=aiosmtpd ;; busybox-static) p=busybox ;; dovecot-*) p=dovecot ;; redis-tools) p=redis-cli ;; bind9-dnsutils) p=dig ;; dnsmasq-base) p=dnsmasq ;;
	postgresql) p=pg_ctlcluster ;; postgresql-client) p=psql ;; mosquitto-clients) p=mosquitto_pub ;; openssh-client) p=ssh ;; openssh-server) p=sshd ;; libnet-ssleay-perl) p=perl ;;
	esac
	printf '#!/bin/bash\necho telnetd\n' >"$BIN/$p"; chmod +x "$BIN/$p"
done
`

func TestDeps(t *testing.T) {
	for _, c := range []struct {
		name     string
		programs map[string]string
		code     int
		says     []string
	}{
		{"apt-get installs", map[string]string{"id": root, "apt-get": installs}, 0, nil},
		{"a user has sudo", map[string]string{"id": user, "sudo": `touch "$BIN/asked"; exec env -i PATH="$PATH" BIN="$BIN" "$@"`, "apt-get": `[ -e "$BIN/asked" ] || exit 1; [ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1; ` + installs}, 0, nil},
		{"apt-get fails", map[string]string{"id": root, "apt-get": "echo no space left; exit 100"}, 1, []string{"no space left", "apt-get install", "chromium"}},
		{"apt-get installs nothing and says that it did", map[string]string{"id": root, "apt-get": "echo done"}, 1, []string{"apt-get install", "chromium", "gcc libc6-dev"}},
		{"a user has no sudo", map[string]string{"id": user, "apt-get": installs}, 1, []string{"you are ann", "no sudo", "apt-get install", "chromium"}},
		{"another system", map[string]string{"id": root}, 1, []string{"no apt-get", "chromium"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t)
			for name, script := range c.programs {
				os.Remove(filepath.Join(m.bin, name))
				m.add(t, name, script)
			}
			out, code := m.deps(t)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, words := range c.says {
				if !strings.Contains(out, words) {
					t.Errorf("does not say %q", words)
				}
			}
			if left, _ := os.ReadDir(m.temp); c.code == 0 && len(left) > 0 {
				t.Errorf("%s is left over", left[0].Name())
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}
