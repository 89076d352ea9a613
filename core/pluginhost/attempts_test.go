//go:build linux

package pluginhost

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// attempt is a row of the table in docs/security.md: what a plugin tries, and
// what stops it. To add one, have testdata/hostile understand its message, and
// write the row here and there.
type attempt struct {
	words   string
	message string // to the hostile plugin: what to try, and on what
	by      string // a cell for each of columns, then one for the environment's allow-list
}

// victim has things of the user that the plugin is after.
type victim struct {
	file, folder, tcp, udp, unix, abstract, dgram, abstractDgram, segment, pid, group string
}

// spare is a file that may be removed.
func (v victim) spare() string { return v.folder + "/spare" }

func (v victim) attempts() []attempt {
	const twoGB = "2147483648"
	return []attempt{
		{"read a file of the system", "read /etc/passwd", "– ✔ – – – –"},
		{"read a file of yours", "read " + v.file, "– ✔ – – – –"},
		{"list a folder", "list " + v.folder, "– ✔ – – – –"},
		{"write a new file", "write " + v.folder + "/new", "– ✔ – ✔ – –"},
		{"open a file of yours for writing", "overwrite " + v.file, "– ✔ – – – –"},
		{"empty a file of yours by its name", "truncate " + v.file, "– ABI-3 ✔ – – –"},
		{"remove a file of yours", "remove " + v.spare(), "– ✔ – – – –"},
		{"make a folder", "mkdir " + v.folder + "/folder", "– ✔ ✔ – – –"},
		{"lock a file of the system", "lock /bin/sh", "– – ✔ – – –"},
		{"change a file's mode", "chmod " + v.file, "– – ✔ – – –"},
		{"change a file's times", "touch " + v.file, "– – ✔ – – –"},
		{"connect by TCP", "tcp " + v.tcp, "✔ ABI-4 ✔ – – –"},
		{"connect by MPTCP", "mptcp " + v.tcp, "✔ – ✔ – – –"},
		{"be called by TCP", "be-called tcp", "✔ ABI-4 ✔ – – –"},
		{"be called by MPTCP, as Go listens by default", "be-called mptcp", "✔ – ✔ – – –"},
		{"send by UDP", "udp " + v.udp, "✔ ABI-10 ✔ – – –"},
		{"connect to a Unix socket by its path", "unix " + v.unix, "– ABI-9 ✔ – – –"},
		{"connect to a Unix socket without a path", "unix " + v.abstract, "✔ ABI-6 ✔ – – –"},
		{"send a datagram to a Unix socket by its path", "datagram " + v.dgram, "– ABI-9 ✔ – – –"},
		{"send a datagram to one by its path with sendmsg", "datagram-msg " + v.dgram, "– ABI-9 ✔ – – –"},
		{"send a datagram to a Unix socket without a path", "datagram " + v.abstractDgram, "✔ ABI-6 ✔ – – –"},
		{"send a datagram to one without a path with sendmsg", "datagram-msg " + v.abstractDgram, "✔ ABI-6 ✔ – – –"},
		{"signal its parent", "parent", "✔ ABI-6 ✔ – – –"},
		{"signal the workbench by its number", "signal " + v.pid, "✔ ABI-6 ✔ – – –"},
		{"kill a process as the owner of a pipe", "own ", "✔ ABI-6 ✔ – – –"},
		{"get a descriptor of the workbench's process", "pidfd " + v.pid, "✔ – ✔ – – –"},
		{"change the workbench's processors", "affinity " + v.pid, "✔ – ✔ – – –"},
		{"change the workbench's scheduler", "scheduler " + v.pid, "✔ – ✔ – – –"},
		{"change the workbench's priority", "priority " + v.pid, "✔ – ✔ – – –"},
		{"change the workbench's priority on the disk", "io " + v.pid, "✔ – ✔ – – –"},
		{"leave its process group, by which it is killed", "leave " + v.group, "✔ – ✔ – – –"},
		{"live on when the workbench dies", "outlive", "– – ✔ – – –"},
		{"read the workbench's environment", "read /proc/" + v.pid + "/environ", "✔ ✔ – – – –"},
		{"change the workbench's limits", "limits " + v.pid, "✔ – ✔ – – –"},
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
		{"make a message queue of POSIX", "mqueue", "✔ – ✔ ✔ – –"},
		{"find shared memory of yours", "segment " + v.segment, "✔ – ✔ – – –"},
		{"open 2,000 files", "files 2000", "– – – ✔ – –"},
		{"gain rights by a set-user-ID program", "privileges", "– – – – ✔ –"},
		{"find a secret in its environment", "env WORKBENCH_SECRET", "– – – – – ✔"},
	}
}

// make has the plugin make the attempt, and reports whether it got through and
// what the plugin answered.
func (a attempt) make(t *testing.T, s *session) (bool, string) {
	t.Helper()
	switch word, arg, _ := strings.Cut(a.message, " "); word {
	case "remove":
		if err := os.WriteFile(arg, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	case "own":
		return a.kill(t, s)
	case "pipe":
		until(t, "the pipes of this user to leave room", largePipe)
	}
	answer, err := s.say(a.message)
	if err != nil {
		t.Fatalf("%s: %v, %v", a.words, err, s.Cause())
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
		t.Fatalf("%s: %s", a.words, answer)
	}
	return answer == "allowed", answer
}

// kill is make of the attempt to end a process. What matters is that it died.
func (a attempt) kill(t *testing.T, s *session) (bool, string) {
	t.Helper()
	sleeper := exec.Command("sleep", "1000")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleeper.Wait()
	defer sleeper.Process.Kill()
	pid := sleeper.Process.Pid
	until(t, "a process that sleeps", func() bool { return stateOf(t, pid) == 'S' })
	answer, err := s.say(a.message + strconv.Itoa(pid))
	if err != nil {
		t.Fatalf("%s: %v, %v", a.words, err, s.Cause())
	}
	// A signal wakes it in the same moment.
	return stateOf(t, pid) != 'S', answer
}

// newVictim makes what the attempts are after.
func newVictim(t *testing.T) victim {
	t.Helper()
	t.Setenv("WORKBENCH_SECRET", "12345")
	v := victim{folder: t.TempDir(), pid: strconv.Itoa(os.Getpid()), group: strconv.Itoa(syscall.Getpgrp())}
	v.file = filepath.Join(v.folder, "private")
	if err := os.WriteFile(v.file, []byte("mine"), 0o600); err != nil {
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
	v.tcp, v.udp = listen("tcp", "127.0.0.1:0"), listen("udp", "127.0.0.1:0")
	v.unix = listen("unix", filepath.Join(shortDir(t), "s"))
	v.abstract = listen("unix", "@workbench-test-"+v.pid)
	v.dgram = listen("unixgram", filepath.Join(shortDir(t), "d"))
	v.abstractDgram = listen("unixgram", "@workbench-test-d-"+v.pid)
	const create, remove = 0o1600, 0 // IPC_CREAT for us alone, IPC_RMID
	id, _, errno := syscall.Syscall(syscall.SYS_SHMGET, uintptr(os.Getpid()), 1, create)
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { syscall.Syscall(syscall.SYS_SHMCTL, id, remove, 0) })
	v.segment = v.pid
	return v
}

// largePipe reports whether this user may have a pipe of 1 MiB now, without the capabilities
// that root has and a plugin has not: the pipes of all processes count
// (pipe-user-pages-soft in pipe(7)), and other tests have some.
func largePipe() bool {
	// What it takes off is put on again, not left to end with the thread: the main thread
	// does not end, and by its capabilities the kernel judges who may touch this process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var had [2]unix.CapUserData
	if err := unix.Capget(header, &had[0]); err != nil {
		return false
	}
	less := had
	less[0].Effective, less[1].Effective = 0, 0
	if err := unix.Capset(header, &less[0]); err != nil {
		return false
	}
	can := pipeOf1MiB()
	return unix.Capset(header, &had[0]) == nil && can
}

func pipeOf1MiB() bool {
	r, w, err := os.Pipe()
	if err != nil {
		return false
	}
	defer r.Close()
	defer w.Close()
	_, err = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 1<<20)
	return err == nil
}
