package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What is here reads /proc, and so works on Linux only.

// family returns the ids of a process and of all that descend from it, the
// process first.
func family(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	if len(lists) == 0 {
		return nil, fmt.Errorf("process %d: not a process that lives, or no /proc here that shows its children", pid)
	}
	pids := []int{pid}
	for _, list := range lists {
		children, _ := os.ReadFile(list) // a thread may have ended since, and a child
		for child := range strings.FieldsSeq(string(children)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return nil, err
			}
			descendants, err := family(n)
			if err == nil {
				pids = append(pids, descendants...)
			}
		}
	}
	return pids, nil
}

// memoryOfAll returns the memory of processes in bytes. A page that several
// processes share counts in parts that add up to one (proportional set size).
func memoryOfAll(pids []int) (sum int64, err error) {
	for _, pid := range pids {
		size, err := memoryOf(pid)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		sum += size
	}
	return sum, nil
}

const tick = time.Second / 100 // USER_HZ, the same on all of Linux's systems that Go has

// familyTime returns the processor time that a family has used, of the members
// that have ended too.
func familyTime(pid int) (time.Duration, error) {
	pids, err := family(pid)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // has ended, and counts for its parent
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 15 {
			return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
		}
		for _, field := range fields[11:15] { // utime, stime and those of children: proc_pid_stat(5)
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(ticks) * tick
		}
	}
	return sum, nil
}

// memoryOf reads one process's proportional set size, or its resident set
// where there is no such file.
func memoryOf(pid int) (int64, error) {
	name, key := fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:"
	text, err := os.ReadFile(name)
	if err != nil || len(text) == 0 {
		name, key = fmt.Sprintf("/proc/%d/status", pid), "VmRSS:"
		if text, err = os.ReadFile(name); err != nil {
			return 0, err
		}
	}
	return statusLine(text, key)
}

// statusLine finds a size in a text of lines like "VmRSS:  1234 kB".
func statusLine(text []byte, key string) (int64, error) {
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == key {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib << 10, err
		}
	}
	return 0, nil // a process that has ended and waits to be noticed holds none
}

// peakMemory returns the most memory that a process has had so far, in bytes.
func peakMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return statusLine(text, "VmHWM:")
}

// othersShare returns a function that tells which part of all processors' time
// since then has gone to others than this process and its family: to other
// processes, or to other virtual machines. Where that cannot be seen, it is 0.
func othersShare() func() float64 {
	busy, all := processorTime()
	ours, _ := familyTime(os.Getpid())
	return func() float64 {
		busyNow, allNow := processorTime()
		oursNow, _ := familyTime(os.Getpid())
		if allNow <= all {
			return 0
		}
		return max(0, float64(busyNow-busy-(oursNow-ours))/float64(allNow-all))
	}
}

// processorTime returns how long all processors together have been busy, and
// how long they have been there.
func processorTime() (busy, all time.Duration) {
	stat, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(line) {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil || i > 8 { // the name; what a guest uses counts as user
			continue
		}
		all += time.Duration(ticks) * tick
		if i < 4 || i > 7 { // idle, waiting for a disk, interrupts (which are anybody's): proc_stat(5)
			busy += time.Duration(ticks) * tick
		}
	}
	return busy, all
}
