//go:build linux

package sandbox

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFindMounts(t *testing.T) {
	const info = `23 1 0:22 / / rw - overlay overlay rw
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
41 31 0:38 /docker/a\040b /sys/fs/my\040cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate
half a line
`
	v2, v1 := findMounts(info)
	if want := (mount{"/docker/a b", "/sys/fs/my cgroup"}); v2 != want {
		t.Errorf("version 2 is %q", v2)
	}
	if want := (mount{"/", "/sys/fs/cgroup/memory"}); v1 != want {
		t.Errorf("version 1 is %q", v1)
	}
	for path, want := range map[string]string{
		"/docker/a b": "/sys/fs/my cgroup", "/docker/a b/c": "/sys/fs/my cgroup/c",
		"/docker/a bc": "", "/": "", "": "", "/docker/a b/../c": "", "/../x": "",
	} {
		if got := v2.dir(path); got != want {
			t.Errorf("%q is at %q", path, got)
		}
	}
}

func TestMembership(t *testing.T) {
	for text, want := range map[string][2]string{
		"0::/user.slice/a:b\n":                          {"/user.slice/a:b", ""},
		"4:memory:/x\n2:cpu,cpuacct:/y\n0::/\n":         {"/", "/x"},
		"5:hugetlb,memory:/z\n1:name=systemd:/memory\n": {"", "/z"},
		"":           {"", ""},
		"nonsense\n": {"", ""},
	} {
		v2, v1 := membership(text)
		if got := [2]string{v2, v1}; got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// files makes a folder that looks like a cgroup.
func files(t *testing.T, dir string, content map[string]string) {
	t.Helper()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A cgroup that is not the workbench's alone is left as it is.
func TestTakeOverNothing(t *testing.T) {
	const all = "cpuset cpu io memory pids\n"
	for name, test := range map[string]struct {
		own   string // below the folder
		files map[string]string
		want  string
	}{
		"another process":        {"", map[string]string{"cgroup.procs": "7\n8\n", "cgroup.controllers": all}, "other processes"},
		"a process from outside": {"", map[string]string{"cgroup.procs": "0\n7\n", "cgroup.controllers": all}, "other processes"},
		"another's cgroup":       {"", map[string]string{"cgroup.procs": "7\n", "cgroup.controllers": all, "x/cgroup.procs": "9\n"}, "others below it"},
		"no memory":              {"", map[string]string{"cgroup.procs": "7\n", "cgroup.controllers": "cpu pids\n"}, "cannot limit memory"},
		"a process above":        {hostGroup, map[string]string{"workbench/cgroup.procs": "7\n", "cgroup.procs": "9\n", "cgroup.controllers": all}, "processes of its own"},
		"beside another's":       {hostGroup, map[string]string{"workbench/cgroup.procs": "7\n", "cgroup.procs": "", "x/cgroup.procs": "", "cgroup.controllers": all}, "others below it"},
		"nothing is there":       {"", nil, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files(t, dir, test.files)
			before, _ := filepath.Glob(dir + "/*")
			_, err := takeOver(filepath.Join(dir, test.own), 7)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
			if after, _ := filepath.Glob(dir + "/*"); len(after) != len(before) {
				t.Errorf("it made %q of %q", after, before)
			}
		})
	}
}

// eat is a process that uses memory up when it is told to, and lives on.
func eat() {
	bufio.NewReader(os.Stdin).ReadString('\n')
	unix.Mmap(-1, 0, 256<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	os.Stdout.WriteString("full\n")
	io.Copy(io.Discard, os.Stdin)
}

// The kernel's counter tells who was killed for lack of memory, in a cgroup that
// somebody else has made, and whom somebody has killed beside that.
func TestOutOfMemoryElsewhere(t *testing.T) {
	s := probed(t, Config{Mode: Off})
	group := filepath.Join(s.system.memoryV1.at, "workbench-test-"+strconv.Itoa(os.Getpid()))
	limit := "memory.limit_in_bytes"
	if s.system.memoryV1.at == "" {
		group, limit = filepath.Join(s.system.v2.at, filepath.Base(group)), "memory.max"
	}
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Logf("here no cgroup can be made: %v", err)
		return
	}
	defer unix.Rmdir(group)
	if err := setting(group, limit, strconv.Itoa(64<<20)); err != nil {
		t.Logf("here no cgroup can limit memory: %v", err)
		return
	}
	for _, hungry := range []bool{true, false} {
		cmd := exec.Command("/proc/self/exe", "eat")
		held, err := s.Hold(cmd, Grant{})
		if err != nil {
			t.Fatal(err)
		}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		held.Look(cmd.Process.Pid)
		if err := enter(group, cmd.Process.Pid); err != nil {
			t.Fatal(err)
		}
		held.Look(cmd.Process.Pid)
		held.Look(cmd.Process.Pid)
		if hungry {
			io.WriteString(in, "now\n")
		} else {
			cmd.Process.Kill()
		}
		cmd.Wait()
		if got := held.OutOfMemory(cmd.ProcessState); got != hungry {
			t.Errorf("hungry: %v, out of memory: %v (%v)", hungry, got, cmd.ProcessState)
		}
		held.Release()
	}
}
