package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of open files: a session takes four or five (its client, its target, its
// lane, its recording), the rest of the workbench below fewFiles.
const (
	fewFiles  = 256
	manyFiles = 4096
)

// fewProcesses is below what the threads of a workbench and its plugins may come to.
const fewProcesses = 512

const rlimitNPROC = 6 // of asm-generic/resource.h; package syscall lacks it

// examineLimits looks at what the system allows this process.
func examineLimits() []finding {
	var files, processes syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return []finding{{"open files", isNote, "are not looked at: " + err.Error(), ""}}
	}
	f := finding{"open files", isOK, fmt.Sprintf("%s, enough for about %d sessions", limitWords(files), (min(files.Cur, 1<<20)-min(files.Cur, fewFiles/2))/5), ""}
	const raise = "raise it: ulimit -n 65536, or LimitNOFILE=65536 in a systemd unit"
	switch {
	case files.Cur < fewFiles:
		f.Verdict, f.Do = isProblem, raise
	case files.Cur < manyFiles:
		f.Verdict, f.Do = isNote, raise
	}
	all := []finding{f}
	if err := syscall.Getrlimit(rlimitNPROC, &processes); err == nil {
		f := finding{"processes", isOK, limitWords(processes), ""}
		switch {
		case os.Geteuid() == 0:
			f.Found += "; not applied to root"
		case processes.Cur < fewProcesses:
			f.Verdict, f.Do = isProblem, "raise it: ulimit -u 4096, or TasksMax= and LimitNPROC= in a systemd unit; each thread counts, of all programs of this user"
		}
		all = append(all, f)
	}
	return all
}

func limitWords(l syscall.Rlimit) string {
	word := func(n uint64) string {
		if n == math.MaxUint64 {
			return "no limit"
		}
		return strconv.FormatUint(n, 10)
	}
	if l.Cur == l.Max {
		return word(l.Cur)
	}
	return word(l.Cur) + " (may be raised to " + word(l.Max) + ")"
}

// diskKinds are file systems that a state directory is worth a word on, by their
// numbers in statfs(2).
var diskKinds = map[uint32]string{
	0x01021994: "it is memory (tmpfs): recordings and the token are gone after a restart of the machine",
	0x794c7630: "it is a container's own layer (overlay): recordings and the token go with the container, unless the folder is a volume",
	0x6969:     "it is on another machine (NFS): recordings wait for the network",
	0xfe534d42: "it is on another machine (SMB): recordings wait for the network, and modes of files may mean nothing",
}

// diskOf returns the bytes that this user may still write there, and words on the
// kind of file system, or "".
func diskOf(dir string) (free uint64, kind string, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, "", err
	}
	return s.Bavail * uint64(s.Bsize), diskKinds[uint32(s.Type)], nil
}

// holderOf says whose program listens on a TCP port, as far as this user may know:
// words that follow "is taken".
func holderOf(port uint16) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			uid, inode, ok := listenerOf(lines.Text(), port)
			if !ok {
				continue
			}
			words := " by account " + uid
			if u, err := user.LookupId(uid); err == nil {
				words = " by account " + core.Printable(u.Username)
			}
			if pid, name := processWith("socket:[" + inode + "]"); pid != "" {
				words += fmt.Sprintf(", process %s (%s)", pid, core.Printable(name))
			}
			return words
		}
	}
	return ""
}

// listenerOf reads a line of /proc/net/tcp (see proc_net(5)), if it is of a
// listener on the port.
func listenerOf(line string, port uint16) (uid, inode string, ok bool) {
	const listens = "0A"
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != listens || !strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
		return "", "", false
	}
	return f[7], f[9], true
}

// processWith returns the process that has a file open, by what its link in
// /proc/PID/fd says; "" if it belongs to another user.
func processWith(link string) (pid, name string) {
	open, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, path := range open {
		if to, err := os.Readlink(path); err == nil && to == link {
			dir := filepath.Dir(filepath.Dir(path))
			name, _ := os.ReadFile(filepath.Join(dir, "comm"))
			return filepath.Base(dir), strings.TrimSpace(string(name))
		}
	}
	return "", ""
}
