//go:build linux

package pluginhost

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// attack starts the hostile plugin, built without the race detector, which cannot
// live with a limit of memory.
func attack(t *testing.T, cfg sandbox.Config) (*Host, *session) {
	t.Helper()
	path, err := hostile()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Memory = sandbox.DefaultMemory
	mode := Mode{Manifest: core.Manifest{Name: "hostile", Title: "T"}, Path: path}
	h := start(t, Config{Modes: []Mode{mode, modesOf(t, "echo")[0]}, Sandbox: cfg, Timeout: MaxTimeout})
	s := open(t, h, "hostile")
	s.must(t, "nothing", "allowed")
	return h, s
}

var hostileDir string // TestMain removes it

var hostile = sync.OnceValues(func() (path string, err error) {
	if hostileDir, err = os.MkdirTemp("", "hostile"); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", hostileDir, "./testdata/hostile")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return filepath.Join(hostileDir, "hostile"), nil
})

// absent returns what the sandbox says does not hold on this machine, but for
// what strict does without.
func absent(h *Host) map[string]string {
	missing := map[string]string{}
	for _, m := range h.Sandbox().Report() {
		if m.State != sandbox.Holds && !m.Optional {
			missing[m.Name] = m.Reason
		}
	}
	return missing
}

// Without a sandbox a hostile plugin does what it likes: each attempt gets
// through, so what stops it in the tests below is the sandbox.
func TestHostileWithoutSandbox(t *testing.T) {
	_, s := attack(t, held(sandbox.Off))
	for _, a := range newVictim(t).attempts() {
		through, answer := a.make(t, s)
		if want := !strings.HasSuffix(a.by, stops); through != want {
			t.Errorf("%s: %s", a.words, answer)
		}
	}
}

// Under all that holds here every attempt is denied; one that nothing here stops
// is to be reported as such.
func TestHostileInSandbox(t *testing.T) {
	h, s := attack(t, held(sandbox.BestEffort))
	other := open(t, h, "echo")
	missing := absent(h)
	for _, a := range newVictim(t).attempts() {
		if through, answer := a.make(t, s); through && stoppedBy(t, h, a, nil) {
			t.Errorf("%s: %s (missing here: %v)", a.words, answer, missing)
		}
		other.must(t, "well", "well")
	}
	if len(missing) == 0 { // else it could hit us
		for _, message := range []string{"stop " + strconv.Itoa(os.Getpid()), "stop " + strconv.Itoa(os.Getppid()), "stop -1"} {
			if answer, err := s.say(message); err != nil || !strings.HasPrefix(answer, "denied: ") {
				t.Errorf("%s: %s, %v", message, answer, err)
			}
		}
	}
}

// Each mechanism alone stops what the table says, and nothing else; so does each
// version of Landlock.
func TestMechanismsAlone(t *testing.T) {
	v := newVictim(t)
	alone := func(t *testing.T, column []string, abi int) (detail string) {
		i := slices.IndexFunc(columns, func(c []string) bool { return c[0] == column[0] })
		cfg := held(sandbox.BestEffort, slices.Concat(slices.Delete(slices.Clone(columns), i, i+1)...)...)
		cfg.LandlockABI = abi
		h, s := attack(t, cfg)
		for _, a := range v.attempts() {
			through, answer := a.make(t, s)
			if want := stoppedBy(t, h, a, column); through == want {
				t.Errorf("%s: %s", a.words, answer)
			}
		}
		for _, m := range h.Sandbox().Report() {
			if m.Name == column[0] {
				return m.Detail
			}
		}
		return ""
	}
	for _, column := range columns {
		t.Run(column[0], func(t *testing.T) { alone(t, column, 0) })
	}
	here := alone(t, []string{sandbox.Landlock}, 0)
	for abi := 1; here != "" && fmt.Sprintf("ABI %d", abi) != here; abi++ {
		t.Run(fmt.Sprintf("landlock ABI %d", abi), func(t *testing.T) {
			if got, want := alone(t, []string{sandbox.Landlock}, abi), fmt.Sprintf("ABI %d", abi); got != want {
				t.Errorf("it is %s, not %s", got, want)
			}
		})
	}
}

// stoppedBy reports whether one of the mechanisms (nil: any) stops the attempt, as
// the sandbox reports them for this machine. What rests on no_new_privs brings
// it along.
func stoppedBy(t *testing.T, h *Host, a attempt, names []string) bool {
	t.Helper()
	cells := strings.Fields(a.by)
	if cells[len(columns)] == stops || cells[len(columns)-1] == stops {
		return true
	}
	word, _, _ := strings.Cut(a.message, " ")
	if os.Geteuid() == 0 && (strings.HasSuffix(a.message, "/environ") || slices.Contains([]string{"affinity", "scheduler", "priority", "io"}, word)) {
		return true // without root's capabilities root's processes are out of reach
	}
	for _, m := range h.Sandbox().Report() {
		i := slices.IndexFunc(columns, func(c []string) bool { return slices.Contains(c, m.Name) })
		if i < 0 || m.State != sandbox.Holds || names != nil && !slices.Contains(names, m.Name) {
			continue
		}
		version, versioned := strings.CutPrefix(cells[i], "ABI-")
		switch {
		case cells[i] == stops && i > 0:
			return true
		case cells[i] == stops && namespaceOf(a) == m.Name:
			return true
		case versioned && atoi(t, strings.TrimPrefix(m.Detail, "ABI ")) >= atoi(t, version):
			return true
		}
	}
	return false
}

// namespaceOf names the one that stops the attempt.
func namespaceOf(a attempt) string {
	switch word, _, _ := strings.Cut(a.message, " "); word {
	case "parent", "signal", "limits", "own", "pidfd", "affinity", "scheduler", "priority", "io", "leave":
		return sandbox.PIDNamespace
	case "read":
		return sandbox.UserNamespace
	case "segment":
		return sandbox.IPCNamespace
	}
	return sandbox.NetworkNamespace
}

// The table in docs/security.md says what the tests above hold, and as it says
// there no attempt rests on the namespaces alone, or on a new Landlock alone.
func TestTableIsInTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range (victim{}).attempts() {
		row := "| " + a.words
		for _, cell := range strings.Fields(a.by) {
			row += " | " + strings.ReplaceAll(cell, "ABI-", "ABI ")
		}
		if _, others, _ := strings.Cut(a.by, " "); !strings.Contains(others, stops) {
			t.Errorf("%s is not stopped without namespaces and with Landlock of ABI 2", a.words)
		}
		if row += " |\n"; !strings.Contains(string(doc), row) {
			t.Errorf("docs/security.md lacks the row\n%s", row)
		}
	}
}

// One that needs more memory than there is dies alone, and comes back.
func TestHungryPlugin(t *testing.T) {
	h, s := attack(t, held(sandbox.BestEffort))
	if why := absent(h)[sandbox.Limits]; why != "" {
		t.Fatal(why)
	}
	other := open(t, h, "echo")
	if _, err := s.say("eat 2147483648"); err == nil {
		t.Fatal("it lives")
	}
	if got := lost(t, s).Error(); !strings.Contains(got, "the hostile plugin died: exit status 2") {
		t.Errorf("the session was told %q", got)
	}
	other.must(t, "well", "well")
	open(t, h, "hostile").must(t, "nothing", "allowed")
}

// A process that ends after a system call which the sandbox refuses says which,
// and can be allowed it.
func TestRefusedCallIsNamed(t *testing.T) {
	modes := modesOf(t, "needy")
	h := start(t, Config{Modes: modes})
	if why := absent(h)[sandbox.Seccomp]; why != "" {
		t.Fatal(why)
	}
	const want = "ended before it was ready, with exit status 1; it called memfd_create, which the sandbox refuses; " +
		"if you trust it, allow that with --allow-syscall needy:memfd_create"
	_, err := h.Open(t.Context(), "needy")
	if unavailable, ok := errors.AsType[*Unavailable](err); !ok || unavailable.Reason != want {
		t.Errorf("got %v", err)
	}
	if got := h.Status()[0].LastError; !strings.Contains(got, want) {
		t.Errorf("its last error is %q", got)
	}
	modes[0].Calls = []string{"memfd_create"}
	open(t, start(t, Config{Modes: modes}), "needy").must(t, "x", "x")
}

// What the host was started with and may not know of, plugins do not get.
func TestInheritedFile(t *testing.T) {
	fd, err := syscall.Open("/proc/self/exe", syscall.O_RDONLY, 0) // not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	// A number that nothing else has by chance.
	const high = 900
	if err := syscall.Dup3(fd, high, 0); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(high)
	for mode, want := range map[sandbox.Mode]string{sandbox.Off: "allowed", sandbox.BestEffort: "denied: bad file descriptor"} {
		_, s := attack(t, held(mode))
		s.must(t, fmt.Sprintf("inherited %d", high), want)
	}
}

// Strict starts nothing where something is missing, and says what and why.
func TestStrict(t *testing.T) {
	cfg := Config{Modes: modesOf(t, "echo"), RuntimeDir: shortDir(t), Log: slog.New(slog.DiscardHandler)}
	cfg.Sandbox = held(sandbox.Strict, sandbox.Seccomp)
	_, err := Start(cfg)
	if err == nil || !strings.Contains(err.Error(), "does not hold here") || !strings.Contains(err.Error(), "seccomp (left out by request)") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(cfg.RuntimeDir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	best := start(t, Config{Modes: modesOf(t, "echo")})
	cfg.Sandbox = held(sandbox.Strict)
	h, err := Start(cfg)
	if missing := absent(best); (err == nil) != (len(missing) == 0) {
		t.Fatalf("missing here: %v; strict says %v", missing, err)
	}
	if err == nil {
		open(t, h, "echo").must(t, "well", "well")
		err = h.Stop(t.Context())
	} else if errors.Unwrap(err) != nil {
		t.Errorf("got %v", err)
	}
	if err != nil && len(absent(best)) == 0 {
		t.Error(err)
	}
}
