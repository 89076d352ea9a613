package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// measureBehind asks how far the teacher's gateway is behind while students work. Again
// and again a session begins at one of the others. It returns the median and the 99th
// percentile, in milliseconds, of the time from there until the teacher's lists it, and
// until it shows the session's first line; and of the time from a later line until one
// who follows the session there sees it.
func measureBehind(ctx context.Context, t *trial) ([]float64, error) {
	sc, err := startSchool(ctx, t, "")
	if err != nil {
		return nil, err
	}
	defer sc.stop()
	working, err := sc.enrol(ctx, t.sizes.students[0])
	if err != nil {
		return nil, err
	}
	defer working.leave()
	var (
		mu   sync.Mutex
		took [3][]time.Duration // listed, first line, later line
	)
	err = inParallel(probers, t.sizes.probes, func(i int64) error {
		found, err := sc.probe(ctx, sc.gateways[i%schoolGateways], i)
		if err != nil {
			return fmt.Errorf("probe %d of %d: %w", i+1, t.sizes.probes, err)
		}
		mu.Lock()
		defer mu.Unlock()
		for kind, d := range found {
			took[kind] = append(took[kind], d)
		}
		return nil
	})
	if err == nil {
		err = working.leave()
	}
	var values []float64
	for _, kind := range took {
		slices.Sort(kind)
		values = append(values, millis(percentile(kind, 50)), millis(percentile(kind, 99)))
	}
	return values, err
}

const (
	probers   = 3                     // at a time
	probeLook = 20 * time.Millisecond // between two looks at the list
	probeMode = "http-line"
)

// probe begins a session at a gateway and watches for it at the teacher's. No two that run
// have the same target, so that the list tells which one it is.
func (sc *school) probe(ctx context.Context, g *gateway, n int64) (took [3]time.Duration, err error) {
	target, stop, err := ownEcho(ctx)
	if err != nil {
		return took, err
	}
	defer stop()
	start := time.Now()
	s, err := g.dial(ctx, sc.trial, target, probeMode)
	if err != nil {
		return took, err
	}
	defer s.drop()
	say := func(mark string) error { return s.WriteMessage(websocket.TextMessage, []byte(mark)) }
	first, second := fmt.Sprintf("first-mark-%d.", n), fmt.Sprintf("second-mark-%d.", n)
	if err := say(first); err != nil {
		return took, err
	}
	var found []recording
	if err := repeat(ctx, probeLook, func() error {
		var err error
		found, err = sc.teacher.list(ctx, url.Values{"target": {target}})
		found = slices.DeleteFunc(found, func(r recording) bool { return !r.Running }) // of an earlier session at this port
		if err == nil && len(found) == 0 {
			err = errors.New("the teacher's gateway does not list the session")
		}
		return err
	}); err != nil {
		return took, err
	}
	took[0] = time.Since(start)
	text, err := sc.teacher.follow(ctx, found[0].ID)
	if err != nil {
		return took, err
	}
	defer text.Close()
	if err := readUntil(text, first); err != nil {
		return took, err
	}
	took[1] = time.Since(start)
	start = time.Now()
	if err := say(second); err != nil {
		return took, err
	}
	if err := readUntil(text, second); err != nil {
		return took, err
	}
	took[2] = time.Since(start)
	return took, s.end()
}

// follow returns the text of a recording, as it grows.
func (p *process) follow(ctx context.Context, id string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address()+"/api/transcripts/"+id+"/follow", nil)
	if err != nil {
		return nil, err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("follow %s: %s", id, response.Status)
	}
	return response.Body, nil
}

// readUntil reads until a mark has come.
func readUntil(r io.Reader, mark string) error {
	var got []byte
	buf := make([]byte, 4<<10)
	for !bytes.Contains(got, []byte(mark)) {
		n, err := r.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			return fmt.Errorf("%q did not come: %w; it ended with %q", mark, err, got[max(0, len(got)-200):])
		}
	}
	return nil
}

// ownEcho starts an echo server that nobody else knows of.
func ownEcho(ctx context.Context) (address string, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		cancel()
		return "", nil, err
	}
	s := &servers{cancel: cancel}
	context.AfterFunc(ctx, func() { l.Close() })
	s.running.Go(func() { s.accept(ctx, l, echo(4<<10)) })
	return l.Addr().String(), s.close, nil
}
