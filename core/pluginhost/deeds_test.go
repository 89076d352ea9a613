//go:build linux

package pluginhost

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

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

// prey are things of the user that the plugin is after.
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
