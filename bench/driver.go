package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// driver runs the measures over the systems and owns their processes.
type driver struct {
	config
	dir      string
	systems  []*system
	servers  *servers
	progress io.Writer
	running  map[*system]*process // those that are kept between measures
}

// measureAll runs every chosen measure. Its error is only that of ctx: what
// fails is reported where its number would be.
func (d *driver) measureAll(ctx context.Context) (*report, error) {
	r := newReport(d.systems, d.rounds, d.quick)
	for _, m := range measures() {
		if !slices.Contains(d.only, m.name) {
			continue
		}
		rows := r.addRows(m)
		failed := map[*system]bool{} // is not tried again
		rounds := d.rounds * max(1, m.turns)
		for round := range rounds {
			for _, s := range d.systems {
				if !m.applies(s) || failed[s] {
					continue
				}
				fmt.Fprintf(d.progress, "%s, round %d of %d: %s\n", m.name, round+1, rounds, s.title)
				values, err := d.trial(ctx, m, s)
				if ctx.Err() != nil {
					return nil, errors.New("stopped before the end")
				}
				if err != nil {
					failed[s] = true
					fmt.Fprintf(d.progress, "  %v\n", err)
				}
				for i, row := range rows {
					row.record(s, values, i, err)
				}
			}
		}
	}
	return r, nil
}

// errUnfinished says that a measure was given up.
var errUnfinished = errors.New("did not finish")

// trial does one measure to one system, within the limit.
func (d *driver) trial(ctx context.Context, m measure, s *system) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	t := &trial{system: s, servers: d.servers, sizes: fullSizes, binary: d.workbench}
	if d.quick {
		t.sizes = quickSizes
	}
	var err error
	if t.dir, err = os.MkdirTemp(d.dir, m.name+"-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(t.dir)
	if m.fresh || m.own {
		d.stop(s) // nor should another's memory or work be in the way
	}
	if !m.own {
		if t.process, err = d.process(ctx, s); err != nil {
			return nil, err
		}
	}
	values, err := m.run(ctx, t)
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("%w within %v: %w", errUnfinished, d.limit.Round(time.Millisecond), err)
	case t.process != nil:
		select {
		case <-t.process.exited:
			err = fmt.Errorf("%w; %w", err, t.process.died())
		default:
		}
	}
	if err != nil || m.fresh {
		d.stop(s)
	}
	return values, err
}

// process returns the system's process and starts it where there is none.
func (d *driver) process(ctx context.Context, s *system) (*process, error) {
	if p := d.running[s]; p != nil {
		return p, nil
	}
	p, err := s.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s does not start: %w", s.title, err)
	}
	d.running[s] = p
	return p, nil
}

func (d *driver) stop(s *system) {
	if p := d.running[s]; p != nil {
		delete(d.running, s)
		p.stop()
	}
}

func (d *driver) stopAll() {
	for _, s := range d.systems {
		d.stop(s)
	}
}
