package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// recordedLines is how many lines each recording has: about 96 KiB of text, so
// that 10,000 of them are just below the bound of the store, 1 GiB.
const recordedLines = 470

// measureSearch asks a workbench for the recordings that hold a text, and
// returns the medians in milliseconds for a text that is in one, in a hundred
// and in none, the size of all recordings in MiB, and the milliseconds from the
// start of the workbench over that folder until its list is there. The first
// round makes the recordings: they are sessions of a workbench like others.
func measureSearch(ctx context.Context, t *trial) ([]float64, error) {
	n := t.sizes.recordings
	dir := filepath.Join(t.kept, "recordings")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := t.record(ctx, dir, n); err != nil {
			os.RemoveAll(dir)
			return nil, fmt.Errorf("recordings to search: %w", err)
		}
	}
	start := time.Now()
	p, err := startWorkbench(ctx, t.binary, dir)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	if _, err := p.list(ctx, url.Values{}); err != nil {
		return nil, err
	}
	listed := millis(time.Since(start))
	size, err := sizeOf(dir)
	if err != nil {
		return nil, err
	}
	var values []float64
	for _, c := range []struct {
		text string
		hits int64
	}{
		{fmt.Sprintf("session-%d ", firstSeed+n/2), 1},
		{fmt.Sprintf("session-%d", (firstSeed+n/2)/100), min(n, 100)},
		{"session-none", 0},
	} {
		took, err := timed(5, func() error {
			found, err := p.list(ctx, url.Values{"text": {c.text}})
			if err == nil && int64(len(found)) != c.hits {
				err = fmt.Errorf("%q was found in %d recordings; it is in %d", c.text, len(found), c.hits)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		values = append(values, millis(percentile(took, 50)))
	}
	return append(values, mebi(size), listed), nil
}

// firstSeed makes all seeds as long.
const firstSeed = 100_000

// record has a workbench record n sessions into dir, and returns when all are
// written.
func (t *trial) record(ctx context.Context, dir string, n int64) error {
	t.progress(fmt.Sprintf("recording %s sessions to search in", number(float64(n), 0)))
	p, err := startWorkbench(ctx, t.binary, dir)
	if err != nil {
		return err
	}
	defer p.stop()
	err = inParallel(openers, n, func(i int64) error {
		s, err := t.system.dial(ctx, p, t.servers.words, "http-line", smallBuffer)
		if err != nil {
			return err
		}
		defer s.drop()
		if err := s.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d %d", recordedLines, firstSeed+i)); err != nil {
			return err
		}
		if _, _, err := s.receive(recordedLines, 0); err != nil {
			return err
		}
		return s.end()
	})
	if err != nil {
		return err
	}
	for {
		found, err := p.list(ctx, url.Values{"limit": {fmt.Sprint(n + 1)}})
		if err != nil {
			return err
		}
		running := 0
		for _, recording := range found {
			if recording.Running {
				running++
			}
		}
		if int64(len(found)) == n && running == 0 {
			return nil
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d recordings, %d of them running, where %d were made: %w", len(found), running, n, err)
		}
	}
}

// recording is a part of what GET /api/transcripts says of one.
type recording struct {
	ID      string
	Running bool
}

func (p *process) list(ctx context.Context, query url.Values) (found []recording, err error) {
	err = p.get(ctx, "/api/transcripts?"+query.Encode(), &found)
	return found, err
}

// sizeOf returns the bytes of the recordings that a workbench keeps below dir.
func sizeOf(dir string) (sum int64, err error) {
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".transcript") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
