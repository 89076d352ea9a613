//go:build linux

package pluginhost

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// attack starts the hostile plugin, built without the race detector, which can
// not live with a limit of memory.
func attack(t *testing.T, cfg sandbox.Config) (*Host, *session) {
	t.Helper()
	path, err := hostile()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Memory = sandbox.DefaultMemory
	mode := Mode{Manifest: core.Manifest{Name: "hostile", Title: "T"}, Path: path}
	h := start(t, Config{Modes: []Mode{mode, modesOf(t, "echo")[0]}, Sandbox: cfg})
	s := open(t, h, "hostile")
	s.must(t, "nothing", "allowed")
	return h, s
}

var hostile = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", dir, "./testdata/hostile")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return filepath.Join(dir, "hostile"), nil
})

// columns are the mechanisms of the table in docs/security.md, and environment
// the last, which is always there.
var columns = [][]string{
	{sandbox.UserNamespace, sandbox.NetworkNamespace, sandbox.PIDNamespace, sandbox.IPCNamespace},
	{sandbox.Landlock},
	{sandbox.Seccomp},
	{sandbox.Limits},
	{sandbox.NoNewPrivs},
}

// Cells of the table. "ABI 4" is Landlock from that version on.
const (
	stops = "✔"
	lets  = "–"
)

// deed is a row of the table: what a plugin tries, and what stops it.
type deed struct {
	words   string
	message string
	by      string // cells of columns, then of the environment's allow-list
}

// where the deeds are done: things of the user whom the plugin attacks.
type prey struct{ file, folder, tcp, udp, unix, abstract, segment, pid string }

func (p prey) deeds() []deed {
	const twoGB = "2147483648"
	return []deed{
		{"read a file of the system", "read /etc/passwd", "– ✔ – – – –"},
		{"read a file of yours", "read " + p.file, "– ✔ – – – –"},
		{"list a folder", "list " + p.folder, "– ✔ – – – –"},
		{"write a new file", "write " + p.folder + "/new", "– ✔ – ✔ – –"},
		{"open a file of yours for writing", "overwrite " + p.file, "– ✔ – – – –"},
		{"empty a file of yours by its name", "truncate " + p.file, "– ABI-3 ✔ – – –"},
		{"change a file's mode", "chmod " + p.file, "– – ✔ – – –"},
		{"change a file's times", "touch " + p.file, "– – ✔ – – –"},
		{"connect by TCP", "tcp " + p.tcp, "✔ ABI-4 ✔ – – –"},
		{"connect by MPTCP", "mptcp " + p.tcp, "✔ – ✔ – – –"},
		{"be called by TCP", "be-called tcp", "✔ ABI-4 ✔ – – –"},
		{"be called by MPTCP, as Go listens by default", "be-called mptcp", "✔ – ✔ – – –"},
		{"send by UDP", "udp " + p.udp, "✔ ABI-10 ✔ – – –"},
		{"connect to a Unix socket by its path", "unix " + p.unix, "– ABI-9 ✔ – – –"},
		{"connect to a Unix socket without a path", "unix " + p.abstract, "✔ ABI-6 ✔ – – –"},
		{"signal its parent", "parent", "✔ ABI-6 ✔ – – –"},
		{"signal the workbench by its number", "signal " + p.pid, "✔ ABI-6 ✔ – – –"},
		{"read the workbench's environment", "read /proc/" + p.pid + "/environ", "✔ ✔ – – – –"},
		{"change the workbench's limits", "limits " + p.pid, "✔ – ✔ – – –"},
		{"start 200 processes", "children 200", "– – ✔ – – –"},
		{"allocate 2 GB", "memory " + twoGB, "– – – ✔ – –"},
		{"allocate 2 GB of shared memory", "shared " + twoGB, "– – ✔ – – –"},
		{"allocate 2 GB as a stack", "stack " + twoGB, "– – ✔ – – –"},
		{"find shared memory of yours", "segment " + p.segment, "✔ – ✔ – – –"},
		{"open 1,000 files", "files 1000", "– – – ✔ – –"},
		{"gain rights by a set-user-ID program", "privileges", "– – – – ✔ –"},
		{"find a secret in its environment", "env WORKBENCH_SECRET", "– – – – – ✔"},
	}
}

// does reports whether the plugin got through, and what it was answered.
func (d deed) does(t *testing.T, s *session) (bool, string) {
	t.Helper()
	answer, err := s.say(d.message)
	if err != nil {
		t.Fatalf("%s: %v, %v", d.words, err, s.Cause())
	}
	if addr, ok := strings.CutPrefix(answer, "allowed 127."); ok { // who listens where nobody can call, is not called
		conn, err := net.DialTimeout("tcp", "127."+addr, time.Second)
		if err != nil {
			return false, err.Error()
		}
		conn.Close()
		return true, answer
	}
	if answer != "allowed" && !strings.HasPrefix(answer, "denied: ") {
		t.Fatalf("%s: %s", d.words, answer)
	}
	return answer == "allowed", answer
}

func newPrey(t *testing.T) prey {
	t.Helper()
	t.Setenv("WORKBENCH_SECRET", "12345")
	p := prey{folder: t.TempDir(), pid: strconv.Itoa(os.Getpid())}
	p.file = filepath.Join(p.folder, "private")
	if err := os.WriteFile(p.file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := func(network, addr string) string {
		var l io.Closer
		var at net.Addr
		var err error
		if network == "udp" {
			var c net.PacketConn
			if c, err = net.ListenPacket(network, addr); err == nil {
				l, at = c, c.LocalAddr()
			}
		} else {
			var c net.Listener
			if c, err = net.Listen(network, addr); err == nil {
				l, at = c, c.Addr()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return at.String()
	}
	p.tcp, p.udp = listen("tcp", "127.0.0.1:0"), listen("udp", "127.0.0.1:0")
	p.unix = listen("unix", filepath.Join(shortDir(t), "s"))
	p.abstract = listen("unix", "@workbench-test-"+p.pid)
	const create, remove = 0o1600, 0 // IPC_CREAT for us alone, IPC_RMID
	id, _, errno := syscall.Syscall(syscall.SYS_SHMGET, uintptr(os.Getpid()), 1, create)
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { syscall.Syscall(syscall.SYS_SHMCTL, id, remove, 0) })
	p.segment = p.pid
	return p
}

// absent returns what the sandbox says does not hold on this machine.
func absent(h *Host) map[string]string {
	missing := map[string]string{}
	for _, m := range h.Sandbox().Report() {
		if m.Missing != "" {
			missing[m.Name] = m.Missing
		}
	}
	return missing
}

// Without a sandbox a hostile plugin does what it likes. This shows that each
// deed is one, and that what stops it below is the sandbox.
func TestHostileWithoutSandbox(t *testing.T) {
	_, s := attack(t, held(sandbox.Off))
	for _, d := range newPrey(t).deeds() {
		through, answer := d.does(t, s)
		if want := !strings.HasSuffix(d.by, stops); through != want {
			t.Errorf("%s: %s", d.words, answer)
		}
	}
}

// Under all that holds here every deed is denied; one that nothing here stops
// is to be reported as such.
func TestHostileInSandbox(t *testing.T) {
	h, s := attack(t, held(sandbox.BestEffort))
	other := open(t, h, "echo")
	missing := absent(h)
	for _, d := range newPrey(t).deeds() {
		if through, answer := d.does(t, s); through && stoppedBy(t, h, d, nil) {
			t.Errorf("%s: %s (missing here: %v)", d.words, answer, missing)
		}
		other.must(t, "well", "well")
	}
	if len(missing) == 0 { // else it could hit us
		for _, deed := range []string{"stop " + strconv.Itoa(os.Getpid()), "stop " + strconv.Itoa(os.Getppid()), "stop -1"} {
			if answer, err := s.say(deed); err != nil || !strings.HasPrefix(answer, "denied: ") {
				t.Errorf("%s: %s, %v", deed, answer, err)
			}
		}
	}
}

// Each mechanism alone stops what the table says, and nothing else.
func TestMechanismsAlone(t *testing.T) {
	p := newPrey(t)
	for i, column := range columns {
		t.Run(column[0], func(t *testing.T) {
			others := slices.Concat(slices.Delete(slices.Clone(columns), i, i+1)...)
			h, s := attack(t, held(sandbox.BestEffort, others...))
			for _, d := range p.deeds() {
				through, answer := d.does(t, s)
				if want := stoppedBy(t, h, d, column); through == want {
					t.Errorf("%s: %s", d.words, answer)
				}
			}
		})
	}
}

// stoppedBy reports whether one of the mechanisms (nil: any) stops the deed, as
// the sandbox reports them for this machine. What rests on no_new_privs brings
// it along.
func stoppedBy(t *testing.T, h *Host, d deed, names []string) bool {
	t.Helper()
	cells := strings.Fields(d.by)
	if cells[len(columns)] == stops || cells[len(columns)-1] == stops {
		return true
	}
	if strings.HasSuffix(d.message, "/environ") && os.Geteuid() == 0 {
		return true // without root's capabilities root's processes are out of reach
	}
	for _, m := range h.Sandbox().Report() {
		i := slices.IndexFunc(columns, func(c []string) bool { return slices.Contains(c, m.Name) })
		if m.Missing != "" || names != nil && !slices.Contains(names, m.Name) {
			continue
		}
		version, versioned := strings.CutPrefix(cells[i], "ABI-")
		switch {
		case cells[i] == stops && i > 0:
			return true
		case cells[i] == stops && namespaceOf(d) == m.Name:
			return true
		case versioned && atoi(t, strings.TrimPrefix(m.Detail, "ABI ")) >= atoi(t, version):
			return true
		}
	}
	return false
}

// namespaceOf names the one that stops the deed.
func namespaceOf(d deed) string {
	switch word, _, _ := strings.Cut(d.message, " "); word {
	case "parent", "signal", "limits":
		return sandbox.PIDNamespace
	case "read":
		return sandbox.UserNamespace
	case "segment":
		return sandbox.IPCNamespace
	}
	return sandbox.NetworkNamespace
}

// The table in docs/security.md says what the tests above hold.
func TestTableIsInTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range (prey{}).deeds() {
		row := "| " + d.words
		for _, cell := range strings.Fields(d.by) {
			row += " | " + strings.ReplaceAll(cell, "ABI-", "ABI ")
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
