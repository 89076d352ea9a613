package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxClass is how many students a class can have, as core/class says.
const maxClass = 1000

// measureClass has the most students that a class can have work in one, which three gateways
// hold, while the teacher has its wall open at a fourth. It returns how far the wall is behind
// and how long a line's answer takes, the median and the 99th percentile in milliseconds; the
// most memory of a gateway in MiB; and the processor time of gateways and of brokers for each
// student and minute.
func measureClass(ctx context.Context, t *trial) ([]float64, error) {
	n := min(slices.Max(t.sizes.students), maxClass)
	t.progress(fmt.Sprintf("  a class of %s", plural(n, "student")))
	sc, err := startSchool(ctx, t, "bench")
	if err != nil {
		return nil, err
	}
	defer sc.stop()
	working, err := sc.enrol(ctx, n)
	if err != nil {
		return nil, err
	}
	defer working.leave()

	before, err := sc.look(ctx)
	if err != nil {
		return nil, err
	}
	wall, end, err := sc.watchWall(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	start := time.Now()
	if err := wait(ctx, t.sizes.school); err != nil {
		return nil, err
	}
	end()
	after, err := sc.look(ctx)
	if err != nil {
		return nil, err
	}
	minutes := time.Since(start).Minutes() * float64(n)
	took := working.answers()
	if err := working.leave(); err != nil {
		return nil, err
	}
	if len(wall.took) == 0 {
		return nil, errors.New("the wall has shown no line")
	}
	slices.Sort(wall.took)
	return []float64{
		millis(percentile(wall.took, 50)), millis(percentile(wall.took, 99)),
		millis(percentile(took, 50)), millis(percentile(took, 99)),
		mebi(after.gateways.peak),
		(after.gateways.seconds - before.gateways.seconds) / minutes, (after.brokers.seconds - before.brokers.seconds) / minutes,
	}, nil
}

// watchWall has the teacher look at the wall until end is called, after which the lags can
// be read.
func (sc *school) watchWall(ctx context.Context) (wall *lags, end func(), err error) {
	ctx, stop := context.WithCancel(ctx)
	read, err := sc.teacher.live(ctx, nil, "/api/class/wall")
	if err != nil {
		stop()
		return nil, nil, err
	}
	wall = &lags{began: time.Now(), seen: map[string]bool{}}
	var looking sync.WaitGroup
	looking.Go(func() { read(wall.take) })
	return wall, func() {
		stop()
		looking.Wait()
	}, nil
}
