package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const goldenEntries = 20 // of each generated golden

// measureReplay has the workbench replay a folder of goldens through the real
// plugin process, and returns goldens a second without the start of the
// process, and that start in milliseconds. The start is that of a replay of
// one golden.
func measureReplay(ctx context.Context, t *trial) ([]float64, error) {
	files := t.amount(t.sizes.replays)
	short, err := replay(ctx, t, 1)
	if err != nil {
		return nil, err
	}
	long, err := replay(ctx, t, files)
	if err != nil {
		return nil, err
	}
	if long <= short { // so few that the noise is larger
		short = 0
	}
	return []float64{float64(files-1) / (long - short).Seconds(), millis(short)}, nil
}

// replay returns how long a replay of so many goldens of the http-line mode
// takes, no two of which are alike.
func replay(ctx context.Context, t *trial, files int64) (time.Duration, error) {
	dir, err := os.MkdirTemp(t.dir, "goldens-")
	if err != nil {
		return 0, err
	}
	for i := range files {
		name := filepath.Join(dir, fmt.Sprintf("%04d.golden", i))
		if err := os.WriteFile(name, []byte(golden(i)), 0o600); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	out, err := exec.CommandContext(ctx, t.binary, "replay", dir).CombinedOutput()
	took := time.Since(start)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("workbench replay: %w\n%s", err, out[:min(len(out), 2000)])
	}
	return took, nil
}

// golden is a conversation of goldenEntries entries.
func golden(number int64) string {
	var b strings.Builder
	b.WriteString("workbench transcript v1\nmode http-line\ntarget \"example.com:80\"\n\n")
	for i := range 5 { // two entries each
		line := fmt.Sprintf("GET /%d/%d HTTP/1.0", number, i)
		fmt.Fprintf(&b, ">> client text %q\n<< server %q\n", line, line+"\r\n")
	}
	for i := range 3 { // three entries each
		first, second := fmt.Sprintf("HTTP/1.0 20%d OK", i), fmt.Sprintf("X-Number: %d", number)
		fmt.Fprintf(&b, ">> server %q\n<< client text %q\n<< client text %q\n", first+"\r\n"+second+"\r\n", first, second)
	}
	b.WriteString(">> server eof\n")
	return b.String()
}
