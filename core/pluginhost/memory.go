package pluginhost

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// Memory returns how many bytes of memory the mode's process holds, with those
// that it started. The error says that this system does not tell, or that there
// is no process now.
func (h *Host) Memory(mode string) (uint64, error) {
	for _, s := range h.Status() {
		if s.Manifest.Name == mode && s.PID > 0 {
			return resident(s.PID)
		}
	}
	return 0, errors.New("its process is gone")
}

// resident reads the second number of /proc/PID/statm, in pages; see
// proc_pid_statm(5).
func resident(pid int) (uint64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(status)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm is not as expected", pid)
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0, err
	}
	sum := pages * uint64(os.Getpagesize())
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		for _, child := range bytes.Fields(children) {
			if id, err := strconv.Atoi(string(child)); err == nil {
				more, _ := resident(id) // one that has just ended has none
				sum += more
			}
		}
	}
	return sum, nil
}
