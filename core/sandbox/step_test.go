//go:build linux

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core/sandbox/step"
)

// The test binary is the step, a program that calls what it may not, and in one test
// a host where little is allowed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "sandbox-exec":
			os.Exit(step.Run(os.Args[2:]))
		case "caller":
			callInVain()
			os.Exit(0)
		case "eat":
			eat()
			os.Exit(0)
		case "unsteady-step":
			os.Exit(unsteadyStep(os.Args[2:]))
		case "impoverish":
			fmt.Println(impoverish(os.Args[2]))
			os.Exit(1)
		case "poor-host":
			poorHost()
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

func conf(mode Mode, without ...string) Config {
	return Config{Mode: mode, Path: "/proc/self/exe", Args: []string{"sandbox-exec"}, Without: without}
}

func probed(t *testing.T, c Config) *Sandbox {
	t.Helper()
	s, err := Probe(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Sandbox) holds(name string) bool {
	return s.state(name) == Holds
}

// run runs a program of the system in the sandbox.
func run(s *Sandbox, g Grant, program ...string) (stdout string, err error) {
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "KEPT=as it is"}
	held, err := s.Hold(cmd, g)
	if err != nil {
		return "", err
	}
	out, err := cmd.Output()
	if err := held.Release(); err != nil {
		return "", err
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

func TestProgramRuns(t *testing.T) {
	s := probed(t, conf(BestEffort))
	if out, err := run(s, Grant{}, "/bin/sh", "-c", `echo "$KEPT" "$@"; pwd`, "sh", "--", "-x y"); err != nil || out != "as it is -- -x y\n/" {
		t.Errorf("%q, %v", out, err)
	}
}

// Inside of a user namespace a process is nobody, and no other user is there whom it
// could become.
func TestIsNobody(t *testing.T) {
	s := probed(t, conf(BestEffort, Landlock)) // which hides the map
	if !s.holds(UserNamespace) {
		t.Log("this system has no user namespaces: ", s.Missing())
		return
	}
	nobody, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := run(s, Grant{}, "/usr/bin/id", "-u"); err != nil || id != strings.TrimSpace(string(nobody)) {
		t.Errorf("it is %q, %v", id, err)
	}
	for _, users := range []string{"/proc/self/uid_map", "/proc/self/gid_map"} {
		if mapped, err := run(s, Grant{}, "/bin/cat", users); err != nil || mapped != "" {
			t.Errorf("%s has %q, %v", users, mapped, err)
		}
	}
}

func TestLimitsAreSet(t *testing.T) {
	c := conf(BestEffort)
	c.Memory = 512 << 20
	s := probed(t, c)
	if !s.holds(Limits) {
		t.Fatal(s.Missing())
	}
	out, err := run(s, Grant{}, "/bin/sh", "-c", `ulimit -n; ulimit -c; ulimit -f; ulimit -d; ulimit -s; ulimit -l; ulimit -v; echo $GOMEMLIMIT`)
	if want := "1280\n0\n0\n524288\n8192\n0\n67108864\n469762048"; err != nil || out != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
	if out, err := run(s, Grant{}, "/bin/sh", "-c", `ulimit -n 300`); err == nil {
		t.Errorf("the limit was raised again: %q", out)
	}
}

// A script reads its own folder when that is granted, and no other way.
func TestScriptWithFolder(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "plugin")
	for path, text := range map[string]string{
		script:                       "#!/bin/sh\nread line < \"$1\" && echo \"$line\"\n",
		filepath.Join(dir, "module"): "a line\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := probed(t, conf(BestEffort))
	if !s.holds(Landlock) {
		t.Fatal(s.Missing())
	}
	if out, err := run(s, Grant{Read: []string{dir}}, script, filepath.Join(dir, "module")); err != nil || out != "a line" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := run(s, Grant{}, script, filepath.Join(dir, "module")); err == nil {
		t.Errorf("without the grant it read %q", out)
	}
	// Sockets are for sockets.
	if out, err := run(s, Grant{Sockets: dir}, "/bin/sh", "-c", `echo x > "$1/new"; mkdir "$1/sub"`, "sh", dir); err == nil {
		t.Errorf("it wrote %q", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "sub")); err == nil {
		t.Error("it made a folder")
	}
}

func TestProgramsThatCanNotRun(t *testing.T) {
	s := probed(t, conf(BestEffort))
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!"+script+"er\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	interpreter, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script+"er", interpreter, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/no/such/program": "/no/such/program: no such file or directory",
		"/etc/passwd":      "/etc/passwd cannot be run: permission denied",
		script:             "its interpreter must be below /usr",
	} {
		if _, err := run(s, Grant{}, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if code := step.Run([]string{"--nonsense"}); code == 0 {
		t.Error("nonsense was taken")
	}
}

// What the system offers is not reported as missing.
func TestWhatTheSystemOffersHolds(t *testing.T) {
	s := probed(t, conf(BestEffort))
	offered := []string{NoNewPrivs, Limits}
	if step.LandlockABI() > 0 {
		offered = append(offered, Landlock)
	}
	if _, err := os.Stat("/proc/sys/kernel/seccomp"); err == nil {
		offered = append(offered, Seccomp)
	}
	var with uintptr
	for _, ns := range namespaces { // the user namespace first, without which root still has the others
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: with | ns.flag}
		if cmd.SysProcAttr.Cloneflags&unix.CLONE_NEWUSER != 0 {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 1, HostID: os.Geteuid(), Size: 1}}
		}
		if cmd.Run() == nil {
			offered = append(offered, ns.name)
			with |= ns.flag
		}
	}
	for _, name := range offered {
		if !s.holds(name) {
			t.Errorf("%s should hold here: %v", name, s.Missing())
		}
	}
	if missing := len(mechanisms) - len(offered); missing != len(s.Missing())+1 { // and the cgroup
		t.Errorf("the system lacks %d mechanisms; reported are %v", missing, s.Missing())
	}
}
