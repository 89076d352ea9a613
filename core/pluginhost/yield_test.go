//go:build linux

package pluginhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where the processes yield, all their threads do, also those of the ones that follow a
// dead one; elsewhere none does.
func TestYield(t *testing.T) {
	for _, yields := range []bool{false, true} {
		t.Run(fmt.Sprint(yields), func(t *testing.T) {
			want := niceOf("/proc/self/stat")
			if yields {
				want = fmt.Sprint(yielding)
			}
			h := start(t, Config{Modes: modesOf(t, "echo"), Yield: yields})
			s := open(t, h, "echo")
			s.must(t, "a", "a")
			for _, pid := range children(t) {
				threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
				for _, thread := range threads {
					if nice := niceOf(thread); nice != want && nice != "" {
						t.Errorf("yields %v: %s has the nice value %s", yields, thread, nice)
					}
				}
			}
		})
	}
}

// niceOf returns a nice value, field 19 of proc_pid_stat(5); "" if the thread has ended.
func niceOf(path string) string {
	stat, _ := os.ReadFile(path)
	_, rest, _ := strings.Cut(string(stat), ") ")
	if f := strings.Fields(rest); len(f) > 16 {
		return f[16]
	}
	return ""
}
