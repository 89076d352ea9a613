package main

import (
	"os"
	"slices"
	"testing"
)

func TestFamilyHasChildren(t *testing.T) {
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
	pids, err := family(os.Getpid())
	if err != nil || !slices.Contains(pids, p.pid) || pids[0] != os.Getpid() {
		t.Fatalf("the family is %d, %v; the child is %d", pids, err, p.pid)
	}
	all, err := memoryOfAll(pids)
	// The two samples of this process differ a little.
	if err != nil || all < own+child/2 {
		t.Errorf("the family holds %d bytes, %v; the parent alone %d, the child %d", all, err, own, child)
	}
	p.stop()
	if pids, err := family(p.pid); err == nil {
		t.Errorf("a process that has ended has the family %d", pids)
	}
}

func TestOthersShareIsAPart(t *testing.T) {
	share := othersShare()
	begun, _ := processorTime()
	for now := begun; now-begun < 5*tick; now, _ = processorTime() { // our own time
	}
	if got := share(); got < 0 || got > 1 {
		t.Errorf("the share is %v", got)
	}
}
