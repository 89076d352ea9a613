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
			want := 0
			if yields {
				want = yielding
			}
			h := start(t, Config{Modes: modesOf(t, "echo"), Yield: yields})
			s := open(t, h, "echo")
			s.must(t, "a", "a")
			for _, pid := range children(t) {
				threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
				for _, thread := range threads {
					stat, _ := os.ReadFile(thread) // it may have ended
					_, rest, _ := strings.Cut(string(stat), ") ")
					if f := strings.Fields(rest); len(f) > 16 && f[16] != fmt.Sprint(want) { // proc_pid_stat(5), field 19
						t.Errorf("yields %v: %s has the nice value %s", yields, thread, f[16])
					}
				}
			}
		})
	}
}
