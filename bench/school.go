package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A school has three brokers, three gateways that students use, and a fourth that has
// none: the teacher's.
const (
	schoolBrokers  = 3
	schoolGateways = 3
)

// school is a shared log with the gateways that use it, all on this machine.
type school struct {
	trial    *trial
	dir      string
	class    string // name of the class that the gateways hold; "": they hold none
	brokers  []*broker
	gateways []*gateway // the students'
	teacher  *gateway
}

// startSchool starts a school, and returns when each of its gateways has brought a
// recording into the shared log, and the teacher's lists them. With the name of a class the
// gateways hold that, and let students in alone.
func startSchool(ctx context.Context, t *trial, class string) (_ *school, err error) {
	sc := &school{trial: t, class: class}
	if sc.dir, err = os.MkdirTemp(t.dir, "school-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			sc.stop()
		}
	}()
	if sc.brokers, err = t.layBrokers(ctx, sc.dir); err != nil {
		return nil, err
	}
	if err := sc.startBrokers(ctx); err != nil {
		return nil, err
	}
	for i := range schoolGateways {
		g, err := sc.startGateway(ctx, fmt.Sprintf("g%d", i+1))
		if err != nil {
			return nil, err
		}
		sc.gateways = append(sc.gateways, g)
	}
	if sc.teacher, err = sc.startGateway(ctx, "teacher"); err != nil {
		return nil, err
	}
	for _, g := range sc.gateways {
		s, err := g.dial(ctx, t, g.echo, "raw")
		if err != nil {
			return nil, err
		}
		if err := t.system.greet(s, "raw", 1); err != nil {
			return nil, err
		}
		if err := s.end(); err != nil {
			return nil, err
		}
	}
	if err := sc.brought(ctx, schoolGateways); err != nil {
		return nil, err
	}
	return sc, repeat(ctx, 50*time.Millisecond, func() error {
		found, err := sc.teacher.list(ctx, nil)
		if err == nil && len(found) < schoolGateways {
			err = fmt.Errorf("the teacher's gateway lists %d recordings, not %d", len(found), schoolGateways)
		}
		return err
	})
}

// startGateway starts a gateway that shares its recordings.
func (sc *school) startGateway(ctx context.Context, name string) (*gateway, error) {
	var servers []string
	for _, b := range sc.brokers {
		servers = append(servers, b.address)
	}
	store := fmt.Sprintf("nats://%s/school?replicas=%d", strings.Join(servers, ","), schoolBrokers)
	flags, dir := []string{"--store", store, "--store-name", name}, filepath.Join(sc.dir, name)
	if sc.class == "" {
		return startServe(ctx, sc.trial.binary, dir, flags...)
	}
	if err := sc.shareToken(dir); err != nil {
		return nil, err
	}
	return startGateway(ctx, sc.trial.binary, dir, append([]string{"class", "--class", sc.class, "--no-qr"}, flags...)...)
}

// shareToken gives a gateway that is yet to start the token of the first, so that it knows
// the students who have joined at the others.
func (sc *school) shareToken(dir string) error {
	if len(sc.gateways) == 0 {
		return nil
	}
	token, err := os.ReadFile(tokenOf(filepath.Join(sc.dir, "g1")))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(tokenOf(dir)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(tokenOf(dir), token, 0o600)
}

func tokenOf(dir string) string { return filepath.Join(stateOf(dir), "workbench", "token") }

// stop ends the gateways, then the brokers.
func (sc *school) stop() {
	var group sync.WaitGroup
	for _, g := range sc.all() {
		group.Go(g.stop)
	}
	group.Wait()
	for _, b := range sc.brokers {
		if b.process != nil {
			group.Go(b.stop)
		}
	}
	group.Wait()
}

// all returns the gateways, the teacher's last.
func (sc *school) all() []*gateway {
	if sc.teacher == nil {
		return sc.gateways
	}
	return append(sc.gateways[:len(sc.gateways):len(sc.gateways)], sc.teacher)
}

// brought waits until so many recordings have ended and are in the shared log.
func (sc *school) brought(ctx context.Context, recordings float64) error {
	return repeat(ctx, 50*time.Millisecond, func() error {
		n, err := sc.sum(ctx, "workbench_shared_recordings_total")
		if err == nil && n < recordings {
			err = fmt.Errorf("%g of %g recordings are in the shared log", n, recordings)
		}
		return err
	})
}

// caughtUp waits until the shared log has acknowledged all that was recorded.
func (sc *school) caughtUp(ctx context.Context) error {
	return repeat(ctx, 20*time.Millisecond, func() error {
		lag, err := sc.sum(ctx, "workbench_shared_lag_bytes")
		if err == nil && lag > 0 {
			err = fmt.Errorf("%g bytes are not in the shared log", lag)
		}
		return err
	})
}

// sum returns the sum of a metric of all gateways.
func (sc *school) sum(ctx context.Context, name string) (sum float64, err error) {
	for _, g := range sc.all() {
		v, err := g.metric(ctx, name)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

// repeat tries again after a pause until try succeeds, or ctx is done.
func repeat(ctx context.Context, pause time.Duration, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		if stopped := wait(ctx, pause); stopped != nil {
			return fmt.Errorf("%w: %w", stopped, err)
		}
	}
}
