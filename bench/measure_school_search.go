package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

const (
	schoolLines = 40 // of a recording: a few kilobytes, as a student's
	listed      = 1000
)

// measureSchoolSearch has the students' gateways record, and asks the teacher's, whose
// folder is empty. It returns the medians in milliseconds for a list, and for a search by
// a text that is in one recording, in ten, and in all; and how many recordings a second
// the shared log took.
func measureSchoolSearch(ctx context.Context, t *trial) ([]float64, error) {
	sc, err := startSchool(ctx, t, "")
	if err != nil {
		return nil, err
	}
	defer sc.stop()
	n := t.sizes.recordings
	t.progress(fmt.Sprintf("  recording %s sessions", number(float64(n), 0)))
	start := time.Now()
	err = inParallel(openers, n, func(i int64) error {
		s, err := sc.gateways[i%schoolGateways].dial(ctx, t, t.servers.words, "http-line")
		if err != nil {
			return err
		}
		defer s.drop()
		if err := s.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d %d", schoolLines, firstSeed+i)); err != nil {
			return err
		}
		if _, _, err := s.receive(schoolLines, 0); err != nil {
			return err
		}
		return s.end()
	})
	if err != nil {
		return nil, fmt.Errorf("recordings to search: %w", err)
	}
	if err := sc.brought(ctx, schoolGateways+float64(n)); err != nil {
		return nil, err
	}
	rate := float64(n) / time.Since(start).Seconds()
	var values []float64
	for _, c := range []struct {
		text string
		hits int64
	}{
		{"", min(n, listed)},
		{fmt.Sprintf("session-%d ", firstSeed+n/2), 1},
		{fmt.Sprintf("session-%d", (firstSeed+n/2)/10), min(n, 10)},
		{"the", min(n, listed)},
	} {
		query := url.Values{"target": {t.servers.words}, "limit": {fmt.Sprint(listed)}}
		if c.text != "" {
			query.Set("text", c.text)
		}
		ask := func() error {
			found, err := sc.teacher.list(ctx, query)
			if err == nil && int64(len(found)) != c.hits {
				err = fmt.Errorf("%q was found in %d recordings; it is in %d", c.text, len(found), c.hits)
			}
			return err
		}
		if c.text == "" { // the list comes up with the last of them
			if err := repeat(ctx, 50*time.Millisecond, ask); err != nil {
				return nil, err
			}
		}
		took, err := timed(5, ask)
		if err != nil {
			return nil, err
		}
		values = append(values, millis(percentile(took, 50)))
	}
	return append(values, rate), nil
}
