package main

import (
	"context"
	"time"
)

// measure is one thing that is done to every system. Each round does it to
// one system after the other, so that what else the machine does meets all of
// them alike.
type measure struct {
	name    string
	metrics []metric      // what run returns, in order
	plot    *plot         // of those metrics that have a place in it
	quick   bool          // the quick form has it
	asked   bool          // is done only if it is asked for by name
	fresh   bool          // needs a process that has served nothing yet
	own     bool          // starts its processes itself: trial.process is nil
	turns   int           // of each system in a round, for what is short; 0 is one
	limit   time.Duration // where it takes longer than others
	applies func(*system) bool
	run     func(ctx context.Context, t *trial) ([]float64, error)
}

// metric is one number that a measure finds: a row of the table. A run returns
// NaN for a metric that its system does not have.
type metric struct {
	Name       string  `json:"name"` // unique in its measure, and the same for ever
	Title      string  `json:"title"`
	Unit       string  `json:"unit"`
	MoreBetter bool    `json:"moreIsBetter"`      // else less is
	Against    string  `json:"against,omitempty"` // the baseline that it is compared with
	Bar        *bar    `json:"bar,omitempty"`     // what is wanted of the workbench
	Series     string  `json:"series,omitempty"`  // in the plot; where it is "", the system is the series
	X          float64 `json:"x,omitempty"`       // in the plot; 0 is not in it
	Digits     int     `json:"digits,omitempty"`  // after the point
	Count      bool    `json:"count,omitempty"`   // of which a ratio says nothing
	noisy      bool    // too much for the quick form to hold it to the reference
}

// bar is a bound: the least, where more is better, or the most. With a metric
// that is compared with a baseline, it bounds the ratio to that.
type bar struct {
	Limit    float64 `json:"limit"`
	Absolute bool    `json:"absolute,omitempty"` // bounds the figure itself, whatever it is compared with
}

// trial is one measure of one system in one round.
type trial struct {
	system   *system
	process  *process
	servers  *servers
	sizes    sizes
	binary   string       // the workbench
	broker   string       // with the command broker; "": built when one is needed
	dir      string       // for files, the trial's own
	kept     string       // for files that later rounds use again
	note     func(string) // tells the reader of the report something, once
	progress func(string) // tells who waits
}

// sizes say how much work each measure does. A slow system is given less.
type sizes struct {
	roundTrips int64
	bulk       int64   // bytes
	lines      int64   // of lineSize bytes; of other sizes as many bytes
	lineSizes  []int64 // of those the metrics show
	opens      int64
	talkers    []int64 // sessions that talk at the same time
	talk       time.Duration
	idle       int64
	crowd      int64
	crowdTalk  time.Duration
	busy       []int64 // sessions at a kill
	kills      int
	storm      time.Duration
	decode     time.Duration // of each kind of traffic
	requests   int64         // of redis-benchmark
	replays    int64
	recordings int64
	versions   int
	settle     time.Duration // longest wait for memory to stop changing
	sample     time.Duration // between two looks at it

	students  []int64       // that work in a school
	school    time.Duration // for how long
	lesson    time.Duration // of a student's session
	lineEvery time.Duration // between two lines of it
	probes    int64         // of how far the teacher's gateway is behind
	under     int64         // sessions while the brokers are away
	away      time.Duration
}

// These are the amounts that the metrics of sweeps name.
var (
	allMessageSizes = []int64{16, 256, 4 << 10, 64 << 10, 1 << 20}
	allLineSizes    = []int64{10, lineSize, 1 << 10, 8 << 10, 64 << 10}
	allTalkers      = []int64{1, 20, 200, 1000, 10_000}
	allBusy         = []int64{10, 200, 1000}
	allStudents     = []int64{20, 60, 200, 600, 2000}
)

// fullSizes are those of the reference.
func fullSizes() sizes {
	return sizes{
		roundTrips: 1000, bulk: 512 << 20, lines: 1 << 20, lineSizes: allLineSizes, opens: 1000,
		talkers: allTalkers, talk: 1500 * time.Millisecond, idle: 2000, crowd: 10_000, crowdTalk: 10 * time.Second,
		busy: allBusy, kills: 4, storm: 20 * time.Second, decode: time.Second, requests: 1_000_000, replays: 4000, recordings: 10_000, versions: 10,
		settle: 20 * time.Second, sample: 250 * time.Millisecond,
		students: []int64{60, 600}, school: 5 * time.Minute, lesson: 3 * time.Minute, lineEvery: 10 * time.Second,
		probes: 300, under: 200, away: time.Minute,
	}
}

// quickSizes are those of the quick form, which has to end within a minute.
func quickSizes() sizes {
	s := briefSizes()
	s.roundTrips, s.bulk, s.lines, s.opens = 300, 192<<20, 256<<10, 200
	s.talkers, s.talk, s.versions = []int64{200}, 600*time.Millisecond, 5
	return s
}

// briefSizes show that everything runs.
func briefSizes() sizes {
	return sizes{
		roundTrips: 50, bulk: 4 << 20, lines: 16 << 10, lineSizes: []int64{lineSize}, opens: 32,
		talkers: []int64{1, 20}, talk: 100 * time.Millisecond, idle: 32, crowd: 50, crowdTalk: 1100 * time.Millisecond,
		busy: []int64{10}, kills: 1, storm: 2 * time.Second, decode: 20 * time.Millisecond, requests: 5000, replays: 20, recordings: 100, versions: 2,
		settle: 200 * time.Millisecond, sample: 20 * time.Millisecond,
		students: []int64{20}, school: 10 * time.Second, lesson: 4 * time.Second, lineEvery: time.Second,
		probes: 6, under: 20, away: 5 * time.Second,
	}
}

// amount is a size as this trial's system gets it, at least 1.
func (t *trial) amount(size int64) int64 { return max(1, size/t.system.slow) }

// largeBuffer is the near end's read buffer where one session moves much.
const largeBuffer = 256 << 10
