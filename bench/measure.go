package main

import (
	"context"
	"fmt"
	"time"
)

// measure is one thing that is done to every system. Each round does it to
// one system after the other, so that what else the machine does meets all of
// them alike.
type measure struct {
	name    string
	metrics []metric // what run returns, in order
	fresh   bool     // needs a process that has served nothing yet
	own     bool     // starts its processes itself: trial.process is nil
	turns   int      // of each system in a round, for what is short; 0 is one
	applies func(*system) bool
	run     func(ctx context.Context, t *trial) ([]float64, error)
}

// metric is one number that a measure finds: a row of the table.
type metric struct {
	Title      string `json:"title"`
	Unit       string `json:"unit"`
	MoreBetter bool   `json:"moreIsBetter"`  // else less is
	Bar        string `json:"bar,omitempty"` // what is wanted of the workbench, for information
	digits     int    // after the point
	count      bool   // of which a ratio says nothing
}

// trial is one measure of one system in one round.
type trial struct {
	system  *system
	process *process
	servers *servers
	sizes   sizes
	binary  string // the workbench
	dir     string // for files, the trial's own
}

// sizes say how much work each measure does. A slow system is given less.
type sizes struct {
	roundTrips int64
	bulk       int64 // bytes
	lines      int64
	opens      int64
	idle       int64
	replays    int64
	settle     time.Duration // longest wait for memory to stop changing
	sample     time.Duration // between two looks at it
}

var fullSizes = sizes{
	roundTrips: 1000, bulk: 512 << 20, lines: 2 << 20, opens: 1000, idle: 2000, replays: 500,
	settle: 20 * time.Second, sample: 250 * time.Millisecond,
}

var quickSizes = sizes{
	roundTrips: 200, bulk: 16 << 20, lines: 64 << 10, opens: 64, idle: 64, replays: 20,
	settle: 200 * time.Millisecond, sample: 20 * time.Millisecond,
}

// amount is a size as this trial's system gets it, at least 1.
func (t *trial) amount(size int64) int64 { return max(1, size/t.system.slow) }

// largeBuffer is the near end's read buffer where one session moves much.
const largeBuffer = 256 << 10

func measures() []measure {
	every := func(*system) bool { return true }
	raw := func(s *system) bool { return s.raw }
	lines := func(s *system) bool { return s.lines }
	workbench := func(s *system) bool { return s.name == workbenchName }
	return []measure{
		{
			name: "roundtrip", applies: every, run: measureRoundTrip, turns: 5,
			metrics: []metric{
				{Title: "round trip p50", Unit: "µs", Bar: "≤ 4 × (b)"},
				{Title: "round trip p99", Unit: "µs"},
			},
		},
		{
			name: "down", applies: raw, run: measureDown,
			metrics: []metric{{Title: "raw bulk down", Unit: "MB/s", Bar: "≥ 0.9 × (b)", MoreBetter: true}},
		},
		{
			name: "up", applies: raw, run: measureUp,
			metrics: []metric{{Title: "raw bulk up", Unit: "MB/s", MoreBetter: true}},
		},
		{
			name: "lines", applies: lines, run: measureLines,
			metrics: []metric{{Title: fmt.Sprintf("lines down, %d bytes each", lineSize), Unit: "lines/s", Bar: "≥ 5 × (a)", MoreBetter: true}},
		},
		{
			name: "kept", applies: lines, run: measureKept,
			metrics: []metric{
				{Title: fmt.Sprintf("the same, a session of %d lines, recorded whole", keptLines), Unit: "lines/s", Bar: "≥ 0.8 × (c)", MoreBetter: true},
				{Title: "the same, such sessions in a row", Unit: "lines/s", MoreBetter: true},
			},
		},
		{
			name: "opens", applies: every, run: measureOpens,
			metrics: []metric{
				{Title: "opens, one at a time", Unit: "opens/s", MoreBetter: true},
				{Title: fmt.Sprintf("opens, %d at a time", openers), Unit: "opens/s", MoreBetter: true},
			},
		},
		{
			name: "idle", applies: every, run: measureIdle, fresh: true,
			metrics: []metric{
				{Title: "memory of an idle session", Unit: "KiB", digits: 1, Bar: "≤ 60 KiB"},
				{Title: "idle sessions held", Unit: "sessions", count: true},
				{Title: "… of them answer again", Unit: "sessions", Bar: "all", count: true},
			},
		},
		{
			name: "start", applies: every, run: measureStart, own: true,
			metrics: []metric{{Title: "start to first SUCC", Unit: "ms", Bar: "≤ 500 ms"}},
		},
		{
			name: "replay", applies: workbench, run: measureReplay, own: true,
			metrics: []metric{
				{Title: fmt.Sprintf("golden replays, %d entries", goldenEntries), Unit: "files/s", Bar: "≥ 1,000", MoreBetter: true},
				{Title: "… start of the process", Unit: "ms"},
			},
		},
	}
}
