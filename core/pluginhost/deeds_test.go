//go:build linux

package pluginhost

import (
	"io"
	"net"
	"os"
	"os/exec"
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
type prey struct {
	file, folder, tcp, udp, unix, abstract, dgram, abstractDgram, segment, pid, group string
}

// spare is a file that may be removed.
func (p prey) spare() string { return p.folder + "/spare" }

func (p prey) deeds() []deed {
	const twoGB = "2147483648"
	return []deed{
		{"read a file of the system", "read /etc/passwd", "– ✔ – – – –"},
		{"read a file of yours", "read " + p.file, "– ✔ – – – –"},
		{"list a folder", "list " + p.folder, "– ✔ – – – –"},
		{"write a new file", "write " + p.folder + "/new", "– ✔ – ✔ – –"},
		{"open a file of yours for writing", "overwrite " + p.file, "– ✔ – – – –"},
		{"empty a file of yours by its name", "truncate " + p.file, "– ABI-3 ✔ – – –"},
		{"remove a file of yours", "remove " + p.spare(), "– ✔ – – – –"},
		{"make a folder", "mkdir " + p.folder + "/folder", "– ✔ ✔ – – –"},
		{"lock a file of the system", "lock /bin/sh", "– – ✔ – – –"},
		{"change a file's mode", "chmod " + p.file, "– – ✔ – – –"},
		{"change a file's times", "touch " + p.file, "– – ✔ – – –"},
		{"connect by TCP", "tcp " + p.tcp, "✔ ABI-4 ✔ – – –"},
		{"connect by MPTCP", "mptcp " + p.tcp, "✔ – ✔ – – –"},
		{"be called by TCP", "be-called tcp", "✔ ABI-4 ✔ – – –"},
		{"be called by MPTCP, as Go listens by default", "be-called mptcp", "✔ – ✔ – – –"},
		{"send by UDP", "udp " + p.udp, "✔ ABI-10 ✔ – – –"},
		{"connect to a Unix socket by its path", "unix " + p.unix, "– ABI-9 ✔ – – –"},
		{"connect to a Unix socket without a path", "unix " + p.abstract, "✔ ABI-6 ✔ – – –"},
		{"send a datagram to a Unix socket by its path", "datagram " + p.dgram, "– ABI-9 ✔ – – –"},
		{"send a datagram to one by its path with sendmsg", "datagram-msg " + p.dgram, "– ABI-9 ✔ – – –"},
		{"send a datagram to a Unix socket without a path", "datagram " + p.abstractDgram, "✔ ABI-6 ✔ – – –"},
		{"send a datagram to one without a path with sendmsg", "datagram-msg " + p.abstractDgram, "✔ ABI-6 ✔ – – –"},
		{"signal its parent", "parent", "✔ ABI-6 ✔ – – –"},
		{"signal the workbench by its number", "signal " + p.pid, "✔ ABI-6 ✔ – – –"},
		{"kill a process as the owner of a pipe", "own ", "✔ ABI-6 ✔ – – –"},
		{"get a descriptor of the workbench's process", "pidfd " + p.pid, "✔ – ✔ – – –"},
		{"change the workbench's processors", "affinity " + p.pid, "✔ – ✔ – – –"},
		{"change the workbench's scheduler", "scheduler " + p.pid, "✔ – ✔ – – –"},
		{"change the workbench's priority", "priority " + p.pid, "✔ – ✔ – – –"},
		{"change the workbench's priority on the disk", "io " + p.pid, "✔ – ✔ – – –"},
		{"leave its process group, by which it is killed", "leave " + p.group, "✔ – ✔ – – –"},
		{"live on when the workbench dies", "outlive", "– – ✔ – – –"},
		{"read the workbench's environment", "read /proc/" + p.pid + "/environ", "✔ ✔ – – – –"},
		{"change the workbench's limits", "limits " + p.pid, "✔ – ✔ – – –"},
		{"start 20 processes", "children 20", "– – ✔ – – –"},
		{"become another program", "become", "– – ✔ – – –"},
		{"allocate 2 GB", "memory " + twoGB, "– – – ✔ – –"},
		{"allocate 2 GB of shared memory", "shared " + twoGB, "– – ✔ – – –"},
		{"allocate 2 GB as a stack", "stack " + twoGB, "– – ✔ – – –"},
		{"allocate 2 GB of shared memory by /dev/zero", "zero " + twoGB, "– ✔ ✔ – – –"},
		{"allocate 2 GB in a file without a name", "memfd " + twoGB, "– – ✔ ✔ – –"},
		{"allow its stack 2 GB", "grow-stack " + twoGB, "– – ✔ ✔ – –"},
		{"move a part of its stack to where it has 2 GB", "move-stack " + twoGB, "– – ✔ – – –"},
		{"map 128 GiB to read, for the page tables' memory", "space 137438953472", "– – – ✔ – –"},
		{"make a pipe hold 1 MiB", "pipe 1048576", "– – ✔ – – –"},
		{"make semaphores", "semaphores", "– – ✔ – – –"},
		{"make a message queue of System V", "messages", "– – ✔ – – –"},
		{"make a message queue of POSIX", "mqueue", "– – ✔ ✔ – –"},
		{"find shared memory of yours", "segment " + p.segment, "✔ – ✔ – – –"},
		{"open 1,000 files", "files 1000", "– – – ✔ – –"},
		{"gain rights by a set-user-ID program", "privileges", "– – – – ✔ –"},
		{"find a secret in its environment", "env WORKBENCH_SECRET", "– – – – – ✔"},
	}
}

// does reports whether the plugin got through, and what it was answered.
func (d deed) does(t *testing.T, s *session) (bool, string) {
	t.Helper()
	switch word, arg, _ := strings.Cut(d.message, " "); word {
	case "remove":
		if err := os.WriteFile(arg, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	case "own":
		return d.kills(t, s)
	}
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

// kills is does of a deed that ends a process. What matters is that it died.
func (d deed) kills(t *testing.T, s *session) (bool, string) {
	t.Helper()
	victim := exec.Command("sleep", "1000")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer victim.Wait()
	defer victim.Process.Kill()
	pid := victim.Process.Pid
	until(t, "a process that sleeps", func() bool { return stateOf(t, pid) == 'S' })
	answer, err := s.say(d.message + strconv.Itoa(pid))
	if err != nil {
		t.Fatalf("%s: %v, %v", d.words, err, s.Cause())
	}
	// A signal wakes it in the same moment.
	return stateOf(t, pid) != 'S', answer
}

func newPrey(t *testing.T) prey {
	t.Helper()
	t.Setenv("WORKBENCH_SECRET", "12345")
	p := prey{folder: t.TempDir(), pid: strconv.Itoa(os.Getpid()), group: strconv.Itoa(syscall.Getpgrp())}
	p.file = filepath.Join(p.folder, "private")
	if err := os.WriteFile(p.file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := func(network, addr string) string {
		var l io.Closer
		var at net.Addr
		var err error
		if network != "tcp" && network != "unix" {
			var c net.PacketConn
			if c, err = net.ListenPacket(network, addr); err == nil {
				l, at = c, c.LocalAddr()
				go io.Copy(io.Discard, c.(io.Reader)) // a full socket would hold the sender up
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
	p.dgram = listen("unixgram", filepath.Join(shortDir(t), "d"))
	p.abstractDgram = listen("unixgram", "@workbench-test-d-"+p.pid)
	const create, remove = 0o1600, 0 // IPC_CREAT for us alone, IPC_RMID
	id, _, errno := syscall.Syscall(syscall.SYS_SHMGET, uintptr(os.Getpid()), 1, create)
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { syscall.Syscall(syscall.SYS_SHMCTL, id, remove, 0) })
	p.segment = p.pid
	return p
}
