package pluginhost

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// starved returns for how long, in all, the threads of a process, and with
// offspring of those that it started, were ready to run and waited for a processor: the second
// number of /proc/PID/task/TID/schedstat, in nanoseconds
// (Documentation/scheduler/sched-stats.rst). It is 0 where the kernel does not
// tell.
func starved(pid int, offspring bool) time.Duration {
	var all time.Duration
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		folder := fmt.Sprintf("/proc/%d/task/%s/", pid, task.Name())
		stat, _ := os.ReadFile(folder + "schedstat")
		if fields := bytes.Fields(stat); len(fields) > 1 {
			waited, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			all += time.Duration(waited)
		}
		if !offspring {
			continue
		}
		children, _ := os.ReadFile(folder + "children")
		for _, child := range bytes.Fields(children) {
			if id, err := strconv.Atoi(string(child)); err == nil {
				all += starved(id, true)
			}
		}
	}
	return all
}
