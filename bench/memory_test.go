package main

import (
	"os"
	"runtime"
	"testing"
)

func TestFamilyMemoryCountsChildren(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc here; the idle measure says so when it is run")
	}
	p, err := startBaseline("line")
	if err != nil {
		t.Fatal(err)
	}
	child, err := memoryOf(p.pid)
	if err != nil || child < 1<<20 {
		t.Errorf("a child holds %d bytes, %v; a Go program holds some MiB", child, err)
	}
	own, err := memoryOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	family, err := familyMemory(os.Getpid())
	// The two samples of this process differ a little.
	if err != nil || family < own+child/2 {
		t.Errorf("the family holds %d bytes, %v; the parent alone %d, the child %d", family, err, own, child)
	}
	p.stop()
	if size, err := familyMemory(p.pid); err == nil {
		t.Errorf("a process that has ended holds %d bytes", size)
	}
}
