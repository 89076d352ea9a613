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
)

// familyMemory returns the memory of a process and all that descend from it,
// in bytes. A page that several processes share counts in parts that add up
// to one (proportional set size). It reads /proc and so works on Linux only.
func familyMemory(pid int) (int64, error) {
	sum, err := memoryOf(pid)
	if err != nil {
		return 0, fmt.Errorf("memory can be measured of a process that lives, where /proc shows it: %w", err)
	}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		children, _ := os.ReadFile(list) // a thread may have ended since, and a child
		for child := range strings.FieldsSeq(string(children)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return 0, err
			}
			size, err := familyMemory(n)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, err
			}
			sum += size
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
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == key {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib << 10, err
		}
	}
	return 0, nil // a process that has ended and waits to be noticed holds none
}
