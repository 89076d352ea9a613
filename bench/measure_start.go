package main

import (
	"context"
	"time"
)

// measureStart returns the milliseconds from the start of the process to the
// first session that is open (for a system without a handshake: upgraded).
func measureStart(ctx context.Context, t *trial) ([]float64, error) {
	start := time.Now()
	var p *process
	var err error
	if t.system.name == workbenchName { // the first session that succeeds shows that it listens
		p, _, err = launchWorkbench(t.binary, t.dir)
	} else {
		p, err = t.system.start(ctx)
	}
	if err != nil {
		return nil, err
	}
	defer p.stop()
	err = p.until(ctx, func() error {
		s, err := t.system.dial(ctx, p, t.servers.echo, "http-line", smallBuffer)
		if err == nil {
			s.drop()
		}
		return err
	})
	return []float64{millis(time.Since(start))}, err
}
