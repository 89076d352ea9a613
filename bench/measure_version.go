package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// measureVersion runs `workbench version`, and for the baseline this program
// when it is asked the same: what any program in Go with these libraries
// costs. It returns the median time in milliseconds, the most memory in MiB,
// and the size of the workbench in megabytes (10⁶).
func measureVersion(ctx context.Context, t *trial) ([]float64, error) {
	program, args := t.binary, []string{"version"}
	if !t.system.modes {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		program, args = self, []string{baselineCommand, "version"}
	}
	took, err := timed(int64(t.sizes.versions), func() error {
		out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("version: %w\n%s", err, out)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	memory := math.NaN()
	if runtime.GOOS == "linux" {
		if memory, err = peakOf(exec.CommandContext(ctx, program, args...)); err != nil {
			return nil, err
		}
	}
	size := math.NaN() // of a baseline, that depends on how this program was built
	if t.system.modes {
		file, err := os.Stat(program)
		if err != nil {
			return nil, err
		}
		size = float64(file.Size()) / 1e6
	}
	return []float64{millis(percentile(took, 50)), memory, size}, nil
}

// peakOf runs a command that ends when it has written its output, and returns
// the most memory that it had, in MiB. The peak that the system reports of a
// process that has ended includes that of the one which started it. So this
// looks while the process waits to write: its output is a pipe that is full.
func peakOf(command *exec.Cmd) (float64, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer out.Close()
	defer in.Close()
	if err := in.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		return 0, err
	}
	in.Write(make([]byte, 4<<20)) // as much as fits
	command.Stdout = in
	if err := command.Start(); err != nil {
		return 0, err
	}
	in.Close()
	var peak int64
	for same := 0; same < 20; same++ {
		time.Sleep(10 * time.Millisecond)
		now, err := peakMemory(command.Process.Pid)
		if err != nil || now == 0 {
			break
		}
		if now > peak {
			peak, same = now, 0
		}
	}
	out.Close() // the process ends, if not by itself
	command.Process.Kill()
	command.Wait()
	if peak == 0 {
		return 0, fmt.Errorf("%s ended before its memory could be seen", command)
	}
	return mebi(peak), nil
}
