//go:build linux

package pluginhost

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// hostile builds testdata/hostile, once: without the race detector, which can
// not live with a limit of memory.
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

// attack starts the hostile plugin.
func attack(t *testing.T, cfg sandbox.Config) (*Host, *session) {
	t.Helper()
	path, err := hostile()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Memory = sandbox.DefaultMemory
	mode := Mode{Manifest: core.Manifest{Name: "hostile", Title: "T"}, Path: path}
	h := start(t, Config{Modes: []Mode{mode}, Sandbox: cfg})
	s := open(t, h, "hostile")
	s.must(t, "nothing", "allowed")
	return h, s
}

// The columns of the table in docs/security.md.
var columns = [][]string{
	{sandbox.UserNamespace, sandbox.NetworkNamespace, sandbox.PIDNamespace, sandbox.IPCNamespace},
	{sandbox.Landlock},
	{sandbox.Seccomp},
	{sandbox.Limits},
	{sandbox.NoNewPrivs},
}

type row struct {
	what, message string
}

func TestX(t *testing.T) {
	t.Setenv("WORKBENCH_SECRET", "x")
	dir := t.TempDir()
	file := filepath.Join(dir, "private")
	os.WriteFile(file, []byte("x"), 0o600)
	tcp, _ := net.Listen("tcp", "127.0.0.1:0")
	defer tcp.Close()
	udp, _ := net.ListenPacket("udp", "127.0.0.1:0")
	defer udp.Close()
	path, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer path.Close()
	abstract, _ := net.Listen("unix", fmt.Sprintf("@workbench-%d", os.Getpid()))
	defer abstract.Close()
	me := fmt.Sprint(os.Getpid())
	rows := []row{
		{"read", "read /etc/passwd"},
		{"", "read " + file},
		{"", "list /"},
		{"", "write " + filepath.Join(dir, "new")},
		{"", "overwrite " + file},
		{"", "fill " + file},
		{"", "truncate " + file},
		{"", "chmod " + file},
		{"", "touch " + file},
		{"", "read /proc/" + me + "/environ"},
		{"", "dial-tcp " + tcp.Addr().String()},
		{"", "dial-mptcp " + tcp.Addr().String()},
		{"", "listen-tcp 127.0.0.1:0"},
		{"", "listen-tcp :0"},
		{"", "listen-mptcp 127.0.0.1:0"},
		{"", "send-udp " + udp.LocalAddr().String()},
		{"", "dial-unix " + path.Addr().String()},
		{"", "dial-unix " + abstract.Addr().String()},
		{"", "signal " + me},
		{"", "parent"},
		{"", "limits " + me},
		{"", "children 200"},
		{"", fmt.Sprintf("memory %d", 2<<30)},
		{"", fmt.Sprintf("shared %d", 2<<30)},
		{"", fmt.Sprintf("stack %d", 2<<30)},
		{"", "files 1000"},
		{"", "privileges"},
		{"", "env WORKBENCH_SECRET"},
	}
	_ = syscall.SIGTERM
	res := map[string][]string{}
	try := func(cfg sandbox.Config) {
		h, s := attack(t, cfg)
		t.Log(h.Sandbox().Missing())
		for _, r := range rows {
			got, err := s.say(r.message)
			if err != nil {
				got = err.Error()
			}
			res[r.message] = append(res[r.message], got)
		}
	}
	try(held(sandbox.Off))
	var all []string
	for _, c := range columns {
		all = append(all, c...)
	}
	for _, c := range columns {
		var without []string
		for _, n := range all {
			if !slices.Contains(c, n) {
				without = append(without, n)
			}
		}
		try(held(sandbox.BestEffort, without...))
	}
	try(held(sandbox.Strict))
	for _, r := range rows {
		t.Logf("%-40.40s %s", r.message, strings.Join(res[r.message], " | "))
	}
}
