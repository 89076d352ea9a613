package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// familyMemory returns the memory of a process and all that descend from it,
// in bytes. A page that several processes share counts in parts that add up
// to one (proportional set size). It reads /proc and so works on Linux only.
func familyMemory(pid int) (int64, error) {
	parents, err := processParents()
	if err != nil {
		return 0, fmt.Errorf("memory can be measured where there is a /proc with processes: %w", err)
	}
	if _, ok := parents[pid]; !ok {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	var sum int64
	for p := range parents {
		if !descends(p, pid, parents) {
			continue
		}
		size, err := memoryOf(p)
		if errors.Is(err, fs.ErrNotExist) && p != pid {
			continue // ended since
		}
		if err != nil {
			return 0, err
		}
		sum += size
	}
	return sum, nil
}

// descends reports whether a process is the ancestor or descends from it.
func descends(pid, ancestor int, parents map[int]int) bool {
	for range 64 { // ids are used again: a circle is possible
		if pid == ancestor {
			return true
		}
		parent, ok := parents[pid]
		if !ok {
			return false
		}
		pid = parent
	}
	return false
}

// processParents maps every process to its parent.
func processParents() (map[int]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return nil, errors.Join(err, fs.ErrNotExist)
	}
	parents := make(map[int]int, len(stats))
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // ended since
		}
		// pid (name) state ppid …; the name may hold spaces and parentheses.
		_, rest, _ := bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(" "))
		fields := bytes.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		parents[pid], _ = strconv.Atoi(string(fields[1]))
	}
	return parents, nil
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
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == key {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib << 10, err
		}
	}
	return 0, nil // a process that has ended and waits to be noticed holds none
}
