package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// gateway is a workbench of a school.
type gateway struct {
	*process
	echo string // its practice echo server
}

// startServe starts a gateway without users, whose files are all in a folder of its own.
func startServe(ctx context.Context, binary, dir string, flags ...string) (*gateway, error) {
	args := []string{"serve", "--auth", "none", "--transcripts", filepath.Join(dir, "transcripts")}
	return startGateway(ctx, binary, dir, append(args, flags...)...)
}

// startGateway starts a command that serves the page, whose files are all in a folder of its
// own.
func startGateway(ctx context.Context, binary, dir string, args ...string) (*gateway, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	echo, err := freeAddress()
	if err != nil {
		return nil, err
	}
	command := exec.Command(binary, append(args, "--listen", listen, "--echo-listen", echo, "--drain", "0s")...)
	command.Env = append(os.Environ(), "XDG_STATE_HOME="+stateOf(dir), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	p, err := startProcess(command, "ws://"+listen+"/websocket/ws", nil)
	if err != nil {
		return nil, err
	}
	return &gateway{p, echo}, ready(ctx, p, listen)
}

// stateOf returns the state directory of a gateway.
func stateOf(dir string) string { return filepath.Join(dir, "state") }

// dial opens a session by way of the gateway.
func (g *gateway) dial(ctx context.Context, t *trial, target, mode string) (*session, error) {
	return t.system.dial(ctx, g.process, target, mode, smallBuffer)
}

// metric returns one of the figures of /metrics that has no labels.
func (g *gateway) metric(ctx context.Context, name string) (float64, error) {
	text, err := getText(ctx, g.address()+"/metrics")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if value, ok := strings.CutPrefix(string(line), name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, errors.New("/metrics has no " + name)
}

// usage is what processes have used so far.
type usage struct {
	seconds float64 // of processors
	peak    int64   // most memory that one of them had, in bytes
}

// usageOf adds up what processes have used, with those below them.
func usageOf(pids []int) (sum usage, err error) {
	for _, pid := range pids {
		spent, err := familyTime(pid)
		if err != nil {
			return sum, err
		}
		peak, err := peakMemory(pid)
		if err != nil {
			return sum, err
		}
		sum.seconds += spent.Seconds()
		sum.peak = max(sum.peak, peak)
	}
	return sum, nil
}
