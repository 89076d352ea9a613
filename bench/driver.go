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
	binary   string // the workbench
	broker   string // with the command broker; "": built when one is needed
	dir      string // for what the systems need, and for what later rounds use again
	limit    time.Duration
	systems  []*system
	servers  *servers
	progress io.Writer
	began    time.Time
	running  map[*system]*process // those that are kept between measures
}

// measureAll runs the named measures in so many rounds. Its error is only that
// of ctx: what fails is reported where its number would be.
func (d *driver) measureAll(ctx context.Context, only []string, rounds int, sizes sizes) (*report, error) {
	r := newReport(d.systems)
	for _, m := range measures() {
		if !slices.Contains(only, m.name) {
			continue
		}
		rows := r.addRows(m, rounds)
		failed := map[*system]bool{} // is not tried again
		turns := rounds * max(1, m.turns)
		for turn := range turns {
			for i := range d.systems {
				s := d.systems[(turn+i)%len(d.systems)] // none is always the first
				if !m.applies(s) || failed[s] {
					continue
				}
				d.say(fmt.Sprintf("%s, round %d of %d: %s", m.name, turn+1, turns, s.title))
				values, err := d.trial(ctx, m, s, sizes, r.note)
				if ctx.Err() != nil {
					return nil, errors.New("stopped before the end")
				}
				if err != nil {
					failed[s] = true
					d.say(fmt.Sprint("  ", err))
				}
				for i, row := range rows {
					row.record(s, values, i, err)
				}
			}
		}
	}
	return r, nil
}

// say tells who waits what happens, and since when.
func (d *driver) say(text string) {
	fmt.Fprintf(d.progress, "%5.0fs %s\n", time.Since(d.began).Seconds(), text)
}

// errUnfinished says that a measure was given up.
var errUnfinished = errors.New("did not finish")

// trial does one measure to one system, within the limit.
func (d *driver) trial(ctx context.Context, m measure, s *system, sizes sizes, note func(string) bool) ([]float64, error) {
	if s.missing != nil {
		return nil, s.missing
	}
	limit := d.limit
	if limit == usualLimit {
		limit = max(limit, m.limit)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t := &trial{
		system: s, servers: d.servers, sizes: sizes, binary: d.binary, broker: d.broker, kept: d.dir, progress: d.say,
		note: func(text string) {
			if note(m.name + ": " + text) {
				d.say("  " + text)
			}
		},
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
		err = fmt.Errorf("%w within %v: %w", errUnfinished, limit.Round(time.Millisecond), err)
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
	for s := range d.running {
		d.stop(s)
	}
}
