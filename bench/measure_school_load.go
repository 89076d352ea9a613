package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// loadFigures is how many figures measureLoad finds for a number of students.
const loadFigures = 10

// measureLoad has students work in a school, for each number of them in a new one. It
// returns the figures that loadMetrics names, and how the processor time of a student
// with the most of them compares with that with the fewest.
func measureLoad(ctx context.Context, t *trial) (values []float64, err error) {
	var costs []float64
	for _, n := range allStudents {
		figures := slices.Repeat([]float64{math.NaN()}, loadFigures)
		if slices.Contains(t.sizes.students, n) && t.fitting((n+schoolGateways-1)/schoolGateways) == (n+schoolGateways-1)/schoolGateways {
			if figures, err = t.load(ctx, n); err != nil {
				return nil, fmt.Errorf("%s: %w", plural(n, "student"), err)
			}
			costs = append(costs, figures[0]+figures[1])
		}
		values = append(values, figures...)
	}
	flat := math.NaN()
	if len(costs) > 1 && costs[0] > 0 {
		flat = costs[len(costs)-1] / costs[0]
	}
	return append(values, flat), nil
}

// load measures so many students.
func (t *trial) load(ctx context.Context, n int64) ([]float64, error) {
	t.progress(fmt.Sprintf("  a school of %s", plural(n, "student")))
	sc, err := startSchool(ctx, t, "")
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
	sessions, start := working.sessions(), time.Now()
	if err := wait(ctx, t.sizes.school); err != nil {
		return nil, err
	}
	after, err := sc.look(ctx)
	if err != nil {
		return nil, err
	}
	minutes := time.Since(start).Minutes() * float64(n)
	sessions = working.sessions() - sessions
	took := working.answers()
	if err := working.leave(); err != nil {
		return nil, err
	}
	of := func(before, after float64) float64 { return (after - before) / minutes }
	return []float64{
		of(before.gateways.seconds, after.gateways.seconds), of(before.brokers.seconds, after.brokers.seconds),
		mebi(after.gateways.peak), mebi(after.brokers.peak),
		of(before.blocks, after.blocks), of(before.bytes, after.bytes),
		of(float64(before.messages), float64(after.messages)), of(float64(before.traffic.bytes), float64(after.traffic.bytes)),
		float64(sessions) / minutes, millis(percentile(took, 99)),
	}, nil
}

// schoolLook is what a school has used and sent so far.
type schoolLook struct {
	gateways, brokers usage
	blocks, bytes     float64
	traffic
}

func (sc *school) look(ctx context.Context) (l schoolLook, err error) {
	if l.blocks, err = sc.sum(ctx, "workbench_shared_blocks_total"); err != nil {
		return l, err
	}
	if l.bytes, err = sc.sum(ctx, "workbench_shared_bytes_total"); err != nil {
		return l, err
	}
	if l.traffic, err = sc.traffic(ctx); err != nil {
		return l, err
	}
	var gateways, brokers []int
	for _, g := range sc.all() {
		gateways = append(gateways, g.pid)
	}
	for _, b := range sc.brokers {
		brokers = append(brokers, b.pid)
	}
	if l.gateways, err = usageOf(gateways); err != nil {
		return l, err
	}
	l.brokers, err = usageOf(brokers)
	return l, err
}
