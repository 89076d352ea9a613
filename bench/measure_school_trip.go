package main

import (
	"context"
	"path/filepath"
	"slices"
	"time"
)

// schoolTurns is how often a gateway that shares its recordings and one that does not
// take turns.
const schoolTurns = 5

// besides has a gateway of a school, and one without a shared log, take turns.
func (t *trial) besides(ctx context.Context, do func(g *gateway, shared int) error) error {
	sc, err := startSchool(ctx, t, "")
	if err != nil {
		return err
	}
	defer sc.stop()
	alone, err := startServe(ctx, t.binary, filepath.Join(t.dir, "alone"))
	if err != nil {
		return err
	}
	defer alone.stop()
	both := []*gateway{alone, sc.gateways[0]}
	for _, g := range both { // the first session starts the mode's process
		s, err := g.dial(ctx, t, g.echo, "http-line")
		if err != nil {
			return err
		}
		if err := s.end(); err != nil {
			return err
		}
	}
	for turn := range schoolTurns {
		for i := range both {
			shared := (turn + i) % len(both) // none is always the first
			if err := do(both[shared], shared); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureSchoolTrip returns the median and the 99th percentile, in microseconds, of the
// round trip of a line with a shared log and without one, and the ratio of the medians.
func measureSchoolTrip(ctx context.Context, t *trial) ([]float64, error) {
	var took [2][]time.Duration // without, with
	err := t.besides(ctx, func(g *gateway, shared int) error {
		s, err := g.dial(ctx, t, t.servers.echo, "http-line")
		if err != nil {
			return err
		}
		defer s.drop()
		trips, err := timed(t.sizes.roundTrips, func() error { return t.system.greet(s, "http-line", 1) })
		if err != nil {
			return err
		}
		took[shared] = append(took[shared], trips...)
		return s.end()
	})
	if err != nil {
		return nil, err
	}
	for _, trips := range took {
		slices.Sort(trips)
	}
	with, without := percentile(took[1], 50), percentile(took[0], 50)
	return []float64{
		micros(with), micros(percentile(took[1], 99)), micros(without), micros(percentile(took[0], 99)),
		float64(with) / float64(without),
	}, nil
}

// schoolOpeners is how many sessions are opened at a time where several are.
const schoolOpeners = 8

// measureSchoolOpens returns how many sessions a second are opened and closed with a
// shared log and without one, and the ratio of these: one after the other, then several
// at a time.
func measureSchoolOpens(ctx context.Context, t *trial) ([]float64, error) {
	workers := []int{1, schoolOpeners}
	var rates [2][2][]float64 // by the openers; without, with
	err := t.besides(ctx, func(g *gateway, shared int) error {
		for i, n := range workers {
			start := time.Now()
			err := inParallel(n, t.sizes.opens, func(int64) error {
				s, err := g.dial(ctx, t, t.servers.echo, "http-line")
				if err != nil {
					return err
				}
				return s.end()
			})
			if err != nil {
				return err
			}
			rates[i][shared] = append(rates[i][shared], float64(t.sizes.opens)/time.Since(start).Seconds())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var values []float64
	for i := range workers {
		without, with := median(rates[i][0]), median(rates[i][1])
		var ratios []float64
		for turn, rate := range rates[i][1] {
			ratios = append(ratios, rate/rates[i][0][turn])
		}
		values = append(values, with, without, median(ratios))
	}
	return values, nil
}
